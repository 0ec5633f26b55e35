// A real hub in a folder of its own. ADAOS_HUB_FAULT slows it down at each durable point, so that an
// install has a middle to look at.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, open, readFile, rm, symlink } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const root = fileURLToPath(new URL("../../../", import.meta.url));
const binary = process.env.HUB_BINARY ?? path.join(root, "build/dev/bin/adaos-hub");
const start_seconds = 60;
const stop_seconds = 30;

/** Polls until `found` answers something; the deadline is far beyond what is normal. */
export async function until(what, found, seconds = 60) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const value = await found();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`waited ${seconds} s for ${what}`);
    await pause(20);
  }
}

const endings = new WeakMap(); // of each test: what is to be done when it ends

/** Does `act` when the test ends; what was begun last ends first. */
export function atEnd(t, act) {
  if (!endings.has(t)) {
    const acts = [];
    endings.set(t, acts);
    t.after(async () => {
      const failures = [];
      for (const ending of acts.reverse()) {
        await Promise.resolve()
          .then(ending)
          .catch((failure) => failures.push(failure));
      }
      if (failures.length > 0) throw failures[0];
    });
  }
  endings.get(t).push(act);
}

/** A folder that the test may fill; gone when the test ends. */
export async function temporaryFolder(t) {
  const folder = await mkdtemp(path.join(tmpdir(), "adaos-hub-browser-"));
  atEnd(t, () => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  return folder;
}

/** What the hub serves: the folder it is given, else this tree's built page and samples. */
async function shareFolder(folder) {
  const given = process.env.ADAOS_HUB_SHARE || process.env.HUB_SHARE;
  if (given) return given;
  const page = path.join(root, "web/dist");
  if (!existsSync(path.join(page, "index.html"))) {
    throw new Error(
      `cannot test the page: ${page} has not been built (npm --prefix web run build)`,
    );
  }
  const share = path.join(folder, "share");
  if (!existsSync(share)) {
    await mkdir(share);
    await symlink(page, path.join(share, "web"));
    await symlink(path.join(root, "examples/registry"), path.join(share, "registry-samples"));
  }
  return share;
}

export class Hub {
  #process;
  #log;
  #folder;

  /** Starts it and waits for its address. `fault`: see src/base/fault_point.hpp. */
  static async start(t, folder, { port = 0, fault = "", more = [] } = {}) {
    const hub = new Hub();
    hub.#folder = folder;
    const output = path.join(folder, "hub.out");
    hub.#log = path.join(folder, "hub.log");
    const [out, log] = [await open(output, "w"), await open(hub.#log, "a")];
    const env = { ...process.env, ADAOS_HUB_SHARE: await shareFolder(folder) };
    delete env.ADAOS_HUB_FAULT;
    if (fault !== "") env.ADAOS_HUB_FAULT = fault;
    const base = path.join(folder, "base");
    hub.#process = spawn(binary, ["serve", "--port", String(port), "--base-dir", base, ...more], {
      env,
      stdio: ["ignore", out.fd, log.fd],
    });
    atEnd(t, () => hub.stop());
    await once(hub.#process, "spawn");
    await Promise.all([out.close(), log.close()]);
    const line = await until(
      "the hub's address",
      async () => {
        if (hub.#process.exitCode !== null) throw new Error(`the hub ended:\n${await hub.log()}`);
        return /^address: (\S+)\n/m.exec(await readFile(output, "utf8"))?.[1];
      },
      start_seconds,
    );
    hub.signInAddress = line;
    hub.address = line.split("#")[0];
    hub.token = line.split("#token=")[1];
    hub.port = Number(new URL(line).port);
    return hub;
  }

  /** Publishes an artifact into the hub's own registry, as its author would. */
  async push(kind, artifact) {
    const registry = path.join(this.#folder, "base", "registry");
    await promisify(execFile)(binary, [kind, "push", artifact, "--registry", registry], {
      env: { ...process.env, XDG_CACHE_HOME: path.join(this.#folder, "cache") },
    });
  }

  async log() {
    return readFile(this.#log, "utf8");
  }

  get running() {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** As a power cut would: nothing is flushed, nobody is told. */
  async kill() {
    await this.#end("SIGKILL");
  }

  async stop() {
    if (!this.running) return;
    const late = setTimeout(() => this.#process.kill("SIGKILL"), stop_seconds * 1000);
    await this.#end("SIGTERM");
    clearTimeout(late);
  }

  /** GET with the token; the JSON. */
  async get(route) {
    return this.#ask(route, {});
  }

  /** Asks for an operation, as another client would. */
  async operate(kind, target_kind, target_id, params = {}) {
    return this.#ask("/api/operations", {
      method: "POST",
      body: JSON.stringify({ kind, target_kind, target_id, params }),
    });
  }

  async #ask(route, request) {
    const headers = { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json" };
    const response = await fetch(new URL(route, this.address), { ...request, headers });
    if (!response.ok) {
      throw new Error(`${request.method ?? "GET"} ${route}: ${response.status}`);
    }
    return response.json();
  }

  async #end(signal) {
    if (!this.running) return;
    const ended = once(this.#process, "exit");
    this.#process.kill(signal);
    await ended;
  }
}
