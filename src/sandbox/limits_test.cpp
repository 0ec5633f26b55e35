// How a confined program ends: with all that it has started, within its limits, and never after the
// hub.

#include <thread>

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/test_place.hpp"

namespace hub::sandbox {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

TEST_CASE("what it leaves behind does not outlive it, however it hides") {
  for (const auto& [name, means] : settings()) {
    CAPTURE(name);
    const Place place;
    const std::string mark = "sandbox-orphan-" + std::to_string(::getpid());
    const auto ran = run_confined_by(
        means, place.script("import os, signal, sys, time\n"
                            "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
                            "if os.fork() == 0:\n"
                            "  try: os.setsid()\n"
                            "  except OSError: pass\n"
                            "  if os.fork() > 0: os._exit(0)\n"
                            "  os.execv('/bin/sh', ['sh', '-c', 'trap : TERM HUP INT; while :; do "
                            "sleep 1; done # " +
                            mark +
                            "'])\n"
                            "time.sleep(0.2); print('done')"));
    REQUIRE(ran);
    CHECK(ran->output == "done\n");
    CHECK(processes_named(mark) == 0);
  }
}

TEST_CASE("one that ignores SIGTERM and never ends is ended when its time is over") {
  for (const auto& [name, means] : settings()) {
    CAPTURE(name);
    const Place place;
    const std::string mark = "sandbox-stubborn-" + std::to_string(::getpid());
    auto wanted = place.shell("trap '' TERM INT; while :; do sleep 0.05; done # " + mark);
    wanted.limits.time = milliseconds(300);
    const auto began = steady_clock::now();
    const auto ran = run_confined_by(means, wanted);
    REQUIRE_FALSE(ran);
    CHECK(ran.error().reason == "timeout");
    CHECK(steady_clock::now() - began < milliseconds(1500));
    CHECK(processes_named(mark) == 0);
  }
}

TEST_CASE("a fork bomb stays small and ends with its time") {
  for (const auto& [name, means] : settings()) {
    CAPTURE(name);
    if (!means.group_processes && !means.user_namespace) continue;  // said by protections()
    const Place place;
    const std::string mark = "sandbox-bomb-" + std::to_string(::getpid());
    auto wanted = place.script(
        "import os, time\n"
        "made = 0\n"
        "for i in range(2000):\n"
        "  try:\n"
        "    if os.fork() == 0: time.sleep(60)\n"
        "    made += 1\n"
        "  except OSError: break\n"
        "print(made, flush=True); time.sleep(60) # " +
        mark);
    wanted.limits.time = milliseconds(700);
    wanted.limits.processes = 20;
    std::string made;
    wanted.on_line = [&](std::string_view line) { made = line; };
    const auto ran = run_confined_by(means, wanted);
    REQUIRE_FALSE(ran);
    CHECK(ran.error().reason == "timeout");
    REQUIRE_FALSE(made.empty());
    CHECK(std::stoi(made) <= 20);
    CHECK(processes_named(mark) == 0);
  }
}

TEST_CASE("endless output is cut off with an error and not kept in memory") {
  for (const auto& [name, means] : settings()) {
    CAPTURE(name);
    const Place place;
    auto wanted = place.shell("while :; do echo yes yes yes yes yes yes yes yes; done");
    wanted.limits.output_bytes = 100'000;
    const auto ran = run_confined_by(means, wanted);
    REQUIRE_FALSE(ran);
    CHECK(ran.error().code == ErrorCode::exhausted);
    CHECK(ran.error().reason == "output_too_large");
  }
}

TEST_CASE("one that takes too much memory is stopped") {
  for (const auto& [name, means] : settings()) {
    CAPTURE(name);
    const Place place;
    auto wanted = place.script(
        "held = []\n"
        "try:\n"
        "  for i in range(400): held.append(bytearray(1 << 20))\n"
        "  print('all of it')\n"
        "except MemoryError: print('refused')");
    wanted.limits.memory_bytes = 64U << 20U;
    const auto ran = run_confined_by(means, wanted);
    if (ran) {
      CHECK(ran->output == "refused\n");
    } else {
      CHECK(ran.error().reason == "memory_exceeded");
    }
  }
}

TEST_CASE("several that take too much memory together are stopped where there is a cgroup") {
  const auto& all = means();
  if (!all.group_memory) {
    MESSAGE("not tried: the hub may make no cgroup here");
    return;
  }
  const Place place;
  auto wanted = place.script(
      "import os, time\n"
      "for i in range(8):\n"
      "  if os.fork() == 0:\n"
      "    held = bytearray(40 << 20); time.sleep(1); os._exit(0)\n"
      "status = [os.wait()[1] for i in range(8)]\n"
      "print(status); raise SystemExit(any(status))");
  wanted.limits.memory_bytes = 100U << 20U;
  const auto ran = run_confined(wanted);
  REQUIRE_FALSE(ran);
  CHECK(ran.error().reason == "memory_exceeded");
}

TEST_CASE("one that fills the disk is stopped, by one file and by many") {
  const Place place;
  const auto file = (place.writable / "big").string();
  auto one =
      place.script("f = open('" + file + "', 'wb')\nfor i in range(64): f.write(bytes(1 << 20))");
  one.limits.file_bytes = 8U << 20U;
  const auto cut = run_confined(one);
  REQUIRE(cut);
  CHECK(cut->errors.find("File too large") != std::string::npos);
  CHECK(fs::file_size(file) <= 8U << 20U);

  auto many = place.script("import time\nfor i in range(400):\n  open('" + file +
                           "%d' % i, 'wb').write(b'x' * (1 << 18)); time.sleep(0.01)");
  many.limits.disk_bytes = 10U << 20U;
  const auto stopped = run_confined(many);
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().reason == "disk_exceeded");
}

TEST_CASE("one that only computes is stopped when its processor time is over") {
  const Place place;
  auto wanted = place.script("while True: pass");
  wanted.limits.cpu = std::chrono::seconds(1);
  const auto ran = run_confined(wanted);
  REQUIRE_FALSE(ran);
  CHECK(ran.error().reason == "cpu_exceeded");
}

TEST_CASE("it can be stopped, and what it told until then has been heard") {
  const Place place;
  bool told = false;
  auto wanted = place.shell("echo begun; sleep 60");
  wanted.on_line = [&](std::string_view line) { told |= line == "begun"; };
  wanted.stop = [&] { return told; };
  const auto ran = run_confined(wanted);
  REQUIRE_FALSE(ran);
  CHECK(ran.error().code == ErrorCode::cancelled);
}

TEST_CASE("it dies with the hub") {
  const Place place;
  const std::string mark = "sandbox-widow-" + std::to_string(::getpid());
  const pid_t ours = ::fork();
  if (ours == 0) {
    (void)run_confined(place.shell("while :; do sleep 0.05; done # " + mark));
    ::_exit(0);
  }
  for (int i = 0; i < 500 && processes_named(mark) < 1; ++i) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  ::kill(ours, SIGKILL);
  ::waitpid(ours, nullptr, 0);
  for (int i = 0; i < 300 && processes_named(mark) > 0; ++i) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  CHECK(processes_named(mark) == 0);
}

}  // namespace hub::sandbox
