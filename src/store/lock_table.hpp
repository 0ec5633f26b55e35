#pragma once
// Locks, shared or exclusive, granted all or nothing, first in first out, freed by the end of their
// operation.
//
// An operation's place is the order of its acceptance. It holds its locks when no live operation of
// an earlier place wants one of the same resources in a way that conflicts. That is all of it: a
// grant is told by the places and modes alone and never stored, so it cannot be given twice, there
// is no deadlock (nobody holds one while waiting for another), and nobody starves (nothing passes).
//
// Children take theirs under their parent's: what the parent asks for in the same or a stronger
// mode, a child shares with its siblings alone. It has a line of its own, which only they stand in;
// whoever waits for the resource waits for the parent. A child asks while its parent holds.
//
// In memory; the rows of the live operations are the truth (operations.locks). Thread-safe.

#include <mutex>
#include <optional>
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

  struct Held {
    std::vector<LockRequest> locks;
    std::vector<std::string> lines = {};  // for each lock; empty: the resources' own
  };

  // Each resource once.
  void add(Place, std::vector<LockRequest>, std::optional<Place> parent = {});
  Held remove(Place);

  // Who stands before a place, or would stand before a new one: the nearest few, oldest first.
  // Empty: it holds its locks.
  std::vector<Place> nearest_before(Place) const;
  std::vector<Place> nearest_before_new(std::span<const LockRequest>,
                                        std::optional<Place> parent = {}) const;

  // All who hold or wait for any of these in a way that conflicts, oldest first.
  std::vector<Place> contenders(std::span<const LockRequest>,
                                std::optional<Place> parent = {}) const;

  // Whose nearest_before() changed when `place` with these was removed, oldest first.
  std::vector<Place> touched_by(Place place, const Held&) const;

 private:
  struct Line {  // of those who hold or want one resource, oldest first
    std::vector<Place> all;
    std::vector<Place> exclusive;  // of them
  };
  Held held(std::vector<LockRequest>, std::optional<Place> parent) const;
  const std::vector<Place>* conflicting(const Held&, std::size_t lock) const;
  std::vector<Place> nearest(Place before, const Held&) const;

  mutable std::mutex mutex_;
  std::unordered_map<std::string, Line> lines_;
  std::unordered_map<Place, Held> of_;
};

}  // namespace hub::store
