#include "workflows/params.hpp"

namespace hub::workflows {

Result<bool> flag_param(const OperationRequest& request, const std::string& name) {
  const auto* given = request.params.if_contains(name);
  if (!given || given->is_null()) return false;
  if (given->is_bool()) return given->get_bool();
  return fail(ErrorCode::invalid, "cannot read params." + name + ": want true or false",
              "field_type", {}, {{"path", "params." + name}});
}

}  // namespace hub::workflows
