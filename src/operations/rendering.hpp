#pragma once
// How an operation is told to the world: errors, and a state that is never larger than it may be.

#include <span>

#include "contracts/operation_state.hpp"
#include "operations/operation_log.hpp"

namespace hub::operations {

// What is stored of a state. A few KiB are left for what is only rendered: the end of the log, the
// place in the line.
inline constexpr std::size_t stored_state_bytes_max = std::size_t{5} << 10U;
inline constexpr std::size_t log_tail_lines = 20;

// `causes` come after those that a recipe has put into details.causes ([{"code", "message"}]).
OperationError rendered(const Error&, const std::string& step, int attempt,
                        std::span<const Error> causes = {});
std::string code_of(const Error&);  // "STEP_TIMEOUT"

std::string shortened(std::string text, std::size_t bytes_max);  // never within a character

// Shortens what is too long: texts, details, finished steps in the middle of many. A result that is
// too large goes to the log's folder, and the state says so.
void fit(OperationState&, const OperationLogs&);
// The result as it was before fit().
Nullable<Json> whole_result(const OperationState&, const OperationLogs&);

// The last lines of the log, short enough to go with a state.
std::vector<std::string> log_tail_of(const OperationId&, const OperationLogs&);

}  // namespace hub::operations
