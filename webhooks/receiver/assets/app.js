// The list of webhooks, kept live.

import { showOverview, startControl } from "./control.js";
import { byId, copy } from "./dom.js";
import { Row } from "./row.js";

const list = byId("list");
const rows = new Map(); // by sequence
let arrived = []; // waiting for the next frame
let capacity = 200; // how many the server keeps
let clearedAt = 0; // nothing of before may come back from a list under way
let instance = ""; // of the server process
let loaded = false; // whether an empty list means that there is nothing

function take(webhooks) {
  if (arrived.length === 0 && webhooks.length > 0) schedule();
  arrived.push(...webhooks);
}

// A hidden page gets no frames, and must not collect until it is looked at again.
function schedule() {
  if (document.hidden) setTimeout(show, 250);
  else requestAnimationFrame(show);
}

function show() {
  const batch = arrived;
  arrived = [];
  let fresh = null;
  for (const webhook of batch) {
    if (webhook.version < clearedAt) continue;
    const row = rows.get(webhook.sequence);
    if (!row) {
      insert(webhook);
      fresh = webhook;
    } else if (webhook.version > row.webhook.version) {
      row.update(webhook);
    }
  }
  while (rows.size > capacity) remove(Math.min(...rows.keys()));
  refresh();
  if (fresh) byId("announce").textContent = `${fresh.event_type || "Webhook"} received, ${fresh.signature.summary}`;
}

function insert(webhook) {
  const row = new Row(webhook);
  row.element.dataset.sequence = webhook.sequence;
  rows.set(webhook.sequence, row);
  // Newest first. They come nearly in order, so the place is found near the top.
  let before = list.firstElementChild;
  while (before && Number(before.dataset.sequence) > webhook.sequence) before = before.nextElementSibling;
  list.insertBefore(row.element, before);
}

function remove(sequence) {
  rows.get(sequence).element.remove();
  rows.delete(sequence);
}

function removeOlder(version) {
  clearedAt = version;
  for (const [sequence, row] of rows) {
    if (row.webhook.version < version) remove(sequence);
  }
  refresh();
}

function refresh() {
  const filter = byId("filter").value.trim().toLowerCase();
  let visible = 0;
  for (const row of rows.values()) {
    const fits = row.fits(filter);
    row.element.hidden = !fits;
    if (fits) visible++;
  }
  byId("count").textContent = filter ? `${visible} of ${rows.size}` : String(rows.size);
  byId("empty").hidden = !loaded || rows.size > 0;
  byId("nothing").hidden = rows.size === 0 || visible > 0;
  byId("clear").disabled = rows.size === 0;
  document.title = rows.size > 0 ? `(${rows.size}) Webhook receiver` : "Webhook receiver";
}

function live(state, text) {
  byId("live").dataset.state = state;
  byId("live").textContent = text;
}

function connect() {
  const stream = new EventSource("/_events/stream");
  stream.addEventListener("open", async () => {
    live("live", "Live");
    // After the stream has begun, so that nothing falls between.
    try {
      const response = await fetch("/_events");
      const { data } = await response.json();
      loaded = true;
      take(data);
      refresh();
    } catch {
      // The server went away again: the stream ends too, and opens anew.
    }
  });
  stream.addEventListener("overview", (event) => {
    const overview = JSON.parse(event.data);
    if (overview.instance !== instance) {
      // Another process than before: its versions start again.
      removeOlder(Infinity);
      instance = overview.instance;
    }
    capacity = overview.history;
    removeOlder(overview.cleared_at);
    showOverview(overview);
  });
  stream.addEventListener("webhook", (event) => take([JSON.parse(event.data)]));
  stream.addEventListener("error", () => {
    live("lost", "Not connected, trying again…");
    // The browser gives up for good on an answer that is no stream.
    if (stream.readyState === EventSource.CLOSED) setTimeout(connect, 2000);
  });
}

byId("filter").addEventListener("input", refresh);
byId("clear").addEventListener("click", () => fetch("/_events", { method: "DELETE" }));
byId("own-url").textContent = `${location.origin}/webhook/my-test`;
for (const button of document.querySelectorAll("[data-copies]")) {
  button.addEventListener("click", () => copy(button, byId(button.dataset.copies).textContent));
}
startControl();
connect();
