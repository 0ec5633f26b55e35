#pragma once
// What `adaos-hub marketplace` does.

#include "base/time.hpp"
#include "cli/command_line.hpp"

namespace hub::cli {

int run(const SearchMarketplace&, const Clock&);
int run(const ShowPublished&, const Clock&);

}  // namespace hub::cli
