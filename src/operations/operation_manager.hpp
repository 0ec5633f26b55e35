#pragma once
// The front desk of long operations: accepts quickly, runs on workers, recovers after a restart.
// Knows no kind. Thread-safe.
//
//   accept() ──► store (durable) ──► a worker claims ──► carry_out() ──► store
//                                      ▲ wakes on each commit

#include <condition_variable>
#include <map>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "base/doorbell.hpp"
#include "operations/run.hpp"
#include "operations/workflow.hpp"

namespace hub::operations {

struct ManagerOptions {
  std::size_t workers = 4;        // operations that run at once
  std::size_t live_max = 10'000;  // accepted and not ended; beyond: "too_many_operations"
  std::uintmax_t free_bytes_min = std::uintmax_t{64} << 20U;  // on the base directory's disk
  fs::path disk = {};  // where free space is looked at; empty: nowhere
};

class OperationManager {
 public:
  OperationManager(store::OperationStore&, store::ProgressBoard&, const Clock&, Workflows,
                   ManagerOptions = {});
  ~OperationManager();  // stop()
  OperationManager(const OperationManager&) = delete;
  OperationManager& operator=(const OperationManager&) = delete;

  // Takes up what earlier boots left running, then starts the workers.
  void start();
  // Lets every run stop at its next checkpoint; what is not finished goes on at the next start.
  void stop();

  // Durable when it returns. invalid: unknown kind ("unknown_kind") or what the workflow refuses;
  // conflict and invalid as OperationStore::accept; exhausted: no room ("too_many_operations",
  // "disk_full").
  Result<store::Accepted> accept(const OperationRequest&);

  Result<OperationState> cancel(const OperationId&);
  std::optional<OperationState> find(const OperationId&) const;  // with the latest progress

  // Operations that this start took up where an earlier boot left them.
  std::int64_t recovered_count() const { return recovered_; }

  // Calls back once, from another thread: when the operation has ended, or has a revision above
  // `after_revision` where one is given, or when `timeout` is over, whichever is first. Nothing
  // when there is no such operation.
  using Answer = std::function<void(std::optional<OperationState>)>;
  void wait(const OperationId&, std::optional<std::int64_t> after_revision,
            std::chrono::milliseconds timeout, Answer);

 private:
  struct Waiter {
    OperationId id;
    std::optional<std::int64_t> after_revision;
    std::chrono::steady_clock::time_point deadline;
    Answer answer;
  };

  const Workflow* workflow_for(const OperationKind&) const;
  Result<> check_room() const;
  void wake();
  void work();
  void answer_waiters();
  void run(store::OperationRecord, RunStart);
  void quarantine(const store::OperationRecord&, const std::string& why);

  store::OperationStore& store_;
  store::ProgressBoard& board_;
  const Clock& clock_;
  const Workflows workflows_;
  const ManagerOptions options_;
  std::vector<OperationKind> kinds_;
  std::int64_t recovered_ = 0;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::uint64_t rings_ = 0;
  bool stopping_ = false;
  std::vector<store::OperationRecord> orphans_;
  std::map<OperationId, RunSignals> running_;
  std::vector<Waiter> waiters_;
  std::vector<std::thread> threads_;
  Doorbell::Subscription commits_, ticks_;  // last: no call comes once they are gone
};

}  // namespace hub::operations
