#include "base/process.hpp"

#include <thread>

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.hpp"

namespace hub {
namespace {

using std::chrono::steady_clock;

// A zombie that nobody has reaped yet has ended, too.
bool runs(pid_t pid) {
  const auto stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  if (!stat) return false;
  const auto state = stat->find(") ");
  return state != std::string::npos && (*stat)[state + 2] != 'Z';
}

bool soon(const std::function<bool()>& condition) {
  for (int i = 0; i < 500; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return condition();
}

// Runs a script that tells its pids, one a line, and is stopped after so many of them.
std::vector<pid_t> stopped_after(std::size_t count, const std::string& script) {
  std::vector<pid_t> pids;
  const auto ran = run_process(
      {.arguments = {"sh", "-c", script},
       .stop = [&] { return pids.size() >= count; },
       .on_line = [&](std::string_view line) { pids.push_back(std::stoi(std::string(line))); }});
  CHECK(ran.error().code == ErrorCode::cancelled);
  REQUIRE(pids.size() == count);
  return pids;
}

TEST_CASE("a program that ignores SIGTERM is ended with its children and theirs, within seconds") {
  const auto began = steady_clock::now();
  const auto pids = stopped_after(
      3,
      "trap '' TERM; echo $$; sh -c \"trap '' TERM; echo \\$\\$; sh -c 'echo \\$\\$; exec sleep "
      "300' & wait\" & while true; do sleep 300; done");
  CHECK(steady_clock::now() - began < std::chrono::seconds(6));
  for (const auto pid : pids) CHECK_FALSE(runs(pid));
}

TEST_CASE("children that ignore SIGTERM don't outlive a parent that heeds it") {
  const auto began = steady_clock::now();
  const auto pids = stopped_after(
      2, "echo $$; sh -c \"trap '' TERM; echo \\$\\$; while true; do sleep 300; done\" & wait");
  CHECK(steady_clock::now() - began < std::chrono::seconds(4));
  for (const auto pid : pids) CHECK_FALSE(runs(pid));
}

TEST_CASE("a program that heeds SIGTERM has time to tidy up") {
  const TemporaryDirectory directory;
  const auto mark = directory.path() / "tidied";
  stopped_after(1, "trap 'sleep 0.3; touch " + mark.string() +
                       "; exit 0' TERM; echo $$; while true; do sleep 0.05; done");
  CHECK(fs::exists(mark));
}

TEST_CASE("a program that closes its output and stays is ended when its time is over") {
  const auto began = steady_clock::now();
  const auto ran = run_process({.arguments = {"sh", "-c", "exec >&- 2>&-; sleep 300"},
                                .timeout = std::chrono::milliseconds(300)});
  CHECK(ran.error().reason == "timeout");
  CHECK(steady_clock::now() - began < std::chrono::seconds(5));
}

TEST_CASE("a program that closes its output and ends is not waited for longer than it takes") {
  const auto ran = run_process({.arguments = {"sh", "-c", "exec >&- 2>&-; exit 7"}});
  CHECK(ran.value().exit_code == 7);
}

TEST_CASE("a program that a signal ended says so in its exit code") {
  CHECK(run_process({.arguments = {"sh", "-c", "kill -KILL $$"}}).value().exit_code == 128 + 9);
}

TEST_CASE("a program in a folder that is not there is an error, not an outcome") {
  const auto ran = run_process({.arguments = {"true"}, .directory = "/no/such/folder"});
  CHECK(ran.error().code == ErrorCode::not_found);
}

TEST_CASE("a program ends when the process that runs it is killed") {
  const TemporaryDirectory directory;
  const auto told = directory.path() / "pid";
  const pid_t ours = ::fork();
  if (ours == 0) {
    (void)run_process({.arguments = {"sh", "-c",
                                     "echo $$ > " + told.string() + ".tmp; mv " + told.string() +
                                         ".tmp " + told.string() + "; exec sleep 300"}});
    ::_exit(0);
  }
  REQUIRE(soon([&] { return fs::exists(told); }));
  const pid_t program = std::stoi(read_file(told).value());
  CHECK(runs(program));
  ::kill(ours, SIGKILL);
  ::waitpid(ours, nullptr, 0);
  CHECK(soon([&] { return !runs(program); }));
}

}  // namespace
}  // namespace hub
