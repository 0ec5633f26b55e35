#pragma once
// The actions of the Infra State page, by AdaOS's names, as requests to the operation layer.

#include <string>

#include "base/result.hpp"
#include "contracts/operation_request.hpp"

namespace hub::infrastate {

struct ActionRequest {
  // marketplace_install, adaos_update, skill_uninstall, scenario_uninstall, refresh
  std::string id = {};
  std::string name = {};  // of the artifact, where the action has no value
  boost::json::object value = {};
  std::string webspace_id = "desktop";
  std::string idempotency_key = {};
  Initiator initiator = {};
};

// What the action asks for. invalid: "unsupported_action", "marketplace_install_requires_target",
// "action_requires_name".
Result<OperationRequest> request_of(const ActionRequest&);

// `default` is the older name of `desktop`; empty means desktop as well.
std::string webspace_or_default(const std::string& id);

}  // namespace hub::infrastate
