#pragma once
// What `model list` prints. Returns the exit code.

#include "base/time.hpp"
#include "cli/command_line.hpp"

namespace hub::cli {

int run(const ListModels&, const Clock&);

}  // namespace hub::cli
