// Signing in. The address that the hub prints carries its token in the fragment, which a browser
// never sends; the page trades it for an HttpOnly cookie and takes it out of the address bar and
// of the history at once.
import type { Problem } from "../contracts/problem.ts";
import { HubApi, webspace } from "./api.ts";
import { yjsBase } from "./connection.ts";
import { Hub } from "./hub.ts";
import { Store } from "./store.ts";

export interface FragmentToken {
  readonly token: string;
  readonly rest: string; // the address without the token
}

/** The token of `#token=…`, or null when the address has none. */
export function tokenInFragment(address: URL): FragmentToken | null {
  const parameters = new URLSearchParams(address.hash.slice(1));
  const token = parameters.get("token")?.trim();
  if (!token) return null;
  parameters.delete("token");
  const left = parameters.toString();
  return { token, rest: address.pathname + address.search + (left === "" ? "" : `#${left}`) };
}

export type SessionState =
  | { readonly phase: "starting" }
  | { readonly phase: "unreachable" } // the hub does not answer; tried again by itself
  | { readonly phase: "signed_out"; readonly problem: Problem | null; readonly expired: boolean }
  | { readonly phase: "signed_in"; readonly hub: Hub };

const retry_ms = 2000;

/** Whether this browser is let in, and the hub when it is. */
export class Session extends Store<SessionState> {
  private readonly api: HubApi;
  private readonly page: URL;
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(page: URL) {
    super({ phase: "starting" });
    this.page = page;
    this.api = new HubApi(
      (path, options) => fetch(path, options),
      () => {
        if (this.get().phase !== "signed_in") return; // whoever asked deals with it
        this.leave({ phase: "signed_out", problem: null, expired: true });
      },
    );
  }

  /** With a token from the address; without one the cookie of an earlier sign-in may do. */
  async start(token: string | null): Promise<void> {
    clearTimeout(this.retry);
    if (token !== null) {
      const answer = await this.api.signIn(token);
      if (!answer.ok && answer.problem.status !== 0) {
        this.leave({ phase: "signed_out", problem: answer.problem, expired: false });
        return;
      }
      if (!answer.ok) return this.tryAgain(token);
      return this.enter();
    }
    const answer = await this.api.hub();
    if (answer.ok) this.enter();
    else if (answer.problem.status === 401) {
      this.leave({ phase: "signed_out", problem: null, expired: false });
    } else this.tryAgain(null);
  }

  /** Undefined when it worked; else why not. */
  async signIn(token: string): Promise<Problem | undefined> {
    const answer = await this.api.signIn(token);
    if (!answer.ok) return answer.problem;
    this.enter();
    return undefined;
  }

  async signOut(): Promise<void> {
    await this.api.signOut();
    this.leave({ phase: "signed_out", problem: null, expired: false });
  }

  private enter(): void {
    this.leave({ phase: "signed_in", hub: new Hub(this.api, yjsBase(this.page), webspace) });
  }

  private leave(next: SessionState): void {
    const before = this.get();
    if (before.phase === "signed_in") before.hub.stop();
    this.set(next);
  }

  private tryAgain(token: string | null): void {
    this.set({ phase: "unreachable" });
    this.retry = setTimeout(() => void this.start(token), retry_ms);
  }
}
