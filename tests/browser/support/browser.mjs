// Debian's Chromium, and what every page of every test is held to.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { chromium } from "playwright-core";
import { atEnd, root } from "./hub.mjs";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const wait_ms_max = 60_000;

/** What a browser says when the hub is down; everything else on the console is a fault. */
const hub_is_down =
  /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_SOCKET_NOT_CONNECTED|ERR_EMPTY_RESPONSE|WebSocket connection to/;
const signed_out = /status of (401|403|429)/;

export class Browser {
  #browser;
  #faults = [];

  /** A browser for one test; closed when the test ends. */
  static async start(t) {
    const browser = new Browser();
    browser.#browser = await chromium.launch({
      executablePath,
      args: [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
    atEnd(t, () => browser.#browser.close());
    return browser;
  }

  /** A page in a context of its own: cookies, storage, language and theme as another user's. */
  async newPage(options = {}) {
    const context = await this.#browser.newContext({
      locale: "en-US",
      viewport: { width: 1280, height: 860 },
      ...options,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(wait_ms_max);
    page.on("pageerror", (error) => this.#faults.push(`script error: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() !== "error" && message.type() !== "warning") return;
      const text = message.text();
      if (!hub_is_down.test(text) && !signed_out.test(text)) this.#faults.push(text);
    });
    page.on("request", (request) => {
      const { hostname, protocol } = new URL(request.url());
      const own = hostname === "127.0.0.1" || protocol === "blob:";
      if (!own) this.#faults.push(`asks another host: ${request.url()}`);
    });
    return page;
  }

  /** To be called at the end of each test. */
  assertNoFaults() {
    assert.deepEqual(this.#faults, []);
  }
}

export async function screenshot(page, name) {
  const folder = path.join(root, "build/screenshots");
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`), animations: "disabled" });
}
