#include "operations/crew.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "base/thread_name.hpp"
#include "operations/take_back.hpp"

namespace hub::operations {
namespace {

constexpr std::size_t lenders_max = 64;  // each holds a thread while it waits
constexpr std::chrono::milliseconds failure_gap{1'000};
constexpr std::chrono::milliseconds broken_delay_first{1'000};

std::map<OperationKind, std::size_t> limits_of(const Workflows& workflows) {
  std::map<OperationKind, std::size_t> limits;
  for (const auto& workflow : workflows) limits[workflow->kind()] = workflow->slots();
  return limits;
}

}  // namespace

Crew::Crew(const RunServices& services, const Workflows& workflows, CrewOptions options)
    : services_(services),
      workflows_(workflows),
      options_(std::move(options)),
      turns_(options_.slots, limits_of(workflows)) {}

std::int64_t Crew::start() {
  std::int64_t taken_up = 0;
  for (auto& orphan : services_.store.adopt_orphans()) {
    if (is_strange(orphan)) {
      quarantine(orphan, RunStart::adopted);
      continue;
    }
    ++taken_up;
    orphans_.push_back(std::move(orphan));
  }
  if (taken_up > 0) log::info("operations", "recovering", {{"operations", taken_up}});
  const std::lock_guard guard(mutex_);
  for (std::size_t i = 0; i < options_.slots; ++i) spawn_worker();
  threads_.emplace_back([this] { watch(); });
  return taken_up;
}

void Crew::spawn_worker() {
  threads_.emplace_back([this] { work(); });
}

void Crew::stop() {
  std::vector<OperationId> stuck;
  {
    std::unique_lock guard(mutex_);
    if (stopping_) return;
    stopping_ = true;
    const auto now = services_.clock.steady().count();
    for (auto& [id, run] : running_) {
      run.signals->drain = true;
      run.signals->stop_asked_at = now;
    }
    wake_.notify_all();
    look_.notify_all();
    returned_.notify_all();
    returned_.wait_for(guard, options_.drain_patience, [this] { return running_.empty(); });
    for (const auto& [id, run] : running_) stuck.push_back(id);
  }
  for (const auto& id : stuck) {
    log::error("operations", "does_not_stop",
               {{"operation_id", id.text()},
                {"patience_ms", options_.drain_patience.count()},
                {"then", "it goes on at the next start"}});
  }
  services_.store.mark_drained(stuck);
  if (!stuck.empty() && options_.on_stuck) options_.on_stuck();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
  // What nobody ran did not crash either.
  std::vector<OperationId> untouched;
  for (const auto& orphan : orphans_) untouched.push_back(orphan.state.operation_id);
  for (const auto& broken : broken_) untouched.push_back(broken.id);
  services_.store.mark_drained(untouched);
}

void Crew::rang() {
  const std::lock_guard guard(mutex_);
  ++rings_;
  if (idle_ > 0) wake_.notify_one();
}

const Workflow* Crew::workflow_for(const OperationKind& kind) const {
  for (const auto& workflow : workflows_) {
    if (workflow->kind() == kind) return workflow.get();
  }
  return nullptr;
}

Crew::Load Crew::load() const {
  const std::lock_guard guard(mutex_);
  Load load{turns_.slots(), turns_.busy(), 0};
  for (const auto& [id, run] : running_) load.stalled += run.signals->stalled ? 1 : 0;
  return load;
}

void Crew::work() {
  name_this_thread("operation");
  for (;;) {
    std::optional<Job> job;
    try {
      job = next_job();
    } catch (const std::exception& thrown) {
      log::error("operations", "claim_failed", {{"error", thrown.what()}});
      std::unique_lock guard(mutex_);
      wake_.wait_for(guard, failure_gap, [this] { return stopping_; });
      if (stopping_) return;
      continue;
    }
    if (!job) return;
    run(*std::move(job));
  }
}

// Nothing: the hub stops. What earlier boots left goes first.
std::optional<Crew::Job> Crew::next_job() {
  std::unique_lock guard(mutex_);
  for (;;) {
    if (stopping_) return std::nullopt;
    const auto heard = rings_;
    if (turns_.has_room()) {
      if (auto job = next_orphan()) return job;
      if (auto job = claim(guard)) return job;
      if (stopping_) return std::nullopt;
    }
    ++idle_;
    wake_.wait(guard, [&] { return stopping_ || rings_ != heard; });
    --idle_;
  }
}

std::optional<Crew::Job> Crew::next_orphan() {
  const auto found = std::ranges::find_if(orphans_, [this](const store::OperationRecord& record) {
    return turns_.is_open(record.state.kind);
  });
  if (found == orphans_.end()) return std::nullopt;
  auto record = std::move(*found);
  orphans_.erase(found);
  turns_.begin(record.state.kind);
  return enrol(std::move(record), RunStart::adopted);
}

std::vector<OperationKind> Crew::claimable() const {
  auto kinds = turns_.open_kinds();
  kinds.insert(kinds.end(), strangers_.begin(), strangers_.end());
  return kinds;
}

// The store is asked without the mutex, with the slot already taken.
std::optional<Crew::Job> Crew::claim(std::unique_lock<std::mutex>& guard) {
  const auto kinds = claimable();
  if (kinds.empty()) return std::nullopt;
  const auto first = turns_.next_class();
  turns_.look();
  guard.unlock();
  std::optional<store::OperationRecord> record;
  try {
    const auto ready = services_.store.next_ready();
    if (ready && *ready <= services_.clock.now()) record = services_.store.claim(kinds, first);
  } catch (...) {
    guard.lock();
    found_nothing();
    throw;
  }
  guard.lock();
  if (!record) {
    found_nothing();
    return std::nullopt;
  }
  turns_.found(record->state.kind);
  if (idle_ > 0) wake_.notify_one();  // there may be more
  return enrol(*std::move(record), RunStart::fresh);
}

// The slot is free again, and a run that has lent its own may be waiting for just that.
void Crew::found_nothing() {
  turns_.found_nothing();
  returned_.notify_all();
}

// Whoever cancels it finds it from here on.
Crew::Job Crew::enrol(store::OperationRecord record, RunStart start) {
  auto signals = std::make_shared<RunSignals>();
  signals->drain = stopping_;
  signals->last_sign_at = services_.clock.steady().count();
  const auto* workflow = workflow_for(record.state.kind);
  const auto stall_after = workflow ? workflow->stall_after() : std::chrono::seconds(0);
  running_[record.state.operation_id] = {signals, record.state.kind, stall_after};
  return {std::move(record), start, std::move(signals)};
}

void Crew::run(Job job) {
  const OperationId id = job.record.state.operation_id;
  const OperationKind kind = job.record.state.kind;
  auto end = RunEnd::drained;
  const auto began = services_.clock.steady();
  try {
    if (is_strange(job.record)) {
      quarantine(job.record, job.start);
    } else {
      const auto now = services_.store.find(id);  // a cancel may have come before we were known
      if (now && now->status == OperationStatus::cancelling) job.signals->cancel = true;
      end =
          carry_out(*workflow_for(kind), services_, std::move(job.record), job.start, *job.signals);
    }
  } catch (const std::exception& thrown) {
    // The database failed. The journal knows where the run is: it is taken up again from there.
    log::error("operations", "run_broken", {{"operation_id", id.text()}, {"error", thrown.what()}});
    const std::lock_guard guard(mutex_);
    broken_.push_back({id, services_.clock.steady() + broken_delay_first, broken_delay_first});
  }
  leave(id, kind);
  if (end == RunEnd::ended && options_.on_end) options_.on_end();
  const auto took = services_.clock.steady() - began;
  log::debug("operations", "run_ended", {{"operation_id", id.text()}, {"took_ms", took.count()}});
}

void Crew::leave(const OperationId& id, const OperationKind& kind) {
  const std::lock_guard guard(mutex_);
  running_.erase(id);
  turns_.end(kind);
  ++rings_;
  wake_.notify_one();
  returned_.notify_all();
}

std::shared_ptr<RunSignals> Crew::signals_of(const OperationId& id) const {
  const std::lock_guard guard(mutex_);
  const auto found = running_.find(id);
  return found == running_.end() ? nullptr : found->second.signals;
}

Result<OperationState> Crew::cancel(const OperationId& id) {
  if (auto ended = end_quarantined(id)) return *std::move(ended);
  const auto signals = signals_of(id);
  if (!signals) {
    auto cancelled = services_.store.cancel(id);
    if (cancelled) tell_cancelled(id);  // it may have begun meanwhile
    return cancelled;
  }
  const std::lock_guard guard(signals->ending);
  auto cancelled = services_.store.cancel(id);
  if (cancelled && cancelled->status == OperationStatus::cancelling) {
    signals->stop_asked_at = services_.clock.steady().count();
    signals->cancel = true;
  }
  return cancelled;
}

void Crew::tell_cancelled(const OperationId& id) {
  const auto signals = signals_of(id);
  if (!signals) return;
  signals->stop_asked_at = services_.clock.steady().count();
  signals->cancel = true;
}

Result<> Crew::lend_slot(Family::Urge urge) {
  const std::lock_guard guard(mutex_);
  if (urge == Family::Urge::forward && lenders_ >= lenders_max) {
    return fail(ErrorCode::unavailable,
                "cannot wait for other operations: " + std::to_string(lenders_) +
                    " operations do so already",
                "too_many_parents", "try again when some of them have ended");
  }
  ++lenders_;
  turns_.lend();
  ++rings_;
  if (idle_ == 0 && !stopping_) spawn_worker();
  wake_.notify_one();
  returned_.notify_all();
  return {};
}

void Crew::take_slot_back() {
  std::unique_lock guard(mutex_);
  --lenders_;
  turns_.want_back();
  returned_.wait(guard, [this] { return stopping_ || turns_.may_return(); });
  turns_.give_back();
}

}  // namespace hub::operations
