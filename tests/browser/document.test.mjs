// Documents and the store, while the hub is killed in the middle of whatever it does. Three
// browsers: one always there, one away from before each kill until after the restart, one that keeps
// its document in IndexedDB and is closed and opened again at every second kill. No page is reloaded.
//
// HUB_DOCUMENT_FULL=1: 1,000 changes and 10 kills instead of 90 and 3.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { Browser } from "./support/browser.mjs";
import { Hub, temporaryFolder, until } from "./support/hub.mjs";
import { openYjsPage, serveYjsPage } from "./support/yjs_page.mjs";

const full = process.env.HUB_DOCUMENT_FULL === "1";
const [changes, kills] = full ? [1000, 10] : [90, 3];
const ended_shown = 50;
const skills = ["notes_skill", "timer_skill", "slovar_skill", "password_skill"];

/** The same changes each time. */
function random(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
}

const accepted = 202;
const refused = [404, 409]; // it is not installed; it has ended

/** One change of an operation by a user, or a refusal that it may meet. */
async function change(hub, next) {
  const skill = skills[next(skills.length)];
  const { active } = await hub.get("/api/operations");
  const post = async (route, body) => {
    const answer = await fetch(new URL(route, hub.address), {
      method: "POST",
      headers: { Authorization: `Bearer ${hub.token}`, "Content-Type": "application/json" },
      body: body && JSON.stringify(body),
    });
    const said = `${route}: ${answer.status} ${await answer.text()}`;
    assert.ok(answer.status === accepted || refused.includes(answer.status), said);
  };
  const operate = (kind) =>
    post("/api/operations", { kind, target_kind: "skill", target_id: skill });
  switch (next(6)) {
    case 0:
    case 1:
    case 2:
      return await operate("skill.install");
    case 3:
    case 4:
      return await operate("skill.uninstall");
    default:
      if (active.length > 0) return await post(`/api/operations/${active[0]}/cancel`);
      return await operate("skill.install");
  }
}

const documentOf = (page) =>
  page.evaluate(() => ({
    ...window.client.doc.getMap("runtime").toJSON(),
    pending: window.client.doc.store.pendingStructs !== null,
  }));

/** What a document shows of the store at rest: the last 50 that ended, in their order. */
async function shownOf(hub) {
  const { by_id, order, active, notifications } = await hub.get("/api/operations?limit=1000");
  assert.ok(order.length < 1000, "the whole history is one page");
  const latest = [...order]
    .sort((a, b) => by_id[b].finished_at?.localeCompare(by_id[a].finished_at) || (a < b ? 1 : -1))
    .slice(0, ended_shown);
  const shown = order.filter((id) => latest.includes(id));
  const operations = Object.fromEntries(shown.map((id) => [id, by_id[id]]));
  return { operations: { by_id: operations, order: shown, active }, notifications };
}

/** Waits until nothing is going on and the page shows what the store has. */
async function assertEqualsStore(page, hub, what) {
  let seen, stored;
  try {
    await until(what, async () => {
      stored = await shownOf(hub);
      if (stored.operations.active.length > 0) return false;
      seen = await documentOf(page);
      return isDeepStrictEqual(seen.operations, stored.operations);
    });
  } finally {
    assert.deepEqual(seen?.operations, stored.operations, what);
  }
  assert.deepEqual(seen.notifications, stored.notifications);
  assert.equal(seen.pending, false);
}

test(
  "documents equal the store after each kill, without a reload",
  {
    timeout: full ? 900_000 : 240_000,
  },
  async (t) => {
    const origin = await serveYjsPage(t);
    const folder = await temporaryFolder(t);
    const options = { fault: "delay_ms=5", more: ["--allow-origin", origin] };
    let hub = await Hub.start(t, folder, options);
    await until("the catalogue", async () => (await hub.get("/api/marketplace")).rows.length > 0);
    const browser = await Browser.start(t);
    const constant = await browser.newPage();
    const away = await browser.newPage();
    let keeper = await browser.newPage();
    await openYjsPage(constant, origin, hub);
    await openYjsPage(away, origin, hub);
    await openYjsPage(keeper, origin, hub, { persistent: true });

    const next = random(17);
    for (let kill = 1; kill <= kills; ++kill) {
      await away.evaluate(() => window.client.provider.disconnect());
      const offline = `before kill ${kill}`;
      await away.evaluate((key) => window.client.doc.getMap("devices").set(key, 1), offline);
      const closes = kill % 2 === 0;
      for (let i = 0; i < changes / kills; ++i) await change(hub, next);
      await pause(next(40)); // so that each kill comes at another moment
      await until("something to be going on", async () => {
        await change(hub, next);
        return (await hub.get("/api/operations")).active.length > 0;
      });
      await hub.kill();
      const context = keeper.context();
      if (closes) await keeper.close();
      hub = await Hub.start(t, folder, { ...options, port: hub.port });
      await away.evaluate(() => window.client.provider.connect());
      if (closes) {
        keeper = await context.newPage();
        await openYjsPage(keeper, origin, hub, { persistent: true });
        assert.equal(await keeper.evaluate(() => window.client.stored), true);
      }
      await assertEqualsStore(constant, hub, `the one that stayed, after kill ${kill}`);
      await assertEqualsStore(away, hub, `the one that was away, after kill ${kill}`);
      await assertEqualsStore(keeper, hub, `the one that keeps its document, after kill ${kill}`);
      await until("the edit made offline", () =>
        constant.evaluate((key) => window.client.doc.getMap("devices").get(key) === 1, offline),
      );
    }
    const { order } = await hub.get("/api/operations");
    assert.ok(order.length > kills, "something happened");
    browser.assertNoFaults();
  },
);
