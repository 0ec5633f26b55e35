#include "operations/operation_manager.hpp"

#include "base/fault_point.hpp"
#include "base/hash.hpp"
#include "base/log.hpp"

namespace hub::operations {
namespace {

std::string fingerprint_of(const OperationRequest& request) {
  const boost::json::array parts{request.kind.text(), request.target_kind, request.target_id,
                                 request.params};
  return to_hex(sha256(boost::json::serialize(parts)));
}

OperationState first_state(const OperationRequest& request, const Plan& plan,
                           const std::vector<Step>& steps, Time now) {
  OperationState state;
  state.operation_id = OperationId("op_" + uuid_v7(to_millis(now)));
  state.kind = request.kind;
  state.target_kind = request.target_kind;
  state.target_id = request.target_id;
  state.message = plan.message;
  state.initiator = request.initiator;
  state.scope = {"global", request.kind.text(), request.target_kind + ":" + request.target_id};
  state.can_cancel = true;
  state.webspace_id = request.webspace_id;
  state.updated_at = now;
  for (const auto& lock : plan.locks) state.resources.push_back(lock.resource);
  for (const auto& step : steps) {
    state.steps.push_back({step.name, StepStatus::pending, step.weight, {}, {}});
  }
  if (!plan.warnings.empty()) state.warnings = plan.warnings;
  state.title_key = plan.title_key;
  state.title_args = plan.title_args;
  return state;
}

}  // namespace

OperationManager::OperationManager(store::OperationStore& store, store::ProgressBoard& board,
                                   const Clock& clock, Workflows workflows, ManagerOptions options)
    : store_(store),
      board_(board),
      clock_(clock),
      workflows_(std::move(workflows)),
      options_(std::move(options)) {
  for (const auto& workflow : workflows_) kinds_.push_back(workflow->kind());
  commits_ = store_.database().commits().subscribe([this] { wake(); });
  ticks_ = board_.ticks().subscribe([this] { wake(); });
}

OperationManager::~OperationManager() { stop(); }

void OperationManager::start() {
  for (auto& orphan : store_.adopt_orphans()) {
    const Workflow* workflow = workflow_for(orphan.state.kind);
    if (!workflow) {
      quarantine(orphan, "unknown_kind");
    } else if (workflow->version() != orphan.kind_version) {
      quarantine(orphan, "unknown_kind_version");
    } else {
      orphans_.push_back(std::move(orphan));
    }
  }
  recovered_ = static_cast<std::int64_t>(orphans_.size());
  if (!orphans_.empty()) {
    log::info("operations", "recovering", {{"operations", orphans_.size()}});
  }
  for (std::size_t i = 0; i < options_.workers; ++i) threads_.emplace_back([this] { work(); });
  threads_.emplace_back([this] { answer_waiters(); });
}

void OperationManager::stop() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
    for (auto& [id, signals] : running_) signals.drain = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

Result<store::Accepted> OperationManager::accept(const OperationRequest& request) {
  const Workflow* workflow = workflow_for(request.kind);
  if (!workflow) {
    return fail(ErrorCode::invalid,
                "cannot run " + request.kind.text() + ": this hub knows no such kind of operation",
                "unknown_kind", {}, {{"kind", request.kind.text()}});
  }
  HUB_CHECK(check_room());
  HUB_TRY(plan, workflow->resolve(request));
  store::NewOperation wanted;
  wanted.state = first_state(request, plan, workflow->steps(plan.intent), clock_.now());
  wanted.kind_version = workflow->version();
  wanted.fingerprint = fingerprint_of(request);
  wanted.idempotency_key = request.idempotency_key;
  wanted.intent = plan.intent;
  wanted.locks = plan.locks;
  wanted.on_conflict = request.on_conflict;
  auto accepted = store_.accept(wanted);
  fault_point("accepted:" + request.kind.text());
  if (accepted) {
    log::info("operations", "accepted",
              {{"operation_id", accepted->state.operation_id.text()},
               {"kind", request.kind.text()},
               {"target", request.target_kind + ":" + request.target_id},
               {"how", static_cast<int>(accepted->how)}});
  }
  return accepted;
}

Result<> OperationManager::check_room() const {
  if (!options_.disk.empty()) {
    std::error_code ec;
    const auto space = fs::space(options_.disk, ec);
    if (!ec && space.available < options_.free_bytes_min) {
      return fail(ErrorCode::exhausted,
                  "cannot accept an operation: only " + std::to_string(space.available >> 20U) +
                      " MiB are free on the hub's disk",
                  "disk_full", "free some space under the hub's base directory",
                  {{"free_bytes", space.available}, {"free_bytes_min", options_.free_bytes_min}});
    }
  }
  if (store_.live_count() >= static_cast<std::int64_t>(options_.live_max)) {
    return fail(ErrorCode::exhausted,
                "cannot accept an operation: " + std::to_string(options_.live_max) +
                    " are waiting or running",
                "too_many_operations", "try again when some have ended",
                {{"limit", options_.live_max}});
  }
  return {};
}

Result<OperationState> OperationManager::cancel(const OperationId& id) {
  auto cancelled = store_.cancel(id);
  if (cancelled) {
    const std::lock_guard guard(mutex_);
    const auto found = running_.find(id);
    if (found != running_.end()) found->second.cancel = true;
  }
  return cancelled;
}

std::optional<OperationState> OperationManager::find(const OperationId& id) const {
  auto state = store_.find(id);
  if (state) board_.overlay(*state);
  return state;
}

void OperationManager::wait(const OperationId& id, std::optional<std::int64_t> after_revision,
                            std::chrono::milliseconds timeout, Answer answer) {
  {
    const std::lock_guard guard(mutex_);
    waiters_.push_back(
        {id, after_revision, std::chrono::steady_clock::now() + timeout, std::move(answer)});
    ++rings_;
  }
  wake_.notify_all();
}

const Workflow* OperationManager::workflow_for(const OperationKind& kind) const {
  for (const auto& workflow : workflows_) {
    if (workflow->kind() == kind) return workflow.get();
  }
  return nullptr;
}

void OperationManager::wake() {
  {
    const std::lock_guard guard(mutex_);
    ++rings_;
  }
  wake_.notify_all();
}

// One worker: what was left by an earlier boot first, then what the store has ready.
void OperationManager::work() {
  std::uint64_t heard = 0;
  for (;;) {
    std::optional<store::OperationRecord> record;
    auto start = RunStart::fresh;
    {
      std::unique_lock guard(mutex_);
      if (stopping_) return;
      heard = rings_;
      if (!orphans_.empty()) {
        record = std::move(orphans_.back());
        orphans_.pop_back();
        start = RunStart::adopted;
      }
    }
    if (!record && store_.ready_count() > 0) record = store_.claim(kinds_);
    if (record) {
      run(*std::move(record), start);
      continue;
    }
    std::unique_lock guard(mutex_);
    wake_.wait(guard, [&] { return stopping_ || rings_ != heard; });
  }
}

void OperationManager::run(store::OperationRecord record, RunStart start) {
  const OperationId id = record.state.operation_id;
  const Workflow* workflow = workflow_for(record.state.kind);
  RunSignals* signals = nullptr;
  {
    const std::lock_guard guard(mutex_);
    signals = &running_[id];
    if (stopping_) signals->drain = true;
  }
  const auto now = store_.find(id);  // a cancel may have come between the claim and here
  if (now && now->status == OperationStatus::cancelling) signals->cancel = true;
  const auto began = std::chrono::steady_clock::now();
  try {
    carry_out(*workflow, store_, board_, clock_, std::move(record), start, *signals);
  } catch (const std::exception& thrown) {
    // The database could not be read. The journal knows where the run is; the next start goes on.
    log::error("operations", "run_broken", {{"operation_id", id.text()}, {"error", thrown.what()}});
  }
  {
    const std::lock_guard guard(mutex_);
    running_.erase(id);
  }
  const auto ended = store_.find(id);
  const auto took = std::chrono::steady_clock::now() - began;
  log::info("operations", "run_ended",
            {{"operation_id", id.text()},
             {"status",
              boost::describe::enum_to_string(ended ? ended->status : OperationStatus::failed, "")},
             {"took_ms", std::chrono::duration_cast<std::chrono::milliseconds>(took).count()}});
}

void OperationManager::quarantine(const store::OperationRecord& record, const std::string& why) {
  log::error("operations", "quarantined",
             {{"operation_id", record.state.operation_id.text()},
              {"kind", record.state.kind.text()},
              {"why", why}});
  const auto moved =
      store_.advance(record.state.operation_id, {.edit = [&](OperationState& state) {
                       state.reason = OperationReason{why, {{"kind", state.kind.text()}}};
                       state.message = "this hub does not know how to go on with " +
                                       state.kind.text() + "; it waits for one that does";
                     }});
  if (!moved) log::error("operations", "fenced", {{"error", moved.error().message}});
}

// Long polls: looked at after each commit, each tick worth showing, and at the next deadline.
void OperationManager::answer_waiters() {
  std::uint64_t heard = 0;
  for (;;) {
    std::vector<Waiter> all;
    {
      std::unique_lock guard(mutex_);
      const auto news = [&] { return stopping_ || (rings_ != heard && !waiters_.empty()); };
      auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
      for (const auto& waiter : waiters_) until = std::min(until, waiter.deadline);
      wake_.wait_until(guard, until, news);
      heard = rings_;
      all.swap(waiters_);
      if (stopping_) {
        guard.unlock();
        for (auto& waiter : all) waiter.answer(find(waiter.id));
        return;
      }
    }
    const auto now = std::chrono::steady_clock::now();
    std::vector<Waiter> rest;
    for (auto& waiter : all) {
      auto state = find(waiter.id);
      const bool satisfied = !state || is_terminal(state->status) ||
                             (waiter.after_revision && state->revision > *waiter.after_revision) ||
                             now >= waiter.deadline;
      if (satisfied) {
        waiter.answer(std::move(state));
      } else {
        rest.push_back(std::move(waiter));
      }
    }
    const std::lock_guard guard(mutex_);
    for (auto& waiter : rest) waiters_.push_back(std::move(waiter));
  }
}

}  // namespace hub::operations
