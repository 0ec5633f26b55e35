#pragma once
// The actions of the Infra State page, by AdaOS's names, as commands to the operation layer. The
// answer comes as soon as the operation is durable. Thread-safe.

#include <string>

#include "operations/operation_manager.hpp"

namespace hub::infrastate {

struct ActionRequest {
  std::string
      id;  // marketplace_install, adaos_update, skill_uninstall, scenario_uninstall, refresh
  std::string name;  // of the artifact, where the action has no value
  boost::json::object value;
  std::string webspace_id = "desktop";
  std::string idempotency_key;
  Initiator initiator;
};

class Actions {
 public:
  explicit Actions(operations::OperationManager& manager) : manager_(manager) {}

  // invalid: "unsupported_action", "marketplace_install_requires_target"; else what the operation
  // layer refuses.
  Result<store::Accepted> perform(const ActionRequest&) const;

 private:
  operations::OperationManager& manager_;
};

// `default` is the older name of `desktop`; empty means desktop as well.
std::string webspace_or_default(const std::string& id);

}  // namespace hub::infrastate
