// The C++ side of the test: ydoc_probe behind its standard input and output (see probe.cpp).
import { spawn } from "node:child_process";

export class Hub {
  constructor(probe) {
    this.child = spawn(probe, [], { stdio: ["pipe", "pipe", "inherit"] });
    this.bytes = Buffer.alloc(0);
    this.waiting = [];
    this.child.stdout.on("data", (chunk) => {
      this.bytes = Buffer.concat([this.bytes, chunk]);
      this.#read();
    });
    this.child.on("exit", (code) => {
      for (const { reject } of this.waiting) reject(new Error(`the probe ended with ${code}`));
      this.waiting = [];
    });
  }

  close() {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.stdin.end();
    return ended;
  }

  #read() {
    while (this.waiting.length > 0 && this.bytes.length >= 4) {
      const parts = [];
      let at = 4;
      for (let left = this.bytes.readUInt32LE(0); left > 0; left--) {
        if (this.bytes.length < at + 4) return;
        const length = this.bytes.readUInt32LE(at);
        if (this.bytes.length < at + 4 + length) return;
        parts.push(new Uint8Array(this.bytes.subarray(at + 4, at + 4 + length)));
        at += 4 + length;
      }
      this.bytes = this.bytes.subarray(at);
      this.waiting.shift().resolve(parts);
    }
  }

  #ask(command, payload = new Uint8Array()) {
    const head = Buffer.alloc(5);
    head.writeUInt32LE(payload.length + 1);
    head.write(command, 4);
    this.child.stdin.write(Buffer.concat([head, payload]));
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  async open(author, firstClaimed, foreign) {
    return (
      await this.#ask("O", Buffer.concat([varUint(author), varUint(firstClaimed), foreign]))
    )[0];
  }

  async write(steps) {
    return (await this.#ask("W", Buffer.from(JSON.stringify(steps))))[0];
  }
  async renew(author) {
    return (await this.#ask("N", varUint(author)))[0];
  }
  async diff(vector) {
    return (await this.#ask("D", vector))[0];
  }
  async greeting() {
    return (await this.#ask("G"))[0];
  }
  async json() {
    return JSON.parse(text((await this.#ask("J"))[0]));
  }
  async structs() {
    return Number(text((await this.#ask("S"))[0]));
  }

  async foreign() {
    const [bytes, cost] = await this.#ask("F");
    return { bytes, cost: Number(text(cost)) };
  }

  async message(frame) {
    const [error, forged, broadcast, persist, ...answers] = await this.#ask("M", frame);
    return { error: text(error), forged: forged.length > 0, broadcast, persist, answers };
  }
}

const text = (bytes) => Buffer.from(bytes).toString();

function varUint(value) {
  const out = [];
  for (; value > 127; value = Math.floor(value / 128)) out.push(128 | (value % 128));
  return Uint8Array.from([...out, value]);
}
