#pragma once
// What the operation layer counts and measures, in Prometheus' text form (GET /metrics), and one
// line of the log for each transition:
//
//   {"room":"operations","event":"transition","operation_id":…,"kind":…,"from":…,"to":…,…}
//
// Transitions come from the feed, in commit order, by a cursor of its own ("metrics") and on a
// thread of its own: nobody who moves an operation waits for it, and what a killed hub had not told
// yet is told by its next start. Lines of the last second before a kill may come twice. Counters
// begin at 0 with each start, as Prometheus expects. Labels are closed sets: the kinds this hub
// knows ("other" for the rest), statuses, consumers.
//
// Thread-safe. prometheus-cpp stays behind this header.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/doorbell.hpp"
#include "operations/operation_manager.hpp"
#include "store/feed_reader.hpp"

namespace hub::operations {

class OperationMetrics {
 public:
  explicit OperationMetrics(OperationManager&);  // which outlives it, with its store
  ~OperationMetrics();                           // stop()
  OperationMetrics(const OperationMetrics&) = delete;
  OperationMetrics& operator=(const OperationMetrics&) = delete;

  void start();
  void stop();  // tells what is left, and keeps the cursor

  // A request that an operation answered which was there already: the feed has no event of that.
  void answered(const OperationKind&, store::Acceptance);

  // Another reader of the feed, by what it has not read yet.
  void add_consumer(const std::string& name, std::function<std::int64_t()> lag);

  std::string text();  // with what was committed before the call

 private:
  struct Meters;
  struct Live;
  void run();
  // Under reading_:
  void begin();
  void catch_up();
  void count(const store::OperationEvent&);
  void show(const store::OperationEvent&);
  void show_store();
  void show_load();

  OperationManager& manager_;
  store::OperationStore& store_;
  const std::unique_ptr<Meters> meters_;

  std::mutex reading_;  // all up to the next mutex; held while reading the feed
  std::optional<store::FeedReader> feed_;
  std::int64_t skipped_ = 0;  // events that were pruned before they were read
  const std::unique_ptr<Live> live_;
  std::vector<std::pair<std::string, std::function<std::int64_t()>>> consumers_;

  std::mutex mutex_;  // all below
  std::condition_variable wake_;
  bool rung_ = true, stopping_ = false;
  Doorbell::Subscription commits_;
  std::thread thread_;
};

}  // namespace hub::operations
