#include "matrix/matrix.hpp"

#include <cstdlib>
#include <iostream>

#include <doctest/doctest.h>

#include "base/log.hpp"
#include "matrix/children.hpp"

// Thousands of short-lived hubs: a third of the time would go into remembering who allocated what.
// NOLINTNEXTLINE(bugprone-reserved-identifier): AddressSanitizer asks for it by this name
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() {
  return "malloc_context_size=4:max_malloc_fill_size=0:quarantine_size_mb=32";
}

namespace hub::matrix {
namespace {

// In memory where there is room: the model needs no real disk. Before anything asks for a folder.
const int in_memory = [] {
  const bool roomy = fs::is_directory("/dev/shm") && fs::space("/dev/shm").available > 1U << 30U;
  return roomy ? ::setenv("TMPDIR", "/dev/shm", 0) : 0;
}();

const Premises& premises() {
  log::set_level(log::Level::error);
  static const Premises one;
  return one;
}

std::vector<OperationKind> every_kind() {
  const TemporaryDirectory base;
  SmallHub hub(base.path(), premises().registry_url());
  return hub.manager().kinds();
}

void pull_the_plug(Loss loss) {
  Matrix matrix(premises(), options_from_environment(loss));
  const auto& figures = matrix.figures();
  for (const auto& kind : every_kind()) {
    try {
      matrix.run(kind);
    } catch (const std::exception& thrown) {
      FAIL_CHECK(kind.text(), ": ", thrown.what());
    }
  }
  std::cout << figures << '\n';
  for (const auto& violation : figures.violations) FAIL_CHECK(violation);
  CHECK(figures.kinds > 0);
  CHECK(figures.cases > 100);
}

TEST_CASE("a hub that is killed at any instant goes on as if it had not been") {
  pull_the_plug(Loss::kill);
}

TEST_CASE("a hub whose power is cut at any instant goes on as if it had not been") {
  pull_the_plug(Loss::power);
}

// An fsync that answers well and does nothing.
struct Mutation {
  std::string name;
  std::string scenarios;  // that show it
  std::function<bool(const Call&)> skips;
};

const std::vector<Mutation>& mutations() {
  const auto below = [](const char* folder, CallKind kind) {
    return [=](const Call& call) { return call.kind == kind && call.path.starts_with(folder); };
  };
  static const std::vector<Mutation> all{
      {"none", "skill.install, success", {}},
      {"the log of the store", "skill.install, success",
       [](const Call& call) { return call.path.ends_with("-wal"); }},
      {"staged files", "skill.install, success", below("state/staging", CallKind::sync_file)},
      {"folders of staging", "skill.install over an older version, success",
       below("state/staging", CallKind::sync_directory)},
      {"folders of the workspace", "skill.install, success",
       below("workspace", CallKind::sync_directory)},
      {"atomic writes", "registry.refresh, success",
       [](const Call& call) { return call.path.ends_with(".tmp"); }},
  };
  return all;
}

TEST_CASE("a single fsync that does nothing is found out") {
  for (const auto& mutation : mutations()) {
    CAPTURE(mutation.name);
    // In a process of its own: a damaged store may end it.
    const auto ran =
        run_child("child: a hub without an fsync",
                  {"HUB_CHILD_MUTATION=" + mutation.name, "HUB_MATRIX_ONLY=" + mutation.scenarios});
    INFO(ran.output, ran.errors);
    CHECK((ran.exit_code == 0) == (mutation.name == "none"));
    CHECK(ran.errors.find("Sanitizer") == std::string::npos);
  }
}

TEST_CASE("child: a hub without an fsync" * doctest::skip()) {
  for (const auto& mutation : mutations()) {
    if (mutation.name != given("HUB_CHILD_MUTATION")) continue;
    auto options = options_from_environment(Loss::power);
    options.skip_sync = mutation.skips;
    options.points_max = options.calls_max = 100;
    options.violations_max = 3;
    Matrix matrix(premises(), options);
    matrix.run(OperationKind(mutation.scenarios.substr(0, mutation.scenarios.find_first_of(" ,"))));
    for (const auto& violation : matrix.figures().violations) FAIL_CHECK(violation);
    CHECK(matrix.figures().cases > 50);
  }
}

TEST_CASE("a kind without a sample is not passed over in silence") {
  Matrix matrix(premises(), {});
  CHECK_THROWS_AS(matrix.run(OperationKind("moon.fly")), std::runtime_error);
}

}  // namespace
}  // namespace hub::matrix
