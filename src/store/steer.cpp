// OperationStore, what comes from outside a run: cancel, confirm, give up.

#include "store/live_index.hpp"
#include "store/moves.hpp"
#include "store/operation_store.hpp"

namespace hub::store {
namespace {

Error not_waiting(const OperationState& state) {
  return Error{ErrorCode::conflict,
               "cannot confirm operation " + state.operation_id.text() + ": it is " +
                   name_of(state.status) + " and asks nothing",
               "operation_not_waiting",
               "look at its status; only one in waiting_input can be confirmed",
               {{"status", name_of(state.status)}}};
}

// The answer goes to the step that asked.
void note_answer(sql::Connection& db, std::int64_t n, const Json& answer) {
  for (auto& step : read_steps(db, n)) {
    if (step.phase != StepPhase::intent) continue;
    step.notes["answer"] = answer;
    db.run("UPDATE operation_steps SET notes = $3 WHERE n = $1 AND step_no = $2",
           {n, step.no, boost::json::serialize(step.notes)});
  }
}

Result<Stored> find_to_move(sql::Connection& db, const OperationId& id) {
  try {
    auto stored = load(db, id);
    if (!stored) return tl::unexpected(not_found(id));
    return *std::move(stored);
  } catch (const Unreadable& failure) {
    return fail(ErrorCode::conflict, "cannot move operation " + id.text() + ": " + failure.what(),
                "operation_unreadable",
                "it is kept as it is; run the version of adaos-hub that wrote it, or restore a "
                "backup");
  }
}

}  // namespace

Result<OperationState> OperationStore::cancel(const OperationId& id) {
  return database_.write([&](sql::Connection& db) -> Result<OperationState> {
    HUB_TRY(stored, find_to_move(db, id));
    if (auto refusal = Moves(db, *live_, options_, clock_.now()).cancel(stored)) {
      return tl::unexpected(*std::move(refusal));
    }
    return std::move(stored.state);
  });
}

Result<OperationState> OperationStore::confirm(const OperationId& id, const Json& answer) {
  return database_.write([&](sql::Connection& db) -> Result<OperationState> {
    HUB_TRY(stored, find_to_move(db, id));
    if (stored.was != OperationStatus::waiting_input) {
      return tl::unexpected(not_waiting(stored.state));
    }
    note_answer(db, stored.n, answer);
    Moves(db, *live_, options_, clock_.now()).wake(stored);
    return std::move(stored.state);
  });
}

Result<OperationState> OperationStore::give_up(const OperationId& id, const OperationError& error) {
  return database_.write([&](sql::Connection& db) -> Result<OperationState> {
    HUB_TRY(stored, find_to_move(db, id));
    auto& state = stored.state;
    if (stored.was != OperationStatus::accepted && stored.was != OperationStatus::waiting_input) {
      ++live_->fenced;
      return fail(ErrorCode::conflict,
                  "cannot give up operation " + id.text() + ": it is " + name_of(stored.was),
                  "fenced", "it has moved meanwhile", {{"status", name_of(stored.was)}});
    }
    state.error = error;
    Moves moves(db, *live_, options_, clock_.now());
    if (has_journal(db, stored.n)) {
      state.can_cancel = false;
      stored.cancel_requested = true;
      moves.wake(stored);
    } else {
      moves.end_unrun(stored, OperationStatus::failed, error.message);
    }
    return std::move(state);
  });
}

std::vector<OperationState> OperationStore::past_deadline() {
  return states_of(live_->past_deadline(clock_.now()));
}

}  // namespace hub::store
