// Differential test of the room ydoc: the hub's documents against the Yjs that browsers run.
//
//   node oracle.mjs PROBE            YDOC_ORACLE_SECONDS (20), YDOC_ORACLE_SEED (of the day)
//
// Each round: browsers edit what is theirs, some try to edit what is not; connections drop, pages
// reload, the hub writes, rotates, renews, restarts, now and then without its last moments. In the
// end all are connected, and every document must be the same. Then mangled updates: what the hub
// lets through must be something that Yjs takes.
import assert from "node:assert";
import * as Y from "yjs";
import * as encoding from "lib0/encoding";
import { Hub } from "./hub.mjs";
import { Browser } from "./browser.mjs";

const probe = process.argv[2];
const seconds = Number(process.env.YDOC_ORACLE_SECONDS ?? 20);
const seed = Number(process.env.YDOC_ORACLE_SEED ?? Math.floor(Date.now() / 86400000));

class Random {
  constructor(seed) {
    this.state = seed >>> 0;
  }
  next() {
    // mulberry32
    let t = (this.state += 0x6d2b79f5);
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }
  below(n) {
    return n <= 0 ? 0 : this.next() % n;
  }
  pick(list) {
    return list[this.below(list.length)];
  }
}

const counts = {
  rounds: 0,
  edits: 0,
  forgeries: 0,
  told: 0,
  hubWrites: 0,
  reconnects: 0,
  restarts: 0,
  mangled: 0,
  refused: 0,
};

const OPS = ["runtime", "operations", "by_id"];
const seedWrites = (step) => [
  ["map", ["runtime", "operations"]],
  ["map", OPS],
  ["set", ["runtime", "operations", "order"], []],
  ["set", ["runtime", "operations", "active"], []],
  ["set", ["runtime", "notifications"], []],
  ["map", ["runtime", "meta"]],
  ["set", ["runtime", "meta", "seq"], step],
  ["map", ["data", "infrastate"]],
  ["set", ["data", "infrastate", "update_actions"], [{ id: "adaos_update" }]],
  ["set", ["data", "desktop", "toasts"], []],
];

function hubWrites(random, step) {
  const op = "op" + random.below(8);
  const order = [...Array(random.below(4)).keys()].map((i) => "op" + i);
  return random.pick([
    () => [
      ["map", [...OPS, op]],
      ["set", [...OPS, op, "status"], "running"],
      ["set", [...OPS, op, "progress"], 0],
    ],
    () => [
      ["map", [...OPS, op]],
      ["set", [...OPS, op, "progress"], step % 101],
      ["set", [...OPS, op, "updated_at"], `t${step}`],
      ["set", ["runtime", "meta", "seq"], step],
    ],
    () => [
      ["map", [...OPS, op]],
      [
        "set",
        [...OPS, op, "result"],
        random.pick([
          null,
          1.25,
          3e10,
          -3,
          2147483648,
          "ошибка 🙂",
          { a: [1, { b: null }] },
          [true, false],
        ]),
      ],
    ],
    () => [
      ["map", [...OPS, op]],
      ["erase", [...OPS, op, "progress"]],
    ],
    () => [["erase", [...OPS, op]]],
    () => [
      ["set", ["runtime", "operations", "order"], order],
      ["set", ["runtime", "operations", "active"], order.slice(1)],
    ],
    () => [
      ["set", ["runtime", "notifications"], [{ id: step }]],
      ["set", ["data", "desktop", "toasts"], [{ message: `m${step}` }]],
    ],
    () => [["set", ["data", "infrastate", "update_actions"], [step]]],
    () => [["rotate", ["runtime", "operations"]]],
    () => [
      ["rotate", OPS],
      ["rotate", ["runtime", "meta"]],
      ["map", [...OPS, op]],
      ["set", [...OPS, op, "progress"], step],
    ],
  ])();
}

const sorted = (x) =>
  x instanceof Uint8Array
    ? [...x]
    : Array.isArray(x)
      ? x.map(sorted)
      : x && typeof x === "object"
        ? Object.fromEntries(
            Object.keys(x)
              .sort()
              .map((k) => [k, sorted(x[k])]),
          )
        : x;
const own = (doc) =>
  sorted({
    ui: doc.getMap("ui").toJSON(),
    devices: doc.getMap("devices").toJSON(),
    list: doc.getArray("list").toJSON(),
    log: doc.getArray("log").toJSON(),
    note: doc.getText("note").toDelta(),
    page: doc.getXmlFragment("page").toString(),
  });
const hubs = (doc) =>
  sorted({ runtime: doc.getMap("runtime").toJSON(), registry: doc.getMap("registry").toJSON() });
const shared = (doc) => sorted(doc.getMap("data").toJSON());

class Round {
  constructor(hub, random) {
    this.hub = hub;
    this.random = random;
    this.author = 0;
    this.browsers = [0, 1, 2, 3, 4].map((i) => new Browser("b" + i, random, i === 4));
    this.saved = new Uint8Array();
  }

  async start(foreign) {
    this.author += 1 + this.random.below(3);
    await this.hub.open(this.author, Math.max(1, this.author - 64), foreign);
    await this.hub.write(seedWrites(this.author));
    for (const b of this.browsers) b.disconnect();
  }

  // Nobody gets updates before his step 1 is answered: what they build on might be gone by then.
  broadcast(frame, except) {
    if (frame.length === 0) return;
    for (const b of this.browsers) if (b.online && b.joined && b !== except) b.fromHub.push(frame);
  }

  async deliverToHub(b) {
    if (b.toHub.length === 0) return;
    const reaction = await this.hub.message(b.toHub.shift());
    assert.strictEqual(reaction.error, "", "an update of a real client was refused");
    if (!b.evil) assert.ok(!reaction.forged, "an honest browser was taken for a forger");
    counts.told += reaction.forged ? 1 : 0;
    b.fromHub.push(...reaction.answers);
    b.joined ||= reaction.answers.length > 0;
    this.broadcast(reaction.broadcast, b);
  }

  async step(step) {
    const r = this.random;
    const b = r.pick(this.browsers);
    const k = r.below(100);
    if (k < 30) {
      counts.edits++;
      b.edit(step);
    } else if (k < 34) {
      if (b.evil) {
        counts.forgeries++;
        b.forge(step);
      }
    } else if (k < 54) await this.deliverToHub(b);
    else if (k < 74) {
      if (b.fromHub.length > 0) b.receive(b.fromHub.shift());
    } else if (k < 88) {
      counts.hubWrites++;
      this.broadcast(await this.hub.write(hubWrites(r, step)));
    } else if (k < 94) {
      counts.reconnects++;
      if (b.online) b.disconnect();
      else b.connect(await this.hub.greeting());
    } else if (k < 96) b.reload();
    else if (k < 97) this.saved = (await this.hub.foreign()).bytes;
    else if (k < 98) {
      this.author += 1;
      this.broadcast(await this.hub.renew(this.author));
    } else if (k < 99) {
      counts.restarts++;
      await this.start(r.below(3) === 0 ? this.saved : (await this.hub.foreign()).bytes);
    }
  }

  async settle() {
    for (const b of this.browsers) if (!b.online) b.connect(await this.hub.greeting());
    for (let busy = true; busy;) {
      busy = false;
      for (const b of this.browsers) {
        while (b.toHub.length > 0 || b.fromHub.length > 0) {
          busy = true;
          await this.deliverToHub(b);
          if (b.fromHub.length > 0) b.receive(b.fromHub.shift());
        }
      }
    }
  }

  async check() {
    const truth = await this.hub.json();
    const fresh = new Browser("fresh", this.random);
    fresh.connect(await this.hub.greeting());
    this.browsers.push(fresh);
    await this.settle();
    const honest = this.browsers.filter((b) => !b.evil);
    for (const b of this.browsers) {
      assert.ok(!b.pending, `${b.name} waits for something that never comes`);
      assert.deepStrictEqual(own(b.doc), own(fresh.doc), `${b.name} has other contents`);
    }
    for (const b of honest) {
      assert.deepStrictEqual(
        hubs(b.doc),
        sorted({ runtime: truth.runtime, registry: truth.registry }),
        `${b.name} sees another projection`,
      );
      const data = b.doc.getMap("data").toJSON();
      assert.deepStrictEqual(sorted(data.infrastate), sorted(truth.data.infrastate));
      assert.deepStrictEqual(sorted(data.desktop.toasts), sorted(truth.data.desktop.toasts));
      assert.deepStrictEqual(shared(b.doc), shared(fresh.doc), `${b.name} has other data`);
    }
    const log = new Set(fresh.doc.getArray("log").toJSON());
    for (const b of this.browsers) {
      for (const token of b.tokens) assert.ok(log.has(token), `${token} was lost`);
      if (b.evil) continue;
      for (const [key, value] of b.kept) {
        if (key.startsWith("desktop:") && this.browsers.some((other) => other.emptied)) continue;
        const found = key.startsWith("desktop:")
          ? fresh.doc.getMap("data").get("desktop").get(key.slice(8))
          : fresh.doc.getMap("ui").get(key);
        assert.deepStrictEqual(found, value, `${key} was lost`);
      }
    }
    // What is kept across restarts is as good as the original.
    const stored = (await this.hub.foreign()).bytes;
    await this.start(stored);
    const again = new Y.Doc();
    Y.applyUpdate(again, await this.hub.diff(Uint8Array.of(0)));
    assert.deepStrictEqual(own(again), own(fresh.doc), "the kept contents differ");
  }
}

// One hub that is shown mangled copies of a real browser's updates and random bytes.
async function mangle(hub, random, until) {
  const source = new Browser("source", random);
  await hub.open(1, 1, new Uint8Array());
  await hub.write(seedWrites(1));
  let victim = new Y.Doc();
  const corpus = [];
  Y.applyUpdate(victim, await hub.diff(Uint8Array.of(0)));
  Y.applyUpdate(source.doc, await hub.diff(Uint8Array.of(0)));
  source.doc.on("update", (u) => corpus.push(u));
  for (let i = 0; i < 150; i++) source.edit(i);
  corpus.push(Y.encodeStateAsUpdate(source.doc));
  for (let i = 0; Date.now() < until; i++) {
    const bytes = Uint8Array.from(random.pick(corpus));
    for (let n = 1 + random.below(4); n > 0; n--) {
      bytes[random.below(bytes.length)] = random.below(3)
        ? random.below(256)
        : random.pick([0, 1, 127, 128, 255]);
    }
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, 0);
    encoding.writeVarUint(encoder, 2);
    encoding.writeVarUint8Array(
      encoder,
      random.below(8) ? bytes : bytes.subarray(0, random.below(bytes.length)),
    );
    const reaction = await hub.message(encoding.toUint8Array(encoder));
    counts.mangled++;
    counts.refused += reaction.error ? 1 : 0;
    if (reaction.persist.length > 0) Y.applyUpdate(victim, reaction.persist);
    if (i % 500 === 499) {
      Y.applyUpdate(new Y.Doc(), await hub.diff(Uint8Array.of(0)));
      await hub.open(1, 1, new Uint8Array());
      await hub.write(seedWrites(1));
      // With what the hub has forgotten it would hear another tale under ids that it knows.
      victim.destroy();
      victim = new Y.Doc();
      Y.applyUpdate(victim, await hub.diff(Uint8Array.of(0)));
    }
  }
}

// Counted, so that growth shows: a million ticks would leave megabytes without rotation.
async function grow(hub) {
  await hub.open(1, 1, new Uint8Array());
  await hub.write(seedWrites(1));
  await hub.write(
    [...Array(4).keys()].flatMap((i) => [
      ["map", [...OPS, "op" + i]],
      ["set", [...OPS, "op" + i, "progress"], 0],
    ]),
  );
  let bytes = 0;
  for (let i = 1; i <= 20000; i++) {
    const frame = await hub.write([
      ["set", [...OPS, "op" + (i % 4), "progress"], i],
      ["set", [...OPS, "op" + (i % 4), "updated_at"], i],
    ]);
    bytes = Math.max(bytes, frame.length);
    if ((await hub.structs()) > 2000) await hub.write([["rotate", ["runtime", "operations"]]]);
  }
  const whole = await hub.diff(Uint8Array.of(0));
  assert.ok(bytes < 64, `a tick takes ${bytes} bytes`);
  assert.ok(whole.length < 65536, `${whole.length} bytes after 20,000 ticks`);
  const doc = new Y.Doc();
  Y.applyUpdate(doc, whole);
  assert.deepStrictEqual(
    sorted(doc.getMap("runtime").toJSON()),
    sorted((await hub.json()).runtime),
  );
  console.log(`20,000 ticks: ${whole.length} bytes to join, at most ${bytes} bytes a tick`);
}

const hub = new Hub(probe);
const start = Date.now();
let current = seed;
try {
  await grow(hub);
  const growEnd = Date.now();
  while (Date.now() - growEnd < seconds * 800) {
    const random = new Random(current);
    const round = new Round(hub, random);
    await round.start(new Uint8Array());
    for (let step = 0, steps = 100 + random.below(400); step < steps; step++)
      await round.step(step);
    await round.settle();
    await round.check();
    counts.rounds++;
    current++;
  }
  await mangle(hub, new Random(current), Date.now() + seconds * 200);
} catch (error) {
  console.error(`failed with YDOC_ORACLE_SEED=${current}`, JSON.stringify(counts));
  console.error(error);
  process.exitCode = 1;
}
await hub.close();
console.log(`seed ${seed}, ${((Date.now() - start) / 1000).toFixed(1)} s`, JSON.stringify(counts));
