// What every test of the checkout in a browser uses: pages, the gateway's controls, and a record of
// everything that must never happen.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as chromium from '../../browser/chromium.mjs';

export { axeSource, until } from '../../browser/chromium.mjs';

export const [checkoutOrigin, shopOrigin, evilOrigin] = process.env.E2E_ORIGINS.split(' ');
export const secret = process.env.E2E_SECRET;
const shots = process.env.PAYGATE_E2E_SHOTS;

/** Starts the browser: the origins lead to the tests' own servers. */
export const launch = () => chromium.launch([
  `MAP ${new URL(checkoutOrigin).host} ${process.env.E2E_CHECKOUT}`,
  ...[shopOrigin, evilOrigin].map((origin) => `MAP ${new URL(origin).host} ${process.env.E2E_SHOP}`),
]);

/** One customer: a context of its own, and what the browser complained of. */
export class Customer {
  static async visit(browser, options = {}) {
    const context = await browser.newContext({ viewport: { width: 1000, height: 800 }, locale: 'en-IN', ...options });
    const page = await context.newPage();
    const customer = new Customer(context, page);
    page.setDefaultTimeout(30_000);
    await context.addInitScript(() => {
      addEventListener('securitypolicyviolation', (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`));
    });
    page.on('console', (message) => customer.console.push({ type: message.type(), text: message.text(), args: message.args() }));
    page.on('pageerror', (error) => customer.errors.push(String(error)));
    context.on('request', (request) => customer.requests.push(request.url()));
    return customer;
  }

  constructor(context, page) {
    this.context = context;
    this.page = page;
    this.console = [];
    this.errors = [];
    this.requests = [];
  }

  /** The payment page's frame. */
  get frame() {
    return this.page.frameLocator('[data-test-id=payment-iframe]');
  }

  in(testID) {
    return this.frame.locator(`[data-test-id=${testID}]`);
  }

  /** Opens a shop's page with the SDK on it, which reports to window.calls. */
  async shop(options = {}, { origin = shopOrigin, path = '/blank' } = {}) {
    await this.page.goto(origin + path);
    await this.page.addScriptTag({ url: `${checkoutOrigin}/checkout.js` });
    await this.page.evaluate((given) => {
      window.calls = [];
      window.make = (more = {}) => new PaymentGateway({
        ...given,
        onSuccess: (value) => window.calls.push(['success', value]),
        onFailure: (value) => window.calls.push(['failure', value]),
        onClose: (value) => window.calls.push(['close', value]),
        onEvent: (name, value) => window.calls.push([`event:${name}`, value]),
        ...more,
      });
      window.checkout = window.make();
    }, { key: 'key_test_abc123', ...options });
  }

  async open(options, where) {
    await this.shop(options, where);
    await this.page.evaluate(() => window.checkout.open());
    await this.in('order-summary').waitFor();
  }

  calls(name) {
    return this.page.evaluate((wanted) => window.calls.filter(([one]) => one === wanted).map(([, value]) => value), name);
  }

  async called(name) {
    await this.page.waitForFunction((wanted) => window.calls?.some(([one]) => one === wanted), name);
    return (await this.calls(name))[0];
  }

  async card(number = '4242424242424242', { expiry = '1230', cvc = number.startsWith('37') ? '1234' : '123', target = this.frame } = {}) {
    const at = (id) => target.locator(`[data-test-id=${id}]`);
    await at('card-number-input').fill(number);
    await at('expiry-input').fill(expiry);
    await at('cvv-input').fill(cvc);
  }

  async pay() {
    await this.in('pay-button').click();
  }

  /** Nothing was blocked, nothing threw, and nobody else was asked for anything. */
  clean() {
    assert.deepEqual(this.errors, []);
    assert.deepEqual(this.console.filter(({ text }) => /^CSP:|Refused to|Content Security Policy/.test(text)).map(({ text }) => text), []);
    const strangers = this.requests.filter((url) => !/^(data|blob|about):/.test(url) && ![checkoutOrigin, shopOrigin, evilOrigin].includes(new URL(url).origin));
    assert.deepEqual(strangers, []);
  }

  async leave() {
    await this.context.close();
  }
}

async function control(path, method = 'POST') {
  const response = await fetch(process.env.E2E_CONTROL + path, { method });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return response.json();
}

export const newOrder = async (query = '') => (await control(`/orders${query}`)).id;
export const paymentsOf = async (order) => (await control(`/orders/${order}/payments`, 'GET')).data;
export const network = (mode) => control(`/network?mode=${mode}`);
export const postsSeen = () => control('/network', 'GET');
export const bank = (down) => control(`/bank?down=${down}`);
export const expireKeys = (expired) => control(`/expire-keys?expired=${expired}`);

export async function shot(page, name) {
  if (!shots) return;
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: join(shots, `${name}.png`) });
}
