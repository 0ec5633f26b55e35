// The golden files of src/contracts/fixtures, the same that the C++ tests read.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readInstalledList } from "./artifact.ts";
import { readMarketplacePage, readRow } from "./marketplace_row.ts";
import { readNotification } from "./operation_notification.ts";
import { readOperation } from "./operation_state.ts";
import { readProblem } from "./problem.ts";

const fixture = (name: string): Record<string, unknown> =>
  JSON.parse(
    readFileSync(new URL(`../../../src/contracts/fixtures/${name}`, import.meta.url), "utf8"),
  ) as Record<string, unknown>;

/** What the page reads of a shape must be on the wire under the same name with the same value. */
function expectEveryFieldFrom(wire: Record<string, unknown>, read: object, except: string[] = []) {
  for (const [name, value] of Object.entries(read)) {
    if (except.includes(name)) continue;
    expect(wire, name).toHaveProperty(name);
    expect(value, name).toEqual(wire[name]);
  }
}

test("the golden OperationState is read field by field", () => {
  const wire = fixture("operation_state.json");
  const operation = readOperation(wire);
  expect(operation).toBeDefined();
  if (!operation) return;
  // These are left out by the hub when empty; steps lose times nobody shows.
  const empty = ["queue_position", "stalled_since", "undo_of", "parent_id"] as const;
  expectEveryFieldFrom(wire, operation, ["reason", "blocked_by", "steps", ...empty]);
  for (const name of empty) expect(operation[name], name).toBeNull();
  expect(operation.reason).toBeNull();
  expect(operation.blocked_by).toEqual([]);
  expect(operation.steps).toEqual([
    { name: "fetch skill:notes_skill", status: "running", weight: 5 },
    { name: "verify skill:notes_skill", status: "pending", weight: 1 },
  ]);
});

test("the golden OperationNotification is read field by field", () => {
  const wire = fixture("operation_notification.json");
  const notification = readNotification(wire);
  expect(notification).toBeDefined();
  if (notification) expectEveryFieldFrom(wire, notification);
});

test("the golden MarketplaceRow is read field by field", () => {
  const wire = fixture("marketplace_row.json");
  const row = readRow(wire);
  expect(row).toBeDefined();
  if (!row) return;
  expectEveryFieldFrom(wire, row, ["install_action"]);
  expect(row.install_action).toEqual({
    id: "marketplace_install",
    target_kind: "scenario",
    target_id: "morning_brief",
  });
});

test("a field from a newer hub is ignored, and one of the wrong type reads as its default", () => {
  const wire = { ...fixture("operation_state.json"), mood: "hopeful", progress: "many" };
  const operation = readOperation(wire);
  expect(operation).not.toHaveProperty("mood");
  expect(operation?.progress).toBeNull();
});

test("an operation without an id or with an unknown status is left out", () => {
  const wire = fixture("operation_state.json");
  expect(readOperation({ ...wire, operation_id: "" })).toBeUndefined();
  expect(readOperation({ ...wire, status: "melting" })).toBeUndefined();
  expect(readOperation(null)).toBeUndefined();
  expect(readOperation([wire])).toBeUndefined();
});

test("a marketplace page keeps the rows it can read and the reason for being empty", () => {
  const page = readMarketplacePage({
    catalog: { state: "stale", commit: "abc" },
    rows: [fixture("marketplace_row.json"), { kind: "planet" }, 7],
    total: 1,
    counts: { updates: 2, hidden_installed: 3 },
    empty_reason: "no_match",
  });
  expect(page.rows.map((row) => row.name)).toEqual(["morning_brief"]);
  expect(page.counts.updates).toBe(2);
  expect(page.catalog.state).toBe("stale");
  expect(page.empty_reason).toBe("no_match");
  expect(readMarketplacePage("nonsense").rows).toEqual([]);
});

test("an installed artifact shows the version that is active", () => {
  const [skill] = readInstalledList("skill")({
    items: [{ name: "notes_skill", version: "1.1.0", active_version: "1.0.0" }],
  });
  expect(skill).toMatchObject({ kind: "skill", title: "notes_skill", version: "1.0.0" });
});

test("a problem without a body still has a code", () => {
  expect(readProblem(401, undefined).code).toBe("unauthorized");
  expect(readProblem(502, "<html>").code).toBe("http_502");
});
