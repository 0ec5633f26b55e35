import { expect, test } from "vitest";
import { unreachable } from "../contracts/problem.ts";
import type { Answer } from "./api.ts";
import { Resource } from "./resource.ts";

const ok = <T>(value: T): Answer<T> => ({ ok: true, value });

test("a newer reading wins over an older one that answers late", async () => {
  const answers: ((answer: Answer<string>) => void)[] = [];
  const signals: AbortSignal[] = [];
  const resource = new Resource<string>((signal) => {
    signals.push(signal);
    return new Promise((resolve) => answers.push(resolve));
  });
  const [first, second] = [resource.refresh(), resource.refresh()];
  expect(signals[0]?.aborted).toBe(true);
  answers[1]?.(ok("new"));
  await second;
  answers[0]?.(ok("old"));
  await first;
  expect(resource.get()).toEqual({ value: "new", problem: null, loading: false });
});

test("a failed reading keeps what was read before and says why", async () => {
  const answers: Answer<string>[] = [ok("kept"), { ok: false, problem: unreachable }, ok("again")];
  const resource = new Resource<string>(() =>
    Promise.resolve(answers.shift() ?? { ok: false, problem: unreachable }),
  );
  await resource.refresh();
  await resource.refresh();
  expect(resource.get()).toEqual({ value: "kept", problem: unreachable, loading: false });
  await resource.refresh();
  expect(resource.get()).toEqual({ value: "again", problem: null, loading: false });
});
