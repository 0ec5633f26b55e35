#include "operations/accept_parts.hpp"

#include <algorithm>

#include "base/hash.hpp"

namespace hub::operations {
namespace {

constexpr std::size_t resources_always_shown = 8;  // a state with many may show fewer

}  // namespace

std::string fingerprint_of(const OperationRequest& request, const std::string& secrets_digest) {
  boost::json::array parts{request.kind.text(), request.target_kind, request.target_id,
                           request.params};
  if (!secrets_digest.empty()) parts.emplace_back(secrets_digest);
  return to_hex(sha256(boost::json::serialize(parts)));
}

OperationState first_state(const OperationRequest& request, const Plan& plan,
                           const std::vector<Step>& steps, const Workflow& workflow,
                           const OperationId& id, Time now) {
  OperationState state;
  state.operation_id = id;
  state.kind = request.kind;
  state.target_kind = request.target_kind;
  state.target_id = request.target_id;
  state.message = plan.message;
  state.initiator = request.initiator;
  state.scope = {"global", request.kind.text(), request.target_kind + ":" + request.target_id};
  state.can_cancel = true;
  state.webspace_id = request.webspace_id;
  state.created_at = state.updated_at = now;
  state.resources.reserve(plan.locks.size());
  for (const auto& lock : plan.locks) state.resources.push_back(lock.resource);
  state.steps.reserve(steps.size());
  for (const auto& step : steps) {
    state.steps.push_back({step.name, StepStatus::pending, step.weight, {}, {}});
  }
  if (!plan.warnings.empty()) state.warnings = plan.warnings;
  state.title_key = plan.title_key;
  state.title_args = plan.title_args;
  state.priority = request.priority.value_or(workflow.priority());
  state.deadline_at = request.deadline_at ? *request.deadline_at : now + workflow.deadline();
  state.parent_id = request.parent_id;
  if (request.retry_of) state.retry_of = *request.retry_of;
  state.undo_of = request.undo_of;
  state.log_href = "/api/operations/" + id.text() + "/log";
  return state;
}

Json stored_request(const OperationRequest& request, const boost::json::object& concealed_params,
                    const std::vector<store::LockRequest>& locks, Repeatable repeatable) {
  boost::json::object stored{{"params", concealed_params}};
  if (repeatable == Repeatable::no) stored["repeatable"] = false;
  if (request.on_conflict != OnConflict::join) stored["on_conflict"] = to_json(request.on_conflict);
  const bool all_exclusive = std::ranges::all_of(locks, [](const store::LockRequest& lock) {
    return lock.mode == store::LockMode::exclusive;
  });
  if (all_exclusive && locks.size() <= resources_always_shown) return stored;
  boost::json::array kept;
  for (const auto& lock : locks) {
    kept.push_back({{"resource", lock.resource.text()}, {"mode", to_json(lock.mode)}});
  }
  stored["locks"] = std::move(kept);
  return stored;
}

Result<OperationRequest> request_of(const OperationState& state, const Json& stored) {
  OperationRequest request;
  request.kind = state.kind;
  request.target_kind = state.target_kind;
  request.target_id = state.target_id;
  request.webspace_id = state.webspace_id;
  request.priority = state.priority;
  const auto* object = stored.if_object();
  const auto* params = object ? object->if_contains("params") : nullptr;
  if (!params || !params->is_object()) {
    return fail(ErrorCode::invalid,
                "cannot ask again: operation " + state.operation_id.text() +
                    " was accepted by an older hub, which did not keep what was asked",
                "request_not_kept", "send the request again");
  }
  request.params = params->get_object();
  return request;
}

std::vector<store::LockRequest> locks_of(const OperationState& state, const Json& stored) {
  std::vector<store::LockRequest> locks;
  const auto* object = stored.if_object();
  const auto* kept = object ? object->if_contains("locks") : nullptr;
  if (!kept || !kept->is_array()) {
    for (const auto& resource : state.resources) locks.push_back({resource});
    return locks;
  }
  for (const auto& lock : kept->get_array()) {
    auto resource = from_json<Resource>(lock.at("resource"), "request.locks.resource");
    auto mode = from_json<store::LockMode>(lock.at("mode"), "request.locks.mode");
    if (resource && mode) locks.push_back({*std::move(resource), *mode});
  }
  return locks;
}

}  // namespace hub::operations
