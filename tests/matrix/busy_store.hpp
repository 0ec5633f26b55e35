#pragma once
// A store with a lot to do: random, repeatable work on it, and what it has answered.

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "store/operation_store.hpp"

namespace hub::matrix {

class BusyStore {
 public:
  // Throws std::runtime_error when it cannot be opened.
  BusyStore(const fs::path& folder, std::uint64_t seed);

  store::OperationStore& store() { return *store_; }

  // One thing: accept, claim, move, cancel, confirm, tidy or prune. Throws what the store throws.
  void do_something();
  // Accepts one and answers its id.
  OperationId accept();

  // All that somebody could have read of the feed so far. Asks the store.
  std::vector<store::OperationEvent> feed() { return store_->events_after(0, 1'000'000).value(); }
  std::size_t done() const { return done_; }

 private:
  std::size_t up_to(std::size_t last);
  void move(std::size_t which);

  SystemClock clock_;
  std::mt19937_64 random_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<store::OperationStore> store_;
  std::vector<store::OperationRecord> running_;
  std::vector<OperationId> waiting_, known_;
  std::size_t done_ = 0, numbers_ = 0;
};

}  // namespace hub::matrix
