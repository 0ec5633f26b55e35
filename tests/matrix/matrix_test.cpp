#include "matrix/matrix.hpp"

#include <iostream>

#include <doctest/doctest.h>

#include "matrix/forked.hpp"
#include "matrix/premises.hpp"

namespace hub::matrix {
namespace {

void pull_the_plug(Loss loss) {
  const auto options = options_from_environment(loss);
  Matrix matrix(premises(), options);
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
  if (options.only.empty()) CHECK(figures.cases > 100);
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
      {"none", "skill.install over an older version, success", {}},
      {"the log of the store", "skill.install, success",
       [](const Call& call) { return call.path.ends_with("-wal"); }},
      {"files of a slot", "skill.install, success", below("workspace/.slots", CallKind::sync_file)},
      {"folders of a slot", "skill.install over an older version, success",
       below("workspace/.slots", CallKind::sync_directory)},
      {"folders of the workspace", "skill.install, success",
       below("workspace", CallKind::sync_directory)},
      {"atomic writes", "registry.refresh, success",
       [](const Call& call) { return call.path.ends_with(".tmp"); }},
  };
  return all;
}

// All that was not synced is lost at every point and between any two calls, so that chance plays no
// part: what the fsync was for is missing in one of the copies.
std::size_t pull_the_plug_without(const Mutation& mutation, std::ostream& out) {
  auto options = options_from_environment(Loss::power);
  options.only = mutation.scenarios;
  options.skip_sync = mutation.skips;
  options.all_lost = true;
  options.cuts = 1;
  options.points_max = options.calls_max = mutation.skips ? 1000 : 5;
  options.share_again = 0;
  options.violations_max = 1;
  Matrix matrix(premises(), options);
  matrix.run(OperationKind(mutation.scenarios.substr(0, mutation.scenarios.find_first_of(" ,"))));
  for (const auto& violation : matrix.figures().violations) out << violation << '\n';
  return matrix.figures().violations.size();
}

TEST_CASE("a single fsync that does nothing is found out") {
  (void)premises();
  for (const auto& mutation : mutations()) {
    CAPTURE(mutation.name);
    const auto ran = in_a_fork([&](std::ostream& out) {
      const auto violations = pull_the_plug_without(mutation, out);
      out << "\nviolations: " << violations << '\n';
    });
    INFO(ran.output);
    // A damaged store may end the process.
    const bool passed =
        ran.exit_code == EXIT_SUCCESS && ran.output.find("violations: 0\n") != std::string::npos;
    CHECK(passed == !mutation.skips);
    CHECK(ran.exit_code != forked_and_thrown);
    CHECK(ran.output.find("Sanitizer") == std::string::npos);
  }
}

TEST_CASE("a kind without a sample is not passed over in silence") {
  Matrix matrix(premises(), {});
  CHECK_THROWS_AS(matrix.run(OperationKind("moon.fly")), std::runtime_error);
}

}  // namespace
}  // namespace hub::matrix
