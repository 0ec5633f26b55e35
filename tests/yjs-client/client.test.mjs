// What an npm client of the everyday kind sees: yjs and y-websocket, nothing of ours. The hub is the
// real program, started from HUB_BINARY with its own sample registry.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import WebSocket from "ws";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const binary = process.env.HUB_BINARY ?? path.join(root, "build/dev/bin/adaos-hub");
const patience = 60_000;

// What is begun last is ended first.
const endings = new WeakMap();
function afterwards(t, end) {
  if (!endings.has(t)) {
    endings.set(t, []);
    t.after(async () => {
      for (const one of endings.get(t).reverse()) await one();
    });
  }
  endings.get(t).push(end);
}

async function startHub(t, base, { port = 0, fault = "" } = {}) {
  const env = { ...process.env };
  delete env.ADAOS_HUB_FAULT;
  if (fault) env.ADAOS_HUB_FAULT = fault;
  const child = spawn(binary, ["serve", "--port", String(port), "--base-dir", base], { env });
  let log = "";
  child.stderr.on("data", (chunk) => (log += chunk));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const stop = async (signal = "SIGTERM") => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await ended;
  };
  afterwards(t, () => stop("SIGKILL"));
  let printed = "";
  const address = await new Promise((resolve, reject) => {
    child.stdout.on("data", (chunk) => {
      printed += chunk;
      const found = /address: (\S+?)\/#token=(\S+)\n/.exec(printed);
      if (found) resolve({ url: found[1], token: found[2] });
    });
    child.once("exit", (code) => reject(new Error(`the hub ended with ${code}:\n${log}`)));
  });
  return { ...address, stop, port: Number(new URL(address.url).port) };
}

async function ask(hub, method, route, body) {
  const response = await fetch(hub.url + route, {
    method,
    headers: { Authorization: `Bearer ${hub.token}`, "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return { status: response.status, json: await response.json() };
}

// Everything a client holds, and every binary message it was sent.
function connect(t, hub, room = "desktop", doc = new Y.Doc()) {
  const frames = [];
  class Listening extends WebSocket {
    constructor(...given) {
      super(...given);
      this.on("message", (data) => frames.push(new Uint8Array(data)));
    }
  }
  const provider = new WebsocketProvider(hub.url.replace("http", "ws") + "/yws", room, doc, {
    WebSocketPolyfill: Listening,
    params: { token: hub.token },
    disableBc: true,
  });
  afterwards(t, () => {
    provider.destroy();
    doc.destroy(); // ends the timer of its awareness
  });
  return { doc, provider, frames, runtime: doc.getMap("runtime") };
}

// Resolves when `holds` does; looked at after each change of the document.
function until(client, what, holds) {
  return new Promise((resolve, reject) => {
    const clock = setTimeout(() => {
      client.doc.off("update", look);
      reject(new Error(`waited in vain for ${what}: ${JSON.stringify(client.runtime.toJSON())}`));
    }, patience);
    const look = () => {
      const found = holds();
      if (!found) return;
      clearTimeout(clock);
      client.doc.off("update", look);
      resolve(found);
    };
    client.doc.on("update", look);
    look();
  });
}

async function catalogue(hub, rows) {
  const deadline = Date.now() + patience;
  while ((await ask(hub, "GET", "/api/marketplace")).json.rows.length < rows) {
    assert.ok(Date.now() < deadline, "no catalogue");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function folder(t) {
  const made = await mkdtemp(path.join(tmpdir(), "adaos-hub-yjs-"));
  afterwards(t, () => rm(made, { recursive: true, force: true }));
  return made;
}

const operationOf = (client, id) => client.runtime.toJSON().operations?.by_id?.[id];

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
  const honest = connect(t, hub, "default"); // the older name of the same webspace
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
