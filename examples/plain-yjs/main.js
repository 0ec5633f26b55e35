// All that it takes to watch a hub: a document, a provider, and toJSON(). Nothing is written: the
// hub alone writes these places, and commands go over HTTP.
//
// The address says which hub: #hub=127.0.0.1:8777&token=… (the token of <base-dir>/state/token).
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";

const told = new URLSearchParams(location.hash.slice(1));
const hub = told.get("hub") ?? "127.0.0.1:8777";
history.replaceState(null, "", location.pathname); // no token in the history

const doc = new Y.Doc();
const provider = new WebsocketProvider(`ws://${hub}/yws`, told.get("webspace") ?? "desktop", doc, {
  params: { token: told.get("token") ?? "" },
});

const state = document.getElementById("state");
provider.on("status", ({ status }) => {
  state.textContent = status;
  state.dataset.state = status;
});

/** One <li> each; text only, since titles come from strangers. */
function list(id, items, fill) {
  document.getElementById(id).replaceChildren(
    ...items.map((item) => {
      const row = document.createElement("li");
      fill(row, item);
      return row;
    }),
  );
}

function show() {
  const { operations, notifications } = doc.getMap("runtime").toJSON();
  if (!operations) return; // nothing has come yet
  const newestFirst = [...operations.order].reverse();
  list("operations", newestFirst, (row, id) => {
    const { kind, target_id, status, progress, message } = operations.by_id[id];
    row.dataset.status = status;
    row.append(`${kind} ${target_id}: ${message || status} `);
    if (!operations.active.includes(id)) return;
    const bar = document.createElement("progress");
    bar.max = 100;
    if (progress !== null) bar.value = progress;
    row.append(bar);
  });
  list("notifications", [...(notifications ?? [])].reverse(), (row, { level, message, ts }) => {
    row.dataset.level = level;
    row.append(`${new Date(ts).toLocaleTimeString()} ${message}`);
  });
}

doc.getMap("runtime").observeDeep(show);
