#include "sandbox/means.hpp"

#include <array>

#include "sandbox/control_group.hpp"
#include "sandbox/filter.hpp"
#include "sandbox/protections.hpp"
#include "sandbox/system_calls.hpp"

namespace hub::sandbox {
namespace {

int landlock_version() {
  const long version =
      kernel(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version > 0 ? static_cast<int>(version) : 0;
}

// What it says of one try decides what the next goes without. False: nothing left to leave out.
bool leave_out(Means& tried, const std::string& step) {
  if (step == "namespaces" || step == "user") {
    if (tried.namespaces && !tried.user_namespace) {
      return tried.user_namespace = true;  // whoever is not root needs one
    }
    tried.user_namespace = tried.root = tried.proc = false;
    return std::exchange(tried.namespaces, false);
  }
  if (step == "proc") return std::exchange(tried.proc, false);
  if (step == "root") {
    tried.proc = false;
    return std::exchange(tried.root, false);
  }
  if (step == "landlock") return std::exchange(tried.landlock, 0) > 0;
  if (step == "filter") return std::exchange(tried.filter, false);
  if (step == "group") return std::exchange(tried.group_kill, false);
  return false;
}

Means find_means() {
  Means tried;
  tried.namespaces = tried.root = tried.proc = true;
  tried.landlock = landlock_version();
  tried.filter = !filter_of(tried, Network::none, Programs::any).empty();
  ControlGroup::sweep();
  if (const auto group = ControlGroup::make({64U << 20U, 16})) {
    tried.group_kill = true;
    tried.group_memory = group->limits_memory();
    tried.group_processes = group->limits_processes();
  }
  const ConfinedProcess nothing{.arguments = {"/bin/true"}, .directory = "/"};
  for (;;) {
    const auto ran = run_confined_by(tried, nothing);
    if (ran || !leave_out(tried, refused_step(ran.error()))) break;
  }
  if (!tried.group_kill) tried.group_memory = tried.group_processes = false;
  return tried;
}

Protection files_of(const Means& means) {
  if (means.root && means.landlock > 0) {
    return {"files", true,
            "a skill sees the system's programs, its own folders and nothing else of the files "
            "(a root directory of its own, and Landlock)"};
  }
  if (means.root) {
    return {"files", true,
            "a skill sees the system's programs, its own folders and nothing else of the files (a "
            "root directory of its own; this kernel has no Landlock)"};
  }
  if (means.landlock > 0) {
    return {"files", true,
            "a skill reads the system's programs and its own folders only, and writes to its own "
            "(Landlock; a root directory of its own is refused here)"};
  }
  return {"files", false,
          "a skill can read and write whatever the hub's user can: this kernel has no Landlock and "
          "refuses mount namespaces; allow user namespaces, or run Linux 5.13 or newer"};
}

Protection processes_of(const Means& means) {
  if (means.namespaces) {
    return {"processes", true,
            "a skill sees no process but its own, and all of them end with it (a namespace of "
            "processes)"};
  }
  if (means.group_kill && means.filter) {
    return {"processes", true, "all processes of a skill end with it (a cgroup)"};
  }
  if (means.filter) {
    return {"processes", true,
            "all processes of a skill end with it (they cannot leave their process group)"};
  }
  return {"processes", false,
          "a process that a skill leaves behind may outlive it: namespaces and seccomp are refused "
          "here; allow user namespaces"};
}

Protection network_of(const Means& means) {
  if (means.namespaces) {
    return {"network", true,
            "a skill that does not ask for the network has none (a namespace of its own)"};
  }
  if (means.filter) {
    return {"network", true,
            "a skill that does not ask for the network cannot open a socket but a local one "
            "(seccomp)"};
  }
  return {"network", false,
          "a skill can use the network whether it asks or not: namespaces and seccomp are refused "
          "here; allow user namespaces"};
}

Protection calls_of(const Means& means) {
  if (means.filter) {
    return {"system_calls", true, "dangerous system calls are refused to a skill (seccomp)"};
  }
  return {"system_calls", false,
          "a skill may make any system call that the hub's user may: this kernel has no seccomp"};
}

Protection memory_of(const Means& means) {
  if (means.group_memory) {
    return {"memory", true, "a skill's processes together have a limit of memory (a cgroup)"};
  }
  return {"memory", false,
          "each process of a skill has a limit of memory, all together have none: the hub may make "
          "no cgroup here; run it as a service with Delegate=yes, or as root"};
}

Protection number_of(const Means& means) {
  if (means.group_processes) {
    return {"process_count", true, "the number of a skill's processes is limited (a cgroup)"};
  }
  if (means.user_namespace) {
    return {"process_count", true,
            "the number of a skill's processes is limited (in a user namespace)"};
  }
  return {"process_count", false,
          "the number of a skill's processes has no limit but its time: the hub may make no cgroup "
          "here; run it as a service with Delegate=yes"};
}

}  // namespace

const Means& means() {
  static const Means found = find_means();
  return found;
}

std::string refused_step(const Error& error) {
  const auto* step = error.details.if_contains("step");
  return step && step->is_string() ? std::string(step->get_string()) : std::string();
}

std::vector<Protection> protections() {
  const auto& found = means();
  return {files_of(found), processes_of(found), network_of(found),
          calls_of(found), memory_of(found),    number_of(found)};
}

}  // namespace hub::sandbox
