#include "store/operation_store.hpp"

#include "store/locks.hpp"
#include "store/rows.hpp"
#include "store/transitions.hpp"

namespace hub::store {
namespace {

OperationRecord read_record(sql::Connection& db, const sql::Row& row) {
  OperationRecord record;
  record.state = read_state(row[0]);
  record.kind_version = static_cast<int>(sql::integer(row[1]));
  record.intent = read_json<Json>(row[2], "operations.intent");
  record.steps = read_steps(db, record.state.operation_id);
  return record;
}

// The reason that a waiting operation shows, or none.
void explain_wait(sql::Connection& db, OperationState& state) {
  const auto blockers = blockers_of(db, state.operation_id);
  if (blockers.empty()) {
    state.reason.reset();
    state.blocked_by.reset();
    return;
  }
  state.reason = OperationReason{"lock", {}};
  state.blocked_by = blockers;
}

// Those granted and those still in line show their new situation, when it is new.
void refresh_waiting(sql::Connection& db, std::vector<OperationId> touched, Time now) {
  for (const auto& id : waiting(db)) touched.push_back(id);
  for (const auto& id : touched) {
    auto state = load(db, id);
    if (!state || is_terminal(state->status)) continue;
    const auto before = write_json(*state);
    explain_wait(db, *state);
    if (write_json(*state) != before) save_state(db, *state, now);
  }
}

void end(sql::Connection& db, OperationState& state, Time now) {
  state.finished_at = now;
  state.current_step = std::nullopt;
  state.can_cancel = false;
  state.cancel_effect = CancelEffect::none;
  state.progress_detail.reset();
  state.reason.reset();
  state.blocked_by.reset();
  refresh_waiting(db, release(db, state.operation_id), now);
  write_notification(db, notification_of(state), state.webspace_id);
}

std::optional<Accepted> already_accepted(sql::Connection& db, const NewOperation& wanted,
                                         std::optional<Error>& refusal) {
  if (!wanted.idempotency_key.empty()) {
    const auto used = db.run("SELECT state, fingerprint FROM operations WHERE idempotency_key = $1",
                             {wanted.idempotency_key});
    if (!used.empty()) {
      if (sql::text(used[0][1]) == wanted.fingerprint) {
        return Accepted{Acceptance::replayed, read_state(used[0][0])};
      }
      refusal = Error{ErrorCode::invalid,
                      "cannot accept " + wanted.state.kind.text() +
                          ": this Idempotency-Key was used for another request",
                      "idempotency_key_reused",
                      "send a new Idempotency-Key with a new request",
                      {}};
      return std::nullopt;
    }
  }
  if (wanted.on_conflict != OnConflict::join) return std::nullopt;
  const auto same =
      db.run("SELECT state FROM operations WHERE fingerprint = $1 AND finished_at IS NULL LIMIT 1",
             {wanted.fingerprint});
  if (same.empty()) return std::nullopt;
  return Accepted{Acceptance::joined, read_state(same[0][0])};
}

void insert(sql::Connection& db, const NewOperation& wanted, const OperationState& state,
            Time now) {
  const auto key =
      wanted.idempotency_key.empty() ? sql::Value{} : sql::Value{wanted.idempotency_key};
  db.run(
      "INSERT INTO operations (operation_id, kind, kind_version, target_kind, target_id, "
      "webspace_id, status, revision, epoch, fingerprint, idempotency_key, intent, state, "
      "created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, 'accepted', 0, 0, $7, $8, $9, $10, "
      "$11, $11)",
      {state.operation_id.text(), state.kind.text(), std::int64_t{wanted.kind_version},
       state.target_kind, state.target_id, state.webspace_id, wanted.fingerprint, key,
       boost::json::serialize(wanted.intent), write_json(state), to_millis(now)});
  take_place(db, state.operation_id, wanted.locks);
}

Error busy(const OperationState& state, const OperationState& blocker) {
  return Error{ErrorCode::conflict,
               "cannot start " + state.kind.text() + " " + state.target_id + ": " +
                   blocker.kind.text() + " " + blocker.target_id + " is " + name_of(blocker.status),
               "target_busy",
               "wait for operation " + blocker.operation_id.text() + " to end, or cancel it",
               {{"blocked_by", blocker.operation_id.text()},
                {"status", name_of(blocker.status)},
                {"href", "/api/operations/" + blocker.operation_id.text()}}};
}

}  // namespace

OperationStore::OperationStore(Database& database, const Clock& clock)
    : database_(database), clock_(clock) {}

Result<Accepted> OperationStore::accept(const NewOperation& wanted) {
  std::optional<Error> refusal;
  auto accepted = database_.write([&](sql::Connection& db) -> std::optional<Accepted> {
    if (auto known = already_accepted(db, wanted, refusal); known || refusal) return known;
    const Time now = clock_.now();
    OperationState state = wanted.state;
    state.created_at = now;
    insert(db, wanted, state, now);
    if (try_grant(db, state.operation_id) == Grant::waits) {
      const auto blockers = blockers_of(db, state.operation_id);
      if (wanted.on_conflict == OnConflict::fail) {
        refusal = busy(state, load(db, blockers.at(0)).value());
        db.run("DELETE FROM operations WHERE operation_id = $1", {state.operation_id.text()});
        return std::nullopt;
      }
      explain_wait(db, state);
    }
    save_state(db, state, now);
    return Accepted{Acceptance::created, state};
  });
  if (refusal) return tl::unexpected(*std::move(refusal));
  return *std::move(accepted);
}

std::optional<OperationRecord> OperationStore::claim(std::span<const OperationKind> known) {
  return database_.write([&](sql::Connection& db) -> std::optional<OperationRecord> {
    const auto rows = db.run(
        "SELECT state, kind_version, intent, kind FROM operations o WHERE status = 'accepted' AND "
        "NOT EXISTS (SELECT 1 FROM operation_locks l WHERE l.operation_id = o.operation_id AND "
        "granted = 0) ORDER BY operation_id");
    for (const auto& row : rows) {
      if (std::ranges::find(known, OperationKind(sql::text(row[3]))) == known.end()) continue;
      auto record = read_record(db, row);
      const Time now = clock_.now();
      auto& state = record.state;
      state.status = OperationStatus::running;
      if (!state.started_at) state.started_at = now;
      if (record.steps.empty() && !state.steps.empty()) {
        auto& step = state.steps.front();
        state.current_step = step.name;
        step.status = StepStatus::running;
        step.started_at = now;
        record.steps.push_back({0, step.name, StepPhase::intent, 0, {}});
        write_step(db, state.operation_id, record.steps.back(), database_.boot_epoch());
      }
      db.run("UPDATE operations SET epoch = $2 WHERE operation_id = $1",
             {state.operation_id.text(), database_.boot_epoch()});
      save_state(db, state, now);
      return record;
    }
    return std::nullopt;
  });
}

std::vector<OperationRecord> OperationStore::adopt_orphans() {
  return database_.write([&](sql::Connection& db) {
    const auto epoch = database_.boot_epoch();
    db.run(
        "UPDATE operation_steps SET crashes = crashes + 1 WHERE phase = 'intent' AND epoch < $1 "
        "AND operation_id IN (SELECT operation_id FROM operations WHERE finished_at IS NULL)",
        {epoch});
    db.run(
        "UPDATE operations SET epoch = $1 WHERE finished_at IS NULL AND epoch < $1 AND "
        "status IN ('running', 'cancelling', 'reverting')",
        {epoch});
    std::vector<OperationRecord> orphans;
    for (const auto& row :
         db.run("SELECT state, kind_version, intent FROM operations WHERE finished_at IS NULL AND "
                "status IN ('running', 'cancelling', 'reverting') ORDER BY operation_id")) {
      orphans.push_back(read_record(db, row));
    }
    return orphans;
  });
}

Result<OperationState> OperationStore::advance(const OperationId& id,
                                               const OperationChange& change) {
  auto moved = database_.write([&](sql::Connection& db) -> std::optional<OperationState> {
    const auto rows = db.run(
        "SELECT state FROM operations WHERE operation_id = $1 AND epoch = $2 AND "
        "finished_at IS NULL",
        {id.text(), database_.boot_epoch()});
    if (rows.empty()) return std::nullopt;
    OperationState state = read_state(rows[0][0]);
    const Time now = clock_.now();
    if (change.status && *change.status != state.status) {
      if (!may_follow(state.status, *change.status)) return std::nullopt;
      state.status = *change.status;
    }
    if (change.edit) change.edit(state);
    for (const auto& step : change.steps) write_step(db, id, step, database_.boot_epoch());
    for (const auto& artifact : change.artifacts) apply(db, artifact);
    if (is_terminal(state.status)) end(db, state, now);
    save_state(db, state, now);
    return state;
  });
  if (moved) return *std::move(moved);
  return fail(ErrorCode::conflict, "cannot move operation " + id.text() + ": it is not ours now",
              "fenced");
}

Result<OperationState> OperationStore::cancel(const OperationId& id) {
  std::optional<Error> refusal;
  auto state = database_.write([&](sql::Connection& db) -> std::optional<OperationState> {
    auto found = load(db, id);
    if (!found) {
      refusal = Error{ErrorCode::not_found,
                      "cannot find operation " + id.text(),
                      "operation_not_found",
                      {},
                      {}};
      return std::nullopt;
    }
    const auto status = found->status;
    if (is_terminal(status) && status != OperationStatus::cancelled) {
      refusal = Error{ErrorCode::conflict,
                      "cannot cancel operation " + id.text() + ": it has " + name_of(status),
                      "operation_not_active",
                      {},
                      {{"status", name_of(status)}}};
      return std::nullopt;
    }
    if (status == OperationStatus::cancelling || is_terminal(status)) return found;
    if (!found->can_cancel ||
        !may_follow(status, status == OperationStatus::accepted ? OperationStatus::cancelled
                                                                : OperationStatus::cancelling)) {
      refusal = Error{ErrorCode::conflict,
                      "cannot cancel operation " + id.text() + ": it is " + name_of(status) +
                          " and cannot be stopped now",
                      "operation_not_cancellable",
                      {},
                      {{"status", name_of(status)}}};
      return std::nullopt;
    }
    const Time now = clock_.now();
    found->can_cancel = false;
    if (status == OperationStatus::accepted) {
      found->status = OperationStatus::cancelled;
      found->message = "cancelled before it began";
      end(db, *found, now);
    } else {
      found->status = OperationStatus::cancelling;
    }
    save_state(db, *found, now);
    return found;
  });
  if (refusal) return tl::unexpected(*std::move(refusal));
  return *std::move(state);
}

void OperationStore::mark_drained(const OperationId& id) {
  database_.write([&](sql::Connection& db) {
    db.run(
        "UPDATE operation_steps SET crashes = crashes - 1 WHERE operation_id = $1 AND "
        "phase = 'intent'",
        {id.text()});
  });
}

}  // namespace hub::store
