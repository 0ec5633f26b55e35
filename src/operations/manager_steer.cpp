// OperationManager, what can be done to an operation that exists: cancel, retry, undo, confirm.

#include <algorithm>

#include "operations/accept_parts.hpp"
#include "operations/operation_manager.hpp"
#include "operations/undo.hpp"

namespace hub::operations {
namespace {

Error not_found(const OperationId& id) {
  return Error{ErrorCode::not_found,
               "cannot find operation " + id.text(),
               "operation_not_found",
               "GET /api/operations lists those this hub knows",
               {{"operation_id", id.text()}}};
}

Error not_retryable(const OperationId& id, const std::string& why, const std::string& because,
                    const std::string& hint, boost::json::object details = {}) {
  details["operation_id"] = id.text();
  details["why"] = why;
  return Error{ErrorCode::conflict, "cannot retry operation " + id.text() + ": " + because,
               "operation_not_retryable", hint, std::move(details)};
}

std::string name_of(OperationStatus status) { return boost::describe::enum_to_string(status, ""); }

std::optional<OperationState> successor(store::OperationStore& store, const OperationId& id,
                                        bool undo) {
  for (auto& next : store.successors_of(id)) {
    if (undo ? next.undo_of == id : next.retry_of == id) return std::move(next);
  }
  return std::nullopt;
}

// Answers that a question lists are the only ones that it takes.
Result<> check_answer(const OperationState& state, const Json& answer) {
  const auto* params = state.reason ? state.reason->params.if_contains("params") : nullptr;
  const auto* object = params ? params->if_object() : nullptr;
  const auto* listed = object ? object->if_contains("answers") : nullptr;
  if (!listed || !listed->is_array()) return {};
  const auto* wrapped = answer.is_object() ? answer.get_object().if_contains("answer") : nullptr;
  const Json& said = wrapped ? *wrapped : answer;
  const auto& known = listed->get_array();
  if (std::ranges::find(known, said) != known.end()) return {};
  return fail(ErrorCode::invalid,
              "cannot confirm operation " + state.operation_id.text() +
                  ": this is none of the answers that it takes",
              "answer_unknown", "send one of details.answers", {{"answers", known}});
}

}  // namespace

Result<OperationState> OperationManager::cancel(const OperationId& id) {
  auto cancelled = crew_.cancel(id);
  if (cancelled && is_terminal(cancelled->status)) janitor_.ended();
  return cancelled;
}

Result<store::Accepted> OperationManager::retry(const OperationId& id, const Initiator& initiator) {
  const auto record = store_.find_record(id);
  if (!record) return tl::unexpected(not_found(id));
  const auto& state = record->state;
  if (state.status != OperationStatus::failed && state.status != OperationStatus::cancelled) {
    return tl::unexpected(not_retryable(id, "status", "it is " + name_of(state.status),
                                        "only one that failed or was cancelled can be retried"));
  }
  if (state.undo_of) {
    return tl::unexpected(not_retryable(id, "undo", "it was the undo of another one",
                                        "undo operation " + state.undo_of->text() + " again"));
  }
  if (const auto next = successor(store_, id, false)) {
    return tl::unexpected(not_retryable(
        id, "successor", "operation " + next->operation_id.text() + " has done so already",
        "look at that one", {{"successor", next->operation_id.text()}}));
  }
  if (Secrets::has_reference(record->request)) {
    return tl::unexpected(not_retryable(
        id, "secrets", "its request held a secret, and secrets are not kept after the end",
        "send the request again, with its secrets"));
  }
  HUB_TRY(request, request_of(state, record->request));
  request.initiator = initiator;
  request.retry_of = id;
  HUB_TRY(prepared, prepare(request, new_id()));
  prepared.operation.state.attempt = state.attempt + 1;
  return submit(std::move(prepared));
}

// What stands in the way of a client's undo.
Result<> OperationManager::check_undoable(const store::OperationRecord& record) const {
  const auto& original = record.state;
  const auto& id = original.operation_id;
  if (!is_terminal(original.status)) {
    return tl::unexpected(not_undoable(id, "active", "it has not ended; cancel it instead"));
  }
  if (const auto next = successor(store_, id, true)) {
    return tl::unexpected(not_undoable(
        id, "undone", "operation " + next->operation_id.text() + " has done so, or is about to",
        {{"undone_by", next->operation_id.text()}}));
  }
  if (original.undo_until && clock_.now() >= *original.undo_until) {
    return tl::unexpected(
        not_undoable(id, "too_late", "it could be undone until " + to_text(*original.undo_until)));
  }
  const auto now = store_.find(id);
  if (now && now->can_undo) return {};
  return tl::unexpected(
      not_undoable(id, "nothing_kept", "it left nothing that could be taken back"));
}

Result<OperationManager::Prepared> OperationManager::prepare_undo(
    const store::OperationRecord& record, const OperationId& id, const Initiator& initiator,
    UndoSubject::AskedBy asked_by) {
  const auto& original = record.state;
  const Workflow* workflow = crew_.workflow_for(original.kind);
  if (!workflow || !workflow->follows(record.kind_version)) {
    return tl::unexpected(not_undoable(original.operation_id, "unknown_kind",
                                       "this hub does not know how to do " + original.kind.text()));
  }
  if (record.intent.is_null()) {
    return tl::unexpected(not_undoable(original.operation_id, "nothing_kept",
                                       "it left nothing that could be taken back"));
  }
  HUB_CHECK(check_unchanged(store_, original, asked_by));
  const UndoSubject subject{original.operation_id, record.intent, record.steps, asked_by};
  Plan plan;
  plan.intent = to_intent(subject);
  plan.locks = locks_of(original, record.request);
  plan.title_key = undo_title_key;
  plan.title_args = original.title_args;
  plan.title_args["kind"] = original.kind.text();
  plan.message = "waiting to undo " + original.kind.text() + " of " + original.target_id;
  auto request = request_of(original, record.request).value_or(OperationRequest());
  request.kind = original.kind;
  request.target_kind = original.target_kind;
  request.target_id = original.target_id;
  request.webspace_id = original.webspace_id;
  request.initiator = initiator;
  request.priority = original.priority;
  request.params = {{"undo_of", original.operation_id.text()}};
  request.undo_of = original.operation_id;
  const auto steps = undo_steps(workflow->steps(subject.intent), subject, store_);
  Prepared prepared;
  auto& operation = prepared.operation;
  operation.state = first_state(request, plan, steps, *workflow, id, clock_.now());
  operation.kind_version = record.kind_version;  // the subject's intent is what it follows
  operation.fingerprint = fingerprint_of(request, "undo");
  operation.request = stored_request(request, request.params, plan.locks, Repeatable::yes);
  operation.intent = std::move(plan.intent);
  operation.locks = std::move(plan.locks);
  return prepared;
}

Result<store::Accepted> OperationManager::undo(const OperationId& id, const Initiator& initiator) {
  if (stopping_) {
    return fail(ErrorCode::unavailable, "cannot undo an operation: the hub is stopping", "stopping",
                "ask again when it has started again");
  }
  const auto record = store_.find_record(id);
  if (!record) return tl::unexpected(not_found(id));
  HUB_CHECK(check_undoable(*record));
  HUB_TRY(prepared, prepare_undo(*record, new_id(), initiator, UndoSubject::AskedBy::client));
  return submit(std::move(prepared));
}

// Within or after the child's own time for it: the parent's counts.
Result<std::optional<OperationState>> OperationManager::undo_child(const OperationId& child,
                                                                   const OperationId& id,
                                                                   const OperationState& parent) {
  if (auto known = store_.find(id)) return known;
  const auto record = store_.find_record(child);
  if (!record) return std::optional<OperationState>();
  for (const auto& next : store_.successors_of(child)) {
    const bool undone = next.undo_of == child && next.status == OperationStatus::succeeded;
    if (undone) return std::optional<OperationState>();
  }
  HUB_TRY(prepared, prepare_undo(*record, id, parent.initiator, UndoSubject::AskedBy::parent));
  auto& operation = prepared.operation;
  operation.state.parent_id = parent.operation_id;
  operation.state.priority = parent.priority;
  operation.on_conflict = OnConflict::queue;
  HUB_TRY(accepted, submit(std::move(prepared)));
  return std::optional(std::move(accepted.state));
}

Result<OperationState> OperationManager::confirm(const OperationId& id, const Json& answer) {
  const auto state = store_.find(id);
  if (!state) return tl::unexpected(not_found(id));
  if (state->status == OperationStatus::waiting_input) HUB_CHECK(check_answer(*state, answer));
  return store_.confirm(id, answer);
}

}  // namespace hub::operations
