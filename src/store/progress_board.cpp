#include "store/progress_board.hpp"

namespace hub::store {
namespace {

constexpr std::chrono::milliseconds ring_interval_min{250};

}  // namespace

void ProgressBoard::tick(const OperationId& id, ProgressTick tick) {
  {
    const std::lock_guard guard(mutex_);
    auto& entry = entries_[id];
    entry.tick = std::move(tick);
    const auto now = std::chrono::steady_clock::now();
    if (now - entry.rung_at < ring_interval_min) return;
    entry.rung_at = now;
  }
  ticks_.ring();
}

void ProgressBoard::forget(const OperationId& id) {
  const std::lock_guard guard(mutex_);
  entries_.erase(id);
}

void ProgressBoard::overlay(OperationState& state) const {
  if (is_terminal(state.status)) return;
  const std::lock_guard guard(mutex_);
  const auto found = entries_.find(state.operation_id);
  if (found == entries_.end()) return;
  const auto& tick = found->second.tick;
  if (tick.progress && state.progress.value_or(-1) < *tick.progress) {
    state.progress = *tick.progress;
  }
  if (!tick.message.empty() && state.status == OperationStatus::running) {
    state.message = tick.message;
  }
  state.progress_detail = tick.detail;
}

}  // namespace hub::store
