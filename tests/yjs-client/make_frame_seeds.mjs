// Makes tests/fuzz/seeds/frame: sessions of a real Yjs client, as fuzz_frame.cpp reads them. By hand,
// when there is something new to say: node tests/yjs-client/make_frame_seeds.mjs
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as encoding from "lib0/encoding";
import * as awareness from "y-protocols/awareness";
import * as Y from "yjs";
import { frame, kinds, tokenFrame, updateFrame } from "./raw_client.mjs";

const folder = fileURLToPath(new URL("../fuzz/seeds/frame/", import.meta.url));
mkdirSync(folder, { recursive: true });

const sync = (step, bytes) =>
  frame(kinds.sync, (out) => {
    encoding.writeVarUint(out, step);
    encoding.writeVarUint8Array(out, bytes);
  });
const step1 = (doc) => sync(0, Y.encodeStateVector(doc));
const step2 = (update) => sync(1, update);

let made = 100_000;
/** The frames of a client that does this, each change a frame. */
function session(name, act) {
  const doc = new Y.Doc();
  doc.clientID = ++made; // the same seeds each time
  const frames = [step1(doc)];
  doc.on("update", (update) => frames.push(updateFrame(update)));
  act({ doc, frames });
  const out = frames.flatMap((frame) => [frame.length & 255, frame.length >> 8, ...frame]);
  writeFileSync(folder + name, Uint8Array.from(out));
  doc.destroy();
}

session("map", ({ doc }) => {
  const map = doc.getMap("devices");
  map.set("kitchen", { kind: "browser", since: 17, of: [1.5, null, true, "é😀"] });
  map.set("kitchen", 2n ** 40n);
  map.set("nested", new Y.Map([["key", new Uint8Array([1, 2, 3])]]));
  map.get("nested").set("key", undefined);
  map.delete("kitchen");
});
session("list", ({ doc }) => {
  const list = doc.getArray("ui");
  list.push([1, "two", { three: 3 }]);
  list.insert(1, [new Y.Array(), new Y.Map()]);
  list.delete(0, 2);
});
session("text", ({ doc }) => {
  const text = doc.getText("notes");
  text.insert(0, "typed 😀 text");
  text.format(2, 5, { bold: true });
  text.insertEmbed(3, { image: "x" });
  text.delete(1, 6);
});
session("xml", ({ doc }) => {
  const root = doc.getXmlFragment("page");
  const element = new Y.XmlElement("p");
  root.push([element, new Y.XmlText("text")]);
  element.setAttribute("class", "wide");
  root.delete(1);
});
session("undo", ({ doc }) => {
  const map = doc.getMap("ui");
  const undo = new Y.UndoManager(map);
  map.set("theme", "dark");
  undo.undo();
  undo.redo();
  undo.destroy();
});
session("forged", ({ doc }) => {
  doc.getMap("runtime").set("operations", { active: [] });
  doc.getMap("data").set("desktop", new Y.Map([["toasts", []]]));
  doc.getMap("ui").set("doc", new Y.Doc({ guid: "subdocument" }));
  doc.getMap("registry").clear();
});
session("offline", ({ doc, frames }) => {
  for (let i = 0; i < 5; ++i) doc.getMap("devices").set(`key ${i}`, i);
  frames.splice(1, frames.length, step2(Y.encodeStateAsUpdate(doc)));
});
session("merged", ({ doc, frames }) => {
  const other = new Y.Doc();
  other.clientID = 200_000;
  other.getArray("ui").push(["theirs"]);
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(other));
  doc.getArray("ui").insert(0, ["ours"]);
  doc.getMap("devices").set("gone", 1);
  doc.getMap("devices").delete("gone");
  const [, ...changes] = frames;
  frames.push(updateFrame(Y.encodeStateAsUpdate(doc)), ...changes.reverse());
  other.destroy();
});
session("awareness", ({ doc, frames }) => {
  const here = new awareness.Awareness(doc);
  here.setLocalState({ user: { name: "one", color: "#123456" }, cursor: null });
  const say = () =>
    frames.push(
      frame(kinds.awareness, (out) =>
        encoding.writeVarUint8Array(out, awareness.encodeAwarenessUpdate(here, [doc.clientID])),
      ),
    );
  say();
  frames.push(frame(kinds.queryAwareness), tokenFrame("\0".repeat(8)));
  here.setLocalState(null);
  say();
  here.destroy();
});
session("nonsense", ({ frames }) => {
  frames.push(new Uint8Array([77, 1]), new Uint8Array([0, 2, 200]));
});
