#pragma once
// Who waits for nothing but a worker, or for a time to come. Classes go first by urgency, then the
// oldest; a kind that may not run now is passed over at no cost.
//
// In memory; the rows are the truth. Thread-safe.

#include <array>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

#include "contracts/operation_state.hpp"

namespace hub::store {

class ReadyQueue {
 public:
  using Place = std::int64_t;  // order of acceptance
  struct Entry {
    OperationKind kind;
    Priority priority = Priority::normal;
    std::optional<Time> not_before = {};
  };

  void put(Place, Entry);
  std::optional<Entry> take(Place);  // absent: it did not wait here

  // The oldest of class `first` and one of these kinds, else of the most urgent class. It stays.
  std::optional<Place> next(std::span<const OperationKind> kinds, Priority first, Time now);
  std::optional<Time> next_time(Time now) const;  // when next() may find somebody
  // The first few of those that wait for a worker, in order; without any taken turns.
  std::vector<Place> first_few(std::size_t max) const;

 private:
  using Places = std::set<Place>;
  void put_ready(Place, const Entry&);
  void take_ready(Place, const Entry&);
  void let_in(Time now);
  std::optional<Place> oldest(Priority, std::span<const OperationKind> kinds) const;

  mutable std::mutex mutex_;
  std::unordered_map<Place, Entry> entries_;
  std::set<std::pair<Time, Place>> later_;
  std::array<Places, 3> ready_;  // by class
  std::array<std::map<OperationKind, Places>, 3> ready_of_;
};

}  // namespace hub::store
