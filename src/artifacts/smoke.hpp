#pragma once
// Whether a skill can be run at all, found out by one start of a confined Python (some 30 ms): each
// of its files compiles, its handlers can be imported, and the tools that its manifest declares are
// there. Changes nothing. Blocking, for worker threads.

#include <functional>

#include "artifacts/skill_process.hpp"

namespace hub::artifacts {

// invalid: "handlers_missing".
Result<> check_handlers(const fs::path& source);

struct SmokeRequest {
  SkillPlace place;
  std::function<bool()> stop = {};
};

struct Smoke {
  std::vector<std::string> warnings;  // AdaOS's SDK, which it imports, is not on this hub
};

// invalid: manifest errors, "handlers_missing", "tool_invalid", "tools_duplicate", "syntax_error"
// (details.problems: {file, line, message}), "import_failed" (details.output: the last lines),
// "tools_missing" (details.tools), "import_exceeded" (time, memory, output; details.limit says
// which); cancelled; unavailable: no Python, or no confinement.
Result<Smoke> smoke(const SmokeRequest&);

}  // namespace hub::artifacts
