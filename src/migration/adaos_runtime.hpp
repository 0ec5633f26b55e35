#pragma once
// Which version of a skill an AdaOS runs, as its markers say below
// workspace/skills/.runtime/<name>/ (AdaOS: services/skill/runtime_env.py): current_version,
// current_runtime.json, deactivated.json, v<major>.<minor>/{active, vendor, data,
// slots/{A,B}/src/skills/<name>}. AdaOS writes the three that tell the active slot one after the
// other, so they may contradict each other. Reads only.

#include <optional>
#include <string>
#include <vector>

#include "base/files.hpp"

namespace hub::migration {

// Paths are below the root; empty: there is none, or a link stands in its place.
struct AdaosRuntime {
  std::string version;     // as AdaOS names it; empty: it does not say
  std::string slot = "A";  // "A" or "B"
  std::string source;      // of the active slot
  std::string vendor;      // packages, as pip --target leaves them
  std::string data;
  bool deactivated = false;
  std::vector<std::string> warnings;
};

AdaosRuntime read_runtime(const fs::path& root, const std::string& skill);

}  // namespace hub::migration
