#include "matrix/store_checks.hpp"

#include <algorithm>
#include <map>

#include "store/transitions.hpp"

namespace hub::matrix {
namespace {

using store::OperationEvent;
using store::OperationStore;
using Sentences = std::vector<std::string>;

template <class Enum>
std::string text_of(Enum value) {
  return boost::describe::enum_to_string(value, "?");
}

std::string name_of(const OperationState& state) {
  return state.kind.text() + " " + state.operation_id.text();
}

std::string text_of(const OperationEvent& event) {
  return std::to_string(event.seq) + " " + event.operation_id.text() + " " +
         std::to_string(event.revision) + " " + (event.from ? text_of(*event.from) : "none") +
         " to " + text_of(event.status);
}

// Contiguous, every move allowed, and what was read before still there as it was.
void check_feed(const std::vector<OperationEvent>& events,
                const std::vector<OperationEvent>& promised, Sentences& found) {
  std::map<std::string, const OperationEvent*> last;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto& event = events[i];
    if (event.seq != static_cast<std::int64_t>(i) + 1) {
      found.push_back("the feed has a hole before " + text_of(event));
    }
    const auto*& before = last[event.operation_id.text()];
    if (event.revision != (before ? before->revision : 0) + 1) {
      found.push_back("revisions are not contiguous at " + text_of(event));
    }
    if (event.from.has_value() != (before != nullptr) ||
        (before && *event.from != before->status)) {
      found.push_back("an event does not follow the one before: " + text_of(event));
    }
    if (event.from && *event.from != event.status &&
        !store::may_follow(*event.from, event.status)) {
      found.push_back("a move that is not allowed: " + text_of(event));
    }
    if (event.from && is_terminal(*event.from)) {
      found.push_back("an ended operation moved: " + text_of(event));
    }
    before = &event;
  }
  for (std::size_t i = 0; i < promised.size(); ++i) {
    if (i >= events.size() || text_of(events[i]) != text_of(promised[i])) {
      found.push_back("an event that was read is lost or changed: " + text_of(promised[i]));
      return;
    }
  }
}

void check_operation(OperationStore& store, const OperationState& state,
                     const std::vector<OperationEvent>& events,
                     const std::vector<OperationNotification>& notifications, Sentences& found) {
  const OperationEvent* last = nullptr;
  for (const auto& event : events) {
    if (event.operation_id == state.operation_id) last = &event;
  }
  if (!last || last->revision != state.revision || last->status != state.status) {
    found.push_back(name_of(state) + " at revision " + std::to_string(state.revision) +
                    " is not what the feed says last");
  }
  const auto told = std::ranges::count_if(notifications, [&](const OperationNotification& one) {
    return one.operation_id == state.operation_id;
  });
  if (told != (is_terminal(state.status) && is_told(state) ? 1 : 0)) {
    found.push_back(name_of(state) + " has " + std::to_string(told) + " notifications");
  }
  if (is_terminal(state.status) != state.finished_at.has_value()) {
    found.push_back(name_of(state) + ": finished_at does not go with its status");
  }
  std::vector<store::LockRequest> locks;
  for (const auto& resource : state.resources) locks.push_back({resource});
  for (const auto& holder : store.contenders(locks)) {
    if (is_terminal(holder.status)) found.push_back(name_of(holder) + " still holds a lock");
  }
}

}  // namespace

std::vector<std::string> store_violations_of(OperationStore& store,
                                             const std::vector<OperationEvent>& read) {
  Sentences found;
  const auto events = store.events_after(0, 1'000'000);
  if (!events) return {"the feed cannot be read: " + events.error().message};
  check_feed(*events, read, found);
  const auto notifications = store.notifications("desktop", 1'000'000);
  store::OperationFilter all;
  all.limit = 1'000'000;
  for (const auto& state : store.list(all)) {
    check_operation(store, state, *events, notifications, found);
  }
  return found;
}

}  // namespace hub::matrix
