// Feeds the queue of toasts: from the projection's notifications, and from refusals of commands
// that this page has sent.
import { UNSTABLE_ToastQueue as ToastQueue } from "react-aria-components";
import type { Refusal } from "../hub/commands.ts";
import type { Hub } from "../hub/hub.ts";
import { announcements, takeNews, type Announcement } from "./news.ts";

export type ToastContent = Announcement | { readonly kind: "refusal"; readonly refusal: Refusal };
export type Toasts = ToastQueue<ToastContent>;

const visible_max = 4;
const good_news_ms = 7000;

export const newToasts = (): Toasts =>
  new ToastQueue<ToastContent>({ maxVisibleToasts: visible_max });

/** Bad news stays until it is dismissed. */
const timeoutOf = (content: ToastContent): number | undefined =>
  content.kind === "many" || (content.kind === "one" && content.notification.level === "success")
    ? good_news_ms
    : undefined;

function add(toasts: Toasts, content: ToastContent): void {
  const timeout = timeoutOf(content);
  toasts.add(content, timeout === undefined ? {} : { timeout });
}

/** Until the returned function is called. */
export function feedToasts(hub: Hub, toasts: Toasts): () => void {
  let seen: ReadonlySet<string> | null = null;
  const tell = () => {
    if (hub.connection.get().syncs === 0) return; // what comes with the first sync is old
    const news = takeNews(seen, hub.projection.get().notifications);
    seen = news.seen;
    for (const content of announcements(news.fresh)) add(toasts, content);
  };
  let refused = hub.refusals.get().length;
  const tellRefusals = () => {
    for (const refusal of hub.refusals.get().slice(refused))
      add(toasts, { kind: "refusal", refusal });
    refused = hub.refusals.get().length;
  };
  const stops = [
    hub.projection.subscribe(tell),
    hub.connection.subscribe(tell),
    hub.refusals.subscribe(tellRefusals),
  ];
  tell();
  return () => stops.forEach((stop) => stop());
}
