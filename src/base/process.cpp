#include "base/process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX says to declare it

namespace hub {
namespace {

using std::chrono::steady_clock;

struct Pipe {
  std::array<int, 2> ends{-1, -1};
  Pipe() {
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
      throw std::system_error(errno, std::generic_category(), "cannot make a pipe");
    }
  }
  ~Pipe() {
    close(0);
    close(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void close(std::size_t end) {
    if (ends[end] >= 0) ::close(ends[end]);
    ends[end] = -1;
  }
};

// Collects one stream, bounded, and hands out whole lines.
class Collector {
 public:
  Collector(std::string& into, const ProcessRequest& request) : into_(into), request_(request) {}

  void take(std::string_view bytes) {
    const std::size_t room = request_.output_bytes_max - into_.size();
    into_.append(bytes.substr(0, room));
    if (!request_.on_line) return;
    line_.append(bytes);
    for (std::size_t end; (end = line_.find_first_of("\r\n")) != std::string::npos;) {
      if (end > 0) request_.on_line(std::string_view(line_).substr(0, end));
      line_.erase(0, end + 1);
    }
    if (line_.size() > 65536) line_.clear();
  }

 private:
  std::string& into_;
  const ProcessRequest& request_;
  std::string line_;
};

std::vector<std::string> merged_environment(const std::vector<std::string>& added) {
  std::vector<std::string> all;
  for (char** at = environ; *at; ++at) {
    const std::string entry = *at;
    const std::string name = entry.substr(0, entry.find('=') + 1);
    bool replaced = false;
    for (const auto& ours : added) replaced |= ours.compare(0, name.size(), name) == 0;
    if (!replaced) all.push_back(entry);
  }
  all.insert(all.end(), added.begin(), added.end());
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (auto& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

Result<pid_t> spawn(const ProcessRequest& request, Pipe& in, Pipe& out, Pipe& err) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.ends[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out.ends[1], 1);
  posix_spawn_file_actions_adddup2(&actions, err.ends[1], 2);
  if (!request.directory.empty()) {
    posix_spawn_file_actions_addchdir_np(&actions, request.directory.c_str());
  }
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  auto arguments = request.arguments;
  auto environment = merged_environment(request.environment);
  pid_t pid = -1;
  const int rc = posix_spawnp(&pid, arguments.at(0).c_str(), &actions, &attributes,
                              pointers(arguments).data(), pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (rc != 0) {
    return fail(rc == ENOENT ? ErrorCode::not_found : ErrorCode::unavailable,
                "cannot run " + arguments.at(0) + ": " +
                    std::error_code(rc, std::generic_category()).message(),
                "program_missing");
  }
  return pid;
}

// Feeds standard input without ever blocking on a child that does not read.
class Feeder {
 public:
  Feeder(Pipe& pipe, std::string_view input) : pipe_(pipe), rest_(input) {
    ::fcntl(pipe_.ends[1], F_SETFL, O_NONBLOCK);
    if (rest_.empty()) pipe_.close(1);
  }
  int descriptor() const { return pipe_.ends[1]; }
  void feed() {
    const ssize_t wrote = ::write(pipe_.ends[1], rest_.data(), rest_.size());
    if (wrote > 0) rest_.remove_prefix(static_cast<std::size_t>(wrote));
    if (rest_.empty() || (wrote < 0 && errno != EAGAIN && errno != EINTR)) pipe_.close(1);
  }

 private:
  Pipe& pipe_;
  std::string_view rest_;
};

bool drain(Pipe& pipe, Collector& collector) {
  std::array<char, 16384> chunk{};
  const ssize_t got = ::read(pipe.ends[0], chunk.data(), chunk.size());
  if (got > 0) {
    collector.take(std::string_view(chunk.data(), static_cast<std::size_t>(got)));
    return true;
  }
  if (got < 0 && errno == EINTR) return true;
  pipe.close(0);
  return false;
}

// SIGTERM to the group, two seconds of grace, then SIGKILL.
void end_group(pid_t pid) {
  ::kill(-pid, SIGTERM);
  const auto deadline = steady_clock::now() + std::chrono::seconds(2);
  int status = 0;
  while (steady_clock::now() < deadline) {
    if (::waitpid(pid, &status, WNOHANG) == pid) break;
    ::poll(nullptr, 0, 10);
  }
  ::kill(-pid, SIGKILL);
  ::waitpid(pid, &status, 0);
}

int exit_code_of(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

Result<ProcessOutcome> run_process(const ProcessRequest& request) {
  Pipe in, out, err;
  HUB_TRY(pid, spawn(request, in, out, err));
  in.close(0);
  out.close(1);
  err.close(1);
  ::signal(SIGPIPE,
           SIG_IGN);  // NOLINT(cert-err33-c): a child that stops reading is no reason to die

  ProcessOutcome outcome;
  Collector output(outcome.output, request);
  Collector errors(outcome.errors, request);
  Feeder feeder(in, request.input);
  const auto deadline = steady_clock::now() + request.timeout;
  while (out.ends[0] >= 0 || err.ends[0] >= 0) {
    std::array<pollfd, 3> waits{pollfd{out.ends[0], POLLIN, 0}, pollfd{err.ends[0], POLLIN, 0},
                                pollfd{feeder.descriptor(), POLLOUT, 0}};
    ::poll(waits.data(), waits.size(), 100);
    if (waits[0].revents != 0) drain(out, output);
    if (waits[1].revents != 0) drain(err, errors);
    if (waits[2].revents != 0) feeder.feed();
    const bool stopped = request.stop && request.stop();
    if (stopped || steady_clock::now() >= deadline) {
      end_group(pid);
      if (stopped)
        return fail(ErrorCode::cancelled, "cannot finish " + request.arguments[0] + ": stopped");
      return fail(ErrorCode::unavailable,
                  "cannot finish " + request.arguments[0] + ": still running after " +
                      std::to_string(request.timeout.count()) + " ms",
                  "timeout");
    }
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  outcome.exit_code = exit_code_of(status);
  return outcome;
}

}  // namespace hub
