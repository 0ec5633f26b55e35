#pragma once
// One run of one operation on one worker thread: follows the steps, journals each before and after,
// undoes them on failure or cancel, takes up where an earlier boot was killed.
//
// Commits of an N-step run that succeeds: accept, claim with intent 0, N - 1 times done(i) with
// intent(i + 1), the last done with the end: N + 1.

#include <atomic>

#include "operations/workflow.hpp"
#include "store/operation_store.hpp"
#include "store/progress_board.hpp"

namespace hub::operations {

// Set by others while the run goes on.
struct RunSignals {
  std::atomic<bool> cancel{false};  // the user asked
  std::atomic<bool> drain{false};   // the hub stops: leave everything for the next start
};

enum class RunEnd {
  ended,    // terminal
  drained,  // left as it is, to be taken up by the next start
};

enum class RunStart {
  fresh,   // claimed now, its first step not begun
  adopted  // an earlier boot left it: ask the step in intent whether its effect exists
};

// Throws what the store throws.
RunEnd carry_out(const Workflow&, store::OperationStore&, store::ProgressBoard&, const Clock&,
                 store::OperationRecord, RunStart, const RunSignals&);

}  // namespace hub::operations
