#include "store/moves.hpp"

namespace hub::store {

void explain_wait(OperationState& state, std::vector<OperationId> nearest) {
  if (nearest.empty()) {
    state.reason.reset();
    state.blocked_by.reset();
    return;
  }
  state.reason = OperationReason{"lock", {}};
  state.blocked_by = std::move(nearest);
}

Error not_found(const OperationId& id) {
  return Error{ErrorCode::not_found,
               "cannot find operation " + id.text(),
               "operation_not_found",
               "it may have been forgotten; list the operations that are known",
               {}};
}

void Moves::save(Stored& stored, std::optional<Time> run_after) {
  const bool was_accepted = stored.was == OperationStatus::accepted;
  write_state(db_, stored, run_after, now_);
  if (stored.state.status == OperationStatus::accepted &&
      live_.locks().nearest_before(stored.n).empty()) {
    live_.stand_in_queue(stored.n, run_after);
  } else if (was_accepted) {
    live_.leave_queue(stored.n);
  }
}

void Moves::end(Stored& stored, std::optional<Time> keep_until) {
  auto& state = stored.state;
  const bool failed = state.status == OperationStatus::failed;
  state.finished_at = now_;
  state.expires_at = now_ + (failed ? options_.keep_failed : options_.keep_succeeded);
  state.current_step = std::nullopt;
  state.can_cancel = false;
  state.cancel_effect = CancelEffect::none;
  state.progress_detail.reset();
  state.reason.reset();
  state.blocked_by.reset();
  state.stalled_since.reset();
  save(stored);
  const auto freed = live_.remove(stored.n);
  if (state.effects == Effects::applied || state.effects == Effects::partial) {
    // Each later than the one before, also within one millisecond and when the clock was set back:
    // what has changed since is told by this.
    for (const auto& lock : freed.locks) {
      db_.run(
          "INSERT INTO operation_changes (resource, finished_at, n) VALUES ($1, MAX($2, COALESCE("
          "(SELECT MAX(finished_at) + 1 FROM operation_changes WHERE resource = $1), 0)), $3)",
          {lock.resource.text(), to_millis(now_), stored.n});
    }
  }
  db_.run("INSERT INTO operation_clean_ups (n, due_at) VALUES ($1, $2)",
          {stored.n, to_millis(keep_until.value_or(now_))});
  if (is_told(state)) write_notification(db_, notification_of(state), state.webspace_id);
  regroup(stored.n, freed);
}

// Those that waited for an operation that is gone show their new situation.
void Moves::regroup(std::int64_t n, const LockTable::Held& freed) {
  for (const auto place : live_.locks().touched_by(n, freed)) {
    auto waiting = live_.read_or_set_apart(place, [&] { return load(db_, place).value(); });
    if (!waiting) continue;
    auto nearest = live_.ids_of(live_.locks().nearest_before(place));
    if (waiting->state.blocked_by == nearest) continue;
    explain_wait(waiting->state, std::move(nearest));
    save(*waiting);
  }
}

void Moves::wake(Stored& stored) {
  stored.state.status = OperationStatus::accepted;
  stored.state.reason.reset();
  stored.epoch = 0;
  save(stored);
}

void Moves::end_unrun(Stored& stored, OperationStatus status, const std::string& message) {
  stored.state.status = status;
  stored.state.message = message;
  const auto once = db_.run(
      "SELECT 1 FROM operation_plans WHERE n = $1 AND json_extract(request, '$.repeatable') = 0",
      {stored.n});
  stored.state.can_retry = !stored.state.undo_of && once.empty();
  end(stored, std::nullopt);
}

std::optional<Error> Moves::cancel(Stored& stored) {
  auto& state = stored.state;
  const auto status = state.status;
  const auto& id = state.operation_id;
  if (is_terminal(status) && status != OperationStatus::cancelled) {
    return Error{ErrorCode::conflict,
                 "cannot cancel operation " + id.text() + ": it has " + name_of(status),
                 "operation_not_active",
                 status == OperationStatus::succeeded ? "undo it, if it can be undone" : "",
                 {{"status", name_of(status)}}};
  }
  if (is_terminal(status) || status == OperationStatus::cancelling || stored.cancel_requested) {
    return std::nullopt;  // asked before
  }
  if (!state.can_cancel || status == OperationStatus::reverting) {
    return Error{ErrorCode::conflict,
                 "cannot cancel operation " + id.text() + ": it is " + name_of(status) +
                     " and cannot be stopped now",
                 "operation_not_cancellable",
                 "wait for its end",
                 {{"status", name_of(status)}}};
  }
  state.can_cancel = false;
  if (status == OperationStatus::running) {
    state.status = OperationStatus::cancelling;
    save(stored);
  } else if (has_journal(db_, stored.n)) {
    stored.cancel_requested = true;
    wake(stored);
  } else {
    end_unrun(stored, OperationStatus::cancelled, "cancelled before it began");
  }
  return std::nullopt;
}

}  // namespace hub::store
