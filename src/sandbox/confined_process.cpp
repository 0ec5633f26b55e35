#include "sandbox/confined_process.hpp"

#include <csignal>
#include <optional>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "sandbox/child.hpp"
#include "sandbox/control_group.hpp"
#include "sandbox/means.hpp"
#include "sandbox/system_calls.hpp"

namespace hub::sandbox {
namespace {

using std::chrono::steady_clock;

Error exceeded(const ConfinedProcess& wanted, const std::string& what, std::uint64_t limit,
               const std::string& unit, const std::string& reason) {
  return Error{ErrorCode::exhausted,
               "cannot finish " + wanted.arguments.at(0) + ": it took more " + what + " than " +
                   std::to_string(limit) + " " + unit,
               reason,
               {},
               {{"limit", limit}, {"unit", unit}}};
}

// How much lies in some folders, looked at now and then: often while that is quick.
class DiskWatch {
 public:
  explicit DiskWatch(std::vector<fs::path> folders) : folders_(std::move(folders)) {
    before_ = size();
  }
  std::uint64_t added() {
    const auto now = steady_clock::now();
    if (now < next_) return added_;
    const auto is = size();
    added_ = is > before_ ? is - before_ : 0;
    next_ =
        steady_clock::now() + std::max<steady_clock::duration>(std::chrono::milliseconds(250),
                                                               10 * (steady_clock::now() - now));
    return added_;
  }
  std::uint64_t added_at_last() {
    next_ = {};
    return added();
  }

 private:
  std::uint64_t size() const {
    std::uint64_t bytes = 0;
    for (const auto& folder : folders_) {
      std::error_code ec;
      for (fs::recursive_directory_iterator at(folder, ec), end; !ec && at != end;
           at.increment(ec)) {
        struct stat found{};
        if (::lstat(at->path().c_str(), &found) == 0) {
          bytes += static_cast<std::uint64_t>(found.st_blocks) * 512;
        }
      }
    }
    return bytes;
  }

  std::vector<fs::path> folders_;
  std::uint64_t before_ = 0, added_ = 0;
  steady_clock::time_point next_{};
};

// Without symbolic links on the way to it; the last name may be one.
fs::path named_plainly(const fs::path& path) {
  std::error_code ec;
  const auto folder = fs::canonical(path.parent_path(), ec);
  return ec ? path : folder / path.filename();
}

std::vector<std::string> environment_of(const ConfinedProcess& wanted, const fs::path& scratch) {
  std::vector<std::string> all{"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8",
                               "HOME=" + scratch.string(), "TMPDIR=" + scratch.string()};
  all.insert(all.end(), wanted.environment.begin(), wanted.environment.end());
  return all;
}

std::vector<std::pair<int, rlimit>> limits_of(const Means& means, const Limits& limits) {
  const auto both = [](rlim_t value) { return rlimit{value, value}; };
  const auto cpu = static_cast<rlim_t>(limits.cpu.count());
  std::vector<std::pair<int, rlimit>> all{
      {RLIMIT_CORE, both(0)},
      {RLIMIT_CPU, rlimit{cpu, cpu + 1}},
      {RLIMIT_DATA, both(limits.memory_bytes)},
      {RLIMIT_FSIZE, both(limits.file_bytes)},
      {RLIMIT_NOFILE, both(limits.open_files)},
      {RLIMIT_MEMLOCK, both(65536)},
  };
  // Counted for each user namespace by itself. Without one it would count all that the user runs.
  if (means.user_namespace) all.emplace_back(RLIMIT_NPROC, both(limits.processes));
  return all;
}

// Everything of one run, from before its clone until after its end.
class Run {
 public:
  Run(const Means& means, const ConfinedProcess& wanted) : wanted_(wanted) {
    plan_.means = means;
    if (wanted.scratch.empty()) own_scratch_.emplace();
    scratch_ = named_plainly(own_scratch_ ? own_scratch_->path() : wanted.scratch);
    if (means.group_kill) {
      auto made = ControlGroup::make({wanted.limits.memory_bytes, wanted.limits.processes});
      if (made) group_.emplace(*std::move(made));
    }
  }

  Result<ProcessOutcome> run() {
    if (wanted_.programs == Programs::only_itself && !plan_.means.filter) {
      return confinement_failed("filter", ENOSYS);
    }
    lay_out();
    DiskWatch disk(writable_);
    bool disk_exceeded = false;
    ProcessRequest request;
    request.arguments = wanted_.arguments;
    request.input = wanted_.input;
    request.timeout = wanted_.limits.time;
    request.output_bytes_max = wanted_.limits.output_bytes;
    request.output_excess = OutputExcess::fail;
    request.on_line = wanted_.on_line;
    request.stop = [&] {
      disk_exceeded = disk.added() > wanted_.limits.disk_bytes;
      return disk_exceeded || (wanted_.stop && wanted_.stop());
    };
    auto ran =
        run_started(request, [this](const StandardStreams& streams) { return start(streams); });
    if (disk_exceeded || (ran && disk.added_at_last() > wanted_.limits.disk_bytes)) {
      return tl::unexpected(
          exceeded(wanted_, "disk", wanted_.limits.disk_bytes, "bytes", "disk_exceeded"));
    }
    if (ran) return judge(*std::move(ran));
    return ran;
  }

 private:
  void lay_out() {
    for (const auto& path : wanted_.writable) writable_.push_back(named_plainly(path));
    std::vector<fs::path> readable;
    for (const auto& path : wanted_.readable) readable.push_back(named_plainly(path));
    plan_.view = view_of(readable, writable_, scratch_);
    writable_.push_back(scratch_);
    plan_.network = wanted_.network;
    plan_.directory = named_plainly(wanted_.directory).string();
    plan_.arguments = wanted_.arguments;
    plan_.environment = environment_of(wanted_, scratch_);
    plan_.argument_pointers = exec_pointers(plan_.arguments);
    plan_.environment_pointers = exec_pointers(plan_.environment);
    const auto map = [](auto id) { return std::to_string(id) + " " + std::to_string(id) + " 1"; };
    plan_.user_map = map(::geteuid());
    plan_.group_map = map(::getegid());
    if (group_) plan_.group_files = group_->join_files();
    plan_.limits = limits_of(plan_.means, wanted_.limits);
    if (plan_.means.filter) {
      plan_.filter = filter_of(plan_.means, wanted_.network, wanted_.programs);
    }
  }

  long clone_child() const {
    unsigned long flags = SIGCHLD;
    if (plan_.means.namespaces) {
      flags |= CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;
      if (wanted_.network == Network::none) flags |= CLONE_NEWNET;
      if (plan_.means.user_namespace) flags |= CLONE_NEWUSER;
    }
    return kernel(SYS_clone, flags, 0, 0, 0, 0);
  }

  Result<StartedProcess> start(const StandardStreams& streams) {
    plan_.streams = streams;
    std::array<int, 2> trouble{};
    if (::pipe2(trouble.data(), O_CLOEXEC) != 0) {
      throw std::system_error(errno, std::generic_category(), "cannot make a pipe");
    }
    const long pid = clone_child();
    if (pid == 0) become(plan_, trouble);
    const int refused = pid < 0 ? errno : 0;
    ::close(trouble[1]);
    ChildTrouble said;
    const bool failed = pid > 0 && kernel_retried(SYS_read, trouble[0], &said, sizeof said) ==
                                       static_cast<long>(sizeof said);
    ::close(trouble[0]);
    if (pid < 0) return confinement_failed("namespaces", refused);
    const auto child = static_cast<pid_t>(pid);
    if (failed) {
      ::waitpid(child, nullptr, 0);
      if (said.step != Step::program) return confinement_failed(to_text(said.step), said.code);
      return fail(ErrorCode::not_found,
                  "cannot run " + wanted_.arguments.at(0) + " in " + plan_.directory + ": " +
                      std::error_code(said.code, std::generic_category()).message(),
                  "program_missing");
    }
    StartedProcess started;
    started.pid = child;
    started.leftovers = StartedProcess::Leftovers::end_with_it;
    // No grace: it had its time, and what it was about to say is not believed anyway.
    started.end = [this, child] {
      ::kill(child, SIGKILL);
      ::kill(-child, SIGKILL);
      siginfo_t info{};
      while (::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) != 0 &&
             errno == EINTR) {
      }
      if (group_) group_->kill();
    };
    return started;
  }

  static tl::unexpected<Error> confinement_failed(const std::string& step, int code) {
    const auto why = std::error_code(code, std::generic_category()).message();
    return fail(ErrorCode::unavailable, "cannot confine a program: " + step + ": " + why,
                "confinement_failed",
                "adaos-hub doctor says what this machine allows; if it allows less than when the "
                "hub was started, start the hub again",
                {{"step", step}, {"error", why}});
  }

  Result<ProcessOutcome> judge(ProcessOutcome outcome) const {
    const bool killed = outcome.exit_code == 128 + SIGKILL || outcome.exit_code == 128 + SIGXCPU;
    if (group_ && group_->ran_out_of_memory() && outcome.exit_code != 0) {
      return tl::unexpected(
          exceeded(wanted_, "memory", wanted_.limits.memory_bytes, "bytes", "memory_exceeded"));
    }
    if (killed && outcome.cpu_time >= wanted_.limits.cpu) {
      return tl::unexpected(exceeded(wanted_, "processor time",
                                     static_cast<std::uint64_t>(wanted_.limits.cpu.count()),
                                     "seconds", "cpu_exceeded"));
    }
    return outcome;
  }

  const ConfinedProcess& wanted_;
  std::optional<TemporaryDirectory> own_scratch_;
  fs::path scratch_;
  std::optional<ControlGroup> group_;
  std::vector<fs::path> writable_;
  ChildPlan plan_;
};

}  // namespace

Result<ProcessOutcome> run_confined_by(const Means& means, const ConfinedProcess& wanted) {
  return Run(means, wanted).run();
}

Result<ProcessOutcome> run_confined(const ConfinedProcess& wanted) {
  return run_confined_by(means(), wanted);
}

}  // namespace hub::sandbox
