#include "operations/operation_manager.hpp"

#include "base/hash.hpp"
#include "operations/rendering.hpp"

namespace hub::operations {
namespace {

constexpr std::chrono::hours children_patience{24};  // asked again after that

}  // namespace

OperationManager::OperationManager(store::OperationStore& store, store::ProgressBoard& board,
                                   OperationLogs& logs, const Clock& clock, Workflows workflows,
                                   ManagerOptions options)
    : store_(store),
      board_(board),
      logs_(logs),
      clock_(clock),
      workflows_(std::move(workflows)),
      options_(std::move(options)),
      vault_(options_.secrets),
      services_{store_, board_, logs_, vault_, clock_, family()},
      waiters_(store_, [this](const OperationId& id) { return find(id); }),
      janitor_(store_, logs_, vault_, workflows_, clock_),
      crew_(services_, workflows_,
            {options_.slots, options_.drain_patience, options_.on_stuck,
             [this] { janitor_.ended(); }}) {
  for (const auto& workflow : workflows_) kinds_.push_back(workflow->kind());
  commits_ = store_.database().commits().subscribe([this] {
    crew_.rang();
    waiters_.committed();
  });
}

OperationManager::~OperationManager() {
  stop();
  commits_ = {};
  std::unique_lock guard(owed_mutex_);
  owed_changed_.wait(guard, [this] { return owed_ == 0; });
}

Family OperationManager::family() {
  return {
      .accept = [this](const OperationRequest& request,
                       const OperationId& id) { return accept_child(request, id); },
      .cancel = [this](const OperationId& id) { static_cast<void>(crew_.cancel(id)); },
      .wait =
          [this](const OperationId& id, Found found) {
            waiters_.wait(id, std::nullopt, children_patience, std::move(found));
          },
      .undo = [this](const OperationId& child, const OperationId& id,
                     const OperationState& parent) { return undo_child(child, id, parent); },
      .lend_slot = [this](Family::Urge urge) { return crew_.lend_slot(urge); },
      .take_slot_back = [this] { crew_.take_slot_back(); },
  };
}

void OperationManager::start() {
  vault_.sweep([this] { return store_.not_cleaned_up(); });
  waiters_.start();
  recovered_ = crew_.start();
  janitor_.start();
}

void OperationManager::stop() {
  stopping_ = true;
  crew_.stop();
  waiters_.stop();
  janitor_.stop();
}

OperationId OperationManager::new_id() const {
  return OperationId("op_" + uuid_v7(to_millis(clock_.now())));
}

std::optional<OperationState> OperationManager::find(const OperationId& id) const {
  auto state = store_.find(id);
  if (!state) return state;
  board_.overlay(*state);
  auto tail = log_tail_of(id, logs_);
  if (!tail.empty()) state->log_tail = std::move(tail);
  return state;
}

void OperationManager::wait(const OperationId& id, std::optional<std::int64_t> after_revision,
                            std::chrono::milliseconds timeout, Found found) {
  waiters_.wait(id, after_revision, timeout, std::move(found));
}

OperationManager::Load OperationManager::load() const {
  const auto load = crew_.load();
  return {load.slots, load.busy, load.stalled};
}

}  // namespace hub::operations
