#pragma once
// What an operation would do (`validate_only`), as a person reads it.

#include "cli/operation_view.hpp"
#include "contracts/operation_request.hpp"

namespace hub::cli {

// Of the hub's answer {plan}: steps, bytes, space, conflicts, whether it can be taken back. Members
// that are missing are left out.
Lines plan_lines(const OperationRequest&, const Json& answer, const View&);

}  // namespace hub::cli
