import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser, screenshot } from "./support/browser.mjs";
import { Hub, temporaryFolder } from "./support/hub.mjs";
import { live, open } from "./support/page.mjs";

test(
  "a wrong token is refused with what to do, the right one signs in, and out",
  {
    timeout: 180_000,
  },
  async (t) => {
    const hub = await Hub.start(t, await temporaryFolder(t));
    const browser = await Browser.start(t);
    const page = await browser.newPage();

    await page.goto(`${hub.address}#token=not-the-token`);
    const refusal = page.getByRole("alert");
    await refusal.waitFor();
    assert.match(await refusal.textContent(), /not the token of this hub.*Copy the address/s);
    assert.equal(page.url(), hub.address, "the token stays in the address bar");
    await screenshot(page, "wrong-token");

    const field = page.getByLabel("Access token");
    await field.fill("still-not-the-token");
    await page.keyboard.press("Enter");
    await refusal.waitFor();
    await field.fill(hub.token);
    await page.getByRole("button", { name: "Sign in" }).click();
    await live(page);

    await page.reload(); // the cookie is enough
    await live(page);
    const cookies = await page.context().cookies();
    const session = cookies.find(({ name }) => name === "adaos_session");
    assert.equal(session?.httpOnly, true);
    assert.equal(session.sameSite, "Strict");
    assert.notEqual(session.value, hub.token);

    await page.getByRole("button", { name: "Sign out" }).click();
    await field.waitFor();
    await page.reload();
    await field.waitFor();
    await screenshot(page, "sign-in");
    browser.assertNoFaults();
  },
);

test(
  "the address that the hub prints signs in and leaves no token in the history",
  {
    timeout: 120_000,
  },
  async (t) => {
    const hub = await Hub.start(t, await temporaryFolder(t));
    const browser = await Browser.start(t);
    const page = await browser.newPage();
    await open(page, hub);
    assert.equal(page.url(), hub.address);
    assert.equal(await page.evaluate(() => document.cookie), "", "scripts can read the session");
    const stored = await page.evaluate(() =>
      JSON.stringify({ ...localStorage, ...sessionStorage }),
    );
    assert.ok(!stored.includes(hub.token));
    browser.assertNoFaults();
  },
);
