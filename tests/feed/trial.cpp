#include "trial.hpp"

#include <csignal>
#include <stdexcept>
#include <system_error>

#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hub::feed_test {
namespace {

using Instant = std::chrono::steady_clock::time_point;

constexpr std::chrono::seconds silence_max{300};  // a busy machine may stop us for a while

Instant now() { return std::chrono::steady_clock::now(); }

// One driver process and our end of its socket.
class Driver {
 public:
  Driver(const std::filesystem::path& folder, std::uint64_t seed) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) fail("socketpair");
    socket_ = ends[0];
    constexpr int theirs = 3;
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], theirs);
    std::vector<std::string> words{"feed_test", "--driver", folder.string(), std::to_string(theirs),
                                   std::to_string(seed)};
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const int error =
        ::posix_spawn(&process_, "/proc/self/exe", &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    if (error != 0) throw std::system_error(error, std::generic_category(), "start a driver");
  }
  ~Driver() {
    if (process_ > 0) {
      ::kill(process_, SIGKILL);
      ::waitpid(process_, nullptr, 0);
    }
    ::close(socket_);
  }
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  void ask(const Ask& ask) {
    if (::send(socket_, &ask, sizeof ask, MSG_NOSIGNAL) != ssize_t{sizeof ask}) ended_by_itself();
  }

  // A whole answer, or nothing when `until` comes first. -1 in `count`: it is over.
  struct Answer {
    std::int64_t count = 0;
    std::vector<EventRecord> events;
  };
  std::optional<Answer> receive(Instant until) {
    Answer answer;
    if (!read_all(&answer.count, sizeof answer.count, until)) return std::nullopt;
    answer.events.resize(static_cast<std::size_t>(std::max<std::int64_t>(0, answer.count)));
    const auto bytes = answer.events.size() * sizeof(EventRecord);
    if (!read_all(answer.events.data(), bytes, until)) return std::nullopt;
    return answer;
  }

  void kill() {
    ::kill(process_, SIGKILL);
    const int status = reap();
    if (!WIFSIGNALED(status)) throw_ended(status);
  }
  void wait_end() {
    const int status = reap();
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) throw_ended(status);
  }

 private:
  [[noreturn]] static void fail(const char* doing) {
    throw std::system_error(errno, std::generic_category(), doing);
  }
  [[noreturn]] void ended_by_itself() { throw_ended(reap()); }
  [[noreturn]] static void throw_ended(int status) {
    throw std::runtime_error("a driver ended by itself, status " + std::to_string(status) +
                             "; its words are above");
  }
  int reap() {
    int status = 0;
    if (::waitpid(std::exchange(process_, 0), &status, 0) < 0) fail("waitpid");
    return status;
  }
  bool read_all(void* into, std::size_t size, Instant until) {
    auto* at = static_cast<char*>(into);
    while (size > 0) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now());
      if (left.count() <= 0) return false;
      pollfd ready{socket_, POLLIN, 0};
      if (::poll(&ready, 1, static_cast<int>(left.count())) <= 0) continue;
      const auto got = ::read(socket_, at, size);
      if (got <= 0) ended_by_itself();
      at += got;
      size -= static_cast<std::size_t>(got);
    }
    return true;
  }

  int socket_ = -1;
  pid_t process_ = 0;
};

class Trial {
 public:
  Trial(const std::filesystem::path& folder, const TrialOptions& options, Ledger& ledger)
      : folder_(folder), options_(options), ledger_(ledger), random_(options.seed) {}

  TrialResult run() {
    while (ledger_.last_seq() < options_.events) one_life();
    last_life();
    return result_;
  }

 private:
  std::chrono::microseconds between(std::chrono::microseconds low, std::chrono::microseconds high) {
    return std::chrono::microseconds(
        std::uniform_int_distribution<std::int64_t>(low.count(), high.count())(random_));
  }

  // False when the time came first.
  bool follow_until(Driver& driver, Instant until) {
    driver.ask({ledger_.last_seq(), 0});
    const auto answer = driver.receive(until);
    if (!answer) return false;  // half an answer goes with its driver; the cursor has not moved
    for (const auto& event : answer->events) ledger_.take(event);
    return true;
  }

  void one_life() {
    Driver driver(folder_, random_());
    ++result_.starts;
    if (chance(random_, 20)) {  // while it opens the store, migrates, adopts
      const auto until = now() + between({}, std::chrono::milliseconds(60));
      (follow_until(driver, until) ? result_.kills : result_.kills_opening) += 1;
      driver.kill();
      return;
    }
    if (!follow_until(driver, now() + silence_max)) throw std::runtime_error("a driver is silent");
    const auto until = now() + between(std::chrono::milliseconds(1), options_.life_max);
    while (ledger_.last_seq() < options_.events && follow_until(driver, until)) {
    }
    driver.kill();
    ++result_.kills;
  }

  // Ends what lives, takes the rest of the feed.
  void last_life() {
    Driver driver(folder_, random_());
    ++result_.starts;
    for (;;) {
      driver.ask({ledger_.last_seq(), 1});
      const auto answer = driver.receive(now() + silence_max);
      if (!answer) throw std::runtime_error("the last driver is silent: something does not end");
      if (answer->count < 0) break;
      for (const auto& event : answer->events) ledger_.take(event);
    }
    driver.wait_end();
  }

  const std::filesystem::path& folder_;
  const TrialOptions& options_;
  Ledger& ledger_;
  Random random_;
  TrialResult result_;
};

}  // namespace

TrialResult run_trial(const std::filesystem::path& folder, const TrialOptions& options,
                      Ledger& ledger) {
  return Trial(folder, options, ledger).run();
}

}  // namespace hub::feed_test
