// What stands at the end of a marketplace row: a button, the progress of whatever holds the row's
// resource, or the reason why there is neither. A pure function of (row, live operations, commands
// under way); the row itself says nothing about operations that is believed.
import { resourceOf } from "../contracts/artifact.ts";
import type { MarketplaceRow } from "../contracts/marketplace_row.ts";
import type { Operations, OperationState } from "../contracts/operation_state.ts";
import { holderOf, isActive } from "../operations/operations.ts";

export type RowControl =
  | { readonly state: "ready"; readonly action: "install" | "update" }
  | { readonly state: "starting" } // the command is on its way, or accepted and not yet shown
  | { readonly state: "working"; readonly operation: OperationState; readonly own: boolean }
  | { readonly state: "installed" }
  | { readonly state: "blocked"; readonly reason: string; readonly missing: readonly string[] };

export interface RowSurroundings {
  readonly operations: Operations;
  /** Resources for which this page has a command under way. */
  readonly pending: ReadonlySet<string>;
  /** Ended operations that the answer the row came in already knew of. */
  readonly known: ReadonlySet<string>;
}

/** Whether an install of the row ended well after the row was read: it is about to disappear. */
function wasJustInstalled(row: MarketplaceRow, { operations, known }: RowSurroundings): boolean {
  const resource = resourceOf(row.kind, row.name);
  return Object.values(operations).some(
    (operation) =>
      !isActive(operation) &&
      operation.status === "succeeded" &&
      operation.kind.endsWith(".install") &&
      operation.resources.includes(resource) &&
      !known.has(operation.operation_id),
  );
}

export function rowControl(row: MarketplaceRow, around: RowSurroundings): RowControl {
  const resource = resourceOf(row.kind, row.name);
  const operation = holderOf(around.operations, resource);
  if (operation) {
    const own = operation.target_kind === row.kind && operation.target_id === row.name;
    return { state: "working", operation, own };
  }
  if (around.pending.has(resource)) return { state: "starting" };
  if (wasJustInstalled(row, around)) return { state: "installed" };
  if (row.installed && !row.update_available) return { state: "installed" };

  const missing = row.requires.filter((skill) => !skill.available && !skill.installed);
  if (missing.length > 0) {
    const names = missing.map((skill) => skill.name);
    return { state: "blocked", reason: "requires_missing", missing: names };
  }
  // "operation_active" is as old as the row: the projection has just said that nothing is active.
  if (row.install_disabled && row.disabled_reason !== "operation_active") {
    if (row.disabled_reason === "installed") return { state: "installed" };
    return { state: "blocked", reason: row.disabled_reason || "other", missing: [] };
  }
  return { state: "ready", action: row.installed ? "update" : "install" };
}
