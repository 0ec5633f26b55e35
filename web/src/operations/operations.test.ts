import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  readNotification,
  type OperationNotification,
} from "../contracts/operation_notification.ts";
import {
  readOperation,
  type Operations,
  type OperationState,
} from "../contracts/operation_state.ts";
import { translatorFor } from "../i18n/translator.ts";
import { notificationText, operationTitle, standing, stepLabel, type Titles } from "./labels.ts";
import {
  activeOfKind,
  activeOperations,
  holderOf,
  partsOf,
  recentOperations,
  somethingEnded,
} from "./operations.ts";

function fixture<T>(name: string, read: (value: unknown) => T | undefined): T {
  const file = new URL(`../../../src/contracts/fixtures/${name}`, import.meta.url);
  const value = read(JSON.parse(readFileSync(file, "utf8")));
  if (value === undefined) throw new Error(`cannot read ${name}`);
  return value;
}

const running = fixture("operation_state.json", readOperation);
const success = fixture("operation_notification.json", readNotification);

const operation = (id: string, changes: Partial<OperationState> = {}): OperationState => ({
  ...running,
  operation_id: id,
  ...changes,
});
const byId = (...all: OperationState[]): Operations =>
  Object.fromEntries(all.map((one) => [one.operation_id, one]));

describe("operations", () => {
  const operations = byId(
    operation("op_3", { created_at: "2026-01-03" }),
    operation("op_1", { status: "succeeded", finished_at: "2026-01-01" }),
    operation("op_2", { status: "accepted" }),
    operation("op_4", { status: "failed", finished_at: "2026-01-04" }),
  );
  const order = ["op_1", "op_2", "op_3", "op_4"];
  const ids = (all: readonly OperationState[]) => all.map((one) => one.operation_id);

  test("that are active are listed oldest first, those that ended last one first", () => {
    expect(ids(activeOperations({ operations, order }))).toEqual(["op_2", "op_3"]);
    expect(ids(recentOperations({ operations, order }))).toEqual(["op_4", "op_1"]);
  });

  test("that are part of another are told with it, unless it is forgotten", () => {
    const ended = { status: "succeeded", finished_at: "2026-01-01" } as const;
    const family = byId(
      operation("op_1", ended),
      operation("op_2", { ...ended, parent_id: "op_1" }),
      operation("op_3", { ...ended, parent_id: "op_gone" }),
    );
    const all = { operations: family, order: ["op_1", "op_2", "op_3"] };
    expect(ids(recentOperations(all))).toEqual(["op_3", "op_1"]);
    expect(ids(partsOf(all, "op_1"))).toEqual(["op_2"]);
    expect(partsOf(all, "op_2")).toEqual([]);
  });

  test("that the hub has not put in order yet come last", () => {
    expect(ids(activeOperations({ operations, order: ["op_3"] }))).toEqual(["op_3", "op_2"]);
  });

  test("hold their resources until they end", () => {
    expect(holderOf(byId(running), "skill:notes_skill")).toBe(running);
    expect(holderOf(byId(running), "skill:other")).toBeUndefined();
    const ended = operation("op_1", { status: "cancelled" });
    expect(holderOf(byId(ended), "skill:notes_skill")).toBeUndefined();
  });

  test("that work on a resource are named before those that wait for it", () => {
    const waiting = operation("op_1", { status: "accepted" });
    expect(holderOf(byId(waiting, running), "skill:notes_skill")).toBe(running);
    expect(holderOf(byId(waiting), "skill:notes_skill")).toBe(waiting);
  });

  test("are found by kind while they are live", () => {
    expect(activeOfKind(byId(running), "scenario.install")).toBe(running);
    expect(activeOfKind(byId(running), "workspace.update")).toBeUndefined();
  });

  test("tell when one of them ended", () => {
    const before = byId(running);
    expect(somethingEnded(before, before)).toBe(false);
    expect(somethingEnded(before, byId({ ...running, progress: 50 }))).toBe(false);
    const ended = byId({ ...running, status: "succeeded" });
    expect(somethingEnded(before, ended)).toBe(true);
    expect(somethingEnded({}, ended)).toBe(true);
    expect(somethingEnded(ended, { ...ended })).toBe(false);
  });
});

describe("labels", () => {
  const english = translatorFor("en");
  const russian = translatorFor("ru");
  const unknown: Titles = () => undefined;

  test("say what an undo takes back, also when it has ended", () => {
    const title_args = { ...running.title_args, kind: "scenario.install" };
    const undo = operation("op_5", { title_key: "operation.undo", title_args, undo_of: "op_1" });
    expect(operationTitle(undo, english, unknown)).toMatch(/^Undo: Install scenario /);
    expect(operationTitle(undo, russian, unknown)).toMatch(/^Возврат: Установка сценария «/);
    const told: OperationNotification = {
      ...success,
      message_key: "notification.undo.succeeded",
      message_args: title_args,
    };
    expect(notificationText(told, russian, unknown)).toMatch(/^Возвращено как было: Установка/);
  });

  test("take the title in the user's language, from the key's arguments or from the lists", () => {
    expect(operationTitle(running, russian, unknown)).toBe("Установка сценария «Утренняя сводка»");
    const known: Titles = (kind, name) => `${kind} ${name}`;
    expect(operationTitle(running, english, known)).toBe("Install scenario scenario morning_brief");
    const title_args = { ...running.title_args, title_i18n: { en: "Morning brief" } };
    expect(operationTitle({ ...running, title_args }, english, unknown)).toBe(
      "Install scenario Morning brief",
    );
  });

  test("of an unknown title_key fall back to the message, then to the kind", () => {
    const newer = { ...running, title_key: "operation.moon.fly", kind: "model.download" };
    expect(operationTitle(newer, english, unknown)).toBe("fetching skill notes_skill");
    expect(operationTitle({ ...newer, message: "" }, english, unknown)).toBe("model.download");
  });

  test("of an unknown message_key fall back to the message", () => {
    const newer: OperationNotification = { ...success, message_key: "notification.x.y" };
    expect(notificationText(newer, russian, unknown)).toBe("Morning brief 1.0.0 is installed");
    expect(notificationText(success, russian, unknown)).toBe(
      "Сценарий «Утренняя сводка» 1.0.0 установлен",
    );
  });

  test("of a step name what it works on", () => {
    const titles: Titles = (kind, name) =>
      kind === "skill" && name === "notes_skill" ? "Заметки" : undefined;
    expect(stepLabel("fetch skill:notes_skill", russian, titles)).toBe("Загрузка: Заметки");
    expect(stepLabel("verify skill:other", english, titles)).toBe("Verifying: other");
    expect(stepLabel("activate", english, titles)).toBe("Activating");
    expect(stepLabel("polish", english, titles)).toBe("polish");
  });

  test("of an operation that is not running say why", () => {
    const waiting = operation("op_1", {
      status: "accepted",
      reason: { code: "lock", params: {} },
    });
    expect(standing(waiting, english, unknown)).toBe("Waits for another operation");
    expect(standing({ ...waiting, reason: { code: "new", params: {} } }, english, unknown)).toBe(
      "Waiting to start",
    );
    expect(standing(running, english, unknown)).toBe("Fetching: notes_skill");
  });
});
