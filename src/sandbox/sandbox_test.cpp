// What a confined program sees and may do, with everything that the kernel has here, and again
// without some of it, as on a machine that refuses it.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/protections.hpp"
#include "sandbox/test_place.hpp"

namespace hub::sandbox {

TEST_CASE("what protects here is said, one sentence for each promise") {
  const auto all = protections();
  REQUIRE(all.size() == 6);
  for (const auto& each : all) {
    MESSAGE(each.name << std::string(each.holds ? ": " : " does not hold: ") << each.sentence);
    CHECK(each.sentence.size() > 20);
  }
}

TEST_CASE("a confined program reads what it is given, writes where it may, and says how it ended") {
  for (const auto& [name, means] : settings()) {
    CAPTURE(name);
    const Place place;
    auto wanted = place.shell("cat code.txt; cat; echo $MARK; echo new > " +
                              (place.writable / "new").string() + "; echo t > $TMPDIR/t; exit 7");
    wanted.input = " and input ";
    wanted.environment = {"MARK=here"};
    const auto ran = run_confined_by(means, wanted);
    REQUIRE(ran);
    CHECK(ran->errors == "");
    CHECK(ran->output == "code and input here\n");
    CHECK(ran->exit_code == 7);
    CHECK(written(place.writable / "new") == "new\n");
  }
}

TEST_CASE("a program that is not there, or not visible, is said to be missing") {
  const Place place;
  auto wanted = place.shell("");
  wanted.arguments = {(place.secret / "tool").string()};
  const auto ran = run_confined(wanted);
  REQUIRE_FALSE(ran);
  CHECK(ran.error().reason == "program_missing");
}

TEST_CASE("it cannot read the hub's secrets, by name, by symbolic link or by hard link") {
  for (const auto& [name, means] : settings()) {
    CAPTURE(name);
    if (!guards_files(means)) continue;
    const Place place;
    auto wanted = place.shell(
        "cat $STATE/token; ln -s $STATE/token $DATA/link; cat $DATA/link; "
        "ln $STATE/token $DATA/hard; cat $DATA/hard; cat $DATA/../state/token");
    wanted.environment = place.names();
    const auto ran = run_confined_by(means, wanted);
    REQUIRE(ran);
    CHECK(ran->output == "");
    CHECK(ran->exit_code != 0);
  }
}

TEST_CASE("it cannot write outside: not to what it reads, not to the system, not past a link") {
  for (const auto& [name, means] : settings()) {
    CAPTURE(name);
    if (!guards_files(means)) continue;
    const Place place;
    fs::create_symlink(place.secret, place.writable / "escape");
    auto wanted = place.shell(
        "echo x > code.txt; echo x > $STATE/x; echo x > $DATA/escape/x; rm -rf $STATE; "
        "mv $SOURCE $DATA/moved; echo x > /usr/x-of-the-sandbox; touch /x-of-the-sandbox; "
        "chmod 777 $STATE/token; true");
    wanted.environment = place.names();
    const auto ran = run_confined_by(means, wanted);
    REQUIRE(ran);
    CHECK(written(place.readable / "code.txt") == "code");
    CHECK(written(place.secret / "token") == "let me in");
    CHECK_FALSE(fs::exists(place.secret / "x"));
    CHECK_FALSE(fs::exists("/usr/x-of-the-sandbox"));
    CHECK_FALSE(fs::exists("/x-of-the-sandbox"));
  }
}

TEST_CASE("it inherits no descriptor and no environment") {
  ::setenv("HUB_SECRET_OF_TEST", "secret", 1);
  const int open = ::open("/etc/hostname", O_RDONLY);  // without O_CLOEXEC, on purpose
  REQUIRE(open > 2);
  for (const auto& [name, means] : settings()) {
    CAPTURE(name);
    const Place place;
    const auto ran = run_confined_by(means, place.script("import os\n"
                                                         "held = []\n"
                                                         "for fd in range(3, 200):\n"
                                                         "  try: os.fstat(fd); held.append(fd)\n"
                                                         "  except OSError: pass\n"
                                                         "print(held, sorted(os.environ))"));
    REQUIRE(ran);
    CHECK(ran->output == "[] ['HOME', 'LANG', 'PATH', 'TMPDIR']\n");
  }
  ::close(open);
  ::unsetenv("HUB_SECRET_OF_TEST");
}

TEST_CASE("it cannot end other processes of the same user") {
  const pid_t other = ::fork();
  if (other == 0) {
    for (;;) ::pause();
  }
  for (const auto& [name, means] : settings()) {
    CAPTURE(name);
    const Place place;
    const auto ran =
        run_confined_by(means, place.shell("kill -9 " + std::to_string(other) + "; kill -9 " +
                                           std::to_string(::getpid()) + "; echo tried"));
    REQUIRE(ran);
    CHECK(ran->output == "tried\n");
    siginfo_t info{};
    CHECK(::waitid(P_PID, static_cast<id_t>(other), &info, WEXITED | WNOHANG | WNOWAIT) == 0);
    CHECK(info.si_pid == 0);
  }
  ::kill(other, SIGKILL);
  ::waitpid(other, nullptr, 0);
}

TEST_CASE("it has no network unless it is given the hub's") {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(listener >= 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): sockets are so
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  REQUIRE(::bind(listener, generic, size) == 0);
  REQUIRE(::listen(listener, 8) == 0);
  REQUIRE(::getsockname(listener, generic, &size) == 0);
  for (const auto& [name, means] : settings()) {
    CAPTURE(name);
    const Place place;
    auto wanted = place.script(
        "import socket\n"
        "try:\n"
        "  socket.create_connection(('127.0.0.1', " +
        std::to_string(ntohs(address.sin_port)) +
        "), 2)\n"
        "  print('connected')\n"
        "except OSError as error: print('refused')");
    CHECK(run_confined_by(means, wanted).value().output == "refused\n");
    wanted.network = Network::host;
    CHECK(run_confined_by(means, wanted).value().output == "connected\n");
  }
  ::close(listener);
}

TEST_CASE("dangerous system calls are refused") {
  for (const auto& [name, means] : settings()) {
    CAPTURE(name);
    if (!means.filter) continue;
    const Place place;
    // unshare of a user namespace, ptrace, keyctl, bpf, io_uring_setup, by their numbers
    const auto ran =
        run_confined_by(means, place.script("import ctypes, platform\n"
                                            "numbers = [272, 101, 250, 321, 425]\n"
                                            "if platform.machine() == 'aarch64':\n"
                                            "  numbers = [97, 117, 219, 280, 425]\n"
                                            "libc = ctypes.CDLL(None, use_errno=True)\n"
                                            "for n in numbers:\n"
                                            "  r = libc.syscall(n, 0x10000000, 0, 0, 0)\n"
                                            "  print(r, ctypes.get_errno())"));
    REQUIRE(ran);
    CHECK(ran->output == "-1 1\n-1 1\n-1 1\n-1 1\n-1 1\n");
  }
}

TEST_CASE("one that is to stay alone can have threads, and cannot start another process") {
  const Place place;
  auto wanted = place.script(
      "import os, subprocess, threading\n"
      "threading.Thread(target=print, args=('thread',)).start()\n"
      "for start in (os.fork, lambda: os.posix_spawn('/bin/true', ['true'], "
      "{}), lambda: subprocess.run(['/bin/true'])):\n"
      "  try: print(start())\n"
      "  except OSError: print('refused')");
  wanted.programs = Programs::only_itself;
  const auto ran = run_confined(wanted);
  if (!means().filter) {
    CHECK(ran.error().reason == "confinement_failed");
    return;
  }
  REQUIRE(ran);
  CHECK(ran->output == "thread\nrefused\nrefused\nrefused\n");
}

}  // namespace hub::sandbox
