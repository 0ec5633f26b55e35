#pragma once
// What the author's commands do and print: results on standard output, errors on standard error.

#include "base/time.hpp"
#include "cli/command_line.hpp"
#include "cli/report.hpp"

namespace hub::cli {

int run(const Push&, const Clock&);
int run(const RegistryInit&, const Clock&);

// Where publishers of this user keep mirrors and take turns: $XDG_CACHE_HOME/adaos-hub.
std::filesystem::path cache_directory();

}  // namespace hub::cli
