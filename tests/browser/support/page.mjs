// The words the tests are written in: where things are on the page, and how to wait for them.
import assert from "node:assert/strict";
import { until } from "./hub.mjs";

export const offer = (page, artifact) =>
  page.locator(`[data-testid=offer][data-artifact="${artifact}"]`);
export const installed = (page, artifact) =>
  page.locator(`[data-testid=installed][data-artifact="${artifact}"]`);
export const toasts = (page) => page.locator("[data-testid=toast]");
export const recent = (page, status) => page.locator(`[data-testid=recent][data-status=${status}]`);
export const operations = (page) => page.locator("[data-testid=operation]");

export async function live(page) {
  await page.locator("[data-testid=connection][data-phase=live]").waitFor();
}

/** Signs in by the address that the hub prints, as a user does. */
export async function open(page, hub) {
  await page.goto(hub.signInAddress);
  await live(page);
  assert.ok(!page.url().includes("token"), "the token stays in the address bar");
}

const marketplace = /^(Marketplace|Маркетплейс)$/;

export const marketplaceButton = (page) => page.getByRole("button", { name: marketplace });

export async function openMarketplace(page) {
  await marketplaceButton(page).click();
  await page.getByRole("dialog", { name: marketplace }).waitFor();
}

export async function closeDialog(page) {
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
}

/** The row's button while something holds the row: disabled, and with the reason. */
export async function assertHeld(row) {
  await row.locator("[data-held]").waitFor();
  const button = row.getByRole("button");
  // Between the click and the first news of the operation it is disabled as "Starting…".
  const reason = await until("a disabled button that says why", async () => {
    const disabled = (await button.getAttribute("aria-disabled")) === "true";
    return disabled && (await button.getAttribute("aria-describedby"));
  });
  assert.notEqual(await row.page().locator(`[id="${reason}"]`).textContent(), "");
  await row.getByRole("progressbar").waitFor();
}

/** Watches the progress shown in a row from now on. */
export async function watchProgress(row) {
  const handle = await row.elementHandle();
  await handle.evaluate((element) => {
    const seen = [];
    const look = () => {
      const bar = element.querySelector("[role=progressbar]");
      const value = bar?.getAttribute("aria-valuenow");
      if (value != null && seen.at(-1) !== Number(value)) seen.push(Number(value));
    };
    window.progressSeen = seen;
    new MutationObserver(look).observe(element, {
      attributes: true,
      childList: true,
      subtree: true,
    });
    look();
  });
  return () => row.page().evaluate(() => window.progressSeen);
}

export function assertRises(values) {
  assert.ok(values.length >= 2, `progress was shown at ${values.length} values only: ${values}`);
  const sorted = [...values].sort((a, b) => a - b);
  assert.deepEqual(values, sorted, "progress went back");
}

/** One success toast, in whatever language. */
export async function oneSuccessToast(page, text) {
  const toast = toasts(page);
  await toast.first().waitFor();
  assert.equal(await toast.count(), 1);
  assert.equal(await toast.getAttribute("data-level"), "success");
  assert.match(await toast.textContent(), text);
}
