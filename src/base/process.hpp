#pragma once
// Run a program and wait for it: its own process group, no shell. Blocking; for worker threads.
// When time runs out or `stop` says so, the whole group gets SIGTERM and, two seconds later,
// SIGKILL; nothing of it is left when run_process returns. The program ends with ours, too, when
// ours is killed (its own children then fend for themselves).

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace hub {

struct ProcessRequest {
  std::vector<std::string> arguments;         // the first is the program, looked up in PATH
  std::filesystem::path directory = {};       // empty: ours
  std::vector<std::string> environment = {};  // "NAME=value", added to ours
  std::string input = {};                     // written to its standard input
  std::chrono::milliseconds timeout{60'000};
  std::size_t output_bytes_max = std::size_t{64} << 20U;  // of each stream; the rest is dropped
  std::function<bool()> stop = {};                        // asked about ten times a second
  std::function<void(std::string_view line)> on_line =
      {};  // each line of both streams, as it comes
};

struct ProcessOutcome {
  int exit_code = 0;  // 128 + signal when a signal ended it
  std::string output, errors;
};

// not_found: no such program; unavailable: it ran out of time; cancelled: stop said so.
// An exit code other than 0 is an outcome, not an error.
Result<ProcessOutcome> run_process(const ProcessRequest&);

}  // namespace hub
