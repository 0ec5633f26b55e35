import { expect, test } from "vitest";
import { readOperation, type Operations } from "../contracts/operation_state.ts";
import { readProblem } from "../contracts/problem.ts";
import type { Accepted, Answer } from "./api.ts";
import { Commands, type Command, type Refusal } from "./commands.ts";

const command: Command = { name: "install", key: "skill:notes", title: "Notes" };
const accepted: Answer<Accepted> = { ok: true, value: { operation_id: "op_1" } };

function shown(id: string): Operations {
  const operation = readOperation({ operation_id: id, status: "running" });
  return operation ? { [id]: operation } : {};
}

test("a command is pending until the projection shows its operation", async () => {
  let operations: Operations = {};
  const commands = new Commands(
    () => operations,
    () => undefined,
  );
  const running = commands.run(command, () => Promise.resolve(accepted));
  expect([...commands.get().keys()]).toEqual(["skill:notes"]);
  await running;
  expect(commands.get().get("skill:notes")).toBe("op_1");
  commands.settle();
  expect(commands.get().size).toBe(1);
  operations = shown("op_1");
  commands.settle();
  expect(commands.get().size).toBe(0);
});

test("an operation that shows before the answer leaves nothing pending", async () => {
  const commands = new Commands(
    () => shown("op_1"),
    () => undefined,
  );
  await commands.run(command, () => Promise.resolve(accepted));
  expect(commands.get().size).toBe(0);
});

test("a second click sends nothing", async () => {
  const commands = new Commands(
    () => ({}),
    () => undefined,
  );
  let sent = 0;
  const send = () => {
    sent += 1;
    return Promise.resolve(accepted);
  };
  await Promise.all([commands.run(command, send), commands.run(command, send)]);
  expect(sent).toBe(1);
});

test("a refusal gives the button back and is told, an ended session is not", async () => {
  const refusals: Refusal[] = [];
  const commands = new Commands(
    () => ({}),
    (refusal) => refusals.push(refusal),
  );
  for (const status of [409, 401]) {
    const problem = readProblem(status, { code: "not_installed" });
    await commands.run(command, () => Promise.resolve({ ok: false, problem }));
  }
  expect(commands.get().size).toBe(0);
  expect(refusals.map(({ problem }) => problem.status)).toEqual([409]);
});

test("a retry is pending until its new operation shows, an answer only until it is taken", async () => {
  let operations: Operations = {};
  const commands = new Commands(
    () => operations,
    () => undefined,
  );
  const retry: Command = { name: "retry", key: "retry:op_0", title: "Notes" };
  await commands.run(retry, () => Promise.resolve(accepted));
  expect(commands.get().has("retry:op_0")).toBe(true);
  operations = shown("op_1");
  commands.settle();
  expect(commands.get().size).toBe(0);
  const confirm: Command = { name: "confirm", key: "confirm:op_9", title: "Notes" };
  await commands.run(confirm, () =>
    Promise.resolve({ ok: true, value: { operation_id: "op_9" } } as const),
  );
  expect(commands.get().size).toBe(0);
});
