// What an npm client of the everyday kind sees: yjs and y-websocket, nothing of ours. The hub is the
// real program, started from HUB_BINARY with its own sample registry.
import assert from "node:assert/strict";
import test from "node:test";
import WebSocket from "ws";
import { ask, catalogue, connect, folder, operationOf, startHub, until } from "./support.mjs";

test("a y-websocket client sees an operation begin, go on and end", async (t) => {
  const hub = await startHub(t, await folder(t), { fault: "delay_ms=60" });
  await catalogue(hub, 10);
  const client = connect(t, hub);
  await until(client, "the projection", () => client.runtime.get("operations"));
  assert.deepEqual(client.runtime.toJSON().operations, { by_id: {}, order: [], active: [] });
  const actions = client.doc.getMap("data").toJSON().infrastate.update_actions;
  assert.deepEqual(
    actions.map((action) => action.title),
    ["Update skills & scenarios", "Marketplace"],
  );

  const accepted = await ask(hub, "POST", "/api/scenarios/install", {
    name: "morning_brief",
    async_operation: true,
  });
  assert.equal(accepted.status, 202);
  const id = accepted.json.operation_id;
  const running = await until(client, "the running operation", () => {
    const seen = operationOf(client, id);
    return seen?.status === "running" && seen.progress > 0 && seen;
  });
  assert.ok(client.runtime.toJSON().operations.active.includes(id));
  assert.equal(typeof running.revision, "number");
  const before = client.frames.length;
  const ended = await until(client, "its end", () => {
    const seen = operationOf(client, id);
    return seen?.status === "succeeded" && seen;
  });
  assert.equal(ended.progress, 100);
  const { log_tail: log, ...stored } = (await ask(hub, "GET", `/api/operations/${id}`)).json;
  assert.ok(log.length > 0, "the log's last lines are asked for, not projected");
  assert.deepEqual(ended, stored, "the document shows what the store has");
  const shown = client.runtime.toJSON();
  assert.deepEqual(shown.operations.active, []);
  const [first, ...children] = shown.operations.order;
  assert.equal(first, id);
  assert.deepEqual(
    children.map((child) => shown.operations.by_id[child].parent_id),
    [id, id],
    "the two skills that it brings",
  );
  assert.equal(shown.notifications.at(-1).id, `notif:${id}:success`);
  const toast = client.doc.getMap("data").toJSON().desktop.toasts.at(-1);
  assert.equal(toast.level, "success");
  assert.equal(toast.code, id);
  assert.equal(toast.source, "operations");
  // Sync messages after the first ones: small differences, never the history again.
  const updates = client.frames.slice(before).filter((frame) => frame[0] === 0);
  t.diagnostic(`updates while it ran, bytes: ${updates.map((frame) => frame.length).join(" ")}`);
  assert.ok(updates.length > 3);
});

test("a client that was away during a kill is up to date again, its own edits kept", async (t) => {
  const base = await folder(t);
  const hub = await startHub(t, base, { fault: "delay_ms=60" });
  await catalogue(hub, 10);
  const client = connect(t, hub);
  await until(client, "the projection", () => client.runtime.get("operations"));
  client.doc.getMap("devices").set("kitchen", { meta: { kind: "browser" } });
  const id = (
    await ask(hub, "POST", "/api/skills/install", { name: "timer_skill", async_operation: true })
  ).json.operation_id;
  await until(client, "the running operation", () => operationOf(client, id));
  const other = connect(t, hub);
  await until(other, "the first one's edit", () => other.doc.getMap("devices").get("kitchen"));
  await hub.stop("SIGKILL");
  client.doc.getMap("devices").set("hall", { meta: { kind: "browser" } }); // offline
  const again = await startHub(t, base, { port: hub.port });
  assert.equal(again.token, hub.token);
  await until(client, "the end after the restart", () => {
    return operationOf(client, id)?.status === "succeeded";
  });
  await until(other, "the offline edit", () => other.doc.getMap("devices").get("hall"));
  for (const seen of [client, other]) {
    await until(seen, "the same end", () => operationOf(seen, id)?.status === "succeeded");
    assert.equal(seen.doc.store.pendingStructs, null);
  }
  const fresh = connect(t, again);
  await until(fresh, "everything", () => fresh.doc.getMap("devices").get("hall"));
  assert.deepEqual(fresh.runtime.toJSON(), client.runtime.toJSON());
  assert.deepEqual(fresh.doc.getMap("devices").toJSON(), client.doc.getMap("devices").toJSON());
});

test("what a client forges reaches nobody, and what is its own does", async (t) => {
  const hub = await startHub(t, await folder(t));
  const forger = connect(t, hub);
  const honest = connect(t, hub, { room: "default" }); // the older name of the same webspace
  await until(forger, "the projection", () => forger.runtime.get("operations"));
  await until(honest, "the projection", () => honest.runtime.get("operations"));
  const before = JSON.stringify(honest.runtime.toJSON());
  forger.doc.transact(() => {
    forger.runtime.get("operations").set("active", ["op_forged"]);
    forger.runtime.delete("notifications");
    forger.doc.getMap("ui").set("theme", "dark");
  });
  await until(honest, "the honest half", () => honest.doc.getMap("ui").get("theme") === "dark");
  assert.equal(JSON.stringify(honest.runtime.toJSON()), before);
});

test("without a token there is no document", async (t) => {
  const hub = await startHub(t, await folder(t));
  const refused = await new Promise((resolve) => {
    const socket = new WebSocket(hub.url.replace("http", "ws") + "/yws/desktop?token=wrong");
    socket.on("unexpected-response", (_, response) => resolve(response.statusCode));
    socket.on("error", () => {});
  });
  assert.equal(refused, 401);
});
