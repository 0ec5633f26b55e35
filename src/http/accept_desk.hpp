#pragma once
// Accepting operations for clients: from an io thread, without a thread that waits for the disk.
//
//   io thread ──▶ OperationManager::accept ──▶ the store's writer, one commit for many
//   io thread ◀── the answer, rendered there ◀──┘
//
// Looking at a request (Workflow::resolve) is quick as a rule, and then a hop to another thread
// would cost more than the look. A kind that was slow is looked at on a worker thread until it is
// quick again; each kind begins on one. So does a request with secrets, always.

#include <atomic>
#include <map>

#include "http/router.hpp"
#include "http/submission.hpp"
#include "operations/operation_manager.hpp"
#include "operations/operation_metrics.hpp"

namespace hub::http {

class AcceptDesk {
 public:
  static constexpr std::chrono::microseconds quick_max{500};

  // All outlive the desk.
  AcceptDesk(operations::OperationManager&, operations::OperationMetrics&, Workers&);

  // Makes the answer from what came of it; on an io thread, must not block.
  using Render = std::function<Response(const Result<store::Accepted>&)>;
  // Accepts, or only previews, and answers. Never blocks.
  void submit(const Submission&, const Reply&, Render render);
  // The same, for whoever goes on from there: `answered` comes once, from a thread that must not be
  // held up (the store's writer as a rule).
  using Answered = std::function<void(Result<store::Accepted>)>;
  void accept(const OperationRequest&, Answered answered);

  operations::OperationManager& manager() { return manager_; }

 private:
  using Took = std::atomic<std::int64_t>;  // microseconds; -1: not known
  void accept_here(const OperationRequest&, const Answered& answered, Took* took);
  void preview(const OperationRequest&, const Reply&);

  operations::OperationManager& manager_;
  operations::OperationMetrics& metrics_;
  Workers& workers_;
  std::map<OperationKind, Took> took_;  // the kinds are fixed; the last look of each
};

}  // namespace hub::http
