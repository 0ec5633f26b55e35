#include "store/rows.hpp"

namespace hub::store {
namespace {

Stored read_stored(const sql::Row& row) {
  Stored stored;
  stored.n = sql::integer(row[0]);
  stored.state = read_state(row[1]);
  stored.was = stored.state.status;
  stored.epoch = sql::integer(row[2]);
  stored.cancel_requested = sql::integer(row[3]) != 0;
  return stored;
}

}  // namespace

std::vector<LockRequest> read_locks(const sql::Value& cell) {
  const auto object = read_json<Json>(cell, "operations.locks");
  if (!object.is_object()) throw Unreadable("cannot read operations.locks: want an object");
  std::vector<LockRequest> locks;
  for (const auto& [resource, mode] : object.get_object()) {
    if (!mode.is_string()) throw Unreadable("cannot read operations.locks: want a mode");
    locks.push_back(
        {Resource(std::string(resource)), parse_name<LockMode>(std::string(mode.get_string()))});
  }
  return locks;
}

std::string write_locks(const std::vector<LockRequest>& locks) {
  boost::json::object object;
  for (const auto& lock : locks) object[lock.resource.text()] = name_of(lock.mode);
  return boost::json::serialize(object);
}

OperationState read_state(const sql::Value& cell) {
  return read_json<OperationState>(cell, "operations.state");
}

std::optional<Stored> load(sql::Connection& db, const OperationId& id) {
  const auto rows =
      db.run("SELECT n, state, epoch, cancel_requested FROM operations WHERE operation_id = $1",
             {id.text()});
  if (rows.empty()) return std::nullopt;
  return read_stored(rows[0]);
}

std::optional<Stored> load(sql::Connection& db, std::int64_t n) {
  const auto rows =
      db.run("SELECT n, state, epoch, cancel_requested FROM operations WHERE n = $1", {n});
  if (rows.empty()) return std::nullopt;
  return read_stored(rows[0]);
}

bool has_journal(sql::Connection& db, std::int64_t n) {
  return !db.run("SELECT 1 FROM operation_steps WHERE n = $1 LIMIT 1", {n}).empty();
}

std::vector<StepRecord> read_steps(sql::Connection& db, std::int64_t n) {
  std::vector<StepRecord> steps;
  for (const auto& row : db.run("SELECT step_no, name, phase, crashes, attempts, notes "
                                "FROM operation_steps WHERE n = $1 ORDER BY step_no",
                                {n})) {
    steps.push_back({static_cast<int>(sql::integer(row[0])), sql::text(row[1]),
                     parse_name<StepPhase>(sql::text(row[2])),
                     static_cast<int>(sql::integer(row[3])), static_cast<int>(sql::integer(row[4])),
                     read_json<boost::json::object>(row[5], "operation_steps.notes")});
  }
  return steps;
}

void write_step(sql::Connection& db, std::int64_t n, const StepRecord& step, std::int64_t epoch) {
  db.run(
      "INSERT INTO operation_steps (n, step_no, name, phase, epoch, crashes, attempts, notes) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (n, step_no) DO UPDATE SET "
      "phase = excluded.phase, epoch = excluded.epoch, crashes = excluded.crashes, "
      "attempts = excluded.attempts, notes = excluded.notes",
      {n, step.no, step.name, name_of(step.phase), epoch, step.crashes, step.attempts,
       boost::json::serialize(step.notes)});
}

OperationRecord read_record(sql::Connection& db, const Stored& stored) {
  OperationRecord record;
  record.state = stored.state;
  record.cancel_requested = stored.cancel_requested;
  record.steps = read_steps(db, stored.n);
  for (const auto& row : db.run("SELECT kind_version, request, intent FROM operations "
                                "LEFT JOIN operation_plans USING (n) WHERE n = $1",
                                {stored.n})) {
    record.kind_version = static_cast<int>(sql::integer(row[0]));
    if (!sql::is_null(row[1])) record.request = read_json<Json>(row[1], "operation_plans.request");
    if (!sql::is_null(row[2])) record.intent = read_json<Json>(row[2], "operation_plans.intent");
  }
  return record;
}

void write_state(sql::Connection& db, Stored& stored, std::optional<Time> run_after, Time now) {
  auto& state = stored.state;
  state.revision += 1;
  state.updated_at = now;
  if (state.status == stored.was && state.status != OperationStatus::accepted) {
    // No index has a part in it.
    db.run("UPDATE operations SET revision = $2, updated_at = $3, state = $4 WHERE n = $1",
           {stored.n, state.revision, to_millis(now), write_json(state)});
  } else {
    db.run(
        "UPDATE operations SET status = $2, revision = $3, epoch = $4, run_after = $5, "
        "cancel_requested = $6, updated_at = $7, finished_at = $8, expires_at = $9, state = $10 "
        "WHERE n = $1",
        {stored.n, name_of(state.status), state.revision, stored.epoch, time_param(run_after),
         stored.cancel_requested ? 1 : 0, to_millis(now), time_param(state.finished_at),
         time_param(state.expires_at), write_json(state)});
  }
  write_event(db, state, stored.was, now);
  stored.was = state.status;
}

void write_event(sql::Connection& db, const OperationState& state,
                 std::optional<OperationStatus> from, Time now) {
  db.run(
      "INSERT INTO operation_events (operation_id, kind, revision, from_status, status, at) "
      "VALUES ($1, $2, $3, $4, $5, $6)",
      {state.operation_id.text(), state.kind.text(), state.revision,
       from ? sql::Param(name_of(*from)) : sql::Param(), name_of(state.status), to_millis(now)});
}

void apply(sql::Connection& db, const ArtifactChange& change) {
  if (const auto* put = std::get_if<InstalledArtifact>(&change)) {
    db.run(
        "INSERT INTO installed_artifacts (kind, name, body) VALUES ($1, $2, $3) "
        "ON CONFLICT (kind, name) DO UPDATE SET body = excluded.body",
        {to_text(put->kind), put->name, write_json(*put)});
  } else if (const auto* removal = std::get_if<ArtifactRemoval>(&change)) {
    db.run("DELETE FROM installed_artifacts WHERE kind = $1 AND name = $2",
           {to_text(removal->kind), removal->name});
  }
}

void write_notification(sql::Connection& db, const OperationNotification& notification,
                        const std::string& webspace_id) {
  db.run(
      "INSERT INTO notifications (id, operation_id, webspace_id, body, at) "
      "VALUES ($1, $2, $3, $4, $5)",
      {notification.id, notification.operation_id.text(), webspace_id, write_json(notification),
       to_millis(notification.ts)});
}

}  // namespace hub::store
