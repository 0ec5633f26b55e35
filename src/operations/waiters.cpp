#include "operations/waiters.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "base/thread_name.hpp"

namespace hub::operations {
namespace {

constexpr std::chrono::seconds look_interval{30};  // without any news
constexpr std::int64_t events_max = 1'000;         // looked at in one go
constexpr std::chrono::milliseconds retry_gap{200};

}  // namespace

void Waiters::start() {
  thread_ = std::thread([this] { run(); });
}

void Waiters::stop() {
  {
    const std::lock_guard guard(mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  All left;
  {
    const std::lock_guard guard(mutex_);
    left.swap(all_);
  }
  for (auto& [id, waiter] : left) waiter.found(find_(id));
}

void Waiters::wait(const OperationId& id, std::optional<std::int64_t> after_revision,
                   std::chrono::milliseconds timeout, Found found) {
  {
    const std::lock_guard guard(mutex_);
    if (!stopping_) {
      const auto deadline = std::chrono::steady_clock::now() + timeout;
      all_.emplace(id, Waiter{after_revision, deadline, std::move(found)});
      ++rings_;
      wake_.notify_one();
      return;
    }
  }
  found(find_(id));
}

void Waiters::committed() {
  const std::lock_guard guard(mutex_);
  ++rings_;
  if (!all_.empty()) wake_.notify_one();
}

void Waiters::run() {
  name_this_thread("waiters");
  std::uint64_t heard = 0;
  for (;;) {
    {
      std::unique_lock guard(mutex_);
      const auto news = [&] { return stopping_ || (rings_ != heard && !all_.empty()); };
      auto until = std::chrono::steady_clock::now() + look_interval;
      for (const auto& [id, waiter] : all_) until = std::min(until, waiter.deadline);
      wake_.wait_until(guard, until, news);
      if (stopping_) return;
      heard = rings_;
      if (all_.empty()) continue;
    }
    try {
      const auto moved = moved_since_last_look();
      look(take_due(moved ? &*moved : nullptr, std::chrono::steady_clock::now()));
    } catch (const std::exception& thrown) {
      log::error("operations", "waiters_failed", {{"error", thrown.what()}});
      std::unique_lock guard(mutex_);
      wake_.wait_for(guard, retry_gap, [this] { return stopping_; });
    }
  }
}

// Nothing: too many to tell, so that everybody looks.
std::optional<std::vector<OperationId>> Waiters::moved_since_last_look() {
  std::vector<OperationId> moved;
  const auto events = store_.events_after(seq_, events_max);
  if (!events || static_cast<std::int64_t>(events->size()) == events_max) {
    seq_ = store_.last_seq();
    return std::nullopt;
  }
  for (const auto& event : *events) {
    seq_ = event.seq;
    moved.push_back(event.operation_id);
  }
  std::ranges::sort(moved);
  return moved;
}

Waiters::All Waiters::take_due(const std::vector<OperationId>* moved, Instant now) {
  All due;
  const std::lock_guard guard(mutex_);
  for (auto at = all_.begin(); at != all_.end();) {
    auto& waiter = at->second;
    const bool looks = !moved || !waiter.looked || now >= waiter.deadline ||
                       std::ranges::binary_search(*moved, at->first);
    const auto next = std::next(at);
    if (looks) due.insert(all_.extract(at));
    at = next;
  }
  return due;
}

// A waiter whose operation cannot be read now waits on, past its deadline.
void Waiters::look(All due) {
  const auto now = std::chrono::steady_clock::now();
  All rest;
  for (auto at = due.begin(); at != due.end();) {
    const auto next = std::next(at);
    auto& waiter = at->second;
    if (auto answer = answer_for(at->first, waiter, now)) {
      waiter.found(*std::move(answer));
    } else {
      rest.insert(due.extract(at));
    }
    at = next;
  }
  if (rest.empty()) return;
  const std::lock_guard guard(mutex_);
  all_.merge(rest);
}

std::optional<std::optional<OperationState>> Waiters::answer_for(const OperationId& id,
                                                                 Waiter& waiter, Instant now) {
  try {
    auto state = find_(id);
    waiter.looked = true;
    const bool moved = state && waiter.after_revision && state->revision > *waiter.after_revision;
    if (state && !is_terminal(state->status) && !moved && now < waiter.deadline) {
      return std::nullopt;
    }
    return state;
  } catch (const std::exception& thrown) {
    log::error("operations", "waiter_failed",
               {{"operation_id", id.text()}, {"error", thrown.what()}});
    return std::nullopt;
  }
}

}  // namespace hub::operations
