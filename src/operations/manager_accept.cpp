// OperationManager, the front desk: from a request to an operation that lasts.

#include <future>

#include "base/fault_point.hpp"
#include "base/log.hpp"
#include "operations/accept_parts.hpp"
#include "operations/effects.hpp"
#include "operations/operation_manager.hpp"
#include "operations/rendering.hpp"

namespace hub::operations {
namespace {

constexpr std::chrono::milliseconds space_looked_at_every{1'000};
constexpr std::size_t steps_simple = 16;  // fewer need no look at how large the state is

Error unknown_kind(const OperationKind& kind, const std::vector<OperationKind>& known) {
  boost::json::array names;
  for (const auto& one : known) names.emplace_back(one.text());
  return Error{ErrorCode::invalid,
               "cannot run " + kind.text() + ": this hub knows no such kind of operation",
               "unknown_kind",
               "details.known lists the kinds it knows",
               {{"kind", kind.text()}, {"known", std::move(names)}}};
}

}  // namespace

Result<> OperationManager::check_accepting(const OperationRequest& request) const {
  if (stopping_) {
    return fail(ErrorCode::unavailable, "cannot accept an operation: the hub is stopping",
                "stopping", "ask again when it has started again");
  }
  if (!crew_.workflow_for(request.kind)) {
    return tl::unexpected(unknown_kind(request.kind, kinds_));
  }
  if (Secrets::has_reference(request.params)) {
    return fail(ErrorCode::invalid, "cannot accept an operation: params may not hold \"$secret\"",
                "reserved_parameter", "send the value itself; the hub keeps it apart");
  }
  return {};
}

std::optional<std::uintmax_t> OperationManager::free_bytes() const {
  if (options_.disk.empty()) return std::nullopt;
  const std::lock_guard guard(space_mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (space_ && now - space_looked_at_ < space_looked_at_every) return space_;
  std::error_code ec;
  const auto space = fs::space(options_.disk, ec);
  space_looked_at_ = now;
  space_ = ec ? std::optional<std::uintmax_t>() : space.available;
  return space_;
}

Result<> OperationManager::check_space(const std::optional<std::int64_t>& needed) const {
  const auto free = free_bytes();
  if (!free) return {};
  const auto wanted = options_.free_bytes_min +
                      static_cast<std::uintmax_t>(std::max<std::int64_t>(needed.value_or(0), 0));
  if (*free >= wanted) return {};
  return fail(ErrorCode::exhausted,
              "cannot accept an operation: " + std::to_string(*free >> 20U) +
                  " MiB are free on the hub's disk, and " + std::to_string(wanted >> 20U) +
                  " MiB are needed",
              "disk_full", "free some space under the hub's base directory",
              {{"free_bytes", *free}, {"free_bytes_min", wanted}});
}

Result<Plan> OperationManager::resolve(const Workflow& workflow,
                                       const OperationRequest& request) const {
  HUB_TRY(plan, workflow.resolve(request));
  HUB_CHECK(check_space(plan.space_needed));
  return plan;
}

Result<OperationManager::Prepared> OperationManager::prepare(const OperationRequest& request,
                                                             const OperationId& id) {
  HUB_CHECK(check_accepting(request));
  const Workflow& workflow = *crew_.workflow_for(request.kind);
  HUB_TRY(plan, resolve(workflow, request));
  Prepared prepared;
  auto& operation = prepared.operation;
  auto& secrets = prepared.secrets;
  const auto steps = workflow.steps(plan.intent);
  operation.state = first_state(request, plan, steps, workflow, id, clock_.now());
  operation.kind_version = workflow.version();
  operation.idempotency_key = request.idempotency_key;
  operation.on_conflict = request.on_conflict;
  const auto params = secrets.conceal_params(request.params);
  const auto again = secrets.empty() ? Repeatable::yes : Repeatable::no;
  operation.request = stored_request(request, params, plan.locks, again);
  std::string digest;
  if (!secrets.empty()) {
    HUB_TRY(of_secrets, vault_.digest(secrets));
    digest = std::move(of_secrets);
    plan.intent = secrets.conceal_intent(plan.intent);
    secrets.blot(operation.state);
    auto concealed = request;
    concealed.params = params;
    operation.fingerprint = fingerprint_of(concealed, digest);
  } else {
    operation.fingerprint = fingerprint_of(request, digest);
  }
  operation.intent = std::move(plan.intent);
  operation.locks = std::move(plan.locks);
  if (steps.size() > steps_simple || operation.state.warnings) fit(operation.state, logs_);
  return prepared;
}

void OperationManager::accept(const OperationRequest& request, const Answer& answer) {
  auto prepared = prepare(request, new_id());
  if (!prepared) return answer(tl::unexpected(std::move(prepared).error()));
  submit(*std::move(prepared), answer);
}

Result<store::Accepted> OperationManager::accept(const OperationRequest& request) {
  HUB_TRY(prepared, prepare(request, new_id()));
  return submit(std::move(prepared));
}

// On the writer's thread once it is durable.
void OperationManager::submit(Prepared prepared, const Answer& answer) {
  const OperationId id = prepared.operation.state.operation_id;
  const bool has_secrets = !prepared.secrets.empty();
  // Kept before the operation exists: a crash in between leaves a file that the next start removes.
  if (has_secrets) {
    if (auto kept = vault_.keep(id, prepared.secrets); !kept) {
      return answer(tl::unexpected(std::move(kept).error()));
    }
  }
  {
    const std::lock_guard guard(owed_mutex_);
    ++owed_;
  }
  try {
    store_.accept(std::move(prepared.operation),
                  [this, id, has_secrets, answer](Result<store::Accepted> accepted) {
                    settle(id, has_secrets, accepted);
                    answer(std::move(accepted));
                    answered();
                  });
  } catch (...) {  // it was not even taken
    answered();
    throw;
  }
}

void OperationManager::answered() {
  const std::lock_guard guard(owed_mutex_);
  --owed_;
  owed_changed_.notify_all();
}

void OperationManager::settle(const OperationId& id, bool has_secrets,
                              const Result<store::Accepted>& accepted) {
  const bool created = accepted && accepted->how == store::Acceptance::created;
  if (has_secrets && !created) vault_.remove(id);
  if (!accepted) return;
  for (const auto& other : accepted->cancelling) crew_.tell_cancelled(other);
  if (!accepted->cancelling.empty()) janitor_.ended();
  fault_point("accepted:" + accepted->state.kind.text());
}

Result<store::Accepted> OperationManager::submit(Prepared prepared) {
  std::promise<Result<store::Accepted>> promise;
  auto answer = promise.get_future();
  submit(std::move(prepared),
         [&promise](Result<store::Accepted> accepted) { promise.set_value(std::move(accepted)); });
  return answer.get();
}

Result<OperationState> OperationManager::accept_child(const OperationRequest& request,
                                                      const OperationId& id) {
  if (auto known = store_.find(id)) return *std::move(known);
  HUB_TRY(prepared, prepare(request, id));
  HUB_TRY(accepted, submit(std::move(prepared)));
  return std::move(accepted.state);
}

// Without secrets; with any, two requests are never the same before they are sent.
std::optional<OperationId> OperationManager::same_live_request(const OperationRequest& request,
                                                               const boost::json::object& params) {
  store::OperationFilter filter;
  filter.status = "active";
  filter.kind = request.kind.text();
  filter.target_kind = request.target_kind;
  filter.target_id = request.target_id;
  for (const auto& state : store_.list(filter)) {
    const auto record = store_.find_record(state.operation_id);
    if (!record) continue;
    const auto known = request_of(state, record->request);
    if (known && known->params == params) return state.operation_id;
  }
  return std::nullopt;
}

Result<Preview> OperationManager::preview(const OperationRequest& request) {
  HUB_CHECK(check_accepting(request));
  const Workflow& workflow = *crew_.workflow_for(request.kind);
  HUB_TRY(plan, workflow.resolve(request));
  const auto steps = workflow.steps(plan.intent);
  Preview preview;
  preview.state = first_state(request, plan, steps, workflow, OperationId(), clock_.now());
  preview.state.log_href.clear();
  preview.bytes = plan.bytes;
  preview.space_needed = plan.space_needed;
  preview.outlook = std::move(plan.outlook);
  if (const auto free = free_bytes()) preview.space_free = static_cast<std::int64_t>(*free);
  preview.reversible = is_reversible(steps);
  if (preview.reversible) preview.undo_window = workflow.undo_window();
  Secrets secrets;
  static_cast<void>(secrets.conceal_params(request.params));
  secrets.blot(preview.state);
  fit(preview.state, logs_);
  if (request.on_conflict == OnConflict::join && secrets.empty()) {
    preview.joins = same_live_request(request, request.params);
  }
  preview.conflicts = store_.contenders(plan.locks);
  return preview;
}

}  // namespace hub::operations
