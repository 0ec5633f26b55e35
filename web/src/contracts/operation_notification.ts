// The mirror of src/contracts/operation_notification.hpp, held to it by the same fixture.
import { fields, oneOf, text, textOrNull, type Fields } from "./decode.ts";

const levels = ["success", "error", "warning"] as const;
export type NotificationLevel = (typeof levels)[number];

/** A user-facing result: one per operation and outcome. */
export interface OperationNotification {
  readonly id: string; // "notif:<operation_id>:<level>"
  readonly level: NotificationLevel;
  readonly message: string; // the fallback of message_key
  readonly operation_id: string;
  readonly target_kind: string;
  readonly target_id: string;
  readonly ts: string;
  readonly message_key: string;
  readonly message_args: Fields;
}

export function readNotification(value: unknown): OperationNotification | undefined {
  const from = fields(value);
  const id = textOrNull(from.id);
  const level = oneOf(levels, from.level);
  if (!id || !level) return undefined;
  return {
    id,
    level,
    message: text(from.message),
    operation_id: text(from.operation_id),
    target_kind: text(from.target_kind),
    target_id: text(from.target_id),
    ts: text(from.ts),
    message_key: text(from.message_key),
    message_args: fields(from.message_args),
  };
}
