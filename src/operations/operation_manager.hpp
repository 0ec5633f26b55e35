#pragma once
// The front desk of long operations: accepts quickly, runs on workers, recovers after a restart.
// Knows no kind. Thread-safe.
//
//   accept() ──► store (durable) ──► a worker claims ──► carry_out() ──► store
//                                      ▲ wakes on each commit

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "base/doorbell.hpp"
#include "operations/crew.hpp"
#include "operations/janitor.hpp"
#include "operations/operation_log.hpp"
#include "operations/secrets.hpp"
#include "operations/undo.hpp"
#include "operations/waiters.hpp"
#include "operations/workflow.hpp"

namespace hub::operations {

struct ManagerOptions {
  std::size_t slots = 4;  // operations that run at once; 0: accept, run nothing
  std::uintmax_t free_bytes_min = std::uintmax_t{128} << 20U;  // on the base directory's disk
  fs::path disk = {};  // where free space is looked at; empty: nowhere
  std::chrono::milliseconds drain_patience{10'000};  // stop() waits so long for checkpoints
  fs::path secrets = {};  // where secrets of requests are kept; empty: such requests are refused
  // Called by stop() when a run did not stop within drain_patience. A hub ends its process here:
  // nothing is lost, the next start goes on. Absent: stop() waits on.
  std::function<void()> on_stuck = {};
};

// What an operation would do, without doing it.
struct Preview {
  OperationState
      state;  // as it would be accepted, without an id: title, steps, resources, warnings
  std::optional<std::int64_t> bytes, space_needed, space_free;
  Json outlook;             // Plan::outlook
  bool reversible = false;  // each step with an effect has an undo, and none is final
  std::chrono::seconds undo_window{0};
  std::optional<OperationId> joins;       // the same request is live: this one would be the answer
  std::vector<OperationState> conflicts;  // who holds, or waits for, what it needs
};

class OperationManager {
 public:
  OperationManager(store::OperationStore&, store::ProgressBoard&, OperationLogs&, const Clock&,
                   Workflows, ManagerOptions = {});
  ~OperationManager();  // stop()
  OperationManager(const OperationManager&) = delete;
  OperationManager& operator=(const OperationManager&) = delete;

  // Takes up what earlier boots left running, then starts the workers.
  void start();
  // Refuses new work ("stopping"), lets every run stop at its next checkpoint; what is not finished
  // goes on at the next start.
  void stop();

  // Durable when answered. invalid: unknown kind ("unknown_kind", details.known) or what the
  // workflow refuses; conflict, invalid and exhausted as OperationStore::accept; exhausted:
  // "disk_full"; unavailable: "stopping". `answer` comes once, from this or the writer's thread,
  // and must be quick.
  using Answer = std::function<void(Result<store::Accepted>)>;
  void accept(const OperationRequest&, const Answer& answer);
  Result<store::Accepted> accept(const OperationRequest&);  // the same, awaited
  Result<Preview> preview(const OperationRequest&);
  std::vector<OperationKind> kinds() const { return kinds_; }

  // Steer. not_found: "operation_not_found". Every refusal is a conflict:
  Result<OperationState> cancel(const OperationId&);  // "operation_not_active", "…_not_cancellable"
  // A new operation with the same request. It must have failed or been cancelled, and not be
  // retried already by one that lives or succeeded: else "operation_not_retryable", whose
  // details.successor names that one.
  Result<store::Accepted> retry(const OperationId&, const Initiator&);
  // A new operation that undoes the steps of that one, last first: of one that succeeded within its
  // undo_until, or that failed with partial effects. Not when somebody has changed the same
  // resources since: "operation_not_undoable", details.why.
  Result<store::Accepted> undo(const OperationId&, const Initiator&);
  Result<OperationState> confirm(const OperationId&,
                                 const Json& answer);  // "operation_not_waiting"

  std::optional<OperationState> find(const OperationId&) const;  // with the latest progress

  // Operations that this start took up where an earlier boot left them.
  std::int64_t recovered_count() const { return recovered_; }

  // Calls back once, from another thread: when the operation has ended, or has a revision above
  // `after_revision` where one is given, or when `timeout` is over, whichever is first. Nothing
  // when there is no such operation.
  using Found = std::function<void(std::optional<OperationState>)>;
  void wait(const OperationId&, std::optional<std::int64_t> after_revision,
            std::chrono::milliseconds timeout, Found);

  OperationLogs& logs() { return logs_; }
  store::OperationStore& store() { return store_; }

  // What /metrics shows besides the feed's counts.
  struct Load {
    std::size_t slots = 0, slots_busy = 0;
    std::int64_t stalled = 0;
  };
  Load load() const;

 private:
  struct Prepared {
    store::NewOperation operation;
    Secrets secrets;
  };
  // What a request becomes before the store sees it. `id` may be given.
  Result<Prepared> prepare(const OperationRequest&, const OperationId& id);
  Result<> check_accepting(const OperationRequest&) const;
  Result<Plan> resolve(const Workflow&, const OperationRequest&) const;
  Result<> check_space(const std::optional<std::int64_t>& needed) const;
  std::optional<std::uintmax_t> free_bytes() const;
  void submit(Prepared, const Answer&);
  Result<store::Accepted> submit(Prepared);
  void answered();
  void settle(const OperationId&, bool has_secrets, const Result<store::Accepted>&);
  Result<OperationState> accept_child(const OperationRequest&, const OperationId&);
  Family family();
  Result<std::optional<OperationState>> undo_child(const OperationId& child, const OperationId& id,
                                                   const OperationState& parent);
  Result<> check_undoable(const store::OperationRecord&) const;
  Result<Prepared> prepare_undo(const store::OperationRecord& original, const OperationId& id,
                                const Initiator&, UndoSubject::AskedBy);
  std::optional<OperationId> same_live_request(const OperationRequest&,
                                               const boost::json::object& params);
  OperationId new_id() const;

  store::OperationStore& store_;
  store::ProgressBoard& board_;
  OperationLogs& logs_;
  const Clock& clock_;
  const Workflows workflows_;
  const ManagerOptions options_;
  std::vector<OperationKind> kinds_;
  SecretVault vault_;
  std::atomic<bool> stopping_{false};
  // Answers that the writer's thread still owes: none may come after we are gone.
  std::mutex owed_mutex_;
  std::condition_variable owed_changed_;
  std::size_t owed_ = 0;
  std::int64_t recovered_ = 0;

  // Free space, looked at now and then: accepting must be cheap.
  mutable std::mutex space_mutex_;
  mutable std::optional<std::uintmax_t> space_;
  mutable std::chrono::steady_clock::time_point space_looked_at_{};

  RunServices services_;
  Waiters waiters_;
  Janitor janitor_;
  Crew crew_;
  Doorbell::Subscription commits_;
};

}  // namespace hub::operations
