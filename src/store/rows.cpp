#include "store/rows.hpp"

namespace hub::store {
namespace {

template <class E>
std::string enum_text(E value) {
  return boost::describe::enum_to_string(value, "");
}

}  // namespace

std::string name_of(OperationStatus status) { return enum_text(status); }
std::string name_of(StepPhase phase) { return enum_text(phase); }
std::string name_of(LockMode mode) { return enum_text(mode); }

StepPhase parse_phase(const std::string& text) {
  StepPhase phase{};
  if (!boost::describe::enum_from_string(text.c_str(), phase)) {
    throw sql::Failure("cannot read a step: unknown phase " + text);
  }
  return phase;
}

OperationState read_state(const sql::Value& cell) {
  return read_json<OperationState>(cell, "operations.state");
}

std::optional<OperationState> load(sql::Connection& db, const OperationId& id) {
  const auto rows = db.run("SELECT state FROM operations WHERE operation_id = $1", {id.text()});
  if (rows.empty()) return std::nullopt;
  return read_state(rows[0][0]);
}

std::vector<StepRecord> read_steps(sql::Connection& db, const OperationId& id) {
  std::vector<StepRecord> steps;
  for (const auto& row : db.run("SELECT step_no, name, phase, crashes, notes FROM operation_steps "
                                "WHERE operation_id = $1 ORDER BY step_no",
                                {id.text()})) {
    steps.push_back({static_cast<int>(sql::integer(row[0])), sql::text(row[1]),
                     parse_phase(sql::text(row[2])), static_cast<int>(sql::integer(row[3])),
                     read_json<boost::json::object>(row[4], "operation_steps.notes")});
  }
  return steps;
}

void write_step(sql::Connection& db, const OperationId& id, const StepRecord& step,
                std::int64_t epoch) {
  db.run(
      "INSERT INTO operation_steps (operation_id, step_no, name, phase, epoch, crashes, notes) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (operation_id, step_no) DO UPDATE SET "
      "phase = excluded.phase, epoch = excluded.epoch, crashes = excluded.crashes, "
      "notes = excluded.notes",
      {id.text(), std::int64_t{step.no}, step.name, name_of(step.phase), epoch,
       std::int64_t{step.crashes}, boost::json::serialize(step.notes)});
}

void save_state(sql::Connection& db, OperationState& state, Time now) {
  state.revision += 1;
  state.updated_at = now;
  const auto finished =
      state.finished_at ? sql::Value{to_millis(*state.finished_at)} : sql::Value{};
  db.run(
      "UPDATE operations SET status = $2, revision = $3, state = $4, updated_at = $5, "
      "finished_at = $6 WHERE operation_id = $1",
      {state.operation_id.text(), name_of(state.status), state.revision, write_json(state),
       to_millis(now), finished});
  db.run(
      "INSERT INTO operation_events (operation_id, revision, status, at) VALUES ($1, $2, $3, $4)",
      {state.operation_id.text(), state.revision, name_of(state.status), to_millis(now)});
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
