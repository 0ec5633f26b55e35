#pragma once
// Whether some program is at work in a directory: it has files below its state/ or workspace/ open
// for writing, or holds AdaOS's registry lock. What another user's programs have open cannot be
// seen, unless the hub runs as root. Linux; any thread.

#include <optional>
#include <string>

#include "base/files.hpp"

namespace hub::migration {

struct Occupant {
  std::int64_t pid = 0;  // 0: not known
  std::string program;   // "python3"
  std::string file;      // below the directory
};

// Anybody but this process.
std::optional<Occupant> find_occupant(const fs::path& root);

}  // namespace hub::migration
