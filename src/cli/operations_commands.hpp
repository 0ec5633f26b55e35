#pragma once
// What the commands that ask a running hub do and print: results on standard output, errors and
// remarks on standard error. Each returns the exit code.

#include "base/result.hpp"
#include "base/time.hpp"
#include "cli/command_line.hpp"

namespace hub::cli {

int run(const ListOperations&, const Clock&);
int run(const ShowOperation&, const Clock&);
int run(const WatchOperations&, const Clock&);
int run(const SteerOperation&, const Clock&);
int run(const LogOperation&, const Clock&);
int run(const StartOperation&, const Clock&);

// The exit code of a command; says why it could not be done.
int finished(const Result<int>&, Output);

}  // namespace hub::cli
