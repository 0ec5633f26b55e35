#pragma once
// The Python that skills run with: the `python3` of PATH, asked once what it really is (a shim of a
// version manager starts slowly and hides where the libraries are).

#include <string>
#include <vector>

#include "base/files.hpp"

namespace hub::artifacts {

struct Python {
  fs::path program;                // the interpreter itself
  std::vector<fs::path> readable;  // where it and its libraries lie
  std::string version;             // "3.11.2"
};

// Blocking; any thread. Kept once found. not_found: "program_missing"; unavailable:
// "python_unusable", with what it said.
Result<Python> find_python();

}  // namespace hub::artifacts
