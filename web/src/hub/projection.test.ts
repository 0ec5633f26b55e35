import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import * as Y from "yjs";
import { ProjectionReader } from "./projection.ts";

const fixture = (name: string): Record<string, unknown> =>
  JSON.parse(
    readFileSync(new URL(`../../../src/contracts/fixtures/${name}`, import.meta.url), "utf8"),
  ) as Record<string, unknown>;

const running = fixture("operation_state.json");
const notification = fixture("operation_notification.json");

const operation = (id: string, changes: object = {}) =>
  new Y.Map(Object.entries({ ...running, operation_id: id, ...changes }));

/** Writes as the hub does. */
function author(doc: Y.Doc, ids: readonly string[]): Y.Map<unknown> {
  const byId = new Y.Map<unknown>(ids.map((id) => [id, operation(id)]));
  doc.transact(() => {
    const runtime = doc.getMap("runtime");
    const root = new Y.Map<unknown>();
    runtime.set("operations", root);
    root.set("by_id", byId);
    root.set("order", [...ids]);
    root.set("active", [...ids]);
    runtime.set("notifications", []);
    runtime.set("meta", new Y.Map<unknown>([["seq", 1]]));
  });
  return byId;
}

describe("the window onto the document", () => {
  let doc: Y.Doc;
  let byId: Y.Map<unknown>;
  let reader: ProjectionReader;

  beforeEach(() => {
    doc = new Y.Doc();
    byId = author(doc, ["op_a", "op_b"]);
    reader = new ProjectionReader(doc);
  });

  test("shows what the document held before it was opened", () => {
    expect(Object.keys(reader.get().operations)).toEqual(["op_a", "op_b"]);
    expect(reader.get().order).toEqual(["op_a", "op_b"]);
    expect(reader.get().seq).toBe(1);
  });

  test("reads again only the operation that a tick touched", () => {
    const before = reader.get();
    (byId.get("op_a") as Y.Map<unknown>).set("progress", 77);
    const after = reader.get();
    expect(after.operations.op_a?.progress).toBe(77);
    expect(after.operations.op_b).toBe(before.operations.op_b);
    expect(after.order).toBe(before.order);
    expect(after.notifications).toBe(before.notifications);
  });

  test("tells once for each transaction", () => {
    let told = 0;
    reader.subscribe(() => (told += 1));
    doc.transact(() => {
      (byId.get("op_a") as Y.Map<unknown>).set("progress", 50);
      (byId.get("op_b") as Y.Map<unknown>).set("progress", 51);
      (doc.getMap("runtime").get("meta") as Y.Map<unknown>).set("seq", 2);
    });
    expect(told).toBe(1);
    expect(reader.get().seq).toBe(2);
  });

  test("follows operations that come and go", () => {
    byId.set("op_c", operation("op_c"));
    byId.delete("op_a");
    expect(Object.keys(reader.get().operations).sort()).toEqual(["op_b", "op_c"]);
  });

  test("follows notifications", () => {
    doc.getMap("runtime").set("notifications", [notification]);
    expect(reader.get().notifications.map((n) => n.level)).toEqual(["success"]);
  });

  test("follows containers that a restarted hub replaced", () => {
    byId = author(doc, ["op_z"]);
    expect(Object.keys(reader.get().operations)).toEqual(["op_z"]);
    (byId.get("op_z") as Y.Map<unknown>).set("progress", 9);
    expect(reader.get().operations.op_z?.progress).toBe(9);
  });

  test("reads plain JSON where the hub has shared maps", () => {
    doc.getMap("runtime").set("operations", {
      by_id: { op_p: { ...running, operation_id: "op_p" } },
      order: ["op_p"],
    });
    expect(reader.get().operations.op_p?.progress).toBe(42);
    expect(reader.get().order).toEqual(["op_p"]);
  });

  test("leaves out what it cannot read", () => {
    byId.set("op_bad", new Y.Map<unknown>([["status", "melting"]]));
    byId.set("op_text", "no map");
    expect(Object.keys(reader.get().operations).sort()).toEqual(["op_a", "op_b"]);
  });

  test("follows the number of updates, whatever else is in their root", () => {
    expect(reader.get().updates).toBeNull();
    const data = doc.getMap("data");
    doc.transact(() => {
      const infrastate = new Y.Map<unknown>();
      data.set("infrastate", infrastate);
      infrastate.set("update_actions", [{ id: "marketplace" }, { id: "adaos_update", updates: 2 }]);
    });
    expect(reader.get().updates).toBe(2);
    const before = reader.get();
    data.set("desktop", new Y.Map<unknown>([["installed", {}]]));
    expect(reader.get()).toBe(before);
  });

  test("changes nothing after it was closed", () => {
    reader.stop();
    byId.delete("op_a");
    expect(Object.keys(reader.get().operations)).toEqual(["op_a", "op_b"]);
  });
});

test("an empty document has no operations", () => {
  expect(new ProjectionReader(new Y.Doc()).get().operations).toEqual({});
});
