// A browser with the real Yjs and y-protocols, as y-websocket connects them, and its people.
import * as Y from "yjs";
import * as sync from "y-protocols/sync";
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";

const HUB = "hub"; // origin of what comes over the connection

export class Browser {
  constructor(name, random, evil = false) {
    this.name = name;
    this.random = random;
    this.evil = evil;
    this.online = false;
    this.emptied = false; // it deleted what browsers keep in data.desktop, as it may
    this.joined = false; // the hub answered our step 1
    this.toHub = [];
    this.fromHub = [];
    this.kept = new Map(); // keys that nobody else writes -> the value they must end with
    this.tokens = []; // list entries that nobody removes
    this.#fresh();
  }

  #fresh() {
    this.doc = new Y.Doc();
    this.doc.clientID = 65536 + this.random.below(0xffffffff - 65536);
    for (const root of ["ui", "data", "registry", "runtime", "devices"]) this.doc.getMap(root);
    this.doc.getArray("list");
    this.doc.getArray("log");
    this.doc.getText("note");
    this.doc.getXmlFragment("page");
    this.doc.on("update", (update, origin) => {
      if (origin !== HUB) this.#send((e) => sync.writeUpdate(e, update));
    });
  }

  #send(write) {
    if (!this.online) return;
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, 0);
    write(encoder);
    this.toHub.push(encoding.toUint8Array(encoder));
  }

  connect(greeting) {
    this.online = true;
    this.toHub = [];
    this.fromHub = [greeting];
    this.#send((e) => sync.writeSyncStep1(e, this.doc));
  }

  disconnect() {
    this.online = this.joined = false;
    this.toHub = [];
    this.fromHub = [];
  }

  // The page is loaded anew with what the browser had stored: its whole state comes in as one
  // update of another origin, so a connected client sends all of it on.
  reload() {
    const stored = Y.encodeStateAsUpdate(this.doc);
    this.#fresh();
    Y.applyUpdate(this.doc, stored, "stored");
  }

  receive(frame) {
    const decoder = decoding.createDecoder(frame);
    if (decoding.readVarUint(decoder) !== 0) return;
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, 0);
    sync.readSyncMessage(decoder, encoder, this.doc, HUB, (error) => {
      throw error;
    });
    if (encoding.length(encoder) > 1) this.toHub.push(encoding.toUint8Array(encoder));
  }

  get pending() {
    return !!(this.doc.store.pendingStructs || this.doc.store.pendingDs);
  }

  // A place in the note that is not inside a surrogate pair: as editors, and Yjs itself replaces
  // a pair that is split here and not there.
  place(wanted = this.random.below(this.doc.getText("note").length + 1)) {
    let at = 0;
    for (const { insert } of this.doc.getText("note").toDelta()) {
      for (const c of typeof insert === "string" ? insert : [" "]) {
        if (at >= wanted) return at;
        at += c.length;
      }
    }
    return at;
  }

  range() {
    const from = this.place();
    return [from, this.place(from + 1 + this.random.below(4))];
  }

  edit(step) {
    const r = this.random;
    const doc = this.doc;
    const ui = doc.getMap("ui");
    const list = doc.getArray("list");
    const note = doc.getText("note");
    const desktop = doc.getMap("data").get("desktop");
    const words = ["word ", "слово ", "🙂", "e\u0301", "👩‍👩‍👧 ", "x"];
    const actions = [
      () => {
        const key = `${this.name}.${r.below(3)}`;
        ui.set(key, step);
        this.kept.set(key, step);
      },
      () => {
        const token = `${this.name}-${step}`;
        doc.getArray("log").push([token]);
        this.tokens.push(token);
      },
      () =>
        ui.set(
          "shared" + r.below(4),
          r.pick([
            step,
            `s${step}`,
            null,
            true,
            1.5,
            -7,
            { a: [1, { b: 2 }] },
            new Uint8Array([1, 2]),
          ]),
        ),
      () => ui.delete("shared" + r.below(4)),
      () =>
        ui.set(
          "map" + r.below(3),
          new Y.Map([
            ["at", step],
            ["deep", new Y.Map([["x", 1]])],
          ]),
        ),
      () => {
        const map = ui.get("map" + r.below(3));
        if (map instanceof Y.Map) map.set("k" + r.below(4), step);
      },
      () => {
        const map = ui.get("map" + r.below(3));
        if (map instanceof Y.Map) map.delete("k" + r.below(4));
      },
      () =>
        list.insert(
          r.below(list.length + 1),
          r.pick([
            [step],
            [1, 2, 3],
            [new Y.Map([["in", step]])],
            [new Y.Array()],
            [new Y.Text("t")],
          ]),
        ),
      () => {
        if (list.length > 2) list.delete(r.below(list.length - 2), 1 + r.below(2));
      },
      () => {
        const i = r.below(list.length + 1);
        const one = list.length > i ? list.get(i) : null;
        if (one instanceof Y.Array) one.push([step]);
        if (one instanceof Y.Text) one.insert(0, "in ");
      },
      () => {
        for (const c of "typed 🙂 text") note.insert(note.length, c);
      },
      () => note.insert(this.place(), r.pick(words)),
      () => {
        const [from, to] = this.range();
        if (to > from) note.delete(from, to - from);
      },
      () => {
        const [from, to] = this.range();
        if (to > from) note.format(from, to - from, { bold: r.pick([true, null]) });
      },
      () => note.insertEmbed(this.place(), { image: step }),
      () =>
        doc
          .getXmlFragment("page")
          .insert(0, [r.pick([new Y.XmlElement("p"), new Y.XmlText("text")])]),
      () => doc.getMap("devices").set(this.name, { seen: step }),
      () => {
        if (desktop instanceof Y.Map) {
          const key = `${this.name}.installed`;
          desktop.set(key, [step]);
          this.kept.set("desktop:" + key, [step]);
        }
      },
      () => {
        if (desktop instanceof Y.Map)
          desktop.set("installed", r.pick([[step], new Y.Map([["a", step]])]));
      },
      () => doc.getMap("data").set("own" + r.below(3), step),
      () =>
        doc.transact(() => {
          ui.set("shared0", step);
          note.insert(0, "T");
          list.push([step]);
          if (list.length > 40) list.delete(0, 20);
          if (note.length > 200) note.delete(0, this.place(100));
        }),
    ];
    r.pick(actions)();
  }

  // Writes to what the hub owns, in every way that a page can.
  forge(step) {
    const r = this.random;
    const doc = this.doc;
    const runtime = doc.getMap("runtime");
    const data = doc.getMap("data");
    const desktop = data.get("desktop");
    const operations = runtime.get("operations");
    const byId = operations instanceof Y.Map ? operations.get("by_id") : null;
    const some =
      byId instanceof Y.Map && byId.size > 0 ? [...byId.keys()][r.below(byId.size)] : null;
    const actions = [
      () => runtime.set("evil" + r.below(3), step),
      () => runtime.set("meta", { seq: -1 }),
      () => runtime.delete("operations"),
      () =>
        runtime.set(
          "operations",
          new Y.Map([["by_id", new Y.Map([["op9", new Y.Map([["progress", 1]])]])]]),
        ),
      () => {
        if (some) byId.delete(some);
      },
      () => {
        const one = some && byId.get(some);
        if (one instanceof Y.Map) {
          one.set("progress", 999);
          one.set("progress", 1000);
        }
      },
      () => {
        if (operations instanceof Y.Map) operations.set("order", []);
      },
      () => doc.getMap("registry").set("catalog", "mine"),
      () => data.set("infrastate", "mine"),
      () => data.delete("infrastate"),
      () => {
        this.emptied = true;
        data.set("desktop", new Y.Map([["installed", []]]));
      },
      () => {
        this.emptied = true;
        data.delete("desktop");
      },
      () => {
        if (desktop instanceof Y.Map) desktop.set("toasts", [{ message: "pay" }]);
      },
      () => {
        if (desktop instanceof Y.Map) desktop.delete("toasts");
      },
      () =>
        doc.transact(() => {
          doc.getMap("ui").set("shared1", step);
          runtime.set("evil", step);
          doc.getMap("devices").set(this.name, step);
        }),
    ];
    r.pick(actions)();
  }
}
