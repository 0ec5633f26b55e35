// Every y-websocket that is in use, and y-protocols without one, against the hub itself.
import assert from "node:assert/strict";
import { once } from "node:events";
import test from "node:test";
import WebSocket from "ws";
import { WebsocketProvider as Version1 } from "y-websocket-1";
import { WebsocketProvider as Version2 } from "y-websocket";
import { WebsocketProvider as Version3 } from "y-websocket-3";
import { frame, kinds, RawClient, tokenFrame } from "./raw_client.mjs";
import { ask, catalogue, connect, folder, operationOf, startHub, until } from "./support.mjs";

const versions = { 1: Version1, 2: Version2, 3: Version3 };

for (const [version, Provider] of Object.entries(versions)) {
  test(`y-websocket ${version}: sees an operation, is seen, and comes back after a kill`, async (t) => {
    const base = await folder(t);
    const hub = await startHub(t, base);
    await catalogue(hub, 10);
    const client = connect(t, hub, { Provider });
    const raw = await RawClient.connect(t, hub);
    await raw.sync();
    await until(client, "the projection", () => client.runtime.get("operations"));

    const asked = { name: "timer_skill", async_operation: true };
    const { operation_id: id } = (await ask(hub, "POST", "/api/skills/install", asked)).json;
    await until(client, "the end", () => operationOf(client, id)?.status === "succeeded");

    client.doc.getMap("devices").set("kitchen", version);
    await raw.until("its edit", () => raw.doc.getMap("devices").get("kitchen") === version);
    client.provider.awareness.setLocalStateField("user", { name: `version ${version}` });
    const states = () => [...raw.awareness.getStates().values()];
    await raw.until("who it is", () =>
      states().some((state) => state.user?.name === `version ${version}`),
    );
    raw.sendAwareness({ user: { name: "raw" } });
    await new Promise((resolve) => {
      const look = () => {
        const all = [...client.provider.awareness.getStates().values()];
        if (all.some((state) => state.user?.name === "raw")) resolve();
      };
      client.provider.awareness.on("change", look);
      look();
    });

    await hub.stop("SIGKILL");
    client.doc.getMap("devices").set("hall", version); // offline
    const again = await startHub(t, base, { port: hub.port });
    const undone = await ask(again, "POST", `/api/operations/${id}/undo`);
    assert.equal(undone.status, 202, JSON.stringify(undone.json));
    const { operation_id: undo } = undone.json;
    await until(client, "the undo", () => operationOf(client, undo)?.status === "succeeded");
    const fresh = await RawClient.connect(t, again);
    await fresh.sync();
    await fresh.until("the offline edit", () => fresh.doc.getMap("devices").get("hall"));
    assert.deepEqual(fresh.doc.getMap("runtime").toJSON(), client.runtime.toJSON());
    assert.equal(client.doc.store.pendingStructs, null);
  });
}

test("a token may come by header, by query, and as an auth message, before or after step 1", async (t) => {
  const hub = await startHub(t, await folder(t));
  const bearer = { query: "", headers: { Authorization: `Bearer ${hub.token}` } };
  for (const how of [bearer, {}]) {
    const client = await RawClient.connect(t, hub, how);
    await client.sync();
    assert.ok(client.doc.getMap("runtime").get("operations"));
  }
  const polite = await RawClient.connect(t, hub, { query: "auth=message" });
  polite.send(tokenFrame(hub.token));
  await polite.sync();
  assert.ok(polite.doc.getMap("runtime").get("operations"));

  const hasty = await RawClient.connect(t, hub, { query: "auth=message" });
  const answered = hasty.sync(); // as a provider does once its socket is open
  hasty.send(tokenFrame(hub.token));
  await answered;
  assert.ok(hasty.doc.getMap("runtime").get("operations"));
});

test("a wrong token as a message ends with 4401, and nothing was shown before", async (t) => {
  const hub = await startHub(t, await folder(t));
  const client = await RawClient.connect(t, hub, { query: "auth=message" });
  client.send(tokenFrame("wrong"));
  const { code } = await client.until("the close", () => client.closed);
  assert.equal(code, 4401);
  assert.equal(client.denied.length, 1);
  assert.deepEqual(client.doc.getMap("runtime").toJSON(), {});

  const silent = await RawClient.connect(t, hub, { query: "auth=message" });
  for (let i = 0; i < 9; ++i) silent.send(frame(kinds.queryAwareness));
  assert.equal((await silent.until("the close", () => silent.closed)).code, 4401);
  assert.equal(silent.awareness.getStates().size, 1);
});

test("what no client may do has a close code of its own", async (t) => {
  const hub = await startHub(t, await folder(t));
  const codeAfter = async (bytes, options) => {
    const client = await RawClient.connect(t, hub, options);
    if (bytes) client.send(bytes);
    return (await client.until("the close", () => client.closed)).code;
  };
  assert.equal(await codeAfter("text"), 1003);
  assert.equal(await codeAfter(Uint8Array.of(0, 2, 200)), 1007);
  assert.equal(await codeAfter(Uint8Array.of(0, 9, 0)), 1007);
  assert.equal(await codeAfter(new Uint8Array((1 << 20) + 1)), 1009);
  assert.equal(await codeAfter(null, { room: "no%20name" }), 4400);
  // A message of a kind that is not known is no fault: later versions may have it.
  const client = await RawClient.connect(t, hub);
  client.send(Uint8Array.of(77, 1, 2, 3));
  await client.sync();
  assert.equal(client.closed, null);
  await hub.stop();
  assert.equal((await client.until("the close", () => client.closed)).code, 1001);
});

test("a page of another origin gets no socket, with whatever token", async (t) => {
  const hub = await startHub(t, await folder(t));
  const address = `${hub.url.replace("http", "ws")}/yws/desktop?token=${hub.token}`;
  const socket = new WebSocket(address, { origin: "http://evil.example" });
  socket.on("error", () => {});
  const [, response] = await once(socket, "unexpected-response");
  assert.equal(response.statusCode, 403);
  socket.terminate();
});

test("who asks for awareness is told who is here, and who left", async (t) => {
  const hub = await startHub(t, await folder(t));
  const one = await RawClient.connect(t, hub);
  one.sendAwareness({ user: { name: "one" } });
  await one.until("its echo", () => one.awareness.meta.has(one.doc.clientID));
  const other = await RawClient.connect(t, hub);
  other.send(frame(kinds.queryAwareness));
  await other.until("the first one", () => other.awareness.getStates().has(one.doc.clientID));
  one.close();
  await other.until("its leave", () => !other.awareness.getStates().has(one.doc.clientID));
});
