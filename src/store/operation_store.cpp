// OperationStore, the verbs of a run: claim, adopt, advance.

#include "store/operation_store.hpp"

#include "store/live_index.hpp"
#include "store/moves.hpp"
#include "store/rows.hpp"
#include "store/step_times.hpp"
#include "store/transitions.hpp"

namespace hub::store {
namespace {

void begin_first_step(sql::Connection& db, OperationRecord& record, std::int64_t n,
                      std::int64_t epoch, Time now) {
  auto& state = record.state;
  auto& step = state.steps.front();
  state.current_step = step.name;
  step.status = StepStatus::running;
  step.started_at = now;
  record.steps.push_back({0, step.name, StepPhase::intent, 0, 0, {}});
  write_step(db, n, record.steps.back(), epoch);
}

Error fenced(const OperationId& id) {
  return Error{ErrorCode::conflict,
               "cannot move operation " + id.text() + ": it is not ours now",
               "fenced",
               "another run, or its end, was faster",
               {}};
}

}  // namespace

OperationStore::OperationStore(Database& database, const Clock& clock, StoreOptions options)
    : database_(database),
      clock_(clock),
      options_(options),
      live_(std::make_unique<LiveIndex>(database)) {
  database_.read([this](sql::Connection& db) { live_->load(db); });
}

OperationStore::~OperationStore() = default;

std::optional<OperationRecord> OperationStore::claim(std::span<const OperationKind> kinds,
                                                     Priority first) {
  return database_.write([&](sql::Connection& db) -> std::optional<OperationRecord> {
    const Time now = clock_.now();
    std::optional<Stored> stored;
    OperationRecord record;
    while (!stored) {
      const auto n = live_->next(kinds, first, now);
      if (!n) return std::nullopt;
      stored = live_->read_or_set_apart(*n, [&] {
        auto found = load(db, *n).value();
        record = read_record(db, found);
        return found;
      });
    }
    auto& state = record.state;
    state.status = OperationStatus::running;
    state.reason.reset();
    if (!state.started_at) state.started_at = now;
    const auto epoch = database_.boot_epoch();
    if (record.steps.empty() && !state.steps.empty()) {
      begin_first_step(db, record, stored->n, epoch, now);
    }
    stored->epoch = epoch;
    stored->state = std::move(state);
    Moves(db, *live_, options_, now).save(*stored);
    record.state = std::move(stored->state);
    return record;
  });
}

std::optional<Time> OperationStore::next_ready() { return live_->queue().next_time(clock_.now()); }

std::vector<OperationRecord> OperationStore::adopt_orphans() {
  return database_.write([&](sql::Connection& db) {
    const auto epoch = database_.boot_epoch();
    std::vector<OperationRecord> orphans;
    for (const auto& row : db.run("SELECT n, epoch FROM operations WHERE n IN "
                                  "(SELECT n FROM operations WHERE finished_at IS NULL) AND "
                                  "status IN ('running', 'cancelling', 'reverting') ORDER BY n")) {
      const auto n = sql::integer(row[0]);
      if (sql::integer(row[1]) < epoch) {
        db.run(
            "UPDATE operation_steps SET crashes = crashes + 1 WHERE n = $1 AND "
            "phase = 'intent' AND epoch < $2",
            {n, epoch});
        db.run("UPDATE operations SET epoch = $2 WHERE n = $1", {n, epoch});
      }
      auto record =
          live_->read_or_set_apart(n, [&] { return read_record(db, load(db, n).value()); });
      if (record) orphans.push_back(*std::move(record));
    }
    return orphans;
  });
}

Result<OperationState> OperationStore::advance(const OperationId& id,
                                               const OperationChange& change) {
  auto moved = database_.write([&](sql::Connection& db) -> std::optional<OperationState> {
    auto stored = load(db, id);
    if (!stored || stored->epoch != database_.boot_epoch() || is_terminal(stored->was)) {
      return std::nullopt;
    }
    auto& state = stored->state;
    if (change.status && *change.status != stored->was) {
      if (!may_follow(stored->was, *change.status)) return std::nullopt;
      state.status = *change.status;
    }
    const Time now = clock_.now();
    if (change.edit) change.edit(state);
    for (const auto& step : change.steps) write_step(db, stored->n, step, database_.boot_epoch());
    for (const auto& artifact : change.artifacts) apply(db, artifact);
    for (const auto& time : change.times) note_step_time(db, state.kind, time);
    if (is_terminal(state.status)) {
      Moves(db, *live_, options_, now).end(*stored, change.keep_until);
      return state;
    }
    const bool waits = change.run_after && *change.run_after > now;
    if (state.status == OperationStatus::accepted ||
        state.status == OperationStatus::waiting_input) {
      stored->epoch = 0;  // nobody's
    }
    Moves(db, *live_, options_, now).save(*stored, waits ? change.run_after : std::nullopt);
    return state;
  });
  if (moved) return *std::move(moved);
  ++live_->fenced;
  return tl::unexpected(fenced(id));
}

std::int64_t OperationStore::fenced_writes() const { return live_->fenced; }

void OperationStore::mark_drained(std::span<const OperationId> ids) {
  if (ids.empty()) return;
  database_.write([&](sql::Connection& db) {
    for (const auto& id : ids) {
      db.run(
          "UPDATE operation_steps SET crashes = crashes - 1 WHERE phase = 'intent' AND "
          "n = (SELECT n FROM operations WHERE operation_id = $1)",
          {id.text()});
    }
  });
}

std::map<std::string, std::int64_t> OperationStore::step_times(const OperationKind& kind) {
  return database_.read([&](sql::Connection& db) { return middle_step_times(db, kind); });
}

}  // namespace hub::store
