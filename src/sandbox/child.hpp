#pragma once
// Internal to the room: what the child does between clone and exec. System calls only, on what was
// laid out before; it gives up by telling the step and errno through `trouble`.
//
//   in the new namespaces: cgroup -> user map -> root directory -> /proc -> streams -> limits ->
//   Landlock -> privileges -> filter -> descriptors -> exec

#include <array>
#include <vector>

#include <sys/resource.h>

#include "base/process.hpp"
#include "sandbox/filter.hpp"
#include "sandbox/view.hpp"

namespace hub::sandbox {

enum class Step { group, user, root, proc, limits, landlock, privileges, filter, program };
const char* to_text(Step);

struct ChildTrouble {
  Step step = Step::program;
  int code = 0;  // errno
};

struct ChildPlan {
  Means means;
  Network network = Network::none;
  View view;
  StandardStreams streams{};
  std::string directory;
  std::vector<std::string> arguments, environment;
  std::vector<char*> argument_pointers, environment_pointers;  // into these, null at the end
  std::string user_map, group_map;
  std::vector<int> group_files;  // writing "0" joins a cgroup
  std::vector<std::pair<int, rlimit>> limits;
  std::span<sock_filter> filter;
};

// `trouble` is {read, write}; the child keeps the second, which a successful exec closes.
[[noreturn]] void become(const ChildPlan&, const std::array<int, 2>& trouble);

}  // namespace hub::sandbox
