// Something read from the hub over HTTP, kept, and read again when it may have changed. What was
// read last stays in place while it is read again and when that fails.
import type { Problem } from "../contracts/problem.ts";
import type { Answer } from "./api.ts";
import { Store } from "./store.ts";

export interface Reading<T> {
  readonly value: T | null; // null: never read yet
  readonly problem: Problem | null; // of the last attempt
  readonly loading: boolean;
}

export class Resource<T> extends Store<Reading<T>> {
  private readonly load: (signal: AbortSignal) => Promise<Answer<T>>;
  private current: AbortController | null = null;

  constructor(load: (signal: AbortSignal) => Promise<Answer<T>>) {
    super({ value: null, problem: null, loading: false });
    this.load = load;
  }

  /** Reads now. A reading under way is given up: it may be from before what this one is about. */
  async refresh(): Promise<void> {
    this.current?.abort();
    const mine = new AbortController();
    this.current = mine;
    this.set({ ...this.get(), loading: true });
    const answer = await this.load(mine.signal);
    if (this.current !== mine) return;
    this.current = null;
    this.set(
      answer.ok
        ? { value: answer.value, problem: null, loading: false }
        : { value: this.get().value, problem: answer.problem, loading: false },
    );
  }

  stop(): void {
    this.current?.abort();
    this.current = null;
  }
}

/** Calls `act` once, `delay_ms` after the last of several calls close to each other. */
export function debounced(
  delay_ms: number,
  act: () => void,
): { readonly call: () => void; readonly stop: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    call: () => {
      clearTimeout(timer);
      timer = setTimeout(act, delay_ms);
    },
    stop: () => clearTimeout(timer),
  };
}
