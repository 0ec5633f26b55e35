#include "base/process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX says to declare it

namespace hub {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds grace{2};  // between SIGTERM and SIGKILL

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
    overflowed_ |= bytes.size() > room;
    if (!request_.on_line) return;
    line_.append(bytes);
    for (std::size_t end; (end = line_.find_first_of("\r\n")) != std::string::npos;) {
      if (end > 0) request_.on_line(std::string_view(line_).substr(0, end));
      line_.erase(0, end + 1);
    }
    if (line_.size() > 65536) line_.clear();
  }
  bool overflowed() const { return overflowed_; }

 private:
  std::string& into_;
  const ProcessRequest& request_;
  std::string line_;
  bool overflowed_ = false;
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

// What the child does between fork and exec: system calls only.
struct Start {
  std::vector<std::string> arguments, environment;
  std::vector<char*> argument_pointers, environment_pointers;
  std::string directory;
  std::array<int, 3> streams{};
  pid_t parent = 0;

  explicit Start(const ProcessRequest& request)
      : arguments(request.arguments),
        environment(merged_environment(request.environment)),
        argument_pointers(exec_pointers(arguments)),
        environment_pointers(exec_pointers(environment)),
        directory(request.directory.string()),
        parent(::getpid()) {}

  bool take_streams() const {
    for (int target = 0; target < 3; ++target) {
      const int stream = streams.at(static_cast<std::size_t>(target));
      const int made = stream == target ? ::fcntl(stream, F_SETFD, 0) : ::dup2(stream, target);
      if (made < 0) return false;
    }
    return true;
  }

  [[noreturn]] void run(int trouble) const {
    ::setpgid(0, 0);
    // A hub that is killed takes along what it runs: the next one may do the same work again.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);  // NOLINT(cert-err33-c)
    if (take_streams() && (directory.empty() || ::chdir(directory.c_str()) == 0)) {
      ::execvpe(argument_pointers[0], argument_pointers.data(), environment_pointers.data());
    }
    const int code = errno;
    [[maybe_unused]] const auto told = ::write(trouble, &code, sizeof code);
    ::_exit(127);
  }
};

Result<pid_t> spawn(const ProcessRequest& request, const StandardStreams& streams) {
  Start start(request);
  start.streams = streams;
  Pipe trouble;  // closed by a successful exec
  const pid_t pid = ::fork();
  if (pid == 0) start.run(trouble.ends[1]);
  int code = pid < 0 ? errno : 0;
  if (pid > 0) {
    ::setpgid(pid, pid);  // whichever is first; it fails when the child has started its program
    trouble.close(1);
    while (::read(trouble.ends[0], &code, sizeof code) < 0 && errno == EINTR) {
    }
    if (code != 0) ::waitpid(pid, nullptr, 0);
  }
  if (code != 0) {
    return fail(code == ENOENT ? ErrorCode::not_found : ErrorCode::unavailable,
                "cannot run " + request.arguments.at(0) + ": " +
                    std::error_code(code, std::generic_category()).message(),
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

// Readable once the process has ended.
class EndSignal {
 public:
  explicit EndSignal(pid_t pid)
      : descriptor_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}
  ~EndSignal() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  EndSignal(const EndSignal&) = delete;
  EndSignal& operator=(const EndSignal&) = delete;
  int descriptor() const { return descriptor_; }  // negative where the kernel has none: poll waits

 private:
  int descriptor_;
};

// Whether it has ended. It stays a zombie, so that nobody else is given its number meanwhile.
bool has_ended(pid_t pid) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
         info.si_pid == pid;
}

void wait_for(std::chrono::milliseconds patience, const std::function<bool()>& condition) {
  const auto deadline = steady_clock::now() + patience;
  while (!condition() && steady_clock::now() < deadline) ::poll(nullptr, 0, 10);
}

struct End {
  int exit_code = 0;
  std::chrono::milliseconds cpu_time{0};
};

std::chrono::microseconds to_microseconds(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

End reap(pid_t pid) {
  int status = 0;
  rusage used{};
  while (::wait4(pid, &status, 0, &used) < 0 && errno == EINTR) {
  }
  End end;
  end.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  end.cpu_time = std::chrono::duration_cast<std::chrono::milliseconds>(
      to_microseconds(used.ru_utime) + to_microseconds(used.ru_stime));
  return end;
}

// SIGTERM to the group, two seconds of grace, then SIGKILL to whatever is left of it.
void end_group(pid_t pid) {
  ::kill(-pid, SIGTERM);
  wait_for(grace, [pid] { return has_ended(pid); });
  ::kill(-pid, SIGKILL);
  wait_for(grace, [pid] { return has_ended(pid); });
}

Error cut_short(const ProcessRequest& request, ErrorCode code, const std::string& why,
                const std::string& reason) {
  return Error{code, "cannot finish " + request.arguments.at(0) + ": " + why, reason, {}};
}

// One run of a started program, from its first byte to its last.
class Watch {
 public:
  Watch(const ProcessRequest& request, const StartedProcess& process, Pipe& in, Pipe& out,
        Pipe& err)
      : request_(request),
        process_(process),
        out_(out),
        err_(err),
        output_(outcome_.output, request),
        errors_(outcome_.errors, request),
        feeder_(in, request.input),
        end_(process.pid),
        deadline_(steady_clock::now() + request.timeout) {}

  Result<ProcessOutcome> run() {
    // A program may close its output and stay, or leave it to a child of its own and end.
    while (is_open() || !is_over()) {
      wait();
      if (auto trouble = trouble_of()) return give_up(*std::move(trouble));
      if (alone() && !ended_ && has_ended(process_.pid)) end_leftovers();
      if (ended_ && steady_clock::now() >= drained_by_) break;  // who holds it open is out of reach
    }
    const auto end = reap(process_.pid);
    outcome_.exit_code = end.exit_code;
    outcome_.cpu_time = end.cpu_time;
    return std::move(outcome_);
  }

 private:
  bool is_open() const { return out_.ends[0] >= 0 || err_.ends[0] >= 0; }
  bool is_over() const { return ended_ || has_ended(process_.pid); }
  bool alone() const { return process_.leftovers == StartedProcess::Leftovers::end_with_it; }

  void wait() {
    // Its end alone is no reason to wake up while others may still write to its output.
    const bool heed_end = !ended_ && (alone() || !is_open());
    std::array<pollfd, 4> waits{pollfd{out_.ends[0], POLLIN, 0}, pollfd{err_.ends[0], POLLIN, 0},
                                pollfd{feeder_.descriptor(), POLLOUT, 0},
                                pollfd{heed_end ? end_.descriptor() : -1, POLLIN, 0}};
    ::poll(waits.data(), waits.size(), 100);
    if (waits[0].revents != 0) drain(out_, output_);
    if (waits[1].revents != 0) drain(err_, errors_);
    if (waits[2].revents != 0) feeder_.feed();
  }

  std::optional<Error> trouble_of() const {
    if (request_.stop && request_.stop()) {
      return cut_short(request_, ErrorCode::cancelled, "stopped", "");
    }
    if (steady_clock::now() >= deadline_) {
      return cut_short(request_, ErrorCode::unavailable,
                       "still running after " + std::to_string(request_.timeout.count()) + " ms",
                       "timeout");
    }
    const bool too_much = output_.overflowed() || errors_.overflowed();
    if (too_much && request_.output_excess == OutputExcess::fail) {
      return cut_short(request_, ErrorCode::exhausted,
                       "it wrote more than " + std::to_string(request_.output_bytes_max) + " bytes",
                       "output_too_large");
    }
    return std::nullopt;
  }

  tl::unexpected<Error> give_up(Error error) {
    process_.end();
    reap(process_.pid);
    wait_for(std::chrono::milliseconds(250), [this] { return ::kill(-process_.pid, 0) != 0; });
    return tl::unexpected(std::move(error));
  }

  void end_leftovers() {
    process_.end();
    ended_ = true;
    drained_by_ = steady_clock::now() + std::chrono::seconds(1);
  }

  const ProcessRequest& request_;
  const StartedProcess& process_;
  Pipe& out_;
  Pipe& err_;
  ProcessOutcome outcome_;
  Collector output_, errors_;
  Feeder feeder_;
  const EndSignal end_;
  const steady_clock::time_point deadline_;
  bool ended_ = false;  // and so has what it left behind
  steady_clock::time_point drained_by_;
};

}  // namespace

std::vector<char*> exec_pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (auto& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

Result<ProcessOutcome> run_started(
    const ProcessRequest& request,
    const std::function<Result<StartedProcess>(const StandardStreams&)>& start) {
  Pipe in, out, err;
  HUB_TRY(process, start({in.ends[0], out.ends[1], err.ends[1]}));
  in.close(0);
  out.close(1);
  err.close(1);
  // NOLINTNEXTLINE(cert-err33-c): a child that stops reading is no reason to die
  ::signal(SIGPIPE, SIG_IGN);
  return Watch(request, process, in, out, err).run();
}

Result<ProcessOutcome> run_process(const ProcessRequest& request) {
  return run_started(request, [&](const StandardStreams& streams) -> Result<StartedProcess> {
    HUB_TRY(pid, spawn(request, streams));
    StartedProcess started;
    started.pid = pid;
    started.end = [pid] { end_group(pid); };
    return started;
  });
}

}  // namespace hub
