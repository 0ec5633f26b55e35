#pragma once
// What the store holds, written as the hub's part of a webspace's document (contracts.md §7):
//
//   runtime.operations   Y.Map {by_id: Y.Map of Y.Map, one key a field; order, active: plain lists}
//   runtime.notifications, data.infrastate.update_actions, data.desktop.toasts    plain lists
//   runtime.meta         Y.Map {feed_id, seq, protocol}
//
// Level-triggered: whatever the document held before, afterwards it equals the input, and only
// keys that differ were written. Nobody reads the document to decide anything.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "contracts/operation_notification.hpp"
#include "contracts/operation_state.hpp"
#include "projection/awareness.hpp"
#include "ydoc/authored_document.hpp"

namespace hub::projection {

// Of one webspace, at one moment.
struct ProjectionInput {
  std::string feed_id;  // of the store: another one means another history
  std::int64_t seq = 0;
  std::vector<OperationState> operations;  // the live ones and the last that ended, oldest first
  std::vector<OperationNotification> notifications;  // the last ones, oldest first
  boost::json::array update_actions;
};

inline constexpr int kProtocol = 1;
inline constexpr std::size_t kEndedMax = 50, kNotificationsMax = 50;
// An operation's bare progress is written at most four times a second.
inline constexpr std::chrono::milliseconds kTickGap{250};

// When each operation's progress was last written. Of one document.
using TickTimes = std::map<std::string, Instant>;

// Gives when to come again for the progress that it held back.
std::optional<Instant> project(const ProjectionInput&, ydoc::AuthoredDocument&, TickTimes&,
                               Instant now);

}  // namespace hub::projection
