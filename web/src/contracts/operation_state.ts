// The mirror of src/contracts/operation_state.hpp, held to it by the same fixture.
import {
  fields,
  flag,
  isFields,
  items,
  number,
  numberOrNull,
  oneOf,
  text,
  textOrNull,
  texts,
  type Fields,
} from "./decode.ts";

export const operationStatuses = [
  "accepted",
  "running",
  "waiting_input",
  "cancelling",
  "reverting",
  "succeeded",
  "failed",
  "cancelled",
] as const;
export type OperationStatus = (typeof operationStatuses)[number];

const effects = ["none", "applied", "reverted", "partial"] as const;
const cancelEffects = ["none", "reverts", "leaves_partial", "too_late"] as const;
const stepStatuses = ["pending", "running", "done", "failed", "undone"] as const;

export interface OperationStep {
  readonly name: string; // "fetch", "verify"; a scenario's: "fetch skill:notes"
  readonly status: (typeof stepStatuses)[number];
  readonly weight: number;
}

/** Of the step that runs now. */
export interface ProgressDetail {
  readonly done: number;
  readonly total: number | null; // null: indeterminate
  readonly unit: string; // "bytes", "files", "steps"
  readonly rate: number | null; // units a second
  readonly eta_ms: number | null; // of the step
}

export interface OperationError {
  readonly code: string; // UPPER_SNAKE
  readonly message: string;
  readonly step: string;
  readonly hint: string | null;
  readonly retryable: boolean;
  readonly details: Fields;
}

export interface OperationState {
  readonly operation_id: string;
  readonly kind: string; // open set: "skill.install"
  readonly target_kind: string;
  readonly target_id: string;
  readonly status: OperationStatus;
  readonly progress: number | null; // 0..100
  readonly message: string; // the fallback of title_key
  readonly current_step: string | null;
  readonly started_at: string | null;
  readonly updated_at: string;
  readonly finished_at: string | null;
  readonly error: OperationError | null;
  readonly can_cancel: boolean;
  readonly can_retry: boolean;
  readonly can_undo: boolean;
  readonly created_at: string;
  readonly effects: (typeof effects)[number];
  readonly cancel_effect: (typeof cancelEffects)[number];
  readonly resources: readonly string[]; // lock keys: "skill:weather_skill"
  readonly steps: readonly OperationStep[];
  readonly progress_detail: ProgressDetail | null;
  readonly reason: { readonly code: string; readonly params: Fields } | null;
  readonly blocked_by: readonly string[];
  readonly queue_position: number | null; // 1: next
  readonly stalled_since: string | null; // runs, and is silent for too long
  readonly undo_of: string | null;
  readonly parent_id: string | null;
  readonly warnings: readonly string[];
  readonly title_key: string;
  readonly title_args: Fields;
}

export type Operations = Readonly<Record<string, OperationState>>; // by operation_id

function readStep(value: unknown): OperationStep | undefined {
  const from = fields(value);
  const status = oneOf(stepStatuses, from.status);
  if (!status) return undefined;
  return { name: text(from.name), status, weight: number(from.weight) };
}

function readProgressDetail(value: unknown): ProgressDetail | null {
  if (!isFields(value)) return null;
  return {
    done: number(value.done),
    total: numberOrNull(value.total),
    unit: text(value.unit),
    rate: numberOrNull(value.rate),
    eta_ms: numberOrNull(value.eta_ms),
  };
}

function readError(value: unknown): OperationError | null {
  if (!isFields(value)) return null;
  return {
    code: text(value.code),
    message: text(value.message),
    step: text(value.step),
    hint: textOrNull(value.hint),
    retryable: flag(value.retryable),
    details: fields(value.details),
  };
}

/** Undefined when it has no id or a status this page does not know: there is nothing to show. */
export function readOperation(value: unknown): OperationState | undefined {
  const from = fields(value);
  const operationId = textOrNull(from.operation_id);
  const status = oneOf(operationStatuses, from.status);
  if (!operationId || !status) return undefined;
  return {
    operation_id: operationId,
    kind: text(from.kind),
    target_kind: text(from.target_kind),
    target_id: text(from.target_id),
    status,
    progress: numberOrNull(from.progress),
    message: text(from.message),
    current_step: textOrNull(from.current_step),
    started_at: textOrNull(from.started_at),
    updated_at: text(from.updated_at),
    finished_at: textOrNull(from.finished_at),
    error: readError(from.error),
    can_cancel: flag(from.can_cancel),
    can_retry: flag(from.can_retry),
    can_undo: flag(from.can_undo),
    created_at: text(from.created_at),
    effects: oneOf(effects, from.effects) ?? "none",
    cancel_effect: oneOf(cancelEffects, from.cancel_effect) ?? "none",
    resources: texts(from.resources),
    steps: items(from.steps, readStep),
    progress_detail: readProgressDetail(from.progress_detail),
    reason: isFields(from.reason)
      ? { code: text(from.reason.code), params: fields(from.reason.params) }
      : null,
    blocked_by: texts(from.blocked_by),
    queue_position: numberOrNull(from.queue_position),
    stalled_since: textOrNull(from.stalled_since),
    undo_of: textOrNull(from.undo_of),
    parent_id: textOrNull(from.parent_id),
    warnings: texts(from.warnings),
    title_key: text(from.title_key),
    title_args: fields(from.title_args),
  };
}
