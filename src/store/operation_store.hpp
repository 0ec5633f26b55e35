#pragma once
// Operations, their journal, locks and events: the only truth about what runs, ran, or waits.
// Thread-safe. Throws sql::Failure when the database fails.

#include <span>

#include "base/time.hpp"
#include "store/database.hpp"
#include "store/operation_record.hpp"

namespace hub::store {

struct OperationEvent {
  std::int64_t seq = 0;  // commit order, no holes
  OperationId operation_id;
  std::int64_t revision = 0;
  OperationStatus status = OperationStatus::accepted;
};

class OperationStore {
 public:
  OperationStore(Database& database, const Clock& clock);

  // Durable when it returns.
  // conflict: on_conflict is fail and somebody holds a resource ("target_busy",
  // details.blocked_by); invalid: the idempotency key was used for another request
  // ("idempotency_key_reused").
  Result<Accepted> accept(const NewOperation&);

  // The oldest operation of a known kind that waits for nothing but a worker: now running, its
  // first step in intent.
  std::optional<OperationRecord> claim(std::span<const OperationKind> known);

  // At start: every operation that an earlier boot left running, cancelling or reverting, now ours.
  // A step found in intent has one crash more.
  std::vector<OperationRecord> adopt_orphans();

  // The only way an operation that was claimed moves. conflict: it is not ours any more, has ended,
  // or the status may not follow ("fenced"); nothing is changed then.
  Result<OperationState> advance(const OperationId&, const OperationChange&);

  // accepted: cancelled at once, with `notification`; running: cancelling. Asking again is fine.
  // not_found; conflict: it has ended ("operation_not_active"), or cannot be cancelled now
  // ("operation_not_cancellable").
  Result<OperationState> cancel(const OperationId&);

  // A start that ends in good order: steps left in intent did not crash.
  void mark_drained(const OperationId&);

  std::optional<OperationState> find(const OperationId&);
  std::vector<OperationState> list(const OperationFilter&);  // newest first
  std::int64_t live_count();                                 // accepted and not ended
  std::int64_t ready_count();                                // accepted, whoever holds their locks
  std::vector<OperationState> live();                        // all webspaces, oldest first
  // Live ones and the last `ended_max` ended ones, oldest first.
  std::vector<OperationState> recent(const std::string& webspace_id, std::int64_t ended_max);
  std::vector<OperationNotification> notifications(const std::string& webspace_id,
                                                   std::int64_t max);  // oldest first
  std::vector<OperationEvent> events_after(std::int64_t seq, std::int64_t limit);
  std::int64_t last_seq();

  std::vector<InstalledArtifact> installed();
  std::optional<InstalledArtifact> find_installed(ArtifactKind, const std::string& name);

  Database& database() { return database_; }

 private:
  Database& database_;
  const Clock& clock_;
};

}  // namespace hub::store
