// Serves this folder on loopback, for a page that has no build step: node serve.mjs [PORT]
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL(".", import.meta.url));
const types = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript" };

const server = createServer(async (request, response) => {
  const wanted = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
  // Packages name each other without an ending: "lib0/observable".
  const name = wanted === "/" ? "index.html" : path.extname(wanted) ? wanted : `${wanted}.js`;
  const file = path.join(folder, name);
  const type = types[path.extname(file)];
  try {
    if (!file.startsWith(folder) || !type) throw new Error("not of this page");
    const body = await readFile(file);
    response.writeHead(200, { "Content-Type": `${type}; charset=utf-8` }).end(body);
  } catch {
    response.writeHead(404).end();
  }
});

server.listen(Number(process.argv[2] ?? 5173), "127.0.0.1", () => {
  console.log(`page: http://127.0.0.1:${server.address().port}/`);
});
