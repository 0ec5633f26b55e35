#pragma once
// What the verbs that move operations have in common. Lives for one piece of work, on the writer
// thread. Inside the room store only.

#include "store/live_index.hpp"
#include "store/operation_store.hpp"
#include "store/rows.hpp"

namespace hub::store {

class Moves {
 public:
  Moves(sql::Connection& db, LiveIndex& live, const StoreOptions& options, Time now)
      : db_(db), live_(live), options_(options), now_(now) {}

  // Saves an operation; an accepted one then waits for a worker, for a time, or for its locks.
  void save(Stored&, std::optional<Time> run_after = std::nullopt);

  // Saves one whose new status is terminal: frees its locks, tells those that waited for it, notes
  // what is to be cleaned up, and when it may be forgotten.
  void end(Stored&, std::optional<Time> keep_until);

  // As OperationStore::cancel: the refusal, or nothing.
  std::optional<Error> cancel(Stored&);

  // Accepted and ready at once.
  void wake(Stored&);

  // An operation that has ended here without a run; it may be asked for again.
  void end_unrun(Stored&, OperationStatus, const std::string& message);

 private:
  void regroup(std::int64_t n, const LockTable::Held& freed);

  sql::Connection& db_;
  LiveIndex& live_;
  const StoreOptions& options_;
  const Time now_;
};

// The reason an accepted operation shows for those before it in line; none: it holds its locks.
void explain_wait(OperationState&, std::vector<OperationId> nearest);

Error not_found(const OperationId&);

}  // namespace hub::store
