#include "store/migrations.hpp"

#include <array>

#include "store/migration_2.hpp"

namespace hub::store {
namespace {

constexpr sql::Query migration_1 = R"sql(
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE operation_transitions (
  from_status TEXT NOT NULL, to_status TEXT NOT NULL, PRIMARY KEY (from_status, to_status)
) STRICT, WITHOUT ROWID;
INSERT INTO operation_transitions VALUES
  ('accepted', 'running'), ('accepted', 'cancelled'), ('accepted', 'failed'),
  ('running', 'accepted'), ('running', 'waiting_input'), ('running', 'cancelling'),
  ('running', 'reverting'), ('running', 'succeeded'), ('running', 'failed'),
  ('waiting_input', 'running'), ('waiting_input', 'accepted'), ('waiting_input', 'cancelling'),
  ('waiting_input', 'cancelled'), ('waiting_input', 'failed'), ('waiting_input', 'reverting'),
  ('cancelling', 'succeeded'), ('cancelling', 'failed'), ('cancelling', 'cancelled'),
  ('reverting', 'failed');

CREATE TABLE operations (
  operation_id TEXT PRIMARY KEY,
  kind TEXT NOT NULL, kind_version INTEGER NOT NULL,
  target_kind TEXT NOT NULL, target_id TEXT NOT NULL, webspace_id TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('accepted', 'running', 'waiting_input', 'cancelling',
    'reverting', 'succeeded', 'failed', 'cancelled')),
  revision INTEGER NOT NULL,
  epoch INTEGER NOT NULL,               -- the boot that last claimed it; 0: none yet
  fingerprint TEXT NOT NULL,            -- of kind, target and parameters
  idempotency_key TEXT,
  intent TEXT NOT NULL,                 -- what the run will do, decided when it was accepted
  state TEXT NOT NULL,                  -- the rendered OperationState
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, finished_at INTEGER,
  CHECK ((finished_at IS NULL) = (status NOT IN ('succeeded', 'failed', 'cancelled')))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX operations_idempotency ON operations (idempotency_key)
  WHERE idempotency_key IS NOT NULL;
CREATE INDEX operations_ready ON operations (operation_id) WHERE status = 'accepted';
CREATE INDEX operations_same ON operations (fingerprint) WHERE finished_at IS NULL;
CREATE INDEX operations_live ON operations (webspace_id, operation_id) WHERE finished_at IS NULL;
CREATE INDEX operations_ended ON operations (webspace_id, finished_at, operation_id)
  WHERE finished_at IS NOT NULL;

CREATE TRIGGER operations_transition BEFORE UPDATE OF status ON operations
WHEN NEW.status <> OLD.status AND NOT EXISTS (
  SELECT 1 FROM operation_transitions WHERE from_status = OLD.status AND to_status = NEW.status)
BEGIN SELECT RAISE(ABORT, 'operation: this status may not follow'); END;
CREATE TRIGGER operations_ended_forever BEFORE UPDATE ON operations
WHEN OLD.finished_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'operation: it has ended'); END;

CREATE TABLE operation_steps (
  operation_id TEXT NOT NULL REFERENCES operations ON DELETE CASCADE, step_no INTEGER NOT NULL,
  name TEXT NOT NULL,
  phase TEXT NOT NULL CHECK (phase IN ('intent', 'done', 'failed', 'undone')),
  epoch INTEGER NOT NULL,               -- the boot that wrote the intent
  crashes INTEGER NOT NULL DEFAULT 0,   -- boots that ended while it was in intent
  notes TEXT NOT NULL DEFAULT '{}',     -- what the step told itself, for its undo and successors
  PRIMARY KEY (operation_id, step_no)
) STRICT, WITHOUT ROWID;

CREATE TABLE operation_locks (
  resource TEXT NOT NULL, operation_id TEXT NOT NULL REFERENCES operations ON DELETE CASCADE,
  mode TEXT NOT NULL CHECK (mode IN ('shared', 'exclusive')),
  granted INTEGER NOT NULL, place INTEGER NOT NULL,  -- place in the line, the same in each resource
  PRIMARY KEY (resource, operation_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX operation_locks_of ON operation_locks (operation_id);
CREATE UNIQUE INDEX operation_locks_exclusive ON operation_locks (resource)
  WHERE mode = 'exclusive' AND granted = 1;

CREATE TABLE operation_events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, operation_id TEXT NOT NULL, revision INTEGER NOT NULL,
  status TEXT NOT NULL, at INTEGER NOT NULL, UNIQUE (operation_id, revision)
) STRICT;

CREATE TABLE notifications (
  id TEXT PRIMARY KEY, operation_id TEXT NOT NULL, webspace_id TEXT NOT NULL,
  body TEXT NOT NULL, at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX notifications_recent ON notifications (webspace_id, at, id);

CREATE TABLE installed_artifacts (
  kind TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 1;
)sql";

// Lists of what ended, by target, kind or outcome, among any number of others.
constexpr sql::Query migration_3 = R"sql(
CREATE INDEX operations_of_target ON operations (target_id, operation_id)
  WHERE finished_at IS NOT NULL;
CREATE INDEX operations_of_kind ON operations (kind, operation_id) WHERE finished_at IS NOT NULL;
CREATE INDEX operations_in_vain ON operations (status, operation_id)
  WHERE status IN ('failed', 'cancelled');
PRAGMA user_version = 3;
)sql";

// What is installed has slots: a plain directory is in none until the next version takes it over.
constexpr sql::Query migration_4 = R"sql(
UPDATE installed_artifacts
SET body = json_insert(body, '$.slot', '', '$.place', '', '$.held', json('[]'))
WHERE json_valid(body);
PRAGMA user_version = 4;
)sql";

constexpr std::array migrations{migration_1, migration_2, migration_3, migration_4};

}  // namespace

std::int64_t newest_schema() { return static_cast<std::int64_t>(migrations.size()); }

sql::Query migration_script(std::int64_t version) {
  return migrations.at(static_cast<std::size_t>(version - 1));
}

void migrate(sql::Connection& db) {
  const auto found = sql::integer(db.run("PRAGMA user_version").at(0).at(0));
  for (auto next = static_cast<std::size_t>(found); next < migrations.size(); ++next) {
    db.transaction([&] { db.run_script(migrations.at(next)); });
  }
}

}  // namespace hub::store
