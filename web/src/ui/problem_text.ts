// A refusal or a failure in the user's words: what the page can say itself, else what the hub said.
import { texts } from "../contracts/decode.ts";
import type { OperationError } from "../contracts/operation_state.ts";
import type { Problem } from "../contracts/problem.ts";
import type { Translator } from "../i18n/translator.ts";

export interface ProblemText {
  readonly what: string;
  readonly hint: string | null; // what to do
}

/** The names that the hub's message is about, wherever its details have them. */
function namesIn({ details }: Pick<Problem, "details">, tr: Translator): string {
  const circle = texts(details.cycle);
  if (circle.length > 0) return circle.join(" → ");
  return tr.list(
    [details.scenarios, details.skills, details.missing, [details.skill]].flatMap((some) =>
      texts(some),
    ),
  );
}

export function problemText(problem: Problem, tr: Translator): ProblemText {
  const own = tr.maybe(`problem.${problem.code}`, { names: namesIn(problem, tr) });
  const hint = tr.maybe(`problem.${problem.code}.hint`) ?? problem.hint;
  if (own !== undefined) return { what: own, hint };
  return {
    what: problem.detail || problem.title || tr.t("problem.other", { code: problem.code }),
    hint,
  };
}

/**
 * Why an operation failed, line by line. The hub's own message is always there, since it names
 * files and numbers; a reader of another language gets the gist first.
 */
export function errorLines(error: OperationError, tr: Translator): readonly string[] {
  const code = error.code.toLowerCase();
  const own =
    tr.language === "en" ? undefined : tr.maybe(`problem.${code}`, { names: namesIn(error, tr) });
  const ownHint = tr.language === "en" ? undefined : tr.maybe(`problem.${code}.hint`);
  return [own, error.message, ownHint ?? error.hint].filter((line): line is string =>
    Boolean(line),
  );
}
