// What every test of the dashboard in a browser uses: somebody at a page, the API, and a record of everything
// that must never happen.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { axeSource } from '../../browser/chromium.mjs';

export const dashboard = process.env.E2E_DASHBOARD;
export const receiver = process.env.E2E_RECEIVER;
export const hostile = process.env.E2E_HOSTILE;
export const checkout = process.env.E2E_CHECKOUT;
export const proxyOrigin = 'https://pay.test';
export const rules = ['MAP localhost 127.0.0.1', `MAP pay.test:443 ${process.env.E2E_PROXY}`];
const shots = process.env.E2E_SHOTS;

/** What River UI asks for and is refused, which it does without: its libraries write styles into the page, and try whether eval works. */
export const riverStyles = /inline style|^CSP: (style-src-elem|style-src-attr) inline|^CSP: script-src eval/;

/** Everybody who can sign in. */
export const people = {
  owner: { email: 'test@example.com', password: process.env.E2E_PASSWORD },
  viewer: { email: 'viewer@example.com', password: process.env.E2E_VIEWER_PASSWORD },
};

/** Somebody at the dashboard: a browser context of their own, and what the browser complained of. */
export class Visitor {
  static async visit(browser, { origin = dashboard, ...options } = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-IN', timezoneId: 'Asia/Kolkata', ...options });
    await context.addInitScript(() => {
      addEventListener('securitypolicyviolation', (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`));
    });
    return new Visitor(context, await context.newPage(), origin);
  }

  /** Brings somebody who is signed in. */
  static async signedIn(browser, who = people.owner, options) {
    const visitor = await Visitor.visit(browser, options);
    await visitor.open('/');
    await visitor.signIn(who);
    return visitor;
  }

  constructor(context, page, origin) {
    this.context = context;
    this.page = page;
    this.origin = origin;
    this.complaints = [];
    page.setDefaultTimeout(30_000);
    page.on('console', (message) => {
      // An answer that refuses is shown to the person, and by Chromium to the console.
      if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('dialog', (dialog) => { this.complaints.push(`dialog: ${dialog.message()}`); void dialog.dismiss(); });
    context.on('request', (request) => {
      const url = new URL(request.url());
      if (!['data:', 'blob:'].includes(url.protocol) && url.origin !== new URL(origin).origin) this.complaints.push(`asked ${url}`);
    });
  }

  id(name) {
    return this.page.locator(`[data-test-id=${name}]`);
  }

  button(name, within = this.page) {
    return within.getByRole('button', { name, exact: true });
  }

  get dialog() {
    return this.page.locator('dialog[open]');
  }

  async open(path) {
    await this.page.goto(this.origin + path);
  }

  /** Opens a page and waits until it has what it shows. */
  async look(path) {
    await this.open(path);
    await this.page.locator('h1').waitFor();
    await this.settled();
  }

  /** Waits until nothing loads any more. */
  async settled() {
    await this.page.waitForFunction(() => document.querySelector('h1') && !document.querySelector('[role=status][aria-label=Loading]'));
  }

  /** Waits until no colour or place is on its way to another. What goes round for ever does not count. */
  async still() {
    await this.page.evaluate(() => Promise.allSettled(document.getAnimations()
      .filter((one) => one.effect.getComputedTiming().endTime !== Infinity).map((one) => one.finished)));
  }

  async signIn({ email, password }) {
    await this.id('email-input').fill(email);
    await this.id('password-input').fill(password);
    await this.id('login-button').click();
    await this.id('dashboard').waitFor();
  }

  /** Does what a script of the page could do: asks the server in the name of whoever is signed in. */
  ask(method, path, body) {
    return this.page.evaluate(async ([method, path, body]) => {
      const response = await fetch(new URL(path, document.baseURI), {
        method, headers: body === undefined ? {} : { 'Content-Type': 'application/json' }, body: body === undefined ? undefined : JSON.stringify(body),
      });
      return { status: response.status, text: await response.text() };
    }, [method, path, body]);
  }

  /** What axe finds, for the theme that is shown. Evaluated by the debugger's protocol, which the page's policy does not bind. */
  async axe(where) {
    if (!(await this.page.evaluate(() => 'axe' in window))) await this.page.evaluate(axeSource);
    const { violations } = await this.page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
    return violations.map((one) => `${where}: ${one.id}: ${one.nodes.map((node) => node.target).slice(0, 3).join(' | ')}`);
  }

  /** Nothing was blocked, nothing threw, and nobody else was asked for anything. but is what may have been. */
  clean({ but = /^$/ } = {}) {
    assert.deepEqual(this.complaints.filter((complaint) => !but.test(complaint)), []);
  }

  async shot(name) {
    mkdirSync(shots, { recursive: true });
    await this.page.screenshot({ path: join(shots, `${name}.png`) });
  }
}

/** The REST API, as a merchant's server calls it. */
export async function api(method, path, body, credentials = 'key_test_abc123:secret_test_xyz789') {
  const response = await fetch(`${process.env.E2E_API}/api/v1${path}`, {
    method,
    headers: { Authorization: `Basic ${btoa(credentials)}`, 'Content-Type': 'application/json', ...(method === 'POST' && { 'Idempotency-Key': crypto.randomUUID() }) },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  const answer = text && JSON.parse(text);
  if (!response.ok) throw Object.assign(new Error(`${method} ${path}: ${response.status} ${text}`), { status: response.status });
  return answer;
}

/** The webhook test server: how it answers, and what it got. */
export async function answerWith(settings) {
  const response = await fetch(`${receiver}/_control`, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(settings) });
  assert.ok(response.ok, await response.text());
}

export const received = async (query) => (await (await fetch(`${receiver}/_events?${new URLSearchParams(query)}`)).json()).data;
