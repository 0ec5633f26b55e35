#include "contracts/operation_notification.hpp"

namespace hub {
namespace {

NotificationLevel level_of(OperationStatus status) {
  switch (status) {
    case OperationStatus::succeeded: return NotificationLevel::success;
    case OperationStatus::cancelled: return NotificationLevel::warning;
    case OperationStatus::accepted:
    case OperationStatus::running:
    case OperationStatus::waiting_input:
    case OperationStatus::cancelling:
    case OperationStatus::reverting:
    case OperationStatus::failed: return NotificationLevel::error;
  }
  return NotificationLevel::error;
}

}  // namespace

bool is_told(const OperationState& ended) {
  if (ended.parent_id) return false;
  return ended.status == OperationStatus::failed || ended.initiator.kind != "schedule";
}

OperationNotification notification_of(const OperationState& ended) {
  OperationNotification told;
  told.level = level_of(ended.status);
  told.id =
      "notif:" + ended.operation_id.text() + ":" + boost::describe::enum_to_string(told.level, "");
  told.operation_id = ended.operation_id;
  told.target_kind = ended.target_kind;
  told.target_id = ended.target_id;
  told.ts = ended.finished_at.value_or(ended.updated_at);
  told.message = ended.message;
  const std::string what = ended.undo_of ? "undo" : ended.kind.text();
  told.message_key =
      "notification." + what + "." + boost::describe::enum_to_string(ended.status, "");
  told.message_args = ended.title_args;
  if (ended.result && ended.result->is_object()) {
    for (const auto* key : {"version", "updated"}) {
      if (const auto* value = ended.result->get_object().if_contains(key)) {
        told.message_args[key] = *value;
      }
    }
  }
  if (ended.error) told.message_args["error"] = ended.error->message;
  return told;
}

}  // namespace hub
