// A client of y-protocols alone, without a provider: says what it is told to and keeps what it hears.
import { once } from "node:events";
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import WebSocket from "ws";
import * as awarenessProtocol from "y-protocols/awareness";
import * as syncProtocol from "y-protocols/sync";
import * as Y from "yjs";
import { afterwards, patience } from "./support.mjs";

export const kinds = { sync: 0, awareness: 1, auth: 2, queryAwareness: 3 };

/** One frame: the kind, then what `write` adds. */
export function frame(kind, write = () => {}) {
  const out = encoding.createEncoder();
  encoding.writeVarUint(out, kind);
  write(out);
  return encoding.toUint8Array(out);
}

export const tokenFrame = (token) =>
  frame(kinds.auth, (out) => {
    encoding.writeVarUint(out, 0);
    encoding.writeVarString(out, token);
  });

export const updateFrame = (update) =>
  frame(kinds.sync, (out) => syncProtocol.writeUpdate(out, update));

export class RawClient {
  doc = new Y.Doc();
  awareness = new awarenessProtocol.Awareness(this.doc);
  denied = []; // what the hub said about writes that it dropped
  closed = null; // {code, reason}
  #socket;
  #waiting = new Set();

  static async connect(
    t,
    hub,
    { room = "desktop", query = `token=${hub.token}`, ...options } = {},
  ) {
    const client = new RawClient();
    const address = `${hub.url.replace("http", "ws")}/yws/${room}?${query}`;
    client.#socket = new WebSocket(address, options);
    client.#socket.binaryType = "arraybuffer";
    client.#socket.on("message", (data) => client.#hear(new Uint8Array(data)));
    client.#socket.on("close", (code, reason) => {
      client.closed = { code, reason: String(reason) };
      client.#look();
    });
    afterwards(t, () => {
      client.#socket.terminate();
      client.awareness.destroy();
      client.doc.destroy();
    });
    await once(client.#socket, "open");
    return client;
  }

  send(bytes) {
    this.#socket.send(bytes);
  }

  close() {
    this.#socket.close();
  }

  /** Step 1; resolves when the hub's step 2 is in. */
  async sync() {
    this.synced = false;
    this.send(frame(kinds.sync, (out) => syncProtocol.writeSyncStep1(out, this.doc)));
    await this.until("step 2", () => this.synced);
  }

  /** Sends every later change of its document, as a provider does. */
  live() {
    this.doc.on("update", (update, origin) => {
      if (origin !== this) this.send(updateFrame(update));
    });
  }

  sendAwareness(state) {
    this.awareness.setLocalState(state);
    const update = awarenessProtocol.encodeAwarenessUpdate(this.awareness, [this.doc.clientID]);
    this.send(frame(kinds.awareness, (out) => encoding.writeVarUint8Array(out, update)));
  }

  until(what, holds) {
    return new Promise((resolve, reject) => {
      const one = { holds, resolve };
      const clock = setTimeout(() => {
        this.#waiting.delete(one);
        reject(new Error(`waited in vain for ${what}: ${JSON.stringify(this.closed)}`));
      }, patience);
      one.resolve = (value) => {
        clearTimeout(clock);
        resolve(value);
      };
      this.#waiting.add(one);
      this.#look();
    });
  }

  #look() {
    for (const one of this.#waiting) {
      const value = one.holds();
      if (!value) continue;
      this.#waiting.delete(one);
      one.resolve(value);
    }
  }

  #hear(bytes) {
    const message = decoding.createDecoder(bytes);
    switch (decoding.readVarUint(message)) {
      case kinds.sync: {
        const answer = encoding.createEncoder();
        encoding.writeVarUint(answer, kinds.sync);
        const step = syncProtocol.readSyncMessage(message, answer, this.doc, this);
        if (step === syncProtocol.messageYjsSyncStep2) this.synced = true;
        if (step === syncProtocol.messageYjsSyncStep1) this.send(encoding.toUint8Array(answer));
        break;
      }
      case kinds.awareness:
        awarenessProtocol.applyAwarenessUpdate(
          this.awareness,
          decoding.readVarUint8Array(message),
          this,
        );
        break;
      case kinds.auth:
        decoding.readVarUint(message);
        this.denied.push(decoding.readVarString(message));
        break;
    }
    this.#look();
  }
}
