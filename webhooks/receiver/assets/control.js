// Telling the receiver how to answer, and which secrets there are.

import { byId, el, copyButton } from "./dom.js";

const form = byId("control-form");
const numbers = ["status", "delay_ms", "retry_after", "times"];
const texts = ["location", "path"];
const defaults = { ok: 200, fail: 500, delay: 200, redirect: 307, rate_limit: 429 };

let edited = false;

export function startControl() {
  form.elements.mode.addEventListener("change", () => {
    form.elements.status.value = "";
    showFields();
  });
  form.addEventListener("input", () => { edited = true; });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    apply(read());
  });
  byId("strip-reset").addEventListener("click", () => apply({ mode: "ok" }));
  byId("secret-form").addEventListener("submit", addSecret);

  const examples = [
    ["?fail=500", "an error"], ["?delay=3s", "late"], ["?redirect=/elsewhere", "a redirect"],
    ["?retry_after=5", "429"], ["?fail=503&retry_after=5", "503 with Retry-After"], ["?gone", "410"], ["?close", "no answer"],
  ];
  byId("examples").append(...examples.map(([query, meaning]) => el("li", {},
    el("code", {}, `/webhook${query}`), el("span", { class: "quiet" }, meaning),
    copyButton("Copy", () => `${location.origin}/webhook${query}`))));

  // On a narrow screen the list matters more than the controls.
  if (matchMedia("(min-width: 60rem)").matches) {
    byId("behaviour").open = true;
    byId("secrets").open = true;
  }
  showFields();
}

// showOverview takes over what the server says, but never what is being typed.
export function showOverview({ control, secrets }) {
  if (!edited) {
    form.elements.mode.value = control.mode;
    for (const name of [...numbers, ...texts]) form.elements[name].value = control[name] || "";
    showFields();
  }
  byId("behaviour-now").textContent = shortly(control);
  byId("strip").hidden = control.mode === "ok";
  byId("strip-text").textContent = `Answering badly: ${inWords(control)}.`;
  byId("secrets-now").textContent = secrets === 0 ? "none, nothing is checked" : secrets === 1 ? "1 known" : `${secrets} known`;
}

function showFields() {
  const mode = form.elements.mode.value;
  for (const label of form.querySelectorAll("[data-modes]")) {
    label.hidden = !label.dataset.modes.split(" ").includes(mode);
  }
  form.elements.status.placeholder = String(defaults[mode] ?? "");
  form.elements.delay_ms.placeholder = mode === "delay" ? "3000" : "0";
}

function read() {
  const settings = { mode: form.elements.mode.value };
  for (const name of [...numbers, ...texts]) {
    const field = form.elements[name];
    if (field.closest("label").hidden || field.value === "") continue;
    settings[name] = numbers.includes(name) ? Number(field.value) : field.value;
  }
  return settings;
}

async function apply(settings) {
  edited = false; // the stream brings what is in force then, perhaps before the answer
  const { error } = await send("PUT", "/_control", settings);
  showError(byId("control-error"), error);
  if (error) edited = true;
}

async function addSecret(event) {
  event.preventDefault();
  const field = event.target.elements.secret;
  const { error } = await send("POST", "/_secrets", { secret: field.value });
  showError(byId("secret-error"), error);
  if (!error) field.value = "";
}

function showError(node, error) {
  node.textContent = error ?? "";
  node.hidden = !error;
}

async function send(method, path, body) {
  try {
    const response = await fetch(path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    const answer = await response.json();
    return response.ok ? {} : { error: answer.detail };
  } catch {
    return { error: "The receiver does not answer." };
  }
}

function shortly({ mode, status }) {
  return mode === "close" ? "closing" : String(status);
}

function inWords({ mode, status, delay_ms: delay, location: target, retry_after: retryAfter, times, path }) {
  let words = mode === "close" ? "closing the connection" : `status ${status}`;
  if (mode === "redirect") words += ` to ${target}`;
  if (retryAfter) words += `, Retry-After ${retryAfter} s`;
  if (delay) words += `, ${(delay / 1000).toLocaleString()} s late`;
  if (path) words += `, on ${path} only`;
  if (times) words += times === 1 ? ", once more" : `, ${times} more times`;
  return words;
}
