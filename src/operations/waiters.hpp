#pragma once
// Those who wait for an operation to move: long polls, and parents that wait for their children.
// Told from a thread of its own, after the commit that they waited for. Thread-safe.

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "store/operation_store.hpp"

namespace hub::operations {

class Waiters {
 public:
  using Found = std::function<void(std::optional<OperationState>)>;
  using Find = std::function<std::optional<OperationState>(const OperationId&)>;

  Waiters(store::OperationStore& store, Find find) : store_(store), find_(std::move(find)) {}
  ~Waiters() { stop(); }
  Waiters(const Waiters&) = delete;
  Waiters& operator=(const Waiters&) = delete;

  void start();
  void stop();  // answers everybody with what is known now

  void wait(const OperationId&, std::optional<std::int64_t> after_revision,
            std::chrono::milliseconds timeout, Found);
  void committed();  // after each commit; cheap

 private:
  using Instant = std::chrono::steady_clock::time_point;
  struct Waiter {
    std::optional<std::int64_t> after_revision;
    Instant deadline;
    Found found;
    bool looked = false;  // a new one looks once, whatever the feed says
  };
  using All = std::multimap<OperationId, Waiter>;

  void run();
  All take_due(const std::vector<OperationId>* moved, Instant now);
  std::optional<std::vector<OperationId>> moved_since_last_look();
  void look(All due);
  std::optional<std::optional<OperationState>> answer_for(const OperationId&, Waiter&, Instant);

  store::OperationStore& store_;
  const Find find_;
  std::mutex mutex_;
  std::condition_variable wake_;
  All all_;
  std::uint64_t rings_ = 0;
  bool stopping_ = false;
  std::int64_t seq_ = 0;  // of the feed, as far as it was looked at; the thread's own
  std::thread thread_;
};

}  // namespace hub::operations
