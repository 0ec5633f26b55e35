#pragma once
// What the commands that mend, check and compare a registry do and print.

#include "base/time.hpp"
#include "cli/command_line.hpp"
#include "cli/report.hpp"

namespace hub::cli {

int run(const RegistryRebuild&, const Clock&);
int run(const RegistryVerify&, const Clock&);
int run(const RegistryDiff&, const Clock&);

}  // namespace hub::cli
