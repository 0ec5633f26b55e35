#pragma once
// A confined Python with a skill's code and packages before it: what its smoke test, its own tests
// and its tools run in. The packages of the machine's Python stay out of it.

#include "artifacts/python.hpp"
#include "sandbox/confined_process.hpp"

namespace hub::artifacts {

struct SkillPlace {
  fs::path source;    // skill.yaml, handlers/
  fs::path packages;  // of pip; need not exist
};

// `program` is Python text that finds the skill on sys.path and has beside it:
//
//   source           the skill's folder, also the working directory
//   arguments        the list that was given
//   answer(text)     writes to the process's standard output; print() and the skill's own output go
//                    to standard error
//   is_missing_sdk(error)   whether an exception says that AdaOS's own SDK is not here
//
// `adaos.sdk.core.decorators` is there for skills that import it without a net: its decorators hand
// back what they decorate and note the names of tools in `decorated_tools`.
Result<sandbox::ConfinedProcess> skill_process(const SkillPlace&, std::string_view program,
                                               std::vector<std::string> arguments);

// The last `lines_max` lines, for details of an error.
std::string last_lines(std::string_view text, std::size_t lines_max = 12);

}  // namespace hub::artifacts
