// The watch of the crew: what no worker sees.

#include <algorithm>

#include "base/log.hpp"
#include "base/thread_name.hpp"
#include "operations/crew.hpp"
#include "operations/rendering.hpp"
#include "operations/run_steps.hpp"

namespace hub::operations {
namespace {

constexpr std::chrono::milliseconds busy_interval{200};
constexpr std::chrono::milliseconds idle_interval{1'000};
constexpr std::chrono::milliseconds deadline_interval{1'000};
constexpr std::chrono::milliseconds stop_patience{10'000};  // of a step that was asked to stop
constexpr std::chrono::milliseconds broken_delay_max{30'000};

// Asked to stop, or out of time, long ago.
bool ignores_us(const RunSignals& signals, std::chrono::milliseconds now) {
  const auto long_ago = [&](std::int64_t since) {
    return since > 0 && now.count() - since >= stop_patience.count();
  };
  return long_ago(signals.step_ends_at) ||
         (signals.step_ends_at > 0 && long_ago(signals.stop_asked_at));
}

}  // namespace

void Crew::watch() {
  name_this_thread("watch");
  for (;;) {
    try {
      look_around();
    } catch (const std::exception& thrown) {
      log::error("operations", "watch_failed", {{"error", thrown.what()}});
    }
    std::unique_lock guard(mutex_);
    const bool busy = !running_.empty() || !broken_.empty() || services_.store.live_count() > 0;
    look_.wait_for(guard, busy ? busy_interval : idle_interval, [this] { return stopping_; });
    if (stopping_) return;
  }
}

void Crew::look_around() {
  look_at_runs();
  look_at_broken();
  if (services_.store.live_count() == 0) return;
  if (!std::exchange(strangers_looked_for_, true)) look_for_strangers();
  const auto now = services_.clock.steady();
  if (now - deadlines_looked_at_ >= deadline_interval) {
    deadlines_looked_at_ = now;
    look_at_deadlines();
  }
  {
    const std::lock_guard guard(mutex_);
    if (idle_ == 0 || !turns_.has_room()) return;
  }
  const auto ready = services_.store.next_ready();
  if (ready && *ready <= services_.clock.now()) rang();
}

void Crew::look_at_runs() {
  std::vector<std::pair<OperationId, Running>> runs;
  {
    const std::lock_guard guard(mutex_);
    runs.assign(running_.begin(), running_.end());
  }
  const auto now = services_.clock.steady();
  for (const auto& [id, run] : runs) {
    auto& signals = *run.signals;
    const bool silent = now.count() - signals.last_sign_at >= run.stall_after.count();
    const bool stalled = !signals.waits && (silent || ignores_us(signals, now));
    if (stalled != signals.stalled) flag(id, signals, stalled);
  }
}

// Nothing else can be done safely to a step that does not listen.
void Crew::flag(const OperationId& id, RunSignals& signals, bool stalled) {
  const std::lock_guard guard(signals.ending);
  if (signals.ended) return;
  const Time now = services_.clock.now();
  const auto moved = services_.store.advance(id, {.edit = [&](OperationState& state) {
                                               state.stalled_since.reset();
                                               if (stalled) state.stalled_since = now;
                                             }});
  if (!moved) return;
  signals.stalled = stalled;
  log::warning("operations", stalled ? "stalled" : "moves_again",
               {{"operation_id", id.text()}, {"step", moved->current_step.value_or("")}});
}

// Those that run see it themselves.
void Crew::look_at_deadlines() {
  for (const auto& late : services_.store.past_deadline()) {
    if (late.status != OperationStatus::accepted && late.status != OperationStatus::waiting_input) {
      continue;
    }
    const auto error =
        rendered(deadline_exceeded(late), late.current_step.value_or(""), late.attempt);
    const auto given_up = services_.store.give_up(late.operation_id, error);
    if (given_up && is_terminal(given_up->status) && options_.on_end) options_.on_end();
  }
}

void Crew::look_at_broken() {
  std::vector<Broken> due;
  {
    const std::lock_guard guard(mutex_);
    const auto now = services_.clock.steady();
    const auto first =
        std::ranges::partition(broken_, [now](const Broken& one) { return one.due > now; });
    due.assign(first.begin(), first.end());
    broken_.erase(first.begin(), first.end());
  }
  for (auto& one : due) {
    std::optional<store::OperationRecord> record;
    try {
      record = services_.store.find_record(one.id);
    } catch (const std::exception& thrown) {
      log::error("operations", "run_still_broken",
                 {{"operation_id", one.id.text()}, {"error", thrown.what()}});
      one.delay = std::min(one.delay * 2, broken_delay_max);
      one.due = services_.clock.steady() + one.delay;
      const std::lock_guard guard(mutex_);
      broken_.push_back(one);
      continue;
    }
    const bool ours = record && (record->state.status == OperationStatus::running ||
                                 record->state.status == OperationStatus::cancelling ||
                                 record->state.status == OperationStatus::reverting);
    if (!ours) continue;
    const std::lock_guard guard(mutex_);
    orphans_.push_back(*std::move(record));
    ++rings_;
    wake_.notify_one();
  }
}

// Kinds that wait in line and that this hub does not know: claimed like any other, to be told so.
void Crew::look_for_strangers() {
  std::set<OperationKind> found;
  for (const auto& state : services_.store.live()) {
    if (!workflow_for(state.kind)) found.insert(state.kind);
  }
  if (found.empty()) return;
  const std::lock_guard guard(mutex_);
  strangers_ = std::move(found);
  ++rings_;
  wake_.notify_one();
}

bool Crew::is_strange(const store::OperationRecord& record) const {
  const auto* workflow = workflow_for(record.state.kind);
  return !workflow || !workflow->follows(record.kind_version);
}

// Neither run nor counted as anything: it waits, with its locks, for a hub that knows it, or for a
// cancel.
void Crew::quarantine(const store::OperationRecord& record, RunStart start) {
  const auto& id = record.state.operation_id;
  const auto* workflow = workflow_for(record.state.kind);
  const std::string kind = record.state.kind.text();
  const bool untouched = start == RunStart::fresh && record.steps.size() <= 1;
  const std::string message =
      workflow ? "this hub knows " + kind + " in version " + std::to_string(workflow->version()) +
                     ", and this operation was begun in version " +
                     std::to_string(record.kind_version) + "; it waits for a hub that goes on"
               : "this hub does not know how to do " + kind + "; it waits for a hub that does";
  boost::json::object params{{"kind", kind}, {"version", record.kind_version}};
  if (workflow) params["known_version"] = workflow->version();
  log::error("operations", "quarantined", {{"operation_id", id.text()}, {"why", message}});
  const auto moved = services_.store.advance(
      id, {.edit = [&](OperationState& state) {
        state.reason = OperationReason{"unknown_kind", params};
        state.message = message;
        state.can_cancel = true;
        state.cancel_effect = untouched ? CancelEffect::none : CancelEffect::leaves_partial;
      }});
  if (!moved) return;
  services_.store.mark_drained(
      std::array{id});  // nothing runs in this boot, so nothing will have crashed
  const std::lock_guard guard(mutex_);
  quarantined_[id] = {untouched};
}

// What it has done cannot be taken back here, and it says so.
std::optional<Result<OperationState>> Crew::end_quarantined(const OperationId& id) {
  bool untouched = false;
  {
    const std::lock_guard guard(mutex_);
    const auto found = quarantined_.find(id);
    if (found == quarantined_.end()) return std::nullopt;
    untouched = found->second.untouched;
  }
  if (auto asked = services_.store.cancel(id); !asked) {
    if (asked.error().reason != "operation_not_cancellable") return asked;  // one that reverts
  }
  const auto state = services_.store.find(id);
  const bool reverts = state && state->status == OperationStatus::reverting;
  store::OperationChange change;
  change.status = reverts ? OperationStatus::failed : OperationStatus::cancelled;
  change.edit = [&](OperationState& stored) {
    stored.effects = untouched ? Effects::none : Effects::partial;
    stored.message = untouched ? "cancelled before it began"
                               : "cancelled; this hub could not take back what it had done";
    stored.can_retry = false;
    for (auto& step : stored.steps) {
      if (step.status == StepStatus::running) {
        step.status = untouched ? StepStatus::pending : StepStatus::failed;
      }
    }
  };
  auto ended = services_.store.advance(id, change);
  {
    const std::lock_guard guard(mutex_);
    quarantined_.erase(id);
  }
  if (ended && options_.on_end) options_.on_end();
  return ended;
}

}  // namespace hub::operations
