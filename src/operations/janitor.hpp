#pragma once
// Throws away what nobody may ask for any more: what ended operations have left, their logs and
// secrets, rows past their time. On a thread of its own, in small batches, soon after an end and
// every minute; never in the way of a run.

#include <condition_variable>
#include <mutex>
#include <thread>

#include "operations/operation_log.hpp"
#include "operations/secrets.hpp"
#include "operations/settled_clock.hpp"
#include "operations/workflow.hpp"
#include "store/operation_store.hpp"

namespace hub::operations {

class Janitor {
 public:
  Janitor(store::OperationStore& store, OperationLogs& logs, const SecretVault& vault,
          const Workflows& workflows, const Clock& clock)
      : store_(store), logs_(logs), vault_(vault), workflows_(workflows), clock_(clock) {}
  ~Janitor() { stop(); }
  Janitor(const Janitor&) = delete;
  Janitor& operator=(const Janitor&) = delete;

  void start();
  void stop();   // after one more round: what is due now is not left to the next start
  void ended();  // an operation has: there may be something to do

 private:
  void run();
  bool clean_up_some();  // whether there may be more
  void prune();
  bool is_stopping();

  store::OperationStore& store_;
  OperationLogs& logs_;
  const SecretVault& vault_;
  const Workflows& workflows_;
  SettledClock clock_;  // the thread's own
  std::mutex mutex_;
  std::condition_variable wake_;
  bool asked_ = true;  // once at start
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace hub::operations
