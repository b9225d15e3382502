// The ways to pay in Firefox: the documented snippet on a page of another origin, from its opening to the server's word. What does not
// depend on the browser is tried at length in Chromium (../browser).
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createRequire } from 'node:module';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const require = createRequire(join(process.env.E2E_MODULES, 'package.json'));
const puppeteer = require('puppeteer-core');
const [checkoutOrigin, shopOrigin] = process.env.E2E_ORIGINS.split(' ');
const only = process.env.PAYGATE_E2E_ONLY;
const patience = 30_000;

const home = mkdtempSync(join(tmpdir(), 'paygate-firefox-'));
const proxy = new URL(`http://${process.env.E2E_PROXY}`);
const browser = await puppeteer.launch({
  browser: 'firefox',
  executablePath: process.env.E2E_FIREFOX,
  headless: true,
  env: { ...process.env, HOME: home, MOZ_CRASHREPORTER_DISABLE: '1' },
  extraPrefsFirefox: {
    'network.proxy.type': 1,
    'network.proxy.http': proxy.hostname,
    'network.proxy.http_port': Number(proxy.port),
    'network.proxy.allow_hijacking_localhost': true,
    // Without these it asks its maker about updates, sites and experiments.
    'app.normandy.enabled': false,
    'browser.safebrowsing.malware.enabled': false,
    'browser.safebrowsing.phishing.enabled': false,
    'datareporting.policy.dataSubmissionEnabled': false,
    'network.captive-portal-service.enabled': false,
    'network.connectivity-service.enabled': false,
    'services.settings.server': 'data:,',
    'toolkit.telemetry.server': '',
  },
});

async function paymentsOf(order) {
  const response = await fetch(`${process.env.E2E_CONTROL}/orders/${order}/payments`);
  assert.ok(response.ok);
  return (await response.json()).data;
}

async function newOrder() {
  const response = await fetch(`${process.env.E2E_CONTROL}/orders`, { method: 'POST' });
  assert.ok(response.ok);
  return (await response.json()).id;
}

async function until(what, check) {
  const end = Date.now() + patience;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error(`timed out waiting until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A customer at a shop's page, and what the browser complained of. */
class Customer {
  static async visit(path) {
    const page = await browser.newPage();
    page.setDefaultTimeout(patience);
    const customer = new Customer(page);
    page.on('console', (message) => customer.console.push(message));
    page.on('pageerror', (error) => customer.errors.push(String(error)));
    await page.goto(shopOrigin + path);
    return customer;
  }

  constructor(page) {
    this.page = page;
    this.console = [];
    this.errors = [];
  }

  /** The payment page's frame. */
  async frame() {
    const element = await this.page.waitForSelector('[data-test-id=payment-iframe]');
    return until('the payment page is in its frame', () => element.contentFrame());
  }

  async in(testID) {
    return (await this.frame()).waitForSelector(`[data-test-id=${testID}]`, { visible: true });
  }

  async type(testID, text) {
    await (await this.in(testID)).type(text);
  }

  async click(testID) {
    await (await this.in(testID)).click();
  }

  async card(number) {
    await this.type('card-number-input', number);
    await this.type('expiry-input', '1230');
    await this.type('cvv-input', '123');
  }

  clean() {
    assert.deepEqual(this.errors, []);
    assert.deepEqual(this.console.map((message) => message.text()).filter((text) => /Content-Security-Policy|blocked/i.test(text)), []);
  }
}

/** The snippet tells by console alone. */
async function seed(fill) {
  const before = (await paymentsOf('order_xyz')).length;
  const customer = await Customer.visit('/seed');
  await fill(customer);
  await customer.click('pay-button');
  await customer.in('success-state');
  const logs = await until('onSuccess is called', () => {
    const found = customer.console.filter((message) => message.type() === 'log');
    return found.length > 0 && found;
  });
  assert.equal(logs.length, 1);
  const result = await logs[0].args()[0].jsonValue();
  assert.deepEqual(Object.keys(result).sort(), ['orderId', 'paymentId', 'signature', 'status']);
  assert.equal(result.status, 'success');
  assert.equal(result.signature, createHmac('sha256', process.env.E2E_SECRET).update(`order_xyz|${result.paymentId}`).digest('hex'));
  const payments = await paymentsOf('order_xyz');
  assert.equal(payments.length, before + 1);
  assert.equal(payments.find(({ id }) => id === result.paymentId).status, 'success');
  customer.clean();
}

const tests = {
  'the snippet, by card': () => seed((customer) => customer.card('4242424242424242')),

  'the snippet, by UPI': () => seed(async (customer) => {
    await customer.click('method-upi');
    await customer.type('vpa-input', 'success@upi');
  }),

  'the snippet, by netbanking': () => seed(async (customer) => {
    await customer.click('method-netbanking');
    await (await customer.in('bank-select')).select('HDFC');
  }),

  'a declined card, another one, and Escape': async () => {
    const orderId = await newOrder();
    const customer = await Customer.visit('/blank');
    await customer.page.addScriptTag({ url: `${checkoutOrigin}/checkout.js` });
    await customer.page.evaluate((order) => {
      window.calls = [];
      const note = (name) => (value) => window.calls.push([name, value]);
      new PaymentGateway({ key: 'key_test_abc123', orderId: order, onSuccess: note('success'), onFailure: note('failure'), onClose: note('close') }).open();
    }, orderId);
    const called = (name) => until(`${name} is called`, () => customer.page.evaluate((wanted) => window.calls.find(([one]) => one === wanted)?.[1], name));
    await customer.card('4000000000009995');
    await customer.click('pay-button');
    await customer.in('error-state');
    assert.equal((await called('failure')).code, 'insufficient_funds');
    await customer.click('retry-button');
    const number = await customer.in('card-number-input');
    await number.click({ count: 3 });
    await number.type('4242424242424242');
    await customer.type('cvv-input', '123');
    await customer.click('pay-button');
    await customer.in('success-state');
    const paid = await called('success');
    assert.equal((await paymentsOf(orderId)).find(({ status }) => status === 'success').id, paid.paymentId);
    await customer.page.keyboard.press('Escape');
    assert.equal((await called('close')).status, 'success');
    customer.clean();
  },

  'a card that asks for approval': async () => {
    const customer = await Customer.visit('/seed');
    await customer.card('4000002760003184');
    await customer.click('pay-button');
    const step = await (await customer.in('action-iframe')).contentFrame();
    await (await step.waitForSelector('[data-test-id=approve-button]', { visible: true })).click();
    await customer.in('success-state');
    customer.clean();
  },
};

let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  if (only && !only.split('|').some((part) => name.includes(part))) continue;
  const begin = Date.now();
  let error = '';
  try {
    await test();
  } catch (caught) {
    error = String(caught.stack ?? caught);
    failed++;
  }
  console.log(`${error ? 'FAILED' : 'passed'} ${name} (${Date.now() - begin} ms) ${error}`);
  for (const page of (await browser.pages()).slice(1)) await page.close(); // without a page, Firefox ends
}
await browser.close();
rmSync(home, { recursive: true, force: true });
process.exitCode = failed ? 1 : 0;
