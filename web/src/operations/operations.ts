// What the page asks about operations. Pure: a snapshot in, an answer out.
import type { Operations, OperationState, OperationStatus } from "../contracts/operation_state.ts";
import type { Projection } from "../hub/projection.ts";

export function isEnded(status: OperationStatus): boolean {
  switch (status) {
    case "accepted":
    case "running":
    case "waiting_input":
    case "cancelling":
    case "reverting":
      return false;
    case "succeeded":
    case "failed":
    case "cancelled":
      return true;
  }
}

export const isActive = (operation: OperationState): boolean => !isEnded(operation.status);

/** Oldest first: those the hub has put in order, then the rest by their time. */
function sorted(operations: readonly OperationState[], order: Projection["order"]) {
  if (operations.length < 2) return operations;
  const place = new Map(order.map((id, index) => [id, index]));
  return [...operations].sort(
    (a, b) =>
      (place.get(a.operation_id) ?? order.length) - (place.get(b.operation_id) ?? order.length) ||
      a.created_at.localeCompare(b.created_at),
  );
}

const inOrder = ({ operations, order }: Pick<Projection, "operations" | "order">) =>
  sorted(Object.values(operations), order);

/** What has not ended, oldest first. */
export const activeOperations = (
  projection: Pick<Projection, "operations" | "order">,
): readonly OperationState[] => inOrder(projection).filter(isActive);

/** What has ended, the last one first; what is part of another that is known is told with it. */
export function recentOperations(
  projection: Pick<Projection, "operations" | "order">,
): readonly OperationState[] {
  const { operations } = projection;
  return inOrder(projection)
    .filter((operation) => !isActive(operation))
    .filter(({ parent_id: parent }) => parent === null || operations[parent] === undefined)
    .reverse()
    .sort((a, b) => (b.finished_at ?? "").localeCompare(a.finished_at ?? ""));
}

/** What this operation has begun as part of itself, oldest first. */
export const partsOf = (
  { operations, order }: Pick<Projection, "operations" | "order">,
  parent_id: string,
): readonly OperationState[] =>
  sorted(
    Object.values(operations).filter((operation) => operation.parent_id === parent_id),
    order,
  );

/** The live operation that holds `resource`; one that works on it before one that waits for it. */
export function holderOf(operations: Operations, resource: string): OperationState | undefined {
  const holders = Object.values(operations).filter(
    (operation) => isActive(operation) && operation.resources.includes(resource),
  );
  return holders.find((operation) => operation.status !== "accepted") ?? holders[0];
}

export const activeOfKind = (operations: Operations, kind: string): OperationState | undefined =>
  Object.values(operations).find((operation) => operation.kind === kind && isActive(operation));

export function endedIds(operations: Operations): ReadonlySet<string> {
  return new Set(
    Object.values(operations)
      .filter((operation) => !isActive(operation))
      .map((operation) => operation.operation_id),
  );
}

/** Whether something ended between two snapshots: then lists read over HTTP are out of date. */
export function somethingEnded(before: Operations, after: Operations): boolean {
  if (before === after) return false;
  return Object.values(after).some((operation) => {
    const earlier = before[operation.operation_id];
    return !isActive(operation) && (earlier === undefined || isActive(earlier));
  });
}
