// A page of its own origin with plain Yjs in it, for tests that look at documents and not at our
// page: window.connect() gives a client, window.client.
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { atEnd } from "./hub.mjs";

const packages = fileURLToPath(new URL("../node_modules/", import.meta.url));

const html = `<!doctype html>
<link rel="icon" href="data:," />
<script type="importmap">
  {
    "imports": {
      "yjs": "/yjs/dist/yjs.mjs",
      "y-websocket": "/y-websocket/src/y-websocket.js",
      "y-indexeddb": "/y-indexeddb/src/y-indexeddb.js",
      "y-protocols/": "/y-protocols/",
      "lib0/": "/lib0/"
    }
  }
</script>
<script type="module">
  import { IndexeddbPersistence } from "y-indexeddb";
  import { WebsocketProvider } from "y-websocket";
  import * as Y from "yjs";
  window.connect = async ({ address, token, persistent }) => {
    const doc = new Y.Doc();
    if (persistent) await new IndexeddbPersistence("desktop", doc).whenSynced;
    const stored = Y.encodeStateVector(doc).length > 1;
    const params = { token };
    const provider = new WebsocketProvider(address, "desktop", doc, { params, disableBc: true });
    window.client = { doc, provider, stored };
  };
  window.ready = true;
</script>`;

/** The origin of a server that lives as long as the test. */
export async function serveYjsPage(t) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    if (pathname === "/") {
      response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end(html);
      return;
    }
    const name = path.extname(pathname) ? pathname : `${pathname}.js`;
    try {
      const body = await readFile(path.join(packages, name));
      response.writeHead(200, { "Content-Type": "text/javascript; charset=utf-8" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  atEnd(t, () => {
    server.closeAllConnections?.();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

/** Opens the page and connects it to the hub. */
export async function openYjsPage(page, origin, hub, { persistent = false } = {}) {
  await page.goto(origin);
  await page.waitForFunction(() => window.ready);
  await page.evaluate((given) => window.connect(given), {
    address: `${hub.address.replace("http", "ws")}yws`,
    token: hub.token,
    persistent,
  });
}
