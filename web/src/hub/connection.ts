// How the page stands with the hub's document. A pure step function, so that it can be tested, and
// the watcher that feeds it from y-websocket.
import { WebsocketProvider } from "y-websocket";
import type * as Y from "yjs";
import { Store } from "./store.ts";

export type Phase = "connecting" | "live" | "reconnecting" | "offline";

export interface Connection {
  readonly phase: Phase;
  readonly lost_at_ms: number | null; // since when what is shown may be old
  readonly syncs: number; // how often the document has become equal to the hub's
}

export type ConnectionEvent = "synced" | "lost" | "tick";

export const notConnected: Connection = { phase: "connecting", lost_at_ms: null, syncs: 0 };

/** A loss shorter than this is called "reconnecting", a longer one "offline". */
export const offline_after_ms = 8000;

export function nextConnection(
  now: Connection,
  event: ConnectionEvent,
  now_ms: number,
): Connection {
  switch (event) {
    case "synced":
      return now.phase === "live" ? now : { phase: "live", lost_at_ms: null, syncs: now.syncs + 1 };
    case "lost":
      if (now.phase === "live") return { ...now, phase: "reconnecting", lost_at_ms: now_ms };
      return now.lost_at_ms === null ? { ...now, lost_at_ms: now_ms } : now;
    case "tick":
      return now.phase !== "live" &&
        now.phase !== "offline" &&
        now.lost_at_ms !== null &&
        now_ms - now.lost_at_ms >= offline_after_ms
        ? { ...now, phase: "offline" }
        : now;
  }
}

const tick_ms = 1000;
const reconnect_ms = 2500;

/**
 * Keeps `doc` equal to the hub's document of `webspace`. `onLost` is called after each loss: the
 * reason may be that the session has ended, which a WebSocket does not tell a page.
 */
export class LiveDocument extends Store<Connection> {
  private readonly provider: WebsocketProvider;
  private readonly ticking: ReturnType<typeof setInterval>;
  private reconnecting: ReturnType<typeof setTimeout> | undefined;

  constructor(base: string, webspace: string, doc: Y.Doc, onLost: () => void) {
    super(notConnected);
    // Tabs do not talk to each other behind the hub's back: what they show is what it says.
    this.provider = new WebsocketProvider(base, webspace, doc, { disableBc: true });
    this.provider.on("sync", (synced) => this.feed(synced ? "synced" : "lost"));
    this.provider.on("connection-close", (event) => {
      this.feed("lost");
      onLost();
      // y-websocket takes these codes as final. A hub that was only restarted is worth another try.
      if (event && event.code >= 4400 && event.code < 4500) this.reconnectLater();
    });
    this.ticking = setInterval(() => this.feed("tick"), tick_ms);
  }

  stop(): void {
    clearInterval(this.ticking);
    clearTimeout(this.reconnecting);
    this.provider.destroy();
  }

  private feed(event: ConnectionEvent): void {
    this.set(nextConnection(this.get(), event, Date.now()));
  }

  private reconnectLater(): void {
    clearTimeout(this.reconnecting);
    this.reconnecting = setTimeout(() => this.provider.connect(), reconnect_ms);
  }
}

/** "http://host/" to "ws://host/yws". */
export function yjsBase(page: URL): string {
  return `${page.protocol === "https:" ? "wss:" : "ws:"}//${page.host}/yws`;
}
