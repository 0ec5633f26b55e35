#pragma once
// Operations, their journal, locks and events: the only truth about what runs, ran, or waits.
// Thread-safe. Throws sql::Failure when the database fails.
//
// Who is next: an accepted operation that holds its locks and whose time has come is *ready*.

#include <map>
#include <memory>
#include <span>

#include "base/time.hpp"
#include "store/database.hpp"
#include "store/operation_record.hpp"

namespace hub::store {

struct OperationEvent {
  std::int64_t seq = 0;  // commit order, no holes
  OperationId operation_id;
  OperationKind kind;
  std::int64_t revision = 0;
  std::optional<OperationStatus> from;  // absent: it was accepted by this
  OperationStatus status = OperationStatus::accepted;
  Time at{};
};

// A live operation whose row this hub cannot read. It is left as it is and keeps its locks.
struct UnreadableOperation {
  OperationId operation_id;
  OperationKind kind;
  std::string why;
};

class LiveIndex;

struct StoreOptions {
  std::int64_t live_max = 10'000;               // accepted and not ended
  std::int64_t live_per_initiator_max = 5'000;  // the same, of one initiator
  std::chrono::hours keep_succeeded{24 * 30};   // from finished_at; cancelled ones too
  std::chrono::hours keep_failed{24 * 90};
};

class OperationStore {
 public:
  OperationStore(Database& database, const Clock& clock, StoreOptions = {});
  ~OperationStore();

  // ---- accept

  // `answer` is called once, on the writer thread right after the commit: it must be quick and must
  // not write. conflict: on_conflict is fail and somebody holds a resource ("target_busy",
  // details.blocked_by); invalid: the idempotency key was used for another request
  // ("idempotency_key_reused"); exhausted: "too_many_operations", "too_many_operations_of_one".
  // A parent's children are not refused for lack of room, and take their locks under its own
  // (lock_table.hpp).
  using Answer = std::function<void(Result<Accepted>)>;
  void accept(NewOperation, Answer answer);
  Result<Accepted> accept(const NewOperation&);  // the same, awaited

  // ---- run

  // A ready operation of one of these kinds: the oldest of class `first` if there is one, else of
  // the most urgent class. Now running, its first step in intent.
  std::optional<OperationRecord> claim(std::span<const OperationKind> kinds, Priority first);
  // When claim() may succeed: a time that has come means now. Absent: not before something changes.
  std::optional<Time> next_ready();

  // At start: every operation that an earlier boot left running, cancelling or reverting, now ours.
  // A step found in intent has one crash more.
  std::vector<OperationRecord> adopt_orphans();

  // The only way an operation that was claimed moves. conflict: it is not ours any more (accepted
  // and waiting_input are nobody's), has ended, or the status may not follow ("fenced"); nothing is
  // changed then.
  Result<OperationState> advance(const OperationId&, const OperationChange&);
  std::int64_t fenced_writes() const;  // such refusals of this boot

  // A start that ends in good order: steps left in intent did not crash.
  void mark_drained(std::span<const OperationId>);

  // How long a step of this kind takes in the middle, in ms, by its name without suffix.
  std::map<std::string, std::int64_t> step_times(const OperationKind&);

  // ---- steer

  // Nothing begun yet (accepted, or waiting_input without a journal): cancelled at once. Running:
  // cancelling; the engine must tell its run. Waiting (for a retry, for an answer) with a journal:
  // accepted and ready, with OperationRecord::cancel_requested, so that the next run takes it back.
  // Asking again is fine. not_found ("operation_not_found"); conflict: it has ended
  // ("operation_not_active"), or cannot be cancelled now ("operation_not_cancellable").
  Result<OperationState> cancel(const OperationId&);

  // waiting_input: accepted again, with `answer` in the notes of the step in intent, under
  // "answer". not_found; conflict: "operation_not_waiting".
  Result<OperationState> confirm(const OperationId&, const Json& answer);

  // An accepted or waiting operation that cannot begin or go on (deadline, quarantine). Nothing
  // begun yet: it fails with this error. With a journal: accepted and ready at once, with the error
  // in its state and OperationRecord::cancel_requested, so that the next run takes it back and
  // fails with that error. conflict: it is neither accepted nor waiting ("fenced").
  Result<OperationState> give_up(const OperationId&, const OperationError&);

  // Live ones whose deadline has passed.
  std::vector<OperationState> past_deadline();

  // ---- read; states carry queue_position, reason "slot" and can_undo as of now

  std::optional<OperationState> find(const OperationId&);
  std::optional<OperationRecord> find_record(const OperationId&);
  std::vector<OperationState> list(const OperationFilter&);  // newest first
  std::int64_t live_count() const;                           // from memory
  std::vector<OperationState> live();                        // all webspaces, oldest first
  // Live ones and the last `ended_max` ended ones, oldest first.
  std::vector<OperationState> recent(const std::string& webspace_id, std::int64_t ended_max);
  std::vector<OperationState> children_of(const OperationId& parent);  // oldest first
  // Who holds or waits for any of these now, oldest first.
  std::vector<OperationState> contenders(std::span<const LockRequest>);
  // Live or succeeded operations that retry or undo this one.
  std::vector<OperationState> successors_of(const OperationId&);
  // Ended after `than`, with effects, on a resource that `than` held exclusively, unless it held it
  // for its children.
  std::vector<OperationState> later_changes(const OperationState& than);
  std::vector<OperationNotification> notifications(const std::string& webspace_id,
                                                   std::int64_t max);  // oldest first

  std::vector<UnreadableOperation> unreadable() const;

  // ---- the feed

  // After `seq`, in commit order, no holes. not_found: some of them were pruned ("feed_gone",
  // details.first_seq): list again, then go on from last_seq().
  Result<std::vector<OperationEvent>> events_after(std::int64_t seq, std::int64_t limit);
  std::int64_t last_seq();
  // Where a consumer with a name stands; 0 at first. Events above are not pruned while it is less
  // than a week behind.
  std::int64_t cursor(const std::string& consumer);
  void move_cursor(const std::string& consumer, std::int64_t seq);

  // ---- retention

  // What ended operations have left and nobody may ask for any more; oldest first.
  std::vector<CleanUp> due_clean_ups(std::int64_t limit);
  void cleaned_up(const OperationId&);
  std::vector<OperationId> not_cleaned_up();  // live, or their clean-up is still to come
  // Ended operations past expires_at, events older than a day, notifications older than a week: at
  // most `limit` rows of each. How many went; 0: nothing is left to prune. `forgotten` gets the ids
  // of the operations.
  std::int64_t prune(std::int64_t limit, std::vector<OperationId>& forgotten);

  // ---- what is installed

  std::vector<InstalledArtifact> installed();
  std::optional<InstalledArtifact> find_installed(ArtifactKind, const std::string& name);

  Database& database() { return database_; }

 private:
  struct Arrival;
  std::optional<Result<Accepted>> known_already(sql::Connection&, const Arrival&);
  std::optional<Error> refuse_for_room(const Arrival&) const;
  static std::optional<std::int64_t> live_parent(sql::Connection&, const Arrival&);
  void accept_now(sql::Connection&, Arrival&);
  void replace_those_before(sql::Connection&, Arrival&);
  std::vector<OperationState> states_of(std::span<const std::int64_t> places);
  std::int64_t insert(sql::Connection&, const Arrival&);

  Database& database_;
  const Clock& clock_;
  const StoreOptions options_;
  std::unique_ptr<LiveIndex> live_;
};

}  // namespace hub::store
