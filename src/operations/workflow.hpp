#pragma once
// A Workflow is the recipe of one operation kind: look at the world once, then follow named steps.
// The engine owns threads, persistence, progress and cancellation; a recipe owns none of them.
// How to add one: docs/adding-a-kind.md.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "contracts/operation_request.hpp"
#include "store/operation_record.hpp"

namespace hub::operations {

// What a run will do, decided when the request is accepted and stored with it. A restart follows
// it even if the world has moved on.
struct Plan {
  Json intent;  // read only by the workflow that wrote it
  std::vector<store::LockRequest> locks;
  std::string title_key;  // "operation.skill.install"
  boost::json::object title_args;
  std::string message;  // what is about to happen, one line
  std::vector<std::string> warnings;
  std::optional<std::int64_t> bytes;  // to fetch; absent: unknown
  std::optional<std::int64_t>
      space_needed;  // bytes on the hub's disk while it runs; absent: unknown
  Json outlook;      // what else a dry run shows; not stored
};

// What a step may say, ask and remember while it runs.
class StepContext {
 public:
  virtual ~StepContext() = default;
  virtual const OperationId& operation_id() const = 0;

  // True when the user cancelled, the step is out of time, or the hub is stopping: return
  // fail(ErrorCode::cancelled, …) soon. Hand it to whatever waits: a process, a download.
  virtual bool stop_requested() const = 0;

  // Of this step. Cheap: call it as often as you like. Rate and ETA are added by the engine.
  virtual void progress(const ProgressDetail&, const std::string& message) = 0;
  // A line of the operation's log. Secrets of the request are blotted out.
  virtual void log(std::string_view line) = 0;

  // Own notes of this step, kept with its journal: durable when the step is done, or at save().
  virtual boost::json::object& notes() = 0;
  virtual Result<> save_notes() = 0;
  // Notes of an earlier step by name; empty when it has none.
  virtual boost::json::object notes_of(const std::string& step) const = 0;

  // Becomes true in the transaction that marks this step done (or undone): exactly once.
  virtual void change_installed(store::ArtifactChange) = 0;
  virtual void warn(const std::string& warning) = 0;
  // What the operation answers when it succeeds: merged into result.
  virtual void result(const std::string& key, Json value) = 0;
  // Changes what the operation says at its end.
  virtual void conclude(const std::string& message) = 0;

  // What a person decided. Not decided yet: an error, which the step returns at once; the operation
  // then waits in waiting_input (reason "confirm" with `question` and `params`), without a worker
  // but with its locks, and the step runs again with the answer.
  virtual Result<Json> ask(const std::string& question, const boost::json::object& params) = 0;

  // Runs operations of their own below this one and waits for all of them; their ends come back in
  // the order of the requests, whatever they are. A step that runs again after a crash finds the
  // same children, if it asks for the same. Their locks are taken under this operation's
  // (store/lock_table.hpp): what it holds they wait for among each other alone, in the order of the
  // requests. The worker's slot is lent to others meanwhile. cancelled: this operation is to stop;
  // the children have been told and have ended. Any error: a child could not be accepted.
  Result<std::vector<OperationState>> run_children(std::vector<OperationRequest> requests) {
    return run_children_while(std::move(requests), [](const OperationState&) { return true; });
  }
  // The same; once `goes_on` says no to how one of them has ended, the others are cancelled.
  using GoesOn = std::function<bool(const OperationState& ended)>;
  virtual Result<std::vector<OperationState>> run_children_while(std::vector<OperationRequest>,
                                                                 GoesOn goes_on) = 0;
  // The children of this step, in the order of the requests; those that are known still.
  virtual std::vector<OperationState> children() const = 0;
  // Undoes these children by operations of their own, which are children of this one too, in this
  // order where they share locks. What has been undone before is left out.
  struct ChildUndo {
    OperationId child;
    std::optional<OperationState> end = {};  // of its undo
    std::optional<Error> refused = {};       // conflict "operation_not_undoable": it has no undo
  };
  virtual Result<std::vector<ChildUndo>> undo_children(std::vector<OperationId>) = 0;
};

// Asked after a crash, or before a retry, about a step whose effect may or may not exist.
enum class Presence {
  absent,    // run it
  present,   // count it as done
  in_doubt,  // run it again when its class allows, else ask a person
};

// What kind of effect a step has, and so what may be done when it is in doubt.
enum class StepClass {
  pure,        // nothing outside staging: run again
  local_tx,    // only change_installed(): exactly once, in the transaction that ends the step
  fs_publish,  // staged, synced, renamed into place: run again
  external_idempotent,  // carries "<operation_id>/<step>" as its token: run again
  parent,               // what its children leave, and nothing of its own: run again
  final,                // the point of no return: what came before is not undone any more, a cancel
                        // is too late; in doubt, a person is asked
};

struct RetryPolicy {
  int attempts_max = 1;  // runs of the step, interruptions by a stop of the hub not counted
  std::chrono::milliseconds delay_first{1'000};  // doubled each time, with jitter
  std::chrono::milliseconds delay_max{60'000};
};

// A plain blocking function on a worker thread. It may run again after a crash and must leave the
// same end state. After a failure the finished steps, and the one that failed, are undone in
// reverse order; undo must cope with an effect that was never made, and with running twice.
struct Step {
  std::string name;  // shown as current_step; renaming it breaks runs in flight
  int weight = 1;    // share of the whole until the hub has learned better, for progress
  StepClass kind = StepClass::pure;
  std::chrono::milliseconds timeout{std::chrono::minutes(10)};
  RetryPolicy retry = {};  // only errors of ErrorCode::unavailable and timeouts are tried again
  std::function<Result<>(StepContext&)> run;
  std::function<Presence(StepContext&)> probe = [](StepContext&) { return Presence::in_doubt; };
  std::function<Result<>(StepContext&)> undo = {};  // absent: leaves nothing to undo
};

class Workflow {
 public:
  virtual ~Workflow() = default;
  virtual OperationKind kind() const = 0;
  // Raise when the intents that are stored from now on are not those of before.
  virtual int version() const { return 1; }
  // Whether runs with intents of this version can be carried on and undone. The others are
  // quarantined.
  virtual bool follows(int stored) const { return stored == version(); }
  // Reads; changes nothing; quick, since a client waits. Errors go to that client.
  virtual Result<Plan> resolve(const OperationRequest&) const = 0;
  virtual std::vector<Step> steps(const Json& intent) const = 0;  // the same for the same intent
  // After the end, whatever it was, and once nobody may undo it any more: throw away what only the
  // run needed. May be called again.
  virtual void clean_up(const OperationId&) const {}

  virtual std::size_t slots() const { return 0; }  // that run at once; 0: as many as the hub runs
  virtual Priority priority() const { return Priority::normal; }
  virtual std::chrono::seconds deadline() const { return std::chrono::hours(6); }  // from accept
  virtual std::chrono::seconds stall_after() const { return std::chrono::minutes(2); }
  // How long a succeeded one can be taken back, by the undo of its steps. 0: it cannot.
  virtual std::chrono::seconds undo_window() const { return std::chrono::seconds(0); }
};

using Workflows = std::vector<std::unique_ptr<Workflow>>;

}  // namespace hub::operations
