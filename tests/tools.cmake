# What is tested besides the C++ rooms, as tests of ctest, so that its summary counts everything.
# Included by tests/CMakeLists.txt. The web tests need `scripts/npm-install web` first, which
# scripts/test does.

find_package(Python3 3.11 REQUIRED COMPONENTS Interpreter)
find_program(NPM npm)
find_program(NODE NAMES node nodejs)

# hub_tool_test(<name> COMMAND <command>… [SECONDS <limit>] [PROCESSORS <count>])
function(hub_tool_test name)
  cmake_parse_arguments(arg "" "SECONDS;PROCESSORS" "COMMAND" ${ARGN})
  add_test(NAME ${name} COMMAND ${arg_COMMAND} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  if(NOT arg_SECONDS)
    set(arg_SECONDS 120)
  endif()
  if(NOT arg_PROCESSORS)
    set(arg_PROCESSORS 1)
  endif()
  set_tests_properties(${name} PROPERTIES
    TIMEOUT ${arg_SECONDS} PROCESSORS ${arg_PROCESSORS} ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
endfunction()

# Style.
hub_tool_test(tidy COMMAND Python3::Interpreter tools/tidy.py)
hub_tool_test(tidy_checks COMMAND Python3::Interpreter tools/tidy_test.py)
hub_tool_test(clang_tidy_cache COMMAND Python3::Interpreter tools/clang_tidy_test.py)
hub_tool_test(format COMMAND scripts/format --check)
hub_tool_test(clang_tidy SECONDS 3600 PROCESSORS 2
  COMMAND Python3::Interpreter tools/clang_tidy.py ${PROJECT_BINARY_DIR})
if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # clang-tidy reads the compile commands and the precompiled header of clang only.
  set_tests_properties(clang_tidy PROPERTIES DISABLED TRUE)
endif()

# The sample registry.
hub_tool_test(samples SECONDS 300 COMMAND Python3::Interpreter tools/test_samples.py)
hub_tool_test(sample_wheel COMMAND Python3::Interpreter tools/build_sample_wheel.py --check)

# The page. Debian 12's Node 18 keeps WebCrypto behind a flag; later ones accept the flag.
if(NPM AND EXISTS ${PROJECT_SOURCE_DIR}/web/package.json)
  foreach(pair web_check:check web_lint:lint web_unit:test)
    string(REPLACE ":" ";" pair ${pair})
    list(GET pair 0 name)
    list(GET pair 1 script)
    hub_tool_test(${name} SECONDS 600 COMMAND ${NPM} --prefix web run --silent ${script})
    set_tests_properties(${name} PROPERTIES
      ENVIRONMENT "NODE_OPTIONS=--experimental-global-webcrypto")
  endforeach()
endif()

# npm clients against the hub itself: one test of ctest for each file.
file(GLOB client_tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/yjs-client/*.test.mjs)
if(NODE)
  foreach(file IN LISTS client_tests)
    get_filename_component(name ${file} NAME_WE)
    hub_tool_test(yjs_${name} SECONDS 300 COMMAND ${NODE} --test ${file})
    set_tests_properties(yjs_${name} PROPERTIES
      ENVIRONMENT "HUB_BINARY=$<TARGET_FILE:adaos-hub>")
  endforeach()
endif()

# Tests in a browser against the hub itself: one test of ctest for each file.
file(GLOB browser_tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/browser/*.test.mjs)
if(NODE)
  foreach(file IN LISTS browser_tests)
    get_filename_component(name ${file} NAME_WE)
    hub_tool_test(browser_${name} SECONDS 600 COMMAND ${NODE} --test ${file})
    set_tests_properties(browser_${name} PROPERTIES
      RESOURCE_LOCK browser ENVIRONMENT "HUB_BINARY=$<TARGET_FILE:adaos-hub>")
  endforeach()
endif()
