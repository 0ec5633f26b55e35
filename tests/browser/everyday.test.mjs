// What an operator does besides the first install: search, cancel, uninstall, by keyboard and in
// both languages; and what every state of the page owes to people who cannot see it or use a mouse.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { test } from "node:test";
import { Browser, screenshot } from "./support/browser.mjs";
import { Hub, temporaryFolder, until } from "./support/hub.mjs";
import {
  assertHeld,
  closeDialog,
  installed,
  marketplaceButton,
  offer,
  oneSuccessToast,
  open,
  openMarketplace,
  operations,
  recent,
  toasts,
} from "./support/page.mjs";

async function start(t, options = {}) {
  const hub = await Hub.start(t, await temporaryFolder(t), options);
  return { hub, browser: await Browser.start(t) };
}

test(
  "the marketplace is searched as one types, in any script, and says why it is empty",
  {
    timeout: 120_000,
  },
  async (t) => {
    const { hub, browser } = await start(t);
    const page = await browser.newPage();
    await open(page, hub);
    await openMarketplace(page);
    await offer(page, "skill:notes_skill").waitFor();
    assert.equal(await page.getByTestId("marketplace-skills").count(), 1);
    assert.equal(await page.getByTestId("marketplace-scenarios").count(), 1);
    const search = page.getByRole("searchbox");
    await search.fill("слов");
    await offer(page, "skill:slovar_skill").waitFor();
    await offer(page, "skill:timer_skill").waitFor({ state: "detached" });
    await search.fill("no such thing");
    const empty = page.getByTestId("marketplace-empty");
    await empty.waitFor();
    assert.equal(await empty.getAttribute("data-reason"), "no_match");
    assert.match(await empty.textContent(), /Nothing matches the search/);
    await screenshot(page, "marketplace-empty");
    await search.fill("");
    await offer(page, "skill:timer_skill").waitFor();
    browser.assertNoFaults();
  },
);

test("an install can be cancelled, and the button comes back", { timeout: 180_000 }, async (t) => {
  const { hub, browser } = await start(t, { fault: "delay_ms=100" });
  const page = await browser.newPage();
  await open(page, hub);
  await openMarketplace(page);
  const row = offer(page, "scenario:writing_desk");
  await row.getByRole("button").click();
  await assertHeld(row);
  await closeDialog(page);
  await operations(page)
    .getByRole("button", { name: /^Cancel/ })
    .click();
  await recent(page, "cancelled").waitFor();
  await toasts(page).first().waitFor();
  assert.match(await toasts(page).first().textContent(), /Writing desk was cancelled/);
  await operations(page).waitFor({ state: "detached" });
  await openMarketplace(page);
  const button = row.getByRole("button", { name: "Install Writing desk" });
  await button.waitFor();
  assert.equal(await button.getAttribute("aria-disabled"), null);
  assert.equal(await installed(page, "skill:text_stats_skill").count(), 0);
  browser.assertNoFaults();
});

test(
  "install and uninstall work by keyboard alone, and the focus is never lost",
  {
    timeout: 180_000,
  },
  async (t) => {
    const { hub, browser } = await start(t);
    const page = await browser.newPage();
    await open(page, hub);
    const focused = (locator) => locator.evaluate((element) => element === document.activeElement);
    await marketplaceButton(page).focus();
    await page.keyboard.press("Enter");
    const search = page.getByRole("searchbox");
    await until("focus in the search field", () => focused(search));
    await page.keyboard.type("timer_skill");
    const row = offer(page, "skill:timer_skill");
    await offer(page, "skill:notes_skill").waitFor({ state: "detached" });
    const install = row.getByRole("button", { name: /^Install/ });
    for (let i = 0; i < 6 && !(await focused(install)); i += 1) await page.keyboard.press("Tab");
    assert.ok(await focused(install), "Tab does not reach the button");
    await page.keyboard.press("Enter");
    await oneSuccessToast(page, /Timer/);
    await row.waitFor({ state: "detached" });
    assert.notEqual(await page.evaluate(() => document.activeElement?.tagName), "BODY");
    await closeDialog(page);
    assert.ok(await focused(marketplaceButton(page)), "the focus did not return");

    const more = installed(page, "skill:timer_skill").getByRole("button");
    const askToUninstall = async () => {
      await page.keyboard.press("Enter");
      await page.getByRole("menu").waitFor();
      await page.keyboard.press("End");
      await page.keyboard.press("Enter");
    };
    await more.focus();
    await askToUninstall();
    const dialog = page.getByRole("alertdialog", { name: /^Uninstall/ });
    await dialog.waitFor();
    await screenshot(page, "uninstall");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await until("the focus back at the button", () => focused(more));
    await askToUninstall();
    await dialog.getByRole("button", { name: "Uninstall" }).focus();
    await page.keyboard.press("Enter");
    await installed(page, "skill:timer_skill").waitFor({ state: "detached" });
    await until("the focus in the list", () =>
      page.getByTestId("installed-skills").evaluate((list) => list === document.activeElement),
    );
    browser.assertNoFaults();
  },
);

test(
  "what goes away under an open menu or question leaves the keyboard in its list",
  {
    timeout: 120_000,
  },
  async (t) => {
    const { hub, browser } = await start(t);
    const page = await browser.newPage();
    await open(page, hub);
    const row = installed(page, "skill:timer_skill");
    for (const asked of [false, true]) {
      await hub.operate("skill.install", "skill", "timer_skill");
      await row.waitFor();
      await row.getByRole("button").focus();
      await page.keyboard.press("Enter");
      const menu = page.getByRole("menu");
      await menu.waitFor();
      if (asked) {
        await page.keyboard.press("End");
        await page.keyboard.press("Enter");
        await page.locator(".overlay").waitFor();
      }
      await hub.operate("skill.uninstall", "skill", "timer_skill");
      await row.waitFor({ state: "detached" });
      await page.locator(".menu-popover, .overlay").waitFor({ state: "detached" });
      await until("the focus in the list", () =>
        page.getByTestId("installed-skills").evaluate((list) => list === document.activeElement),
      );
    }
    browser.assertNoFaults();
  },
);

test(
  "language and theme are the browser's, can be switched, and are remembered",
  {
    timeout: 120_000,
  },
  async (t) => {
    const { hub, browser } = await start(t);
    const page = await browser.newPage({ locale: "ru-RU" });
    await open(page, hub);
    await page.getByRole("heading", { name: "Навыки" }).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.lang), "ru");
    await page.getByRole("radio", { name: "English" }).click();
    await page.getByRole("heading", { name: "Skills" }).waitFor();
    await page.getByRole("radio", { name: "Dark" }).click();
    await page.reload();
    await page.getByRole("heading", { name: "Skills" }).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
    browser.assertNoFaults();
  },
);

test(
  "no state of the page has a serious accessibility fault, in either theme",
  {
    timeout: 240_000,
  },
  async (t) => {
    const { hub, browser } = await start(t, { fault: "delay_ms=150" });
    const axe = await readFile(
      createRequire(import.meta.url).resolve("axe-core/axe.min.js"),
      "utf8",
    );
    for (const colorScheme of ["light", "dark"]) {
      // The scanner is a script of ours that the page's own policy would refuse.
      const page = await browser.newPage({ colorScheme, bypassCSP: true, reducedMotion: "reduce" });
      const scan = async (state) => {
        await page.evaluate(axe);
        const faults = await page.evaluate(async () => {
          // React Aria's announcer is empty but for the moment in which it speaks.
          const context = { exclude: [["[data-live-announcer]"]] };
          const { violations } = await globalThis.axe.run(context);
          return violations
            .filter(({ impact }) => impact === "serious" || impact === "critical")
            .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
        });
        assert.deepEqual(faults, [], `${state}, ${colorScheme}`);
        await screenshot(page, `${state}-${colorScheme}`);
      };
      await open(page, hub);
      await page.getByTestId("installed-skills").getByRole("button").first().waitFor();
      await scan("page");
      await openMarketplace(page);
      const row = offer(page, colorScheme === "light" ? "skill:notes_skill" : "skill:timer_skill");
      await row.waitFor();
      await scan("marketplace");
      await row.getByRole("button").click();
      await assertHeld(row);
      await scan("held");
      await toasts(page).first().waitFor();
      await scan("toast");
    }
    browser.assertNoFaults();
  },
);

test("the page fits a narrow screen in Russian", { timeout: 120_000 }, async (t) => {
  const { hub, browser } = await start(t);
  const page = await browser.newPage({
    locale: "ru-RU",
    viewport: { width: 320, height: 720 },
    isMobile: true,
    hasTouch: true,
  });
  await open(page, hub);
  const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
  assert.ok(await fits(), "the page scrolls sideways");
  await screenshot(page, "phone-ru");
  await marketplaceButton(page).tap();
  await offer(page, "skill:notes_skill").waitFor();
  assert.ok(await fits(), "the marketplace scrolls sideways");
  await screenshot(page, "phone-marketplace-ru");
  browser.assertNoFaults();
});
