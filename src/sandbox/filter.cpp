#include "sandbox/filter.hpp"

#include <array>
#include <cerrno>
#include <map>
#include <memory>
#include <mutex>

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

namespace hub::sandbox {
namespace {

// What no skill needs, and what has been a way out before: other processes' memory, mounts and
// namespaces, keys, the kernel's own programs and modules, the clock, raw asynchronous I/O (which
// does what it is told past this very filter).
constexpr std::array refused_calls{
    "acct",
    "add_key",
    "adjtimex",
    "bpf",
    "chroot",
    "clock_adjtime",
    "clock_settime",
    "create_module",
    "delete_module",
    "fanotify_init",
    "finit_module",
    "fsconfig",
    "fsmount",
    "fsopen",
    "fspick",
    "init_module",
    "io_uring_enter",
    "io_uring_register",
    "io_uring_setup",
    "ioperm",
    "iopl",
    "kcmp",
    "kexec_file_load",
    "kexec_load",
    "keyctl",
    "lookup_dcookie",
    "mbind",
    "migrate_pages",
    "mount",
    "mount_setattr",
    "move_mount",
    "move_pages",
    "name_to_handle_at",
    "nfsservctl",
    "open_by_handle_at",
    "open_tree",
    "perf_event_open",
    "pidfd_getfd",
    "pivot_root",
    "process_madvise",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "quotactl",
    "quotactl_fd",
    "reboot",
    "request_key",
    "sethostname",
    "setdomainname",
    "setns",
    "settimeofday",
    "stime",
    "swapoff",
    "swapon",
    "sysfs",
    "syslog",
    "umount",
    "umount2",
    "unshare",
    "uselib",
    "userfaultfd",
    "vhangup",
    "vmsplice",
};
// Without a namespace of processes: nobody leaves its group, so that all of it can be killed.
constexpr std::array group_calls{"setsid", "setpgid"};
constexpr std::array signal_calls{
    "kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal"};
constexpr std::array<unsigned long, 8> new_namespaces{CLONE_NEWUSER,   CLONE_NEWNS,  CLONE_NEWPID,
                                                      CLONE_NEWNET,    CLONE_NEWIPC, CLONE_NEWUTS,
                                                      CLONE_NEWCGROUP, 0x80 /* CLONE_NEWTIME */};
constexpr int landlock_with_signals = 6;

using Context = std::unique_ptr<void, decltype(&seccomp_release)>;

class Writer {
 public:
  Writer() : context_(seccomp_init(SCMP_ACT_ALLOW), &seccomp_release) {
    if (!context_) failed_ = true;
  }

  // A call that this libseccomp or this machine does not know cannot be made either.
  template <class... Conditions>
  void refuse(const char* name, int error, Conditions... conditions) {
    if (failed_) return;
    const int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) return;
    const int added = seccomp_rule_add(context_.get(), SCMP_ACT_ERRNO(static_cast<unsigned>(error)),
                                       number, sizeof...(conditions), conditions...);
    if (added != 0 && added != -EDOM) failed_ = true;
  }

  std::vector<sock_filter> program() {
    const int file = failed_ ? -1 : ::memfd_create("filter", MFD_CLOEXEC);
    if (file < 0) return {};
    std::vector<sock_filter> program;
    if (seccomp_export_bpf(context_.get(), file) == 0) {
      const auto bytes = static_cast<std::size_t>(::lseek(file, 0, SEEK_END));
      program.resize(bytes / sizeof(sock_filter));
      if (::pread(file, program.data(), bytes, 0) != static_cast<ssize_t>(bytes)) program.clear();
    }
    ::close(file);
    return program;
  }

 private:
  Context context_;
  bool failed_ = false;
};

// Comparisons are C macros with compound literals, which C++ does not have.
scmp_arg_cmp compare(unsigned argument, scmp_compare how, scmp_datum_t a, scmp_datum_t b = 0) {
  return {argument, how, a, b};
}

std::vector<sock_filter> write_filter(const Means& means, Network network, Programs programs) {
  Writer writer;
  for (const char* name : refused_calls) writer.refuse(name, EPERM);
  for (const auto flag : new_namespaces) {
    writer.refuse("clone", EPERM, compare(0, SCMP_CMP_MASKED_EQ, flag, flag));
  }
  writer.refuse("clone3", ENOSYS);  // its flags are in memory, where a filter cannot look
  // Keys pressed into the terminal that somebody started the hub from.
  constexpr scmp_datum_t low = 0xffffffffU;
  writer.refuse("ioctl", EPERM, compare(1, SCMP_CMP_MASKED_EQ, low, TIOCSTI));
  writer.refuse("ioctl", EPERM, compare(1, SCMP_CMP_MASKED_EQ, low, TIOCLINUX));
  if (network == Network::none) {
    writer.refuse("socket", EACCES, compare(0, SCMP_CMP_NE, AF_UNIX));
  }
  if (programs == Programs::only_itself) {
    writer.refuse("fork", EPERM);
    writer.refuse("vfork", EPERM);
    writer.refuse("clone", EPERM, compare(0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
  }
  if (!means.namespaces) {
    for (const char* name : group_calls) writer.refuse(name, EPERM);
    if (means.landlock < landlock_with_signals) {
      for (const char* name : signal_calls) writer.refuse(name, EPERM);
    }
  }
  return writer.program();
}

}  // namespace

std::span<sock_filter> filter_of(const Means& means, Network network, Programs programs) {
  using Key = std::tuple<bool, bool, Network, Programs>;
  static std::mutex mutex;
  static std::map<Key, std::vector<sock_filter>> kept;
  const Key key{means.namespaces, means.landlock >= landlock_with_signals, network, programs};
  const std::lock_guard lock(mutex);
  auto found = kept.find(key);
  if (found == kept.end()) found = kept.emplace(key, write_filter(means, network, programs)).first;
  return found->second;
}

}  // namespace hub::sandbox
