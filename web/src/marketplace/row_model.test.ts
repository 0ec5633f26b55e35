import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readRow, type MarketplaceRow } from "../contracts/marketplace_row.ts";
import { readOperation, type OperationState } from "../contracts/operation_state.ts";
import { rowControl, type RowSurroundings } from "./row_model.ts";

function fixture<T>(name: string, read: (value: unknown) => T | undefined): T {
  const file = new URL(`../../../src/contracts/fixtures/${name}`, import.meta.url);
  const value = read(JSON.parse(readFileSync(file, "utf8")));
  if (value === undefined) throw new Error(`cannot read ${name}`);
  return value;
}

const operation = fixture("operation_state.json", readOperation);
const scenario = fixture("marketplace_row.json", readRow); // as if the operation still ran
const notes: MarketplaceRow = {
  ...scenario,
  kind: "skill",
  id: "notes_skill",
  name: "notes_skill",
  requires: [],
  install_disabled: false,
  disabled_reason: "",
};

const around = (
  operations: readonly OperationState[],
  more: Partial<RowSurroundings> = {},
): RowSurroundings => ({
  operations: Object.fromEntries(operations.map((one) => [one.operation_id, one])),
  pending: new Set(),
  known: new Set(),
  ...more,
});

test("a row whose resource nothing holds can be installed", () => {
  expect(rowControl(notes, around([]))).toEqual({ state: "ready", action: "install" });
});

test("a row that an old answer calls busy can be installed when the projection says otherwise", () => {
  expect(scenario.disabled_reason).toBe("operation_active");
  expect(rowControl(scenario, around([]))).toEqual({ state: "ready", action: "install" });
});

test("the operation's own row and each row whose resource it holds show its progress", () => {
  expect(rowControl(scenario, around([operation]))).toEqual({
    state: "working",
    operation,
    own: true,
  });
  expect(rowControl(notes, around([operation]))).toEqual({
    state: "working",
    operation,
    own: false,
  });
});

test("a row of another kind with the same name is left alone", () => {
  const namesake: MarketplaceRow = { ...notes, name: "morning_brief" };
  expect(rowControl(namesake, around([operation])).state).toBe("ready");
});

test("a click shows at once, before the operation does", () => {
  const pending = new Set(["skill:notes_skill"]);
  expect(rowControl(notes, around([], { pending }))).toEqual({ state: "starting" });
  expect(rowControl(notes, around([operation], { pending })).state).toBe("working");
});

test("a row whose install has just ended well does not offer it again", () => {
  const ended: OperationState = { ...operation, status: "succeeded" };
  expect(rowControl(scenario, around([ended]))).toEqual({ state: "installed" });
  expect(rowControl(notes, around([ended]))).toEqual({ state: "installed" });
});

test("a row read after that install shows what it says itself", () => {
  const ended: OperationState = { ...operation, status: "succeeded" };
  const known = new Set([ended.operation_id]);
  expect(rowControl(notes, around([ended], { known })).state).toBe("ready");
});

test("a failed or cancelled install gives the button back", () => {
  for (const status of ["failed", "cancelled"] as const) {
    expect(rowControl(notes, around([{ ...operation, status }])).state).toBe("ready");
  }
});

test("an uninstall that ended does not make a row look installed", () => {
  const removed: OperationState = {
    ...operation,
    kind: "skill.uninstall",
    status: "succeeded",
    resources: ["skill:notes_skill"],
  };
  expect(rowControl(notes, around([removed])).state).toBe("ready");
});

test("an installed row offers only its update", () => {
  const installed = { ...notes, installed: true, installed_version: "0.9.0" };
  expect(rowControl(installed, around([]))).toEqual({ state: "installed" });
  expect(rowControl({ ...installed, update_available: true }, around([]))).toEqual({
    state: "ready",
    action: "update",
  });
});

test("a row that needs what the catalogue does not have says what", () => {
  const requires = [{ name: "gone_skill", title: "Gone", installed: false, available: false }];
  expect(rowControl({ ...notes, requires }, around([]))).toEqual({
    state: "blocked",
    reason: "requires_missing",
    missing: ["gone_skill"],
  });
});

test("a row that the hub disables for another reason gives that reason", () => {
  const disabled = { ...notes, install_disabled: true, disabled_reason: "migration_required" };
  expect(rowControl(disabled, around([]))).toMatchObject({
    state: "blocked",
    reason: "migration_required",
  });
});
