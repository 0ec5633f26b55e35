#include "sandbox/control_group.hpp"

#include <array>
#include <atomic>
#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

namespace hub::sandbox {
namespace {

constexpr std::string_view name_begins = "adaos-hub-";

// What /proc/self/cgroup and /proc/self/mountinfo say together: where our own group is.
struct Hierarchy {
  int version = 2;
  std::string controller;  // of version 1: "memory", "pids"
  fs::path own;            // the hub's own group in it
};

// Files of the kernel are read as they are; what is not there is empty.
std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool tell(const fs::path& path, const std::string& value) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool told = ::write(file, value.data(), value.size()) == static_cast<ssize_t>(value.size());
  ::close(file);
  return told;
}

bool lists(std::string_view listed, std::string_view wanted) {
  for (std::size_t at = 0; at <= listed.size();) {
    const auto end = std::min(listed.find(',', at), listed.size());
    if (listed.substr(at, end - at) == wanted) return true;
    at = end + 1;
  }
  return false;
}

// "4:memory:/a/b": the path of our group in the hierarchy of this controller, "" being version 2.
std::optional<std::string> own_path(const std::string& controller) {
  std::istringstream lines(text_of("/proc/self/cgroup"));
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const auto listed = std::string_view(line).substr(first + 1, second - first - 1);
    const bool ours = controller.empty() ? listed.empty() : lists(listed, controller);
    if (ours) return line.substr(second + 1);
  }
  return std::nullopt;
}

// "31 23 0:26 /root /sys/fs/cgroup/memory rw,… - cgroup cgroup rw,memory"
std::optional<fs::path> own_folder(const std::string& controller) {
  const auto path = own_path(controller);
  if (!path) return std::nullopt;
  std::istringstream lines(text_of("/proc/self/mountinfo"));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string skip, root, place, type, options;
    words >> skip >> skip >> skip >> root >> place;
    while (words >> skip && skip != "-") {
    }
    words >> type >> skip >> options;
    const bool fits =
        controller.empty() ? type == "cgroup2" : type == "cgroup" && lists(options, controller);
    if (!fits) continue;
    const auto below = root != "/" && path->starts_with(root) ? path->substr(root.size()) : *path;
    return fs::path(place + below).lexically_normal();
  }
  return std::nullopt;
}

const std::vector<Hierarchy>& hierarchies() {
  static const std::vector<Hierarchy> found = [] {
    std::vector<Hierarchy> all;
    for (const std::string controller : {"memory", "pids"}) {
      if (auto own = own_folder(controller)) all.push_back({1, controller, *own});
    }
    if (!all.empty()) return all;
    if (auto own = own_folder("")) {
      // Fails where processes are beside the groups, which is the rule; then it may be on already.
      tell(*own / "cgroup.subtree_control", "+memory +pids");
      all.push_back({2, "", *own});
    }
    return all;
  }();
  return found;
}

bool limit_memory(const fs::path& folder, int version, std::uint64_t bytes) {
  const auto text = std::to_string(bytes);
  if (version == 1) {
    if (!tell(folder / "memory.limit_in_bytes", text)) return false;
    tell(folder / "memory.memsw.limit_in_bytes", text);  // only where swap is accounted for
    return true;
  }
  if (!tell(folder / "memory.max", text)) return false;
  tell(folder / "memory.swap.max", "0");
  tell(folder / "memory.oom.group", "1");
  return true;
}

std::vector<pid_t> members(const fs::path& folder) {
  std::istringstream lines(text_of(folder / "cgroup.procs"));
  std::vector<pid_t> all;
  for (pid_t pid = 0; lines >> pid;) all.push_back(pid);
  return all;
}

}  // namespace

std::optional<ControlGroup> ControlGroup::make(const GroupLimits& limits) {
  static std::atomic<unsigned> count{0};
  const std::string name =
      std::string(name_begins) + std::to_string(::getpid()) + "-" + std::to_string(++count);
  ControlGroup group;
  for (const auto& [version, controller, own] : hierarchies()) {
    const auto folder = own / name;
    std::error_code ec;
    if (!fs::create_directory(folder, ec)) continue;
    group.folders_.push_back(folder);
    if (version == 2 || controller == "memory") {
      group.limits_memory_ |= limit_memory(folder, version, limits.memory_bytes);
    }
    if (version == 2 || controller == "pids") {
      group.limits_processes_ |= tell(folder / "pids.max", std::to_string(limits.processes));
    }
    // Joining by `tasks` takes no lock that all forks of the machine wait for.
    const auto joined = folder / (version == 1 ? "tasks" : "cgroup.procs");
    const int file = ::open(joined.c_str(), O_WRONLY | O_CLOEXEC);
    if (file < 0) return std::nullopt;
    group.join_files_.push_back(file);
  }
  if (group.folders_.empty()) return std::nullopt;
  return group;
}

ControlGroup::ControlGroup(ControlGroup&& other) noexcept
    : folders_(std::exchange(other.folders_, {})),
      join_files_(std::exchange(other.join_files_, {})),
      limits_memory_(other.limits_memory_),
      limits_processes_(other.limits_processes_) {}

ControlGroup::~ControlGroup() {
  for (const int file : join_files_) ::close(file);
  if (!folders_.empty()) kill();
  for (const auto& folder : folders_) {
    // A process that has just ended may be in it for a moment longer.
    for (int tries = 0; ::rmdir(folder.c_str()) != 0 && errno == EBUSY && tries < 50; ++tries) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
}

void ControlGroup::kill() const {
  for (int tries = 0; tries < 500; ++tries) {
    bool empty = true;
    for (const auto& folder : folders_) {
      const auto pids = members(folder);
      empty &= pids.empty();
      if (pids.empty() || tell(folder / "cgroup.kill", "1")) continue;  // since Linux 5.14, 2 only
      for (const auto pid : pids) ::kill(pid, SIGKILL);
    }
    if (empty) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

bool ControlGroup::ran_out_of_memory() const {
  for (const auto& folder : folders_) {
    for (const char* name : {"memory.oom_control", "memory.events"}) {
      std::istringstream lines(text_of(folder / name));
      std::uint64_t count = 0;
      for (std::string word; lines >> word >> count;) {
        if (word == "oom_kill" && count > 0) return true;
      }
    }
  }
  return false;
}

void ControlGroup::sweep() {
  for (const auto& hierarchy : hierarchies()) {
    std::error_code ec;
    for (const auto& entry : fs::directory_iterator(hierarchy.own, ec)) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with(name_begins)) continue;
      const auto pid =
          name.substr(name_begins.size(), name.find('-', name_begins.size()) - name_begins.size());
      if (!fs::exists("/proc/" + pid, ec)) ::rmdir(entry.path().c_str());
    }
  }
}

}  // namespace hub::sandbox
