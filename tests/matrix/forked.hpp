#pragma once
// Work that may end its process, done in a copy of this one that has all its memory already.

#include <chrono>
#include <functional>
#include <ostream>
#include <string>

namespace hub::matrix {

struct Forked {
  int exit_code = 0;   // 128 + signal when a signal ended it
  std::string output;  // both streams
};

inline constexpr int forked_and_thrown = 3;  // exit code after an exception, which is printed

// Only while no other thread runs. The copy ends with 0 when the work returns. One that takes
// longer than `patience` is killed. What it leaves in TMPDIR is removed.
Forked in_a_fork(const std::function<void(std::ostream& out)>& work,
                 std::chrono::seconds patience = std::chrono::minutes(2));

}  // namespace hub::matrix
