import { expect, test } from "vitest";
import type { OperationError } from "../contracts/operation_state.ts";
import { readProblem, unreachable } from "../contracts/problem.ts";
import { translatorFor } from "../i18n/translator.ts";
import { errorLines, problemText } from "./problem_text.ts";

const english = translatorFor("en");
const russian = translatorFor("ru");

test("a refusal the page knows is said in the user's language, with its names", () => {
  const problem = readProblem(409, {
    code: "required_by_scenario",
    detail: "cannot uninstall skill notes: scenario brief requires it",
    hint: "uninstall brief first",
    details: { scenarios: ["brief", "desk"] },
  });
  expect(problemText(problem, russian)).toEqual({
    what: "Это нужно для: brief и desk.",
    hint: "Сначала удалите это.",
  });
  expect(problemText(unreachable, russian).hint).toContain("Проверьте");
});

test("a refusal without a hint of ours has the hub's", () => {
  const problem = readProblem(404, { code: "unknown_skill", hint: "did you mean notes_skill?" });
  expect(problemText(problem, russian).hint).toBe("did you mean notes_skill?");
});

test("a refusal the page does not know is said in the hub's words, or at least by its code", () => {
  const problem = readProblem(422, { code: "key_reused", detail: "cannot accept: key reused" });
  expect(problemText(problem, russian).what).toBe("cannot accept: key reused");
  expect(problemText(readProblem(500, null), russian).what).toBe("Хаб отказал (код http_500).");
});

test("a failure keeps the hub's own message, after its gist in another language", () => {
  const error: OperationError = {
    code: "DIGEST_MISMATCH",
    message: "cannot verify notes_skill: digest differs",
    step: "verify",
    hint: "push it again",
    retryable: false,
    details: {},
  };
  expect(errorLines(error, english)).toEqual([error.message, "push it again"]);
  const [gist, message, hint] = errorLines(error, russian);
  expect(gist).toContain("не то");
  expect(message).toBe(error.message);
  expect(hint).toContain("Ничего");
});
