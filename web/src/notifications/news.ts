// Which notifications are worth a toast. All that the document held when the page first became
// equal to it is old: it was told to whoever was here then, or is in the list of recent
// operations. What comes later is told once, also when it came while the connection was lost.
import type { OperationNotification } from "../contracts/operation_notification.ts";

export interface News {
  readonly seen: ReadonlySet<string>; // ids
  readonly fresh: readonly OperationNotification[]; // oldest first
}

/** `seen` is null until the first sync. */
export function takeNews(
  seen: ReadonlySet<string> | null,
  notifications: readonly OperationNotification[],
): News {
  const fresh = seen === null ? [] : notifications.filter(({ id }) => !seen.has(id));
  if (seen !== null && fresh.length === 0) return { seen, fresh };
  // Ids that the document has dropped are kept: a restarted hub may show them again.
  return { seen: new Set([...(seen ?? []), ...notifications.map(({ id }) => id)]), fresh };
}

export type Announcement =
  | { readonly kind: "one"; readonly notification: OperationNotification }
  | { readonly kind: "many"; readonly count: number }; // that ended well

const single_max = 3;

/** One toast each, but good news that comes in a heap is told in one; bad news never is. */
export function announcements(fresh: readonly OperationNotification[]): readonly Announcement[] {
  const good = fresh.filter(({ level }) => level === "success");
  if (good.length <= single_max) {
    return fresh.map((notification) => ({ kind: "one", notification }));
  }
  return [
    { kind: "many", count: good.length },
    ...fresh
      .filter(({ level }) => level !== "success")
      .map((notification): Announcement => ({ kind: "one", notification })),
  ];
}
