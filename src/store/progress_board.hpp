#pragma once
// ProgressBoard: the latest progress tick of each running operation, in memory only, latest wins.
// Ticks never enter the journal; the store's state catches up at step borders. Thread-safe.

#include <chrono>
#include <map>
#include <mutex>
#include <optional>

#include "base/doorbell.hpp"
#include "contracts/operation_state.hpp"

namespace hub::store {

struct ProgressTick {
  std::optional<int> progress;  // 0..100 of the whole operation; absent: not known yet
  std::string message;
  std::optional<ProgressDetail> detail;
};

class ProgressBoard {
 public:
  // Rings after a tick that is worth showing.
  Doorbell& ticks() { return ticks_; }

  // Rings at most four times a second per operation; what comes in between is kept for the next.
  void tick(const OperationId&, ProgressTick);
  void forget(const OperationId&);

  // Lays the latest tick over a state read from the store. Progress never goes back.
  void overlay(OperationState&) const;

 private:
  struct Entry {
    ProgressTick tick;
    std::chrono::steady_clock::time_point rung_at{};
  };
  mutable std::mutex mutex_;
  std::map<OperationId, Entry> entries_;
  Doorbell ticks_;
};

}  // namespace hub::store
