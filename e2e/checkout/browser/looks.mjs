// Every state, light and dark, 320 to 1280 pixels: nothing for axe to find, nothing beside the page, and
// nothing to tap that is too small. With PAYGATE_E2E_SHOTS, pictures of all of it.
import assert from 'node:assert/strict';
import { axeSource, bank, checkoutOrigin, Customer, expireKeys, newOrder, shopOrigin, shot } from './harness.mjs';

const sizes = [[320, 640], [390, 844], [768, 900], [1280, 800]];

const fillUPI = async (at, vpa) => {
  await at('method-upi').click();
  await at('vpa-input').fill(vpa);
};

/** How to bring the page to a state. */
const states = {
  card: async (at) => at('card-form').waitFor(),
  mistakes: async (at) => {
    await at('card-number-input').fill('4242424242424241');
    await at('expiry-input').fill('0120');
    await at('pay-button').click();
  },
  upi: async (at) => {
    await fillUPI(at, 'name@example.com');
    await at('pay-button').click();
  },
  netbanking: async (at) => {
    await at('method-netbanking').click();
    await at('pay-button').click();
  },
  processing: async (at) => {
    await bank(true);
    await fillUPI(at, 'someone@upi');
    await at('pay-button').click();
    await at('processing-state').waitFor();
  },
  approval: async (at) => {
    await at('method-netbanking').click();
    await at('bank-select').selectOption('REDIRECT');
    await at('pay-button').click();
    await at('action-state').waitFor();
    await at('action-iframe').contentFrame().locator('[data-test-id=approve-button]').waitFor();
  },
  success: async (at) => {
    await fillUPI(at, 'success@upi');
    await at('pay-button').click();
    await at('success-state').waitFor();
  },
  failed: async (at) => {
    await fillUPI(at, 'insufficient-funds@upi');
    await at('pay-button').click();
    await at('error-state').waitFor();
  },
  expired: async (at) => {
    await at('method-upi').click();
    await at('vpa-input').fill('someone@upi');
    await expireKeys(true);
    await at('pay-button').click();
    await at('expired-state').waitFor();
    await expireKeys(false);
  },
};

async function examine(customer, frames, name) {
  for (const frame of frames) {
    await frame.evaluate(axeSource);
    const violations = await frame.evaluate(async () => {
      const results = await window.axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], iframes: false });
      return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('; ')}`);
    });
    assert.deepEqual(violations, [], name);
    const wide = await frame.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wide <= 0, `${name}: ${wide} pixels too wide`);
    // Of the shop's page, the dialog alone is ours.
    const small = await frame.evaluate(() => [...(document.querySelector('dialog.paygate-dialog') ?? document).querySelectorAll('button, a[href], input:not([type=radio]), select, .method')]
      .map((element) => [element, element.getBoundingClientRect()])
      .filter(([, box]) => box.width > 0 && (box.width < 44 || box.height < 44))
      .map(([element, box]) => `${element.outerHTML.slice(0, 80)} ${box.width}x${box.height}`));
    assert.deepEqual(small, [], `${name}: too small to tap`);
  }
}

export const tests = {};

for (const theme of ['light', 'dark']) {
  for (const [name, reach] of Object.entries(states)) {
    tests[`${name}, ${theme}`] = async (browser) => {
      const orderId = await newOrder('?reusable');
      const customer = await Customer.visit(browser, { viewport: { width: 390, height: 844 }, colorScheme: theme, reducedMotion: 'reduce' });
      await customer.page.goto(`${checkoutOrigin}/pay/${orderId}?key=key_test_abc123`);
      await reach((id) => customer.page.locator(`[data-test-id=${id}]`));
      for (const [width, height] of sizes) {
        await customer.page.setViewportSize({ width, height });
        await examine(customer, customer.page.frames(), `${name} ${theme} ${width}`);
        await shot(customer.page, `${name}-${theme}-${width}`);
      }
      customer.clean();
    };
  }

  tests[`the dialog, ${theme}`] = async (browser) => {
    const orderId = await newOrder('?reusable');
    const customer = await Customer.visit(browser, { colorScheme: theme, reducedMotion: 'reduce' });
    await customer.open({ orderId });
    await customer.called('event:loaded');
    for (const [width, height] of sizes) {
      await customer.page.setViewportSize({ width, height });
      await customer.page.waitForTimeout(250);
      await examine(customer, customer.page.frames(), `dialog ${theme} ${width}`);
      await shot(customer.page, `dialog-${theme}-${width}`);
    }
    await bank(true);
    await customer.in('method-upi').click();
    await customer.in('vpa-input').fill('someone@upi');
    await customer.pay();
    await customer.in('processing-state').waitFor();
    await customer.page.keyboard.press('Escape');
    await customer.in('leave-warning').waitFor();
    await examine(customer, customer.page.frames(), `leaving ${theme}`);
    await shot(customer.page, `leaving-${theme}`);
    customer.clean();
  };

  tests[`what cannot be paid, and the shop, ${theme}`] = async (browser) => {
    const customer = await Customer.visit(browser, { viewport: { width: 320, height: 640 }, colorScheme: theme, reducedMotion: 'reduce' });
    await customer.page.goto(`${checkoutOrigin}/pay/order_nothing?key=key_test_abc123`);
    await examine(customer, customer.page.frames(), 'error');
    await shot(customer.page, `error-${theme}-320`);
    const orderId = await newOrder();
    await customer.page.goto(`${checkoutOrigin}/pay/${orderId}?key=key_test_abc123&locale=hi`);
    await customer.page.locator('[data-test-id=pay-button]').waitFor();
    await examine(customer, customer.page.frames(), 'hindi');
    await shot(customer.page, `hindi-${theme}-320`);
    for (const [width, height] of sizes) {
      await customer.page.setViewportSize({ width, height });
      await customer.page.goto(`${shopOrigin}/`);
      await customer.page.evaluate(axeSource);
      const found = await customer.page.evaluate(async () => (await window.axe.run()).violations.map(({ id }) => id));
      assert.deepEqual(found, []);
      await shot(customer.page, `shop-${theme}-${width}`);
    }
    customer.clean();
  };
}
