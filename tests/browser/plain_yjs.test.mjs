// The example of a page on plain yjs and y-websocket, as its README says to use it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import { Browser, screenshot } from "./support/browser.mjs";
import { atEnd, Hub, root, temporaryFolder, until } from "./support/hub.mjs";

const example = path.join(root, "examples/plain-yjs");

async function servePage(t) {
  const server = spawn("node", ["serve.mjs", "0"], { cwd: example });
  atEnd(t, () => server.kill());
  let printed = "";
  server.stdout.on("data", (chunk) => (printed += chunk));
  return await until("the page's address", () => /page: (\S+)\/\n/.exec(printed)?.[1]);
}

test(
  "a page on plain yjs shows operations and notifications, also after a kill of the hub",
  {
    timeout: 180_000,
  },
  async (t) => {
    const origin = await servePage(t);
    const folder = await temporaryFolder(t);
    const more = ["--allow-origin", origin];
    const hub = await Hub.start(t, folder, { fault: "delay_ms=60", more });
    const browser = await Browser.start(t);
    const page = await browser.newPage();
    const { host } = new URL(hub.address);
    await page.goto(`${origin}/#hub=${host}&token=${hub.token}`);
    await page.locator("#state[data-state=connected]").waitFor();
    assert.equal(page.url(), `${origin}/`, "the token stays in the address bar");

    // Refused until the first catalogue is there.
    const install = (name) =>
      until(`${name} to be accepted`, () =>
        hub.operate("skill.install", "skill", name).catch(() => null),
      );
    await install("notes_skill");
    await page.locator("#operations li progress").waitFor();
    await page.locator("#operations li[data-status=succeeded]").waitFor();
    const notifications = page.locator("#notifications li[data-level=success]");
    await notifications.waitFor();
    assert.match(await notifications.textContent(), /Notes 1\.4\.1 is installed/);
    await screenshot(page, "plain-yjs");

    await install("timer_skill");
    await page.locator("#operations li[data-status=running]").waitFor();
    await hub.kill();
    await page.locator("#state[data-state=disconnected]").waitFor();
    await Hub.start(t, folder, { port: hub.port, more });
    await until("both to be done", async () => {
      return (await page.locator("#operations li[data-status=succeeded]").count()) === 2;
    });
    assert.equal(await notifications.count(), 2);
    browser.assertNoFaults();
  },
);
