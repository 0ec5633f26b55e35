#include "operations/janitor.hpp"

#include "base/log.hpp"
#include "base/thread_name.hpp"

namespace hub::operations {
namespace {

constexpr std::int64_t clean_ups_max = 50;  // of one round
constexpr std::int64_t rows_max = 200;      // pruned in one transaction
constexpr std::chrono::seconds interval{60};
constexpr std::chrono::milliseconds breath{20};  // between two batches

}  // namespace

void Janitor::start() {
  thread_ = std::thread([this] { run(); });
}

void Janitor::stop() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Janitor::ended() {
  {
    const std::lock_guard guard(mutex_);
    asked_ = true;
  }
  wake_.notify_one();
}

bool Janitor::is_stopping() {
  const std::lock_guard guard(mutex_);
  return stopping_;
}

void Janitor::run() {
  name_this_thread("janitor");
  auto prune_at = std::chrono::steady_clock::now();
  for (bool last = false; !last;) {
    {
      std::unique_lock guard(mutex_);
      wake_.wait_until(guard, prune_at, [this] { return stopping_ || asked_; });
      last = stopping_;
      asked_ = false;
    }
    try {
      while (clean_up_some() && !is_stopping()) {
      }
      if (last || std::chrono::steady_clock::now() < prune_at) continue;
      prune_at = std::chrono::steady_clock::now() + interval;
      if (clock_.look()) prune();
    } catch (const std::exception& thrown) {
      log::error("operations", "janitor_failed", {{"error", thrown.what()}});
      prune_at = std::chrono::steady_clock::now() + interval;
    }
  }
}

bool Janitor::clean_up_some() {
  const auto due = store_.due_clean_ups(clean_ups_max);
  for (const auto& one : due) {
    for (const auto& workflow : workflows_) {
      if (workflow->kind() == one.kind) workflow->clean_up(one.operation_id);
    }
    vault_.remove(one.operation_id);
    store_.cleaned_up(one.operation_id);
  }
  return static_cast<std::int64_t>(due.size()) == clean_ups_max;
}

void Janitor::prune() {
  for (;;) {
    std::vector<OperationId> forgotten;
    const auto gone = store_.prune(rows_max, forgotten);
    for (const auto& id : forgotten) {
      logs_.remove(id);
      vault_.remove(id);
    }
    if (gone == 0) return;
    std::unique_lock guard(mutex_);
    if (wake_.wait_for(guard, breath, [this] { return stopping_; })) return;
  }
}

}  // namespace hub::operations
