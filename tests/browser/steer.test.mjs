// What an operator does about an operation that has ended: tries it again, takes it back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser, screenshot } from "./support/browser.mjs";
import { Hub, temporaryFolder } from "./support/hub.mjs";
import {
  closeDialog,
  installed,
  offer,
  open,
  openMarketplace,
  operations,
  recent,
  toasts,
} from "./support/page.mjs";

async function install(page, resource) {
  await openMarketplace(page);
  await offer(page, resource).getByRole("button").first().click();
  await closeDialog(page);
}

test("an install is taken back from the list of what has ended", { timeout: 180_000 }, async (t) => {
  const hub = await Hub.start(t, await temporaryFolder(t));
  const browser = await Browser.start(t);
  const page = await browser.newPage();
  const second = await browser.newPage();
  await open(page, hub);
  await open(second, hub);
  await install(page, "skill:notes_skill");
  await installed(page, "skill:notes_skill").waitFor();
  const undo = recent(page, "succeeded").getByRole("button", { name: /^Undo: Install skill/ });
  await undo.waitFor();
  await screenshot(page, "recent-undo");
  await undo.click();
  for (const one of [page, second]) {
    await installed(one, "skill:notes_skill").waitFor({ state: "detached" });
    await toasts(one).filter({ hasText: "Undone: Install skill" }).waitFor();
  }
  assert.equal(await recent(page, "succeeded").count(), 2);
  browser.assertNoFaults();
});

test("a cancelled install is tried again with one click", { timeout: 180_000 }, async (t) => {
  const hub = await Hub.start(t, await temporaryFolder(t), { fault: "delay_ms=120" });
  const browser = await Browser.start(t);
  const page = await browser.newPage();
  await open(page, hub);
  await install(page, "skill:notes_skill");
  await operations(page)
    .getByRole("button", { name: /^Cancel/ })
    .click();
  const again = recent(page, "cancelled").getByRole("button", { name: /^Try again: Install/ });
  await again.click();
  await installed(page, "skill:notes_skill").waitFor();
  await recent(page, "succeeded").waitFor();
  browser.assertNoFaults();
});
