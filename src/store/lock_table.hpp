#pragma once
// Locks, shared or exclusive, granted all or nothing, first in first out, freed by the end of their
// operation.
//
// An operation's place is the order of its acceptance. It holds its locks when no live operation of
// an earlier place wants one of the same resources in a way that conflicts. That is all of it: a
// grant is told by the places and modes alone and never stored, so it cannot be given twice, there
// is no deadlock (nobody holds one while waiting for another), and nobody starves (nothing passes).
//
// In memory; the rows of the live operations are the truth (operations.locks). Thread-safe.

#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/operation_record.hpp"

namespace hub::store {

class LockTable {
 public:
  using Place = std::int64_t;
  static constexpr std::size_t nearest_max = 5;

  // Each resource once.
  void add(Place, std::vector<LockRequest>);
  std::vector<LockRequest> remove(Place);

  // Who stands before a place, or would stand before a new one: the nearest few, oldest first.
  // Empty: it holds its locks.
  std::vector<Place> nearest_before(Place) const;
  std::vector<Place> nearest_before_new(std::span<const LockRequest>) const;

  // All who hold or wait for any of these in a way that conflicts, oldest first.
  std::vector<Place> contenders(std::span<const LockRequest>) const;

  // Whose nearest_before() changed when `place` with these locks was removed, oldest first.
  std::vector<Place> touched_by(Place place, std::span<const LockRequest>) const;

 private:
  struct Line {  // of those who hold or want one resource, oldest first
    std::vector<Place> all;
    std::vector<Place> exclusive;  // of them
  };
  const std::vector<Place>* conflicting(const LockRequest&) const;
  std::vector<Place> nearest(Place before, std::span<const LockRequest>) const;

  mutable std::mutex mutex_;
  std::unordered_map<std::string, Line> lines_;
  std::unordered_map<Place, std::vector<LockRequest>> of_;
};

}  // namespace hub::store
