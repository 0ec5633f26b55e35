#pragma once
// Internal to the room: a cgroup, version 1 or 2, for one run: limits memory and processes of all
// of it together, and finds whatever is left of it. Made below the hub's own cgroup; where the hub
// may not, there is none.

#include <optional>
#include <vector>

#include "base/files.hpp"

namespace hub::sandbox {

struct GroupLimits {
  std::uint64_t memory_bytes = 0;
  std::uint64_t processes = 0;
};

class ControlGroup {
 public:
  // Nothing when not even an empty one can be made.
  static std::optional<ControlGroup> make(const GroupLimits&);
  ~ControlGroup();  // kills what is in it and removes it
  ControlGroup(ControlGroup&&) noexcept;
  ControlGroup& operator=(ControlGroup&&) = delete;
  ControlGroup(const ControlGroup&) = delete;
  ControlGroup& operator=(const ControlGroup&) = delete;

  bool limits_memory() const { return limits_memory_; }
  bool limits_processes() const { return limits_processes_; }
  // Open files: a process that writes "0" to each has joined.
  const std::vector<int>& join_files() const { return join_files_; }

  void kill() const;               // and waits until they have ended, a second at most
  bool ran_out_of_memory() const;  // something in it was killed for that

  // Groups of hubs that are gone: they could not remove them.
  static void sweep();

 private:
  ControlGroup() = default;
  std::vector<fs::path> folders_;
  std::vector<int> join_files_;
  bool limits_memory_ = false, limits_processes_ = false;
};

}  // namespace hub::sandbox
