#pragma once
// What `skill call` prints: the tool's result as JSON; with --json all that the hub answers.
// Returns the exit code.

#include "base/time.hpp"
#include "cli/command_line.hpp"

namespace hub::cli {

int run(const CallTool&, const Clock&);

}  // namespace hub::cli
