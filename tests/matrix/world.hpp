#pragma once
// What stands on a hub, as the store names it and as the files are, in a form that can be compared
// and shown: "skill:lamp" -> "1.0.0 by the store; files sha256:…; packages none".

#include <map>
#include <string>

#include "matrix/small_hub.hpp"

namespace hub::matrix {

using World = std::map<std::string, std::string>;

World world_of(SmallHub&);

// What is not as it should be whatever was done: files without a row, rows without files, files
// that are not what the row says, leftovers.
std::vector<std::string> faults_of(SmallHub&);
// Of these what can be seen while no hub runs.
std::vector<std::string> faults_of_files(const fs::path& base);

// The keys that differ.
std::vector<std::string> differences(const World&, const World&);
std::string to_text(const World&);

}  // namespace hub::matrix
