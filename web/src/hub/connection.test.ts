import { expect, test } from "vitest";
import { nextConnection, notConnected, offline_after_ms, yjsBase } from "./connection.ts";

test("a connection becomes live when the document is synced, and counts it", () => {
  const live = nextConnection(notConnected, "synced", 0);
  expect(live).toEqual({ phase: "live", lost_at_ms: null, syncs: 1 });
  expect(nextConnection(live, "synced", 5)).toBe(live);
});

test("a short loss is reconnecting, a longer one offline, since when it began", () => {
  let connection = nextConnection(notConnected, "synced", 0);
  connection = nextConnection(connection, "lost", 1000);
  expect(connection.phase).toBe("reconnecting");
  connection = nextConnection(connection, "lost", 3000); // an attempt that failed
  connection = nextConnection(connection, "tick", 1000 + offline_after_ms - 1);
  expect(connection.phase).toBe("reconnecting");
  connection = nextConnection(connection, "tick", 1000 + offline_after_ms);
  expect(connection).toMatchObject({ phase: "offline", lost_at_ms: 1000 });
  connection = nextConnection(connection, "synced", 60_000);
  expect(connection).toEqual({ phase: "live", lost_at_ms: null, syncs: 2 });
});

test("a page that never reached the hub goes offline too", () => {
  const lost = nextConnection(notConnected, "lost", 0);
  expect(lost.phase).toBe("connecting");
  expect(nextConnection(lost, "tick", offline_after_ms).phase).toBe("offline");
});

test("the document's address follows the page's", () => {
  expect(yjsBase(new URL("http://127.0.0.1:8777/#x"))).toBe("ws://127.0.0.1:8777/yws");
  expect(yjsBase(new URL("https://hub.example/"))).toBe("wss://hub.example/yws");
});
