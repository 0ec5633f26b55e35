#pragma once
// What the parameters of several kinds of operation have in common.

#include "base/result.hpp"
#include "contracts/operation_request.hpp"

namespace hub::workflows {

// params.<name>, true or false; false when it is left out or null. invalid: "field_type".
Result<bool> flag_param(const OperationRequest&, const std::string& name);

}  // namespace hub::workflows
