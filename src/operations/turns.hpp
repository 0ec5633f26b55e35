#pragma once
// Whose turn it is: slots in all and of each kind, and three classes of priority that take turns
// 3 : 2 : 1, so that nobody waits for ever. A value; the manager guards it.

#include <array>
#include <cstddef>
#include <map>
#include <vector>

#include "contracts/operation_state.hpp"

namespace hub::operations {

class Turns {
 public:
  // `kinds`: how many of each may run at once; 0: as many as there are slots.
  Turns(std::size_t slots, std::map<OperationKind, std::size_t> kinds)
      : slots_(slots), limits_(std::move(kinds)) {}

  std::size_t slots() const { return slots_; }
  std::size_t busy() const { return busy_; }
  // A free slot that no run waits to have back.
  bool has_room() const { return busy_ + returning_ < slots_; }

  // Kinds that may be claimed now. While others look for work too, each of them may come back with
  // any kind, so a kind near its limit is left to them.
  std::vector<OperationKind> open_kinds() const;
  bool is_open(const OperationKind&) const;
  Priority next_class();  // who goes first this time

  void look() { ++busy_, ++looking_; }  // a worker takes a slot and asks the store
  void found_nothing() { --busy_, --looking_; }
  void found(const OperationKind& kind) { --looking_, ++running_[kind]; }
  void begin(const OperationKind& kind) { ++busy_, ++running_[kind]; }  // without asking the store
  void end(const OperationKind& kind) { --busy_, --running_[kind]; }

  // A run that waits for others gives its slot away meanwhile; its kind still counts.
  void lend() { --busy_; }
  void want_back() { ++returning_; }
  bool may_return() const { return busy_ < slots_; }
  void give_back() { --returning_, ++busy_; }

 private:
  std::size_t slots_;
  std::map<OperationKind, std::size_t> limits_;
  std::map<OperationKind, std::size_t> running_;
  std::size_t busy_ = 0, looking_ = 0, returning_ = 0;
  std::size_t turn_ = 0;
};

}  // namespace hub::operations
