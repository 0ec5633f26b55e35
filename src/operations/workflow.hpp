#pragma once
// A Workflow is the recipe of one operation kind: look at the world once, then follow named steps.
// The engine owns threads, persistence, progress and cancellation; a recipe owns none of them.
// How to add one: docs/ARCHITECTURE.md, "A new kind of operation".

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
};

// What a step may say, ask and remember while it runs.
class StepContext {
 public:
  virtual ~StepContext() = default;
  virtual const OperationId& operation_id() const = 0;

  // True when the user cancelled or the hub is stopping: return fail(ErrorCode::cancelled, …) soon.
  virtual bool stop_requested() const = 0;

  // Of this step. Cheap: call it as often as you like.
  virtual void progress(const ProgressDetail&, const std::string& message) = 0;

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
};

// Asked after a crash about a step whose effect may or may not exist.
enum class Presence {
  absent,    // run it
  present,   // count it as done
  in_doubt,  // run it again; steps here leave the same end state however often they run
};

// A plain blocking function on a worker thread. It may run again after a crash and must leave the
// same end state. After a failure the finished steps, and the one that failed, are undone in
// reverse order; undo must cope with an effect that was never made.
struct Step {
  std::string name;  // shown as current_step; renaming it breaks runs in flight
  int weight = 1;    // share of the whole, for progress
  std::function<Result<>(StepContext&)> run;
  std::function<Presence(StepContext&)> probe = [](StepContext&) { return Presence::in_doubt; };
  std::function<Result<>(StepContext&)> undo = {};  // absent: leaves nothing to undo
};

class Workflow {
 public:
  virtual ~Workflow() = default;
  virtual OperationKind kind() const = 0;
  // Raise when stored intents of older runs can't be followed any more: those are quarantined.
  virtual int version() const { return 1; }
  // Reads; changes nothing; quick, since a client waits. Errors go to that client.
  virtual Result<Plan> resolve(const OperationRequest&) const = 0;
  virtual std::vector<Step> steps(const Json& intent) const = 0;  // the same for the same intent
  // After the end, whatever it was: throw away what only the run needed. May be called again.
  virtual void clean_up(const OperationId&) const {}
};

using Workflows = std::vector<std::unique_ptr<Workflow>>;

}  // namespace hub::operations
