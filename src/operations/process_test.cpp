// A step that runs a program, and a cancel.

#include "base/process.hpp"

#include <csignal>
#include <fstream>

#include "operations/test_bench.hpp"

namespace hub::operations {
namespace {

// A stopped or zombie process does nothing any more.
bool is_alive(int pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(status, text);
  const auto at = text.rfind(')');
  return at != std::string::npos && text.size() > at + 2 && text[at + 2] != 'Z';
}

TEST_CASE("a cancel ends a program with all it has begun, also when they do not listen") {
  Bench bench;
  const auto pids_file = bench.directory.path() / "pids";
  bench.script().steps = [&](const Json&) {
    return std::vector{step("work", [&](StepContext& run) -> Result<> {
      ProcessRequest wanted;
      // Neither the shell nor what it begins obeys SIGTERM.
      wanted.arguments = {"sh", "-c",
                          "trap '' TERM; sleep 1000 & echo $$ $! > '" + pids_file.string() +
                              ".new'; mv '" + pids_file.string() + ".new' '" + pids_file.string() +
                              "'; wait; sleep 1000"};
      wanted.timeout = std::chrono::minutes(5);
      wanted.stop = [&run] { return run.stop_requested(); };
      const auto ran = run_process(wanted);
      return ran ? Result<>() : Result<>(tl::unexpected(ran.error()));
    })};
  };
  bench.open();
  const auto id = bench.accept();
  until("the program", [&] { return fs::exists(pids_file); });
  int shell = 0, child = 0;
  std::ifstream(pids_file) >> shell >> child;
  REQUIRE(is_alive(shell));
  REQUIRE(is_alive(child));
  const auto asked = std::chrono::steady_clock::now();
  REQUIRE(bench.manager->cancel(id));
  CHECK(bench.end_of(id).status == OperationStatus::cancelled);
  CHECK(std::chrono::steady_clock::now() - asked < std::chrono::seconds(10));
  until("the end of both", [&] { return !is_alive(shell) && !is_alive(child); });
}

}  // namespace
}  // namespace hub::operations
