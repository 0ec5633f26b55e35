import assert from "node:assert/strict";
import { cp, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { Browser, screenshot } from "./support/browser.mjs";
import { Hub, root, temporaryFolder } from "./support/hub.mjs";
import {
  closeDialog,
  installed,
  offer,
  oneSuccessToast,
  open,
  openMarketplace,
  toasts,
} from "./support/page.mjs";

const skill = "skill:timer_skill";

/** The sample with its version raised. */
async function nextVersion(folder) {
  const copy = path.join(folder, "timer_skill");
  await cp(path.join(root, "examples/registry/skills/timer_skill"), copy, { recursive: true });
  const manifest = path.join(copy, "skill.yaml");
  const text = await readFile(manifest, "utf8");
  await writeFile(manifest, text.replace(/^version: .*$/m, "version: 99.0.0"));
  return copy;
}

test(
  "what an author publishes shows as an update by itself, and one click installs it",
  {
    timeout: 180_000,
  },
  async (t) => {
    const folder = await temporaryFolder(t);
    const hub = await Hub.start(t, folder, { more: ["--registry-interval", "1"] });
    const browser = await Browser.start(t);
    const page = await browser.newPage();
    await open(page, hub);
    await openMarketplace(page);
    await offer(page, skill).getByRole("button").click();
    await oneSuccessToast(page, /Timer/);
    await toasts(page).getByRole("button").click();
    await closeDialog(page);
    await installed(page, skill).waitFor();
    const badge = page.getByTestId("updates");
    assert.equal(await badge.count(), 0);

    await hub.push("skill", await nextVersion(folder));
    await badge.waitFor();
    assert.match(await badge.textContent(), /1 update/);
    await installed(page, skill).getByRole("button", { name: /^Update to 99.0.0/ }).waitFor();
    await screenshot(page, "update-available");
    await page.getByRole("button", { name: /Update skills & scenarios/ }).click();
    await oneSuccessToast(page, /1 skill or scenario is updated/);
    await badge.waitFor({ state: "detached" });
    await installed(page, skill).getByText("99.0.0", { exact: true }).waitFor();
    browser.assertNoFaults();
  },
);
