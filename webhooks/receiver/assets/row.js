// One webhook in the list.

import { copyButton, el } from "./dom.js";
import { isJSON, renderJSON } from "./json.js";

const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23",
});

const tones = { ok: "good", failed: "bad", missing: "bad", partial: "warn", not_checked: "plain" };
const labels = {
  ok: "signature ok", failed: "signature failed", missing: "not signed",
  partial: "signed in part", not_checked: "not checked",
};
const checkLabels = { ...labels, ok: "holds", failed: "fails", missing: "missing", not_checked: "not checked" };
const checkNames = { seed: "X-Webhook-Signature", standard: "Standard Webhooks v1" };

// Row shows a webhook and can be told of a newer version of it.
export class Row {
  constructor(webhook) {
    this.webhook = webhook;
    this.summary = el("summary");
    this.details = el("details", { ontoggle: () => this.renderBody() }, this.summary);
    this.element = el("li", { class: "row" }, this.details);
    this.body = null;
    this.update(webhook);
  }

  update(webhook) {
    this.webhook = webhook;
    this.summary.replaceChildren(...summaryOf(webhook));
    this.body?.remove();
    this.body = null;
    this.renderBody();
  }

  // renderBody waits for the row to be opened: most never are.
  renderBody() {
    if (!this.details.open || this.body) return;
    this.body = el("div", { class: "inside" },
      checksOf(this.webhook), answerOf(this.webhook), bodyOf(this.webhook), headersOf(this.webhook));
    this.details.append(this.body);
  }

  fits(filter) {
    const { event_type: type, event_id: id, path } = this.webhook;
    return [type, id, path].some((text) => text.toLowerCase().includes(filter));
  }
}

function summaryOf(w) {
  const received = new Date(w.received_at);
  const pills = el("span", { class: "pills" },
    w.duplicate ? pill("warn", `attempt ${w.attempt}`) : null,
    pill(tones[w.signature.status] ?? "plain", labels[w.signature.status] ?? w.signature.status),
    pill(answerTone(w.answer), answerText(w.answer)));
  return [
    el("time", { datetime: w.received_at, title: w.received_at }, clock.format(received)),
    el("span", { class: "what" },
      el("strong", { class: w.event_type ? null : "none" }, w.event_type || "no type"),
      el("span", { class: "id" }, w.event_id || "no id"),
      w.path === "/webhook" ? null : el("span", { class: "path" }, w.path)),
    pills,
  ];
}

const pill = (tone, text) => el("span", { class: `pill ${tone}` }, text);

function answerText(answer) {
  if (answer.sender_left_ms !== null) return "sender left";
  if (answer.status === 0) return "closed";
  return answer.delay_ms > 0 ? `→ ${answer.status} after ${seconds(answer.delay_ms)}` : `→ ${answer.status}`;
}

function answerTone(answer) {
  if (answer.status < 200 || answer.status > 299) return "bad";
  return answer.delay_ms > 0 ? "warn" : "good";
}

const seconds = (ms) => `${(ms / 1000).toLocaleString(undefined, { maximumFractionDigits: 2 })} s`;

function section(title, tools, ...children) {
  return el("section", {}, el("div", { class: "head" }, el("h3", {}, title), ...tools), ...children);
}

function checksOf(w) {
  const checks = w.signature.checks.map((check) => el("div", { class: "check" },
    pill(tones[check.status] ?? "plain", checkLabels[check.status] ?? check.status),
    el("div", {}, el("strong", {}, checkNames[check.name] ?? check.name), el("p", {}, check.reason))));
  return section("Signature", [], ...checks);
}

function answerOf(w) {
  const { answer } = w;
  const parts = [];
  if (answer.sender_left_ms !== null) parts.push(`The sender left after ${seconds(answer.sender_left_ms)}, before there was an answer.`);
  else if (answer.status === 0) parts.push("The connection was closed without an answer.");
  else parts.push(`Status ${answer.status}${answer.delay_ms > 0 ? ` after ${seconds(answer.delay_ms)}` : ""}.`);
  if (answer.location) parts.push(`Location: ${answer.location}.`);
  if (answer.retry_after) parts.push(`Retry-After: ${answer.retry_after}.`);
  if (answer.reason) parts.push(`Why: ${answer.reason}.`);
  return section("Answer", [], el("p", {}, parts.join(" ")));
}

function bodyOf(w) {
  const pre = el("pre", { class: "code", tabindex: "0", "aria-label": "Body" });
  const pretty = w.body_encoding === "utf-8" && !w.body_truncated && isJSON(w.body);
  const showRaw = () => { pre.textContent = w.body; };
  const notes = [`${w.body_bytes.toLocaleString()} bytes`];
  if (w.body_encoding !== "utf-8") notes.push("not UTF-8, shown in base64");
  if (w.body_truncated) notes.push("cut off here");

  const tools = [el("span", { class: "quiet" }, notes.join(", "))];
  if (pretty) {
    renderJSON(pre, w.body);
    tools.push(choice(["Pretty", () => renderJSON(pre, w.body)], ["Raw", showRaw]));
  } else {
    showRaw();
  }
  tools.push(copyButton("Copy", () => w.body));
  return section("Body", tools, pre);
}

// choice is a pair of buttons of which one is pressed.
function choice(...options) {
  const buttons = options.map(([label, act], i) => el("button", {
    type: "button", class: "small", "aria-pressed": String(i === 0),
    onclick: (event) => {
      for (const button of buttons) button.setAttribute("aria-pressed", String(button === event.currentTarget));
      act();
    },
  }, label));
  return el("span", { class: "choice", role: "group", "aria-label": "Show the body" }, ...buttons);
}

function headersOf(w) {
  const lines = [["POST", w.path + (w.query ? `?${w.query}` : "")], ["From", w.remote_addr]];
  const headers = Object.keys(w.headers).sort()
    .flatMap((name) => w.headers[name].map((value) => [name, value]));
  return section("Request", [], el("dl", { class: "headers" },
    ...[...lines, ...headers].map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))));
}
