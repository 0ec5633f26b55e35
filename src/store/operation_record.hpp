#pragma once
// What the store keeps of an operation beside its rendered state: what the engine needs to run it,
// undo it and take it up again after a crash.

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "contracts/artifact.hpp"
#include "contracts/operation_notification.hpp"
#include "contracts/operation_request.hpp"

namespace hub::store {

// The journal of one step.
//   (none) ──► intent ──► done ──► undone          intent: the effect may or may not exist
//                │  └───► failed ──► undone
enum class StepPhase { intent, done, failed, undone };
BOOST_DESCRIBE_ENUM(StepPhase, intent, done, failed, undone)

struct StepRecord {
  int no = 0;
  std::string name;
  StepPhase phase = StepPhase::intent;
  int crashes = 0;   // hubs that died while this step was in intent
  int attempts = 0;  // runs of it that failed and were to be tried again
  boost::json::object notes;
};

enum class LockMode { shared, exclusive };
BOOST_DESCRIBE_ENUM(LockMode, shared, exclusive)

struct LockRequest {
  Resource resource;
  LockMode mode = LockMode::exclusive;
};

struct NewOperation {
  OperationState state;  // all that is known now; status accepted, revision is set by the store
  int kind_version = 1;
  std::string fingerprint;      // of kind, target and parameters
  std::string idempotency_key;  // empty: none; unique for each initiator
  // What was asked, without secrets: what a retry asks again. "repeatable": false in it says that
  // no retry can.
  Json request;
  Json intent;
  std::vector<LockRequest> locks;
  OnConflict on_conflict = OnConflict::join;
};

struct OperationRecord {
  OperationState state;
  int kind_version = 1;
  Json request;
  Json intent;
  std::vector<StepRecord> steps;  // by number; a step that never began is missing
  bool cancel_requested = false;  // take it back as soon as it runs
};

enum class Acceptance {
  created,
  joined,   // the same request is live already
  replayed  // this idempotency key was used before for the same request
};

struct Accepted {
  Acceptance how = Acceptance::created;
  OperationState state;
  // The same as JSON text where it was made anyway: of a created one. Else empty.
  std::string state_text = {};
  // on_conflict replace: those that were asked to cancel. Queued ones have ended in the same
  // commit; the engine must still tell the running ones.
  std::vector<OperationId> cancelling = {};
};

// A change of the installed artifacts that becomes true together with the step that made it.
struct ArtifactRemoval {
  ArtifactKind kind = ArtifactKind::skill;
  std::string name;
};
using ArtifactChange = std::variant<InstalledArtifact, ArtifactRemoval>;

// How long a step took, for the weights of the next run of the same kind.
struct StepTime {
  std::string step;  // without its suffix: "fetch", not "fetch skill:notes"
  std::int64_t took_ms = 0;
};

// One durable move of an operation. Everything in it becomes true in one transaction.
struct OperationChange {
  std::optional<OperationStatus> status = {};  // absent: stays
  std::vector<StepRecord> steps = {};          // written over by number
  std::vector<ArtifactChange> artifacts = {};
  std::function<void(OperationState&)> edit = {};  // everything but status and revision
  std::vector<StepTime> times = {};
  // Back to accepted: not to be claimed before this. Absent: at once.
  std::optional<Time> run_after = {};
  // A terminal status: what the run has left is kept until then (an undo needs it). Absent: its
  // clean-up is due at once.
  std::optional<Time> keep_until = {};
};

struct OperationFilter {
  // Empty: any. The status "active" means live.
  std::string webspace_id = {}, status = {}, kind = {}, target_kind = {}, target_id = {};
  std::string parent_id = {};
  std::string after = {};  // operation_id to go on from
  std::int64_t limit = 100;
};

// What an ended operation has left and who is to throw it away (Workflow::clean_up).
struct CleanUp {
  OperationId operation_id;
  OperationKind kind;
};

}  // namespace hub::store
