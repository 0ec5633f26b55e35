#include "sandbox/child.hpp"

#include <csignal>

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "sandbox/system_calls.hpp"

namespace hub::sandbox {
namespace {

class Child {
 public:
  Child(const ChildPlan& plan, int trouble) : plan_(plan), trouble_(trouble) {}

  [[noreturn]] void run() {
    kernel(SYS_setsid);
    reset_signals();
    join_groups();
    if (plan_.means.user_namespace) map_user();
    if (plan_.means.root) build_root();
    take_streams();
    if (kernel(SYS_chdir, plan_.directory.c_str()) != 0) give_up(Step::program);
    limit();
    if (plan_.means.landlock > 0) rule_files();
    drop_privileges();
    if (plan_.means.filter) install_filter();
    kernel(SYS_execve, plan_.argument_pointers[0], plan_.argument_pointers.data(),
           plan_.environment_pointers.data());
    give_up(Step::program);
  }

 private:
  [[noreturn]] void give_up(Step step) const {
    const ChildTrouble trouble{step, errno};
    kernel_retried(SYS_write, trouble_, &trouble, sizeof trouble);
    for (;;) kernel(SYS_exit_group, 127);
  }

  void reset_signals() const {
    const std::uint64_t none = 0;
    kernel(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none);
    struct {
      std::uintptr_t handler = 0;  // SIG_DFL
      std::uint64_t flags = 0, restorer = 0, mask = 0;
    } initial;
    kernel(SYS_rt_sigaction, SIGPIPE, &initial, nullptr, sizeof initial.mask);
  }

  void join_groups() const {
    for (const int file : plan_.group_files) {
      if (kernel_retried(SYS_write, file, "0", 1) != 1) give_up(Step::group);
    }
  }

  bool write_file(const char* path, const char* bytes, std::size_t count) const {
    const long file = kernel(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
    if (file < 0) return false;
    const bool written = kernel_retried(SYS_write, file, bytes, count) == static_cast<long>(count);
    kernel(SYS_close, file);
    return written;
  }

  void map_user() const {
    constexpr std::string_view deny = "deny";
    const auto& user = plan_.user_map;
    const auto& group = plan_.group_map;
    if (!write_file("/proc/self/setgroups", deny.data(), deny.size()) ||
        !write_file("/proc/self/uid_map", user.data(), user.size()) ||
        !write_file("/proc/self/gid_map", group.data(), group.size())) {
      give_up(Step::user);
    }
  }

  static bool mounted(const char* source, const char* target, const char* type, unsigned long flags,
                      const char* data = nullptr) {
    return kernel(SYS_mount, source, target, type, flags, data) == 0;
  }

  static bool restricted(const char* path, std::uint64_t attributes) {
    mount_attr wanted{};
    wanted.attr_set = attributes;
    return kernel(SYS_mount_setattr, AT_FDCWD, path, AT_RECURSIVE, &wanted, sizeof wanted) == 0;
  }

  static bool placed(const ViewStep& step) {
    const char* path = step.path.c_str();
    const char* source = step.source.c_str();
    constexpr std::uint64_t always = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
    switch (step.kind) {
      case ViewStep::Kind::folder:
        return kernel(SYS_mkdirat, AT_FDCWD, path, 0755) == 0 || errno == EEXIST;
      case ViewStep::Kind::file: {
        const long file = kernel(SYS_openat, AT_FDCWD, path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
        return file >= 0 && kernel(SYS_close, file) == 0;
      }
      case ViewStep::Kind::link:
        return kernel(SYS_symlinkat, source, AT_FDCWD, path) == 0 || errno == EEXIST;
      case ViewStep::Kind::bind_readable:
        return mounted(source, path, nullptr, MS_BIND | MS_REC) &&
               restricted(path, always | MOUNT_ATTR_RDONLY);
      case ViewStep::Kind::bind_writable:
        return mounted(source, path, nullptr, MS_BIND | MS_REC) && restricted(path, always);
      case ViewStep::Kind::bind_device: return mounted(source, path, nullptr, MS_BIND);
    }
    return false;
  }

  // A small file system in memory becomes the root; what may be seen is mounted into it from the
  // old one, which then goes.
  void build_root() const {
    const bool turned =
        mounted(nullptr, "/", nullptr, MS_REC | MS_PRIVATE) &&
        mounted("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m") &&
        kernel(SYS_mkdirat, AT_FDCWD, "/tmp/.old", 0700) == 0 &&
        kernel(SYS_pivot_root, "/tmp", "/tmp/.old") == 0 && kernel(SYS_chdir, "/") == 0;
    if (!turned) give_up(Step::root);
    for (const auto& step : plan_.view.steps) {
      if (!placed(step)) give_up(Step::root);
    }
    constexpr unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    // While the old root still shows a whole /proc: the kernel wants to see one.
    if (plan_.means.proc && !mounted("proc", "/proc", "proc", flags)) give_up(Step::proc);
    mount_attr wanted{};
    wanted.attr_set = MOUNT_ATTR_RDONLY;
    if (kernel(SYS_umount2, old_root, MNT_DETACH) != 0 ||
        kernel(SYS_mount_setattr, AT_FDCWD, "/", 0, &wanted, sizeof wanted) != 0) {
      give_up(Step::root);
    }
  }

  void take_streams() const {
    for (int target = 0; target < 3; ++target) {
      const int stream = plan_.streams.at(static_cast<std::size_t>(target));
      const long taken = stream == target ? kernel(SYS_fcntl, stream, F_SETFD, 0)
                                          : kernel(SYS_dup3, stream, target, 0);
      if (taken < 0) give_up(Step::program);
    }
    // All others are closed: by exec, `trouble_` with them; by hand before Linux 5.11.
    if (kernel(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
    for (int other = 3; other < 65536; ++other) {
      if (other != trouble_) kernel(SYS_close, other);
    }
  }

  void limit() const {
    for (const auto& [which, limit] : plan_.limits) {
      if (kernel(SYS_prlimit64, 0, which, &limit, nullptr) != 0) give_up(Step::limits);
    }
  }

  static std::uint64_t rights_of(const ViewRule& rule, std::uint64_t handled) {
    constexpr std::uint64_t read =
        LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
    constexpr std::uint64_t of_files = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |
                                       LANDLOCK_ACCESS_FS_WRITE_FILE | landlock_truncate |
                                       landlock_device_control;
    std::uint64_t rights = read;
    if (rule.right != ViewRule::Right::read) {
      rights = handled & ~(LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK);
    }
    return handled & (rule.is_folder ? rights : rights & of_files);
  }

  void rule_files() const {
    const int version = plan_.means.landlock;
    LandlockRuleset ruleset;
    ruleset.files = (1U << 13U) - 1;
    if (version >= 2) ruleset.files |= LANDLOCK_ACCESS_FS_REFER;
    if (version >= 3) ruleset.files |= landlock_truncate;
    if (version >= 5) ruleset.files |= landlock_device_control;
    if (version >= 4 && plan_.network == Network::none) ruleset.network = landlock_tcp;
    if (version >= 6) ruleset.scoped = landlock_scopes;
    const std::size_t size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
    const long rules = kernel(SYS_landlock_create_ruleset, &ruleset, size, 0);
    if (rules < 0) give_up(Step::landlock);
    for (const auto& rule : plan_.view.rules) {
      landlock_path_beneath_attr beneath{};
      const long file = kernel(SYS_openat, AT_FDCWD, rule.path.c_str(), O_PATH | O_CLOEXEC, 0);
      if (file < 0) continue;  // what cannot be opened stays out of reach
      beneath.parent_fd = static_cast<int>(file);
      beneath.allowed_access = rights_of(rule, ruleset.files);
      if (kernel(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) != 0) {
        give_up(Step::landlock);
      }
      kernel(SYS_close, file);
    }
    kernel(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (kernel(SYS_landlock_restrict_self, rules, 0) != 0) give_up(Step::landlock);
  }

  void drop_privileges() const {
    if (kernel(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) give_up(Step::privileges);
    kernel(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    for (int each = 0; kernel(SYS_prctl, PR_CAPBSET_DROP, each, 0, 0, 0) == 0; ++each) {
    }
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const std::array<__user_cap_data_struct, 2> nothing{};
    if (kernel(SYS_capset, &header, nothing.data()) != 0) give_up(Step::privileges);
    // Now, because a change of privileges takes it back.
    kernel(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    pollfd reader{trouble_, 0, 0};
    const timespec at_once{};
    kernel(SYS_ppoll, &reader, 1, &at_once, nullptr, 0);
    if ((reader.revents & POLLERR) != 0) kernel(SYS_exit_group, 127);  // the hub died meanwhile
  }

  void install_filter() const {
    const sock_fprog program{static_cast<unsigned short>(plan_.filter.size()), plan_.filter.data()};
    if (kernel(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) give_up(Step::filter);
  }

  const ChildPlan& plan_;
  const int trouble_;
};

}  // namespace

const char* to_text(Step step) {
  switch (step) {
    case Step::group: return "group";
    case Step::user: return "user";
    case Step::root: return "root";
    case Step::proc: return "proc";
    case Step::limits: return "limits";
    case Step::landlock: return "landlock";
    case Step::privileges: return "privileges";
    case Step::filter: return "filter";
    case Step::program: return "program";
  }
  return "";
}

void become(const ChildPlan& plan, const std::array<int, 2>& trouble) {
  kernel(SYS_close, trouble[0]);
  Child(plan, trouble[1]).run();
}

}  // namespace hub::sandbox
