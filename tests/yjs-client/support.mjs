// A real hub in a folder of its own, and npm clients on it: yjs and y-websocket, nothing of ours.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import WebSocket from "ws";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const binary = process.env.HUB_BINARY ?? path.join(root, "build/dev/bin/adaos-hub");
export const patience = 60_000;

// What is begun last is ended first.
const endings = new WeakMap();
export function afterwards(t, end) {
  if (!endings.has(t)) {
    endings.set(t, []);
    t.after(async () => {
      for (const one of endings.get(t).reverse()) await one();
    });
  }
  endings.get(t).push(end);
}

export async function startHub(t, base, { port = 0, fault = "" } = {}) {
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

export async function ask(hub, method, route, body) {
  const response = await fetch(hub.url + route, {
    method,
    headers: { Authorization: `Bearer ${hub.token}`, "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return { status: response.status, json: await response.json() };
}

/** What GET /metrics says under this name. */
export async function metric(hub, name) {
  const headers = { Authorization: `Bearer ${hub.token}` };
  const text = await (await fetch(`${hub.url}/metrics`, { headers })).text();
  const found = new RegExp(`^${name} (\\S+)$`, "m").exec(text);
  assert.ok(found, `${name} is not among the metrics`);
  return Number(found[1]);
}

// Everything a client holds, and every binary message it was sent.
export function connect(
  t,
  hub,
  { room = "desktop", doc = new Y.Doc(), Provider = WebsocketProvider } = {},
) {
  const frames = [];
  class Listening extends WebSocket {
    constructor(...given) {
      super(...given);
      this.on("message", (data) => frames.push(new Uint8Array(data)));
    }
  }
  const provider = new Provider(hub.url.replace("http", "ws") + "/yws", room, doc, {
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
export function until(client, what, holds) {
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

export async function catalogue(hub, rows) {
  const deadline = Date.now() + patience;
  while ((await ask(hub, "GET", "/api/marketplace")).json.rows.length < rows) {
    assert.ok(Date.now() < deadline, "no catalogue");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export async function folder(t) {
  const made = await mkdtemp(path.join(tmpdir(), "adaos-hub-yjs-"));
  afterwards(t, () => rm(made, { recursive: true, force: true }));
  return made;
}

export const operationOf = (client, id) => client.runtime.toJSON().operations?.by_id?.[id];
