#pragma once
// `doctor`: asks the hub for diagnostics.run; when none runs on the base directory, looks at its
// files by itself. Exit code 1 when there is a problem.

#include "base/time.hpp"
#include "cli/command_line.hpp"

namespace hub::cli {

int run(const Doctor&, const Clock&);

}  // namespace hub::cli
