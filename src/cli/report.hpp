#pragma once
// How commands say that they could not do it, and how they end.

#include "base/result.hpp"
#include "cli/command_line.hpp"

namespace hub::cli {

// "adaos-hub: cannot …", what to do, the code, on standard error; as JSON on standard output.
// Returns the exit code.
int report(const Error&, Output = Output::text);

int exit_code_of(const Error&);

// The operation that has retried or undone the one that was refused.
std::optional<OperationId> successor_of(const Error&);

}  // namespace hub::cli
