# hub_room(<name> [DEPS <room>...] [LIBS <target>...])
#
# One folder under src/ = one room = one static library = one test binary. A room sees only the
# headers of the rooms named in DEPS (and what those see): each room is exposed through its own
# one-entry include root, so an upward or sideways #include fails to compile, and naming a room
# that is not below fails to configure.
#
# x_test.cpp beside x.cpp goes into hub_<name>_test, which ctest knows as <name>.

set(HUB_SANITIZE "" CACHE STRING "sanitizers to build with, for example address,undefined")
set(HUB_WARNINGS -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow
    -Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual
    -Wimplicit-fallthrough -Wswitch-enum -Werror)

if(HUB_SANITIZE)
  add_compile_options(-fsanitize=${HUB_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${HUB_SANITIZE})
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND HUB_SANITIZE MATCHES thread)
  add_compile_options(-Wno-tsan)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # What g++ 12 sees in its own library and in coroutines that clang compiles without a word.
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-mismatched-new-delete>
                      $<$<COMPILE_LANGUAGE:CXX>:-Wno-array-bounds>
                      $<$<COMPILE_LANGUAGE:CXX>:-Wno-stringop-overflow>)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # ccache can only keep a precompiled header that carries no timestamp.
  add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} ${CCACHE})
endif()

# The headers that nearly every file includes, compiled once.
add_library(hub_precompiled OBJECT ${CMAKE_CURRENT_LIST_DIR}/precompiled.cpp)
target_precompile_headers(hub_precompiled PRIVATE
  <algorithm> <array> <atomic> <chrono> <condition_variable> <cstdint> <deque> <filesystem>
  <fstream> <functional> <map> <memory> <mutex> <optional> <set> <span> <sstream> <string>
  <string_view> <thread> <unordered_map> <variant> <vector>
  <boost/describe.hpp> <boost/json.hpp> <boost/mp11.hpp> <tl/expected.hpp>)
# The same options as every user of it, or g++ refuses the header.
target_compile_options(hub_precompiled PRIVATE ${HUB_WARNINGS})
target_link_libraries(hub_precompiled PRIVATE Boost::json tl::expected Threads::Threads)

# A test main of doctest, compiled once.
add_library(hub_test_main OBJECT ${CMAKE_CURRENT_LIST_DIR}/test_main.cpp)
target_link_libraries(hub_test_main PUBLIC doctest::doctest)

function(hub_compile target)
  target_compile_options(${target} PRIVATE ${HUB_WARNINGS})
  target_precompile_headers(${target} REUSE_FROM hub_precompiled)
  target_link_libraries(${target} PRIVATE Boost::json tl::expected Threads::Threads)
endfunction()

function(hub_room name)
  cmake_parse_arguments(arg "" "" "DEPS;LIBS" ${ARGN})
  set(dir ${CMAKE_CURRENT_SOURCE_DIR}/${name})
  set(root ${CMAKE_BINARY_DIR}/rooms/${name})
  file(MAKE_DIRECTORY ${root})
  file(CREATE_LINK ${dir} ${root}/${name} SYMBOLIC)

  file(GLOB sources CONFIGURE_DEPENDS ${dir}/*.cpp)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cpp$")

  if(sources)
    set(scope PUBLIC)
    add_library(hub_${name} STATIC ${sources})
    hub_compile(hub_${name})
  else()
    set(scope INTERFACE)
    add_library(hub_${name} INTERFACE)
  endif()
  target_include_directories(hub_${name} ${scope} ${root})
  foreach(dep IN LISTS arg_DEPS)
    if(NOT TARGET hub_${dep})
      message(FATAL_ERROR "room '${name}' depends on '${dep}', which is not below it")
    endif()
    target_link_libraries(hub_${name} ${scope} hub_${dep})
  endforeach()
  target_link_libraries(hub_${name} ${scope} ${arg_LIBS})

  if(tests)
    add_executable(hub_${name}_test ${tests})
    target_link_libraries(hub_${name}_test PRIVATE hub_${name} hub_test_main)
    hub_compile(hub_${name}_test)
    target_compile_definitions(hub_${name}_test PRIVATE
      HUB_FIXTURES="${dir}/fixtures" HUB_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    add_test(NAME ${name} COMMAND hub_${name}_test)
    set_tests_properties(${name} PROPERTIES TIMEOUT 300)
  endif()
endfunction()
