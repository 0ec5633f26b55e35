// The hub over HTTP. The session cookie goes along by itself; the header X-AdaOS-Request is what
// no other site can send in our name.
import {
  readInstalledList,
  type ArtifactKind,
  type InstalledArtifact,
} from "../contracts/artifact.ts";
import { fields, textOrNull } from "../contracts/decode.ts";
import { readHubInfo, type HubInfo } from "../contracts/hub_info.ts";
import { readMarketplacePage, type MarketplacePage } from "../contracts/marketplace_row.ts";
import { readProblem, unreachable, type Problem } from "../contracts/problem.ts";

export type Answer<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

/** The hub has taken a command. The operation itself shows in the projection. */
export interface Accepted {
  readonly operation_id: string | null;
}

export interface MarketplaceQuery {
  readonly q: string;
  readonly installed: "hide" | "show";
}

export const webspace = "desktop";
const pages_max = 100;

/** Between attempts at a command that got no answer; safe, since they share one request id. */
const retries_after_ms = [300, 1000, 2500];

const wait = (milliseconds: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** Not crypto.randomUUID: a page that is served over plain HTTP on a network has none. */
export function newRequestId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function bodyOf(response: Response): Promise<unknown> {
  try {
    return (await response.json()) as unknown;
  } catch {
    return undefined; // no body, or no JSON: the status says enough
  }
}

/** fetch, or what stands in for it in a test. */
export type Send = (path: string, options: RequestInit) => Promise<Response>;

export class HubApi {
  private readonly send: Send;
  private readonly onUnauthorized: () => void;

  constructor(send: Send, onUnauthorized: () => void) {
    this.send = send;
    this.onUnauthorized = onUnauthorized;
  }

  hub(signal?: AbortSignal): Promise<Answer<HubInfo>> {
    return this.get("/api/hub", readHubInfo, signal);
  }

  installed(
    kind: ArtifactKind,
    signal?: AbortSignal,
  ): Promise<Answer<readonly InstalledArtifact[]>> {
    const path = kind === "skill" ? "/api/skills/list" : "/api/scenarios/list";
    return this.get(path, readInstalledList(kind), signal);
  }

  /** All rows that fit: a hub that answers in pages is asked for each of them. */
  async marketplace(
    query: MarketplaceQuery,
    signal?: AbortSignal,
  ): Promise<Answer<MarketplacePage>> {
    const first = await this.marketplacePage(query, null, signal);
    if (!first.ok) return first;
    const rows = [...first.value.rows];
    let cursor = first.value.next_cursor;
    for (let page = 1; cursor !== null && page < pages_max; page += 1) {
      const next = await this.marketplacePage(query, cursor, signal);
      if (!next.ok) return next;
      rows.push(...next.value.rows);
      cursor = next.value.next_cursor;
    }
    return { ok: true, value: { ...first.value, rows, next_cursor: cursor } };
  }

  private marketplacePage(
    query: MarketplaceQuery,
    after: string | null,
    signal?: AbortSignal,
  ): Promise<Answer<MarketplacePage>> {
    const search = new URLSearchParams();
    if (query.q !== "") search.set("q", query.q);
    if (query.installed === "show") search.set("installed", "1");
    if (after !== null) search.set("after", after);
    return this.get(
      `/api/marketplace?${search.toString()}`.replace(/\?$/, ""),
      readMarketplacePage,
      signal,
    );
  }

  install(targetKind: string, targetId: string): Promise<Answer<Accepted>> {
    const value = { target_kind: targetKind, target_id: targetId };
    return this.act({ id: "marketplace_install", value });
  }

  /** An operation of any kind. */
  start(
    kind: string,
    targetKind: string,
    targetId: string,
    params: object,
  ): Promise<Answer<Accepted>> {
    return this.command("/api/operations", {
      kind,
      target_kind: targetKind,
      target_id: targetId,
      params,
      webspace_id: webspace,
    });
  }

  updateAll(): Promise<Answer<Accepted>> {
    return this.act({ id: "adaos_update" });
  }

  cancel(operationId: string): Promise<Answer<Accepted>> {
    return this.steer(operationId, "cancel", {});
  }

  retry(operationId: string): Promise<Answer<Accepted>> {
    return this.steer(operationId, "retry", {});
  }

  undo(operationId: string): Promise<Answer<Accepted>> {
    return this.steer(operationId, "undo", {});
  }

  confirm(operationId: string, answer: string): Promise<Answer<Accepted>> {
    return this.steer(operationId, "confirm", { answer });
  }

  /** Trades the token for a session cookie. Nothing is retried: wrong tokens are counted. */
  async signIn(token: string): Promise<Answer<null>> {
    return this.request("/api/session", { method: "POST", body: { token } }, () => null);
  }

  async signOut(): Promise<Answer<null>> {
    return this.request("/api/session", { method: "DELETE" }, () => null);
  }

  private steer(operationId: string, verb: string, body: object): Promise<Answer<Accepted>> {
    return this.command(`/api/operations/${encodeURIComponent(operationId)}/${verb}`, body);
  }

  private act(action: Readonly<Record<string, unknown>>): Promise<Answer<Accepted>> {
    return this.command("/api/node/infrastate/action", { ...action, webspace_id: webspace });
  }

  private async command(path: string, body: object): Promise<Answer<Accepted>> {
    const requestId = newRequestId();
    const read = (value: unknown): Accepted => ({
      operation_id: textOrNull(fields(value).operation_id),
    });
    const attempt = () =>
      this.request(
        path,
        {
          method: "POST",
          body,
          headers: { "Idempotency-Key": requestId },
        },
        read,
      );
    let answer = await attempt();
    for (const pause of retries_after_ms) {
      if (answer.ok || answer.problem.status !== 0) break;
      await wait(pause);
      answer = await attempt();
    }
    if (!answer.ok && answer.problem.status === 401) this.onUnauthorized();
    return answer;
  }

  private async get<T>(
    path: string,
    read: (value: unknown) => T,
    signal?: AbortSignal,
  ): Promise<Answer<T>> {
    const answer = await this.request(path, { method: "GET", signal }, read);
    if (!answer.ok && answer.problem.status === 401) this.onUnauthorized();
    return answer;
  }

  private async request<T>(
    path: string,
    options: {
      readonly method: "GET" | "POST" | "DELETE";
      readonly body?: object;
      readonly headers?: Readonly<Record<string, string>>;
      readonly signal?: AbortSignal | undefined;
    },
    read: (value: unknown) => T,
  ): Promise<Answer<T>> {
    const headers: Record<string, string> = { Accept: "application/json", ...options.headers };
    if (options.method !== "GET") headers["X-AdaOS-Request"] = "1";
    if (options.body) headers["Content-Type"] = "application/json";
    try {
      const response = await this.send(path, {
        method: options.method,
        headers,
        body: options.body ? JSON.stringify(options.body) : null,
        signal: options.signal ?? null,
        cache: "no-cache", // asked again each time, by ETag
        credentials: "same-origin",
      });
      const body = await bodyOf(response);
      if (!response.ok) return { ok: false, problem: readProblem(response.status, body) };
      return { ok: true, value: read(body) };
    } catch {
      return { ok: false, problem: unreachable };
    }
  }
}
