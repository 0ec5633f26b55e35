#pragma once
// One run of one operation on one worker thread: follows the steps, journals each before and after,
// tries again, asks, undoes on failure or cancel, takes up where an earlier boot was killed.
//
//   fresh, adopted ──► step ──► step ──► … ──► succeeded
//                       │ ├─ try again later, ask a person ──► put back, a later run goes on
//                       │ └─ the hub stops ──────────────────► drained, the next boot goes on
//                       └─ error, cancel, deadline ──► undo, last first ──► failed, cancelled
//
// Commits of an N-step run that succeeds: accept, claim with intent 0, N - 1 times done(i) with
// intent(i + 1), the last done with the end: N + 1, and one more for each final step.

#include <atomic>
#include <mutex>

#include "operations/operation_log.hpp"
#include "operations/secrets.hpp"
#include "operations/workflow.hpp"
#include "store/operation_store.hpp"
#include "store/progress_board.hpp"

namespace hub::operations {

// Between a run and those who watch and steer it. Times are Clock::steady() in ms; 0: none.
struct RunSignals {
  // Set by others.
  std::atomic<bool> cancel{false};  // the user asked
  std::atomic<bool> drain{false};   // the hub stops: leave everything for the next start
  std::atomic<std::int64_t> stop_asked_at{0};

  // Set by the run.
  std::atomic<std::int64_t> last_sign_at{0};  // progress, a log line, a commit
  std::atomic<std::int64_t> step_ends_at{0};  // when the current step is out of time
  std::atomic<bool> waits{false};             // for its children: silent for a good reason
  std::atomic<bool> stalled{false};           // stalled_since is set

  // Held while the end is committed, and by whoever commits a cancel or the stall flag: a cancel
  // that was answered with "cancelling" is not overtaken by a success.
  std::mutex ending;
  bool ended = false;  // under `ending`
};

// How a run reaches the manager for its children.
struct Family {
  // Accepts it under this id; an operation with this id that exists already is the answer.
  std::function<Result<OperationState>(const OperationRequest&, const OperationId&)> accept;
  std::function<void(const OperationId&)> cancel;
  // Calls back once with the end; also when the hub stops, with what is known then.
  std::function<void(const OperationId&, std::function<void(std::optional<OperationState>)>)> wait;
  // An operation under this id that undoes the child; one that exists already is the answer.
  // Nothing: it has been undone, or is not known any more. conflict: "operation_not_undoable".
  std::function<Result<std::optional<OperationState>>(
      const OperationId& child, const OperationId& id, const OperationState& parent)>
      undo;
  // unavailable: "too_many_parents". Whoever takes something back is not refused.
  enum class Urge { forward, back };
  std::function<Result<>(Urge)> lend_slot;
  std::function<void()> take_slot_back;
};

struct RunServices {
  store::OperationStore& store;
  store::ProgressBoard& board;
  OperationLogs& logs;
  const SecretVault& vault;
  const Clock& clock;
  Family family;
};

enum class RunEnd {
  ended,     // terminal
  put_back,  // accepted again for a later try, or waiting for an answer
  drained,   // left as it is, to be taken up by the next start
};

enum class RunStart {
  fresh,   // claimed now
  adopted  // left in the middle by an earlier boot or a broken run
};

// Throws what the store throws.
RunEnd carry_out(const Workflow&, const RunServices&, store::OperationRecord, RunStart,
                 RunSignals&);

}  // namespace hub::operations
