#include "infrastate/actions.hpp"

#include "contracts/artifact.hpp"

namespace hub::infrastate {
namespace {

std::string text_of(const boost::json::object& value, const char* key, const char* older_key) {
  for (const char* name : {key, older_key}) {
    const auto* found = value.if_contains(name);
    if (found && found->is_string()) return std::string(found->get_string());
  }
  return {};
}

OperationRequest request_for(const ActionRequest& action, const std::string& kind,
                             const std::string& target_kind, const std::string& target_id) {
  OperationRequest request;
  request.kind = OperationKind(kind);
  request.target_kind = target_kind;
  request.target_id = target_id;
  request.webspace_id = webspace_or_default(action.webspace_id);
  request.initiator = action.initiator;
  request.idempotency_key = action.idempotency_key;
  return request;
}

Result<OperationRequest> install_request(const ActionRequest& action) {
  const std::string kind = text_of(action.value, "target_kind", "kind");
  const std::string id = text_of(action.value, "target_id", "id");
  if (!parse_artifact_kind(kind) || id.empty()) {
    return fail(ErrorCode::invalid,
                "cannot install: value must name target_kind (skill or scenario) and target_id",
                "marketplace_install_requires_target",
                R"(send {"value": {"target_kind": "skill", "target_id": "<name>"}})");
  }
  return request_for(action, kind + ".install", kind, id);
}

Result<OperationRequest> uninstall_request(const ActionRequest& action, ArtifactKind kind) {
  const std::string id =
      action.name.empty() ? text_of(action.value, "target_id", "name") : action.name;
  if (id.empty()) {
    return fail(ErrorCode::invalid, "cannot uninstall: the request names no " + to_text(kind),
                "action_requires_name", R"(send {"name": "<install name>"})");
  }
  return request_for(action, to_text(kind) + ".uninstall", to_text(kind), id);
}

}  // namespace

Result<OperationRequest> request_of(const ActionRequest& action) {
  if (action.id == "marketplace_install") return install_request(action);
  if (action.id == "skill_uninstall") return uninstall_request(action, ArtifactKind::skill);
  if (action.id == "scenario_uninstall") return uninstall_request(action, ArtifactKind::scenario);
  if (action.id == "adaos_update") {
    return request_for(action, "workspace.update", "workspace", "workspace");
  }
  if (action.id == "refresh") {
    return request_for(action, "registry.refresh", "registry", "registry");
  }
  return fail(ErrorCode::invalid, "unsupported infrastate action: " + action.id,
              "unsupported_action",
              "actions of this hub: marketplace_install, adaos_update, skill_uninstall, "
              "scenario_uninstall, refresh");
}

std::string webspace_or_default(const std::string& id) {
  return id.empty() || id == "default" ? "desktop" : id;
}

}  // namespace hub::infrastate
