#pragma once
// From shape 1 to shape 2. Operations get a number, which is the order of acceptance and the place
// in every line; what hangs on them is kept by it. Who holds its locks is told by the numbers alone
// (lock_table.hpp), and who is next is kept in memory (ready_queue.hpp).

#include "sql/connection.hpp"

namespace hub::store {

inline constexpr sql::Query migration_2 = R"sql(
DROP TRIGGER operations_transition;
DROP TRIGGER operations_ended_forever;
ALTER TABLE operations RENAME TO old_operations;
ALTER TABLE operation_steps RENAME TO old_steps;
ALTER TABLE operation_locks RENAME TO old_locks;
ALTER TABLE operation_events RENAME TO old_events;

CREATE TABLE operations (
  n INTEGER PRIMARY KEY,
  operation_id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL, kind_version INTEGER NOT NULL,
  target_kind TEXT NOT NULL, target_id TEXT NOT NULL, webspace_id TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('accepted', 'running', 'waiting_input', 'cancelling',
    'reverting', 'succeeded', 'failed', 'cancelled')),
  revision INTEGER NOT NULL,
  epoch INTEGER NOT NULL,               -- the boot that last claimed it; 0: none yet
  priority INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 2),  -- 0: interactive
  run_after INTEGER CHECK (run_after IS NULL OR status = 'accepted'),  -- not to be claimed before
  cancel_requested INTEGER NOT NULL DEFAULT 0,
  initiator TEXT NOT NULL,              -- "user:browser"
  fingerprint TEXT NOT NULL,            -- of kind, target and parameters
  idempotency_key TEXT,
  parent_id TEXT, retry_of TEXT, undo_of TEXT,
  locks TEXT NOT NULL,                  -- {"skill:weather": "exclusive"}
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deadline_at INTEGER,
  finished_at INTEGER, expires_at INTEGER,
  state TEXT NOT NULL,                  -- the rendered OperationState
  CHECK ((finished_at IS NULL) = (status NOT IN ('succeeded', 'failed', 'cancelled')))
) STRICT;

-- A row that cannot be read moves over as it is.
INSERT INTO operations
SELECT ROW_NUMBER() OVER (ORDER BY finished_at IS NOT NULL DESC, place, operation_id),
  operation_id, kind, kind_version, target_kind, target_id, webspace_id, status, revision, epoch,
  1, NULL, 0, initiator, fingerprint, idempotency_key,
  NULL, IIF(readable, json_extract(state, '$.retry_of'), NULL), NULL,
  COALESCE(held,
           IIF(readable, (SELECT json_group_object(value, 'exclusive')
                          FROM json_each(state, '$.resources')), '{}')),
  created_at, updated_at, NULL, finished_at, expires_at,
  IIF(NOT readable, state, IIF(finished_at IS NULL,
    json_insert(state, '$.priority', 'normal', '$.can_undo', json('false'),
                '$.log_href', '/api/operations/' || operation_id || '/log'),
    json_insert(state, '$.priority', 'normal', '$.can_undo', json('false'),
                '$.expires_at', strftime('%Y-%m-%dT%H:%M:%fZ', expires_at / 1000.0, 'unixepoch'),
                '$.log_href', '/api/operations/' || operation_id || '/log')))
FROM (
  SELECT o.*, json_valid(o.state) AS readable, l.place, l.held,
    IIF(json_valid(o.state), COALESCE(json_extract(o.state, '$.initiator.kind') || ':' ||
                                      json_extract(o.state, '$.initiator.id'), ':'), ':')
      AS initiator,
    o.finished_at + IIF(o.status = 'failed', 90, 30) * 86400000 AS expires_at
  FROM old_operations o LEFT JOIN (
    SELECT operation_id, MIN(place) AS place, json_group_object(resource, mode) AS held
    FROM old_locks GROUP BY operation_id) l USING (operation_id));

CREATE TABLE operation_plans (
  n INTEGER PRIMARY KEY REFERENCES operations ON DELETE CASCADE,
  request TEXT NOT NULL,                -- what was asked, without secrets
  intent TEXT                           -- what the run does, decided when it was accepted
) STRICT;
INSERT INTO operation_plans
SELECT n, 'null', intent FROM operations JOIN old_operations USING (operation_id);

CREATE TABLE operation_steps (
  n INTEGER NOT NULL REFERENCES operations ON DELETE CASCADE, step_no INTEGER NOT NULL,
  name TEXT NOT NULL,
  phase TEXT NOT NULL CHECK (phase IN ('intent', 'done', 'failed', 'undone')),
  epoch INTEGER NOT NULL,               -- the boot that wrote the intent
  crashes INTEGER NOT NULL DEFAULT 0,   -- boots that ended while it was in intent
  attempts INTEGER NOT NULL DEFAULT 0,  -- runs that failed and were to be tried again
  notes TEXT NOT NULL DEFAULT '{}',     -- what the step told itself, for its undo and successors
  PRIMARY KEY (n, step_no)
) STRICT, WITHOUT ROWID;
INSERT INTO operation_steps
SELECT n, step_no, s.name, s.phase, s.epoch, s.crashes, 0, s.notes
FROM old_steps s JOIN operations USING (operation_id);

-- What ended operations have left, and when it may go.
CREATE TABLE operation_clean_ups (
  n INTEGER PRIMARY KEY REFERENCES operations, due_at INTEGER NOT NULL
) STRICT;
INSERT INTO operation_clean_ups SELECT n, finished_at FROM operations
WHERE finished_at IS NOT NULL AND EXISTS (SELECT 1 FROM operation_steps s WHERE s.n = operations.n);

-- Which ended operations have changed a resource.
CREATE TABLE operation_changes (
  resource TEXT NOT NULL, finished_at INTEGER NOT NULL,
  n INTEGER NOT NULL REFERENCES operations ON DELETE CASCADE, PRIMARY KEY (resource, finished_at, n)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO operation_changes SELECT r.key, finished_at, n
FROM operations, json_each(operations.locks) r WHERE finished_at IS NOT NULL
  AND json_valid(state) AND json_extract(state, '$.effects') IN ('applied', 'partial');

CREATE TABLE operation_events (
  seq INTEGER PRIMARY KEY, operation_id TEXT NOT NULL, kind TEXT NOT NULL,
  revision INTEGER NOT NULL, from_status TEXT, status TEXT NOT NULL, at INTEGER NOT NULL
) STRICT;
INSERT INTO operation_events
SELECT seq, operation_id, COALESCE(o.kind, ''), e.revision,
  LAG(e.status) OVER (PARTITION BY operation_id ORDER BY e.revision), e.status, e.at
FROM old_events e LEFT JOIN old_operations o USING (operation_id);

CREATE TABLE feed_cursors (
  consumer TEXT PRIMARY KEY, seq INTEGER NOT NULL, moved_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE step_times (
  kind TEXT NOT NULL, step TEXT NOT NULL,
  took_ms TEXT NOT NULL,                -- the last few, as a list
  PRIMARY KEY (kind, step)
) STRICT, WITHOUT ROWID;

DROP TABLE old_steps;
DROP TABLE old_locks;
DROP TABLE old_events;
DROP TABLE old_operations;

CREATE UNIQUE INDEX operations_idempotency ON operations (initiator, idempotency_key)
  WHERE idempotency_key IS NOT NULL;
CREATE INDEX operations_live ON operations (webspace_id, operation_id) WHERE finished_at IS NULL;
CREATE INDEX operations_ended ON operations (webspace_id, finished_at)
  WHERE finished_at IS NOT NULL;
CREATE INDEX operations_expires ON operations (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX operations_parent ON operations (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX operations_retry ON operations (retry_of) WHERE retry_of IS NOT NULL;
CREATE INDEX operations_undo ON operations (undo_of) WHERE undo_of IS NOT NULL;
CREATE INDEX operation_clean_ups_due ON operation_clean_ups (due_at);
CREATE INDEX operation_changes_of ON operation_changes (n);

CREATE TRIGGER operations_transition BEFORE UPDATE OF status ON operations
WHEN NEW.status <> OLD.status AND NOT EXISTS (
  SELECT 1 FROM operation_transitions WHERE from_status = OLD.status AND to_status = NEW.status)
BEGIN SELECT RAISE(ABORT, 'operation: this status may not follow'); END;
CREATE TRIGGER operations_ended_forever BEFORE UPDATE ON operations
WHEN OLD.finished_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'operation: it has ended'); END;

PRAGMA application_id = 1097092947;  -- "AdOS", for file(1) and other curious programs
PRAGMA user_version = 2;
)sql";

}  // namespace hub::store
