// Why the hub refused, RFC 9457 problem+json. `detail` and `hint` are for a person; `code` is stable.
import { fields, text, textOrNull, type Fields } from "./decode.ts";

export interface Problem {
  readonly status: number; // 0: no answer at all
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly hint: string | null;
  readonly details: Fields;
}

/** No hub on the other end: it is down, or the network is. */
export const unreachable: Problem = {
  status: 0,
  code: "unreachable",
  title: "",
  detail: "",
  hint: null,
  details: {},
};

export function readProblem(status: number, value: unknown): Problem {
  const from = fields(value);
  return {
    status,
    code: text(from.code) || (status === 401 ? "unauthorized" : `http_${status}`),
    title: text(from.title),
    detail: text(from.detail),
    hint: textOrNull(from.hint),
    details: fields(from.details),
  };
}
