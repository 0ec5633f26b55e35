import { webcrypto } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { HubApi } from "./api.ts";

vi.stubGlobal("crypto", webcrypto); // every browser has it, Node 18 only under another name

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));

/** A server on a free port that answers `respond`; remembers what came. */
async function serve(respond: (seen: Seen, response: ServerResponse) => void) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const one = {
        method: request.method ?? "",
        path: request.url ?? "",
        headers: request.headers,
        body,
      };
      seen.push(one);
      respond(one, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let unauthorized = 0;
  const api = new HubApi(
    (path, options) => fetch(new URL(path, base), options),
    () => (unauthorized += 1),
  );
  return { api, seen, unauthorized: () => unauthorized };
}

const json = (response: ServerResponse, status: number, body: object) => {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify(body));
};

test("an install names its target, its request and where it comes from", async () => {
  const { api, seen } = await serve((_, response) =>
    json(response, 202, { ok: true, accepted: true, operation_id: "op_1" }),
  );
  const answer = await api.install("scenario", "morning_brief");
  expect(answer).toEqual({ ok: true, value: { operation_id: "op_1" } });
  const [request] = seen;
  expect(request).toMatchObject({ method: "POST", path: "/api/node/infrastate/action" });
  expect(request?.headers["x-adaos-request"]).toBe("1");
  const body = JSON.parse(request?.body ?? "") as Record<string, unknown>;
  expect(body).toMatchObject({
    id: "marketplace_install",
    value: { target_kind: "scenario", target_id: "morning_brief" },
    webspace_id: "desktop",
  });
  expect(request?.headers["idempotency-key"]).toMatch(/^[0-9a-f]{32}$/);
});

test("a command whose answer was lost is sent again under the same key", async () => {
  let calls = 0;
  const { api, seen } = await serve((_, response) => {
    calls += 1;
    if (calls === 1) response.destroy();
    else json(response, 202, { operation_id: "op_1" });
  });
  expect((await api.updateAll()).ok).toBe(true);
  expect(new Set(seen.map((one) => one.headers["idempotency-key"])).size).toBe(1);
  expect(seen).toHaveLength(2);
});

test("a refusal is the hub's problem document and is not repeated", async () => {
  const { api, seen } = await serve((_, response) =>
    json(response, 409, {
      code: "not_installed",
      title: "Conflict",
      detail: "in use",
      hint: "wait",
    }),
  );
  const answer = await api.start("skill.uninstall", "skill", "notes_skill", {});
  expect(answer).toMatchObject({
    ok: false,
    problem: { status: 409, code: "not_installed", detail: "in use", hint: "wait" },
  });
  expect(seen).toHaveLength(1);
});

test("an ended session is reported, but not when signing in with a wrong token", async () => {
  const { api, seen, unauthorized } = await serve((_, response) => json(response, 401, {}));
  await api.signIn("wrong");
  expect(unauthorized()).toBe(0);
  await api.hub();
  expect(unauthorized()).toBe(1);
  expect(seen).toHaveLength(2);
});

test("a search is put into the query, escaped", async () => {
  const { api, seen } = await serve((_, response) => json(response, 200, { rows: [] }));
  await api.marketplace({ q: "a&b ё", installed: "show" });
  const url = new URL(seen[0]?.path ?? "", "http://hub");
  expect(url.searchParams.get("q")).toBe("a&b ё");
  expect(url.searchParams.get("installed")).toBe("1");
});

test("a marketplace in pages is read to its end", async () => {
  const { api, seen } = await serve((one, response) => {
    const after = new URL(one.path, "http://hub").searchParams.get("after");
    json(response, 200, {
      rows: [{ kind: "skill", name: after ?? "first" }],
      next_cursor: after === null ? "second" : after === "second" ? "third" : null,
    });
  });
  const answer = await api.marketplace({ q: "", installed: "hide" });
  expect(answer.ok && answer.value.rows.map((row) => row.name)).toEqual([
    "first",
    "second",
    "third",
  ]);
  expect(seen.map((one) => one.path)[0]).toBe("/api/marketplace");
});

test("a hub that does not answer is said so", async () => {
  const api = new HubApi(
    () => Promise.reject(new TypeError("Failed to fetch")),
    () => undefined,
  );
  expect(await api.hub()).toMatchObject({ ok: false, problem: { status: 0, code: "unreachable" } });
});
