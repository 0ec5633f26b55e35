import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser, screenshot } from "./support/browser.mjs";
import { Hub, temporaryFolder } from "./support/hub.mjs";
import {
  assertHeld,
  assertRises,
  closeDialog,
  installed,
  live,
  marketplaceButton,
  offer,
  oneSuccessToast,
  open,
  openMarketplace,
  recent,
  toasts,
  watchProgress,
} from "./support/page.mjs";

const scenario = "scenario:morning_brief";
const skills = ["skill:notes_skill", "skill:timer_skill"];

test(
  "an install is seen in every open browser, ends with one toast, and is there after a reload",
  {
    timeout: 240_000,
  },
  async (t) => {
    const folder = await temporaryFolder(t);
    const hub = await Hub.start(t, folder, { fault: "delay_ms=150" });
    const browser = await Browser.start(t);
    const english = await browser.newPage();
    const russian = await browser.newPage({ locale: "ru-RU", colorScheme: "dark" });
    for (const page of [english, russian]) {
      await open(page, hub);
      await openMarketplace(page);
      await offer(page, scenario).waitFor();
    }
    await screenshot(english, "marketplace");

    const progress = [];
    for (const page of [english, russian])
      progress.push(await watchProgress(offer(page, scenario)));
    const button = offer(english, scenario).getByRole("button");
    assert.equal(await button.getAttribute("aria-label"), "Install Morning brief");
    await button.click();

    // In the other browser the button is disabled, and so are those of the skills it needs.
    for (const artifact of [scenario, ...skills]) await assertHeld(offer(russian, artifact));
    await assertHeld(offer(english, scenario));
    assert.match(await offer(russian, skills[0]).textContent(), /Занято: Установка сценария/);
    await screenshot(english, "installing");
    await screenshot(russian, "installing-ru-dark");

    await oneSuccessToast(english, /Scenario Morning brief 1\.0\.0 is installed/);
    await oneSuccessToast(russian, /Сценарий «Утренняя сводка» 1\.0\.0 установлен/);
    for (const page of [english, russian]) {
      for (const artifact of [scenario, ...skills]) {
        await offer(page, artifact).waitFor({ state: "detached" });
      }
    }
    await screenshot(english, "installed-toast");
    for (const seen of progress) assertRises(await seen());

    await closeDialog(english);
    assert.equal(
      await marketplaceButton(english).evaluate((b) => b === document.activeElement),
      true,
    );
    for (const artifact of [scenario, ...skills]) await installed(english, artifact).waitFor();

    await english.reload();
    await live(english);
    for (const artifact of [scenario, ...skills]) await installed(english, artifact).waitFor();
    const past = recent(english, "succeeded");
    await past.filter({ hasText: /Install scenario Morning brief/ }).waitFor();
    assert.equal(await past.count(), 1 + skills.length);
    assert.equal(await toasts(english).count(), 0, "a reload told old news");
    await openMarketplace(english);
    await offer(english, "scenario:kitchen_helper").waitFor();
    assert.equal(await offer(english, scenario).count(), 0);
    await closeDialog(english);
    await screenshot(english, "after-reload");

    // What needs the skills keeps them from being uninstalled.
    await installed(english, skills[0]).getByRole("button", { name: /^More/ }).click();
    const uninstall = english.getByRole("menuitem", { name: /^Uninstall/ });
    assert.equal(await uninstall.getAttribute("aria-disabled"), "true");
    await english.keyboard.press("Escape");
    assert.match(await installed(english, skills[0]).textContent(), /used by Morning brief/);
    browser.assertNoFaults();
  },
);
