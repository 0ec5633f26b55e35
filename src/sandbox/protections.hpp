#pragma once
// What the kernel lets us hold a confined process with, found out once, at the first question
// (some 20 ms). Any thread.

#include <string>
#include <vector>

#include <boost/describe.hpp>

namespace hub::sandbox {

struct Protection {
  std::string name;    // stable: "processes", "files", "network", "system_calls", "memory", …
  bool holds = false;  // fully; else `sentence` says what is missing and what would help
  std::string sentence;
};
BOOST_DESCRIBE_STRUCT(Protection, (), (name, holds, sentence))

// One for each promise of confined_process.hpp, always in the same order.
std::vector<Protection> protections();

}  // namespace hub::sandbox
