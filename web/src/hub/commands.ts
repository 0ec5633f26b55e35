// Commands that this page has sent and whose operation does not show in the projection yet: what
// lets a click show its effect at once. Nothing about an operation is kept here; when the
// projection shows it, or the hub refuses, the entry is gone.
import type { Operations } from "../contracts/operation_state.ts";
import type { Problem } from "../contracts/problem.ts";
import type { Accepted, Answer } from "./api.ts";
import { Store } from "./store.ts";

/** What was asked, for the words of a refusal. */
export interface Command {
  readonly name:
    | "install"
    | "uninstall"
    | "update"
    | "rollback"
    | "pin"
    | "unpin"
    | "cancel"
    | "retry"
    | "undo"
    | "confirm";
  readonly key: string; // what it is about: a resource, "workspace", "cancel:<operation_id>"
  readonly title: string; // of its target, as the user knows it
}

export interface Refusal {
  readonly command: Command;
  readonly problem: Problem;
}

type Pending = ReadonlyMap<string, string | null>; // key to operation_id, null before the answer

/** Whether it is about an operation that shows already, and stays the same one. */
const sticks = ({ name }: Command) => name === "cancel" || name === "confirm";

/** An accepted operation that does not show for so long is shown by nothing; the button returns. */
const accepted_max_ms = 10_000;

export class Commands extends Store<Pending> {
  private readonly onRefused: (refusal: Refusal) => void;
  private readonly operations: () => Operations;

  constructor(operations: () => Operations, onRefused: (refusal: Refusal) => void) {
    super(new Map());
    this.operations = operations;
    this.onRefused = onRefused;
  }

  /** Sends it unless one with the same key is under way. */
  async run(command: Command, send: () => Promise<Answer<Accepted>>): Promise<void> {
    if (this.get().has(command.key)) return;
    this.put(command.key, null);
    const answer = await send();
    if (!answer.ok) {
      this.drop(command.key);
      if (answer.problem.status !== 401) this.onRefused({ command, problem: answer.problem });
      return;
    }
    const id = answer.value.operation_id;
    if (id === null || sticks(command) || this.operations()[id]) {
      this.drop(command.key);
      return;
    }
    this.put(command.key, id);
    setTimeout(() => {
      if (this.get().get(command.key) === id) this.drop(command.key);
    }, accepted_max_ms);
  }

  /** To be called when the projection changes. */
  settle(): void {
    const operations = this.operations();
    const left = [...this.get()].filter(([, id]) => id === null || !operations[id]);
    if (left.length !== this.get().size) this.set(new Map(left));
  }

  private put(key: string, id: string | null): void {
    this.set(new Map([...this.get(), [key, id]]));
  }

  private drop(key: string): void {
    this.set(new Map([...this.get()].filter(([other]) => other !== key)));
  }
}
