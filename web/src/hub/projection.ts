// The read-only window onto the hub's Yjs document: Y.Doc in, plain state out. The page never
// writes to the document; commands go over HTTP.
//
// Incremental: of an update only the operations it touched are read again, and what did not change
// keeps its identity, so that a component that shows it does not render again. A container that
// the hub replaced as a whole (it does so at each of its starts) is read as a whole.
import * as Y from "yjs";
import { fields, items, list, numberOrNull } from "../contracts/decode.ts";
import {
  readNotification,
  type OperationNotification,
} from "../contracts/operation_notification.ts";
import {
  readOperation,
  type Operations,
  type OperationState,
} from "../contracts/operation_state.ts";
import { Store } from "./store.ts";

export interface Projection {
  readonly operations: Operations;
  readonly order: readonly string[]; // ids, oldest first
  readonly notifications: readonly OperationNotification[]; // oldest first
  readonly updates: number | null; // artifacts that have one; null when the hub does not say
  readonly seq: number | null; // of runtime.meta; null before the first update
}

export const emptyProjection: Projection = {
  operations: {},
  order: [],
  notifications: [],
  updates: null,
  seq: null,
};

/** What an update touched. "all" of operations: their container was replaced. */
interface Touched {
  operations: Set<string> | "all";
  order: boolean;
  notifications: boolean;
  meta: boolean;
}

/** A key of a shared map, or of a plain object in its place. */
function child(container: unknown, key: string): unknown {
  if (container instanceof Y.Map) return container.get(key);
  if (typeof container !== "object" || container === null || !Object.hasOwn(container, key)) {
    return undefined;
  }
  return (container as Record<string, unknown>)[key];
}

function keysOf(container: unknown): readonly string[] {
  if (container instanceof Y.Map) return [...container.keys()];
  return typeof container === "object" && container !== null ? Object.keys(container) : [];
}

const plain = (value: unknown): unknown =>
  value instanceof Y.AbstractType ? (value.toJSON() as unknown) : value;

function touch(touched: Touched, path: readonly string[], key: string): void {
  const [first, second, third] = [...path, key];
  if (first === "notifications") touched.notifications = true;
  if (first === "meta") touched.meta = true;
  if (first !== "operations") return;
  if (second === undefined) {
    touched.operations = "all";
    touched.order = true;
  } else if (second === "order") {
    touched.order = true;
  } else if (second === "by_id") {
    if (third === undefined) touched.operations = "all";
    else if (touched.operations !== "all") touched.operations.add(third);
  }
}

function whatEventsTouched(events: readonly Y.YEvent<Y.AbstractType<unknown>>[]): Touched {
  const touched: Touched = {
    operations: new Set<string>(),
    order: false,
    notifications: false,
    meta: false,
  };
  for (const event of events) {
    const path = event.path.map(String);
    // A change inside a list (an older hub's) has no keys: the list itself is what changed.
    const keys = event.keys.size > 0 ? [...event.keys.keys()] : [""];
    for (const key of keys) touch(touched, path, key);
  }
  return touched;
}

function readOperations(byId: unknown, ids: Iterable<string>, before: Operations): Operations {
  const operations: Record<string, OperationState> = { ...before };
  for (const id of ids) {
    const operation = readOperation(plain(child(byId, id)));
    if (operation) operations[id] = operation;
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- a copy that is ours
    else delete operations[id];
  }
  return operations;
}

function readIds(value: unknown): readonly string[] {
  return items(plain(value), (id) => (typeof id === "string" ? id : undefined));
}

/** data.infrastate.update_actions[{id: "adaos_update", updates}] */
function readUpdates(actions: unknown): number | null {
  const update = list(plain(actions)).find((action) => fields(action).id === "adaos_update");
  return numberOrNull(fields(update).updates);
}

export class ProjectionReader extends Store<Projection> {
  private readonly runtime: Y.Map<unknown>;
  private readonly data: Y.Map<unknown>;

  constructor(doc: Y.Doc) {
    super(emptyProjection);
    this.runtime = doc.getMap("runtime");
    this.data = doc.getMap("data");
    this.runtime.observeDeep(this.follow);
    this.data.observeDeep(this.followData);
    this.read({ operations: "all", order: true, notifications: true, meta: true });
    this.followData();
  }

  stop(): void {
    this.runtime.unobserveDeep(this.follow);
    this.data.unobserveDeep(this.followData);
  }

  private readonly follow = (events: readonly Y.YEvent<Y.AbstractType<unknown>>[]): void =>
    this.read(whatEventsTouched(events));

  // Browsers write to this root too; of theirs nothing is read.
  private readonly followData = (): void => {
    const updates = readUpdates(child(this.data.get("infrastate"), "update_actions"));
    if (updates !== this.get().updates) this.set({ ...this.get(), updates });
  };

  private read(touched: Touched): void {
    const before = this.get();
    const root = this.runtime.get("operations");
    const byId = child(root, "by_id");
    const next = { ...before };
    if (touched.operations === "all") {
      next.operations = readOperations(byId, keysOf(byId), {});
    } else if (touched.operations.size > 0) {
      next.operations = readOperations(byId, touched.operations, before.operations);
    }
    if (touched.order) next.order = readIds(child(root, "order"));
    if (touched.notifications) {
      next.notifications = items(plain(this.runtime.get("notifications")), readNotification);
    }
    if (touched.meta) next.seq = numberOrNull(child(this.runtime.get("meta"), "seq"));
    this.set(next);
  }
}
