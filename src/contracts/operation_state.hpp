#pragma once
// OperationState: what the world may know about one run of one operation.
// Source of truth: the store. Mirrored read-only to Yjs (runtime.operations.by_id).
// Wire shape frozen by fixtures/operation_state.json; web/ reads the same file.
//
// The first block is AdaOS's own shape, always on the wire (null when empty), so that its clients
// read ours; the second is ours, left out when empty.

#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace hub {

using OperationId = Id<struct OperationIdTag>;      // "op_" and a UUIDv7
using OperationKind = Id<struct OperationKindTag>;  // open set: "skill.install", "model.download"
using Resource = Id<struct ResourceTag>;            // a lock key: "skill:weather_skill"

// What may follow what: store/transitions.hpp.
enum class OperationStatus {
  accepted,
  running,
  waiting_input,
  cancelling,
  reverting,
  succeeded,
  failed,
  cancelled
};
BOOST_DESCRIBE_ENUM(OperationStatus, accepted, running, waiting_input, cancelling, reverting,
                    succeeded, failed, cancelled)

bool is_terminal(OperationStatus);

// What an operation has left on the system.
enum class Effects { none, applied, reverted, partial };
BOOST_DESCRIBE_ENUM(Effects, none, applied, reverted, partial)

// What a cancel would do now.
enum class CancelEffect { none, reverts, leaves_partial, too_late };
BOOST_DESCRIBE_ENUM(CancelEffect, none, reverts, leaves_partial, too_late)

enum class StepStatus { pending, running, done, failed, undone };
BOOST_DESCRIBE_ENUM(StepStatus, pending, running, done, failed, undone)

struct OperationStep {
  std::string name;  // "fetch", "verify", "activate"; a scenario's: "fetch skill:notes"
  StepStatus status = StepStatus::pending;
  int weight = 1;  // share of the whole, in any unit
  std::optional<Time> started_at, finished_at;
};
BOOST_DESCRIBE_STRUCT(OperationStep, (), (name, status, weight, started_at, finished_at))

// Of the step that runs now. Absent when unknown; never a false 0 %.
struct ProgressDetail {
  std::int64_t done = 0;
  std::optional<std::int64_t> total;      // absent: indeterminate
  std::string unit;                       // "bytes", "files", "steps"
  std::optional<std::int64_t> rate = {};  // units a second, over the last few seconds
  std::optional<std::int64_t> eta_ms =
      {};  // of the step; absent when the total or the rate is unknown
};
BOOST_DESCRIBE_STRUCT(ProgressDetail, (), (done, total, unit, rate, eta_ms))

// Who goes first when slots are few: a person who waits, everyday work, what nobody waits for.
enum class Priority { interactive, normal, background };
BOOST_DESCRIBE_ENUM(Priority, interactive, normal, background)

// Why an operation is not running: slot, lock, retry_backoff, confirm, unknown_kind, crash_loop, …
// An open set, while status is closed.
struct OperationReason {
  std::string code;
  boost::json::object params;
};
BOOST_DESCRIBE_STRUCT(OperationReason, (), (code, params))

// What was behind an error, outermost first.
struct ErrorCause {
  std::string code;
  std::string message;
};
BOOST_DESCRIBE_STRUCT(ErrorCause, (), (code, message))

struct OperationError {
  std::string type;  // AdaOS: a class name; ours is the code's family: "OperationFailed"
  std::string code;  // UPPER_SNAKE
  std::string message;
  std::string step;
  int attempt = 1;
  bool retryable = false;
  boost::json::object details;  // every variable part of the message
  std::optional<std::string> hint;
  std::optional<std::vector<ErrorCause>> causes;
};
BOOST_DESCRIBE_STRUCT(OperationError, (),
                      (type, code, message, step, attempt, retryable, details, hint, causes))

struct Initiator {
  std::string kind;  // user | device | system | schedule
  std::string id;
};
BOOST_DESCRIBE_STRUCT(Initiator, (), (kind, id))

struct OperationState {
  OperationId operation_id;
  OperationKind kind;
  std::string target_kind;  // "skill", "scenario", "workspace", "registry"
  std::string target_id;    // the install name
  OperationStatus status = OperationStatus::accepted;
  Nullable<int> progress;  // 0..100, never goes back within one attempt
  std::string message;     // one line for a person; the fallback of title_key
  Nullable<std::string> current_step;
  Nullable<Time> started_at;
  Time updated_at{};
  Nullable<Time> finished_at;
  Nullable<Json> result;
  Nullable<OperationError> error;
  Initiator initiator;
  std::vector<std::string> scope;  // ["global", "<kind>", "<target_kind>:<target_id>"]
  bool can_cancel = false;
  bool can_retry = false;
  Nullable<OperationId> retry_of;
  int attempt = 1;
  std::string webspace_id;

  std::int64_t revision = 0;  // +1 with each durable change; the ETag
  Time created_at{};
  Effects effects = Effects::none;
  CancelEffect cancel_effect = CancelEffect::none;
  std::vector<Resource> resources;  // what it locks; controls on these are disabled
  std::vector<OperationStep> steps;
  std::optional<ProgressDetail> progress_detail;
  std::optional<OperationReason> reason;
  std::optional<std::vector<OperationId>> blocked_by;  // the nearest few, oldest first
  std::optional<std::vector<std::string>> warnings;    // at most 20
  std::string title_key;                               // "operation.skill.install"
  boost::json::object title_args;  // {"name": "weather_skill", "title": "Weather"}

  Priority priority = Priority::normal;
  bool can_undo = false;               // now: a rendering within undo_until says so
  std::optional<Time> undo_until;      // a succeeded one; a failed one with partial effects: always
  std::optional<OperationId> undo_of;  // this one takes that one back
  std::optional<OperationId> parent_id;              // one level deep
  std::optional<Time> deadline_at;                   // failed with DEADLINE_EXCEEDED after that
  std::optional<Time> expires_at;                    // when an ended one will be forgotten
  std::optional<Time> stalled_since;                 // running, and silent for too long
  std::optional<std::int64_t> queue_position;        // 1: next; rendered, not stored
  std::optional<std::vector<std::string>> log_tail;  // at most 20 lines; rendered, not stored
  std::string log_href;                              // "/api/operations/<id>/log"
};
BOOST_DESCRIBE_STRUCT(OperationState, (),
                      (operation_id, kind, target_kind, target_id, status, progress, message,
                       current_step, started_at, updated_at, finished_at, result, error, initiator,
                       scope, can_cancel, can_retry, retry_of, attempt, webspace_id, revision,
                       created_at, effects, cancel_effect, resources, steps, progress_detail,
                       reason, blocked_by, warnings, title_key, title_args, priority, can_undo,
                       undo_until, undo_of, parent_id, deadline_at, expires_at, stalled_since,
                       queue_position, log_tail, log_href))

}  // namespace hub
