// What the hub owns in a document cannot be changed by a client, however it tries: with Yjs itself
// or with updates written by hand. Another client never sees it, and the forger's later honest
// edits arrive all the same.
import assert from "node:assert/strict";
import test from "node:test";
import * as encoding from "lib0/encoding";
import * as Y from "yjs";
import { frame, kinds, RawClient, updateFrame } from "./raw_client.mjs";
import { ask, catalogue, folder, metric, startHub } from "./support.mjs";

/** What the hub owns, as a client sees it. */
const owned = (doc) => ({
  runtime: doc.getMap("runtime").toJSON(),
  registry: doc.getMap("registry").toJSON(),
  infrastate: doc.getMap("data").toJSON().infrastate,
  toasts: doc.getMap("data").toJSON().desktop?.toasts,
});

/** The Y.Map at this place; what the hub wrote there. */
function mapAt(doc, root, ...keys) {
  const found = keys.reduce((map, key) => map.get(key), doc.getMap(root));
  assert.ok(found instanceof Y.Map, keys.join("."));
  return found;
}

/** The last item under a key of one of the hub's maps. */
const itemOf = (map, key) => map._map.get(key);

// ----- updates written by hand: `structs` of one client, then deletes

const item = { root: 1, parent: 0 };
let hands = 77_777_777; // another author each time
function handmade({ client = ++hands, clock = 0, structs = [], deletes = [] }) {
  const out = encoding.createEncoder();
  encoding.writeVarUint(out, structs.length > 0 ? 1 : 0);
  if (structs.length > 0) {
    encoding.writeVarUint(out, structs.length);
    encoding.writeVarUint(out, client);
    encoding.writeVarUint(out, clock);
    for (const write of structs) write(out);
  }
  encoding.writeVarUint(out, deletes.length);
  for (const { client: of, ranges } of deletes) {
    encoding.writeVarUint(out, of);
    encoding.writeVarUint(out, ranges.length);
    for (const [from, length] of ranges) {
      encoding.writeVarUint(out, from);
      encoding.writeVarUint(out, length);
    }
  }
  return encoding.toUint8Array(out);
}
const writeId = (out, id) => {
  encoding.writeVarUint(out, id.client);
  encoding.writeVarUint(out, id.clock);
};
const writeAny = (out, value) => {
  encoding.writeVarUint(out, 1);
  encoding.writeAny(out, value);
};
const any_ref = 8;
const keyed = 0x20;
/** A value under a key, in a root map or in the container with this id. */
const underKey = (place, key, value) => (out) => {
  encoding.writeUint8(out, any_ref | keyed);
  encoding.writeVarUint(out, typeof place === "string" ? item.root : item.parent);
  if (typeof place === "string") encoding.writeVarString(out, place);
  else writeId(out, place);
  encoding.writeVarString(out, key);
  writeAny(out, value);
};
/** A value after (or before) an item; its parent is the item's. */
const beside = (bit, id, value) => (out) => {
  encoding.writeUint8(out, any_ref | bit);
  writeId(out, id);
  writeAny(out, value);
};
const [after, before] = [0x80, 0x40];

/** What each forger does; it may answer frames to send as they are. */
const forgeries = {
  "sets a key of runtime": ({ doc }) => doc.getMap("runtime").set("operations", "mine"),
  "sets a new key of runtime": ({ doc }) => doc.getMap("runtime").set("mine", 1),
  "sets a key of registry": ({ doc }) => doc.getMap("registry").set("skills", ["mine"]),
  "deletes a key of runtime": ({ doc }) => doc.getMap("runtime").delete("notifications"),
  "clears runtime": ({ doc }) => doc.getMap("runtime").clear(),
  "changes an operation": ({ doc, id }) =>
    mapAt(doc, "runtime", "operations", "by_id", id).set("status", "running"),
  "deletes an operation": ({ doc, id }) => mapAt(doc, "runtime", "operations", "by_id").delete(id),
  "adds an operation": ({ doc }) =>
    mapAt(doc, "runtime", "operations", "by_id").set("op_mine", new Y.Map([["status", "running"]])),
  "replaces operations by a map of its own": ({ doc }) =>
    doc.getMap("runtime").set("operations", new Y.Map([["active", ["op_mine"]]])),
  "writes what only the hub writes in data": ({ doc }) =>
    doc.getMap("data").set("infrastate", new Y.Map([["update_actions", []]])),
  "deletes the hub's key in data": ({ doc }) => doc.getMap("data").delete("infrastate"),
  "writes toasts": ({ doc }) => mapAt(doc, "data", "desktop").set("toasts", [{ level: "mine" }]),
  "replaces data.desktop": ({ doc }) =>
    doc.getMap("data").set("desktop", new Y.Map([["toasts", []]])),
  "puts text, a list and XML into runtime": ({ doc }) => {
    doc.getMap("runtime").set("text", new Y.Text("mine"));
    doc.getMap("runtime").set("list", Y.Array.from([1, 2]));
    doc.getMap("runtime").set("xml", new Y.XmlElement("mine"));
  },
  "puts a document into runtime": ({ doc }) => doc.getMap("runtime").set("doc", new Y.Doc()),
  "puts a document into a place of its own": ({ doc }) => doc.getMap("ui").set("doc", new Y.Doc()),
  "undoes with an undo manager": ({ doc }) => {
    const undo = new Y.UndoManager(doc.getMap("runtime"));
    doc.getMap("runtime").set("operations", "mine");
    undo.undo();
    undo.redo();
    undo.destroy();
  },
  "treats runtime as a list": ({ client }) => {
    const own = new Y.Doc();
    own.getArray("runtime").push(["mine"]);
    client.send(updateFrame(Y.encodeStateAsUpdate(own)));
    own.destroy();
  },
  "sends honest and forged edits as one": ({ doc }) =>
    doc.transact(() => {
      doc.getMap("ui").set("honest half", 1);
      doc.getMap("runtime").set("operations", "mine");
      doc.getMap("devices").set("other half", 1);
    }),
  "writes with the hub's own id": ({ client, doc }) => {
    const { id } = itemOf(doc.getMap("runtime"), "operations");
    const clock = Y.getState(doc.store, id.client);
    const structs = [underKey("runtime", "operations", "mine")];
    client.send(updateFrame(handmade({ client: id.client, clock, structs })));
  },
  "writes with an id that the hub may have next": ({ client, doc }) => {
    const { id } = itemOf(doc.getMap("runtime"), "operations");
    const structs = [underKey("runtime", "operations", "mine")];
    client.send(updateFrame(handmade({ client: id.client + 1, structs })));
  },
  "writes with the highest id there is": ({ client }) =>
    client.send(
      updateFrame(
        handmade({ client: 2 ** 53 - 1, structs: [underKey("runtime", "operations", "mine")] }),
      ),
    ),
  "chains behind the hub's item": ({ client, doc }) => {
    const { id } = itemOf(doc.getMap("runtime"), "notifications");
    client.send(updateFrame(handmade({ structs: [beside(after, id, "mine")] })));
  },
  "chains before the hub's item": ({ client, doc }) => {
    const { id } = itemOf(doc.getMap("runtime"), "notifications");
    client.send(updateFrame(handmade({ structs: [beside(before, id, "mine")] })));
  },
  "names the hub's container as parent": ({ client, doc }) => {
    const { id } = itemOf(doc.getMap("runtime"), "operations");
    const structs = [underKey(id, "active", ["mine"])];
    client.send(updateFrame(handmade({ structs })));
  },
  "chains behind its own forged item": ({ client }) => {
    const mine = { client: 88_888_888, clock: 0 };
    const structs = [underKey("runtime", "operations", "mine"), beside(after, mine, "mine too")];
    client.send(updateFrame(handmade({ client: mine.client, structs })));
  },
  "deletes everything of the hub's by id": ({ client, doc }) => {
    const { id } = itemOf(doc.getMap("runtime"), "operations");
    const ranges = [[0, Y.getState(doc.store, id.client)]];
    client.send(updateFrame(handmade({ deletes: [{ client: id.client, ranges }] })));
  },
  "sends it as step 2": ({ client, doc }) => {
    const { id } = itemOf(doc.getMap("runtime"), "operations");
    const update = handmade({ structs: [underKey(id, "order", ["mine"])] });
    client.send(
      frame(kinds.sync, (out) => {
        encoding.writeVarUint(out, 1);
        encoding.writeVarUint8Array(out, update);
      }),
    );
  },
};

test("whatever a client forges, nobody sees it, and its honest edits go on arriving", async (t) => {
  const hub = await startHub(t, await folder(t));
  await catalogue(hub, 10);
  const asked = { name: "timer_skill", async_operation: true };
  const { operation_id: id } = (await ask(hub, "POST", "/api/skills/install", asked)).json;
  const witness = await RawClient.connect(t, hub);
  await witness.sync();
  await witness.until("the end", () => {
    const { operations, notifications } = witness.doc.getMap("runtime").toJSON();
    return operations?.by_id[id]?.status === "succeeded" && notifications.length === 1;
  });
  const truth = owned(witness.doc);
  let seen = 0;
  witness.doc.on("update", () => {
    assert.deepEqual(owned(witness.doc), truth, "seen by another client");
    ++seen;
  });

  const names = Object.keys(forgeries);
  assert.ok(names.length >= 20);
  for (const [number, name] of names.entries()) {
    await t.test(name, async (t) => {
      const client = await RawClient.connect(t, hub);
      await client.sync();
      client.live();
      forgeries[name]({ client, doc: client.doc, id });
      client.doc.getMap("devices").set(`honest ${number}`, name);
      await witness.until("the honest edit after it", () => {
        return witness.doc.getMap("devices").get(`honest ${number}`) === name;
      });
      await client.until("being told", () => client.denied.length > 0);
      assert.equal(client.closed, null);
      assert.deepEqual(owned(witness.doc), truth);
      assert.equal(witness.doc.store.pendingStructs, null);
      assert.equal(witness.doc.store.pendingDs, null);
      const newcomer = await RawClient.connect(t, hub);
      await newcomer.sync();
      assert.deepEqual(owned(newcomer.doc), truth, "seen by a newcomer");
      assert.equal(newcomer.doc.getMap("devices").get(`honest ${number}`), name);
      assert.equal(newcomer.doc.store.pendingStructs, null);
    });
  }
  assert.ok(seen >= names.length);
  assert.equal(witness.doc.getMap("ui").get("honest half"), 1);
  assert.equal(witness.doc.getMap("devices").get("other half"), 1);
});

test("an old client's offline edits come through without what it forged", async (t) => {
  const base = await folder(t);
  const hub = await startHub(t, base);
  await catalogue(hub, 10);
  const old = await RawClient.connect(t, hub);
  await old.sync();
  const doc = new Y.Doc(); // as a browser's storage would have it
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(old.doc));
  old.close();
  await old.until("the close", () => old.closed);
  await hub.stop("SIGKILL");
  doc.getMap("devices").set("attic", "honest");
  mapAt(doc, "runtime", "operations").set("active", ["op_mine"]);
  doc.getMap("runtime").delete("notifications");
  doc.getMap("devices").set("cellar", "honest too");

  const again = await startHub(t, base, { port: hub.port });
  const witness = await RawClient.connect(t, again);
  await witness.sync();
  const truth = owned(witness.doc);
  const back = await RawClient.connect(t, again);
  back.doc = doc;
  await back.sync(); // it answers the hub's step 1 of its new socket with all that it has
  back.send(updateFrame(Y.encodeStateAsUpdate(doc)));
  await witness.until("its edits", () => witness.doc.getMap("devices").get("cellar"));
  assert.equal(witness.doc.getMap("devices").get("attic"), "honest");
  assert.deepEqual(owned(witness.doc), truth);
  assert.equal(witness.doc.store.pendingStructs, null);
  doc.destroy();
});

test("who goes on forging is shown the door, with 1008", async (t) => {
  const hub = await startHub(t, await folder(t));
  const client = await RawClient.connect(t, hub);
  await client.sync();
  client.live();
  for (let i = 0; i < 20; ++i) client.doc.getMap("runtime").set(`mine ${i}`, i);
  const { code, reason } = await client.until("the close", () => client.closed);
  assert.equal(code, 1008);
  assert.match(reason, /hub owns/);
  assert.equal(await metric(hub, "document_forgeries_total"), 8);
  assert.equal(await metric(hub, "document_sessions"), 0);
  const back = await RawClient.connect(t, hub);
  await back.sync();
  assert.deepEqual(back.doc.getMap("runtime").get("operations").toJSON().active, []);
  assert.equal(await metric(hub, "document_sessions"), 1);
  assert.ok((await metric(hub, "document_messages_total")) > 8);
});
