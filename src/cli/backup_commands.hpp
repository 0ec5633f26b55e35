#pragma once
// What backup and restore do and print. Both work on the files of a base directory.

#include "base/time.hpp"
#include "cli/command_line.hpp"

namespace hub::cli {

int run(const Backup&, const Clock&);
int run(const Restore&, const Clock&);

}  // namespace hub::cli
