#pragma once
// What is known of the live operations without asking the database: who waits for whom or for a
// worker, how many there are, which requests are live. Rebuilt at start from their rows. A piece of
// work changes it as it changes the rows; when the piece is rolled back, so is this.
// Inside the room store only.

#include <atomic>
#include <unordered_map>

#include "store/database.hpp"
#include "store/lock_table.hpp"
#include "store/operation_store.hpp"
#include "store/ready_queue.hpp"
#include "store/rows.hpp"

namespace hub::store {

using Place = LockTable::Place;  // operations.n: the order of acceptance

struct LiveOperation {
  OperationId operation_id;
  OperationKind kind;
  Priority priority = Priority::normal;
  std::string initiator;    // "user:browser"
  std::string fingerprint;  // of its request
  std::optional<Time> deadline_at;
  std::optional<Place> parent = {};  // when that one is live
};

std::string initiator_text(const Initiator&);

class LiveIndex {
 public:
  explicit LiveIndex(Database& database) : database_(database) {}

  // At start, once. Operations whose rows cannot be read keep their locks and are told by
  // unreadable(); nothing else is done with them.
  void load(sql::Connection&);

  // Inside a piece of work, on the writer thread:
  void add(Place, LiveOperation, std::vector<LockRequest>);
  LockTable::Held remove(Place);  // what it held or waited for
  void stand_in_queue(Place, std::optional<Time> not_before);
  void leave_queue(Place);
  // What `read` gives; nothing when its row cannot be read: it is set apart then, now and later.
  template <class Read>
  auto read_or_set_apart(Place place, Read read) -> std::optional<decltype(read())>;
  std::vector<OperationId> ids_of(std::span<const Place>) const;
  std::vector<Place> with_request(const std::string& fingerprint) const;  // oldest first
  std::int64_t count_of(const std::string& initiator) const;

  // Any thread:
  std::int64_t count() const { return count_; }
  const LockTable& locks() const { return locks_; }
  const ReadyQueue& queue() const { return queue_; }
  std::optional<Place> next(std::span<const OperationKind> kinds, Priority first, Time now) {
    return queue_.next(kinds, first, now);
  }
  std::vector<Place> past_deadline(Time now) const;
  std::vector<UnreadableOperation> unreadable() const;

  std::atomic<std::int64_t> fenced{0};

 private:
  struct Taken {
    LiveOperation operation;
    LockTable::Held held;
    std::optional<ReadyQueue::Entry> waited;
  };
  bool is_unreadable(Place) const;
  void set_apart(Place, const OperationId&, const OperationKind&, const std::string& why);
  void put(Place, LiveOperation, std::vector<LockRequest>);
  Taken take(Place);

  Database& database_;
  LockTable locks_;
  ReadyQueue queue_;
  std::atomic<std::int64_t> count_{0};
  mutable std::mutex unreadable_mutex_;
  std::map<Place, UnreadableOperation> unreadable_;  // found since the start

  // The writer thread's:
  std::unordered_map<Place, LiveOperation> operations_;
  std::unordered_map<std::string, std::int64_t> counts_;    // by initiator
  std::unordered_multimap<std::string, Place> by_request_;  // by fingerprint

  mutable std::mutex deadlines_mutex_;
  std::set<std::pair<Time, Place>> deadlines_;
};

template <class Read>
auto LiveIndex::read_or_set_apart(Place place, Read read) -> std::optional<decltype(read())> {
  if (is_unreadable(place)) return std::nullopt;
  try {
    return read();
  } catch (const Unreadable& failure) {
    const auto& operation = operations_.at(place);
    set_apart(place, operation.operation_id, operation.kind, failure.what());
    return std::nullopt;
  }
}

}  // namespace hub::store
