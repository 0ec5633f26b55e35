#pragma once
// OperationNotification: a user-facing result, one per operation and outcome
// that is told at all. Kept apart from the
// operation itself. Mirrored to runtime.notifications, and in AdaOS's older shape to
// data.desktop.toasts.

#include "contracts/operation_state.hpp"

namespace hub {

enum class NotificationLevel { success, error, warning };
BOOST_DESCRIBE_ENUM(NotificationLevel, success, error, warning)

struct OperationNotification {
  std::string id;  // "notif:<operation_id>:<level>"
  NotificationLevel level = NotificationLevel::success;
  std::string message;  // the fallback of message_key
  OperationId operation_id;
  std::string target_kind;
  std::string target_id;
  Time ts{};
  std::string message_key;  // "notification.skill.install.succeeded"
  boost::json::object message_args;
};
BOOST_DESCRIBE_STRUCT(OperationNotification, (),
                      (id, level, message, operation_id, target_kind, target_id, ts, message_key,
                       message_args))

// Whether its end is told to users at all: a parent tells how its children ended, and nobody waits
// for what a timer began, unless it fails.
bool is_told(const OperationState& ended);

// What an ended operation tells the user. The same operation always gives the same notification.
OperationNotification notification_of(const OperationState& ended);

}  // namespace hub
