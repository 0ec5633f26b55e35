#pragma once
// Run a program and wait for it: its own process group, no shell. Blocking; for worker threads.
// When time runs out or `stop` says so, the whole group gets SIGTERM and, two seconds later,
// SIGKILL; nothing of it is left when run_process returns. The program ends with ours, too, when
// ours is killed (its own children then fend for themselves).
//
// Code that we do not trust is run by sandbox/confined_process.hpp, which starts and ends programs
// in its own way and leaves the rest to run_started() below.

#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/result.hpp"

namespace hub {

enum class OutputExcess {
  drop,  // the rest of it is read and thrown away
  fail,  // the program is ended: "output_too_large"
};

struct ProcessRequest {
  std::vector<std::string> arguments;         // the first is the program, looked up in PATH
  std::filesystem::path directory = {};       // empty: ours
  std::vector<std::string> environment = {};  // "NAME=value", added to ours
  std::string input = {};                     // written to its standard input
  std::chrono::milliseconds timeout{60'000};
  std::size_t output_bytes_max = std::size_t{64} << 20U;  // of each stream
  OutputExcess output_excess = OutputExcess::drop;
  std::function<bool()> stop = {};  // asked about ten times a second
  std::function<void(std::string_view line)> on_line =
      {};  // each line of both streams, as it comes
};

struct ProcessOutcome {
  int exit_code = 0;  // 128 + signal when a signal ended it
  std::string output, errors;
  std::chrono::milliseconds cpu_time{0};  // its own and that of the children it has waited for
};

// not_found: no such program; unavailable: "timeout"; exhausted: "output_too_large"; cancelled:
// stop said so. An exit code other than 0 is an outcome, not an error.
Result<ProcessOutcome> run_process(const ProcessRequest&);

// The texts as exec wants them: valid while these are and stay as they are.
std::vector<char*> exec_pointers(std::vector<std::string>& texts);

// A program that somebody has started, and how it is ended.
struct StartedProcess {
  pid_t pid = 0;
  // Kills it and whatever it has started; they have ended when this returns, `pid` not yet reaped.
  std::function<void()> end;
  enum class Leftovers { may_stay, end_with_it } leftovers = Leftovers::may_stay;
};
// Its standard input, output and error; whoever starts it does not close them.
using StandardStreams = std::array<int, 3>;

// run_process() for who starts programs in a way of his own: feeds, collects, watches the clock.
Result<ProcessOutcome> run_started(
    const ProcessRequest&,
    const std::function<Result<StartedProcess>(const StandardStreams&)>& start);

}  // namespace hub
