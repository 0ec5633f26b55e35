import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser, screenshot } from "./support/browser.mjs";
import { Hub, temporaryFolder, until } from "./support/hub.mjs";
import {
  closeDialog,
  installed,
  live,
  offer,
  oneSuccessToast,
  open,
  openMarketplace,
  operations,
  watchProgress,
} from "./support/page.mjs";

const scenario = "scenario:kitchen_helper";
const skills = ["skill:unit_converter_skill", "skill:timer_skill"];

test(
  "an install goes on after the hub was killed in its middle, and the page by itself",
  {
    timeout: 300_000,
  },
  async (t) => {
    const folder = await temporaryFolder(t);
    const killed = await Hub.start(t, folder, { fault: "delay_ms=150" });
    const browser = await Browser.start(t);
    const page = await browser.newPage();
    const watcher = await browser.newPage({ locale: "ru-RU" });
    await open(page, killed);
    await open(watcher, killed);
    await openMarketplace(page);
    const seen = await watchProgress(offer(page, scenario));
    await offer(page, scenario).getByRole("button").click();
    await until("the middle of the install", async () => {
      const progress = (await seen()).at(-1) ?? 0;
      return progress >= 10 && progress <= 80;
    });
    const id = await operations(watcher).getAttribute("data-operation");
    await killed.kill();
    await page.locator("[data-testid=connection]:not([data-phase=live])").waitFor();
    // What was known when the connection was lost stays in sight.
    await offer(page, scenario).locator("[data-held]").waitFor();
    await screenshot(page, "hub-killed");

    const hub = await Hub.start(t, folder, { port: killed.port });
    assert.equal(hub.token, killed.token);
    await live(page);
    await live(watcher);
    await oneSuccessToast(page, /Scenario Kitchen helper 1\.1\.0 is installed/);
    await oneSuccessToast(watcher, /Сценарий «Помощник на кухне» 1\.1\.0 установлен/);
    await offer(page, scenario).waitFor({ state: "detached" });
    await closeDialog(page);
    for (const artifact of [scenario, ...skills]) await installed(page, artifact).waitFor();
    assert.equal(await operations(page).count(), 0);
    await screenshot(page, "resumed-after-kill");

    const operation = await hub.get(`api/operations/${id}`);
    assert.equal(operation.status, "succeeded");
    const { notifications, by_id: byId } = await hub.get("api/operations?webspace_id=desktop");
    assert.equal(notifications.filter((one) => one.operation_id === id).length, 1);
    const asked = Object.values(byId).filter((one) => !one.parent_id);
    assert.equal(asked.length, 1, "the resumed install became another operation");
    const targets = Object.values(byId).map((one) => one.target_id);
    assert.equal(new Set(targets).size, targets.length, "something was installed twice");
    browser.assertNoFaults();
  },
);
