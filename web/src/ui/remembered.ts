// Small choices this browser remembers. Storage may be forbidden; then they last for the visit.
import { Store } from "../hub/store.ts";

function stored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export class Remembered<T extends string> extends Store<T> {
  private readonly key: string;

  constructor(key: string, choose: (stored: string | null) => T) {
    super(choose(stored(key)));
    this.key = key;
  }

  choose(value: T): void {
    this.set(value);
    try {
      localStorage.setItem(this.key, value);
    } catch {
      // Not remembered, but in force.
    }
  }
}
