// Pages that mean ill: whatever they send, frame or change, they get nothing.
import assert from 'node:assert/strict';
import { checkoutOrigin, Customer, evilOrigin, newOrder, paymentsOf, shopOrigin, until } from './harness.mjs';

const forged = (orderId, more = {}) => ({
  paygate: 1, type: 'payment_success', nonce: '', paymentId: 'pay_forged', orderId, status: 'success', signature: 'ff', ...more,
});

/** The browser has refused to show the page in a frame, and says why. */
async function trapIsEmpty(customer) {
  await until('the browser complains', () => customer.console.some(({ text }) => /frame-ancestors/.test(text)));
  for (const frame of customer.page.frames()) assert.equal(await frame.locator('[data-test-id=pay-button]').count(), 0);
}

export const tests = {
  'forged messages to the shop’s page': async (browser) => {
    const orderId = await newOrder();
    const customer = await Customer.visit(browser);
    await customer.open({ orderId });
    const nonce = new URL(await customer.page.locator('[data-test-id=payment-iframe]').getAttribute('src')).hash.slice(1).split('.')[0];
    assert.match(nonce, /^[0-9a-f]{32}$/);
    // From the page itself, from a frame of another site, and from a frame of our own origin that is not the one.
    for (const message of [forged(orderId), forged(orderId, { nonce })]) {
      await customer.page.evaluate((data) => window.postMessage(data, '*'), message);
      for (const url of [`${evilOrigin}/blank`, `${checkoutOrigin}/checkout.js`]) {
        await customer.page.evaluate((src) => new Promise((resolve) => {
          const frame = document.createElement('iframe');
          frame.name = 'stranger';
          frame.onload = resolve;
          frame.src = src;
          document.body.append(frame);
        }), url);
        await customer.page.frame({ name: 'stranger' }).evaluate((data) => parent.postMessage(data, '*'), message);
        await customer.page.evaluate(() => document.querySelector('[name=stranger]').remove());
      }
    }
    // Right origin and right window, but not the nonce; and the nonce, but another order.
    const inner = customer.page.frames().find((frame) => frame.url().includes('/pay/'));
    await inner.evaluate((data) => parent.postMessage(data, '*'), forged(orderId, { nonce: 'f'.repeat(32) }));
    await inner.evaluate((data) => parent.postMessage(data, '*'), forged('order_other', { nonce }));
    await customer.page.waitForTimeout(400);
    assert.deepEqual(await customer.calls('success'), []);
    assert.deepEqual(await customer.calls('close'), []);
  },

  'forged messages to the frame': async (browser) => {
    const orderId = await newOrder();
    const customer = await Customer.visit(browser);
    await customer.open({ orderId });
    await customer.page.evaluate(() => {
      const frame = document.querySelector('[data-test-id=payment-iframe]').contentWindow;
      for (const nonce of ['', 'f'.repeat(32), undefined, null, 0]) {
        frame.postMessage({ paygate: 1, nonce, type: 'close_request', reason: 'api' }, '*');
        frame.postMessage({ paygate: 1, nonce, type: 'init', prefill: { name: 'Mallory', method: 'upi', vpa: 'mallory@upi' } }, '*');
      }
      for (const odd of [null, 1, 'x', [], { paygate: 1 }, { type: {} }]) frame.postMessage(odd, '*');
    });
    await customer.page.waitForTimeout(300);
    assert.equal(await customer.in('cardholder-name-input').inputValue(), '');
    assert.equal(await customer.in('card-form').isVisible(), true);
    assert.deepEqual(await customer.calls('close'), []);
    customer.clean();
  },

  'markup in what the shop gives': async (browser) => {
    const orderId = await newOrder();
    const customer = await Customer.visit(browser);
    const evil = '"><img src=x onerror=alert(1)><script>alert(1)</script>';
    await customer.open({ orderId, prefill: { name: evil, vpa: evil, bank: evil, method: evil }, theme: { mode: 'dark', accent: 'red;}*{display:none' }, locale: evil });
    assert.equal(await customer.in('cardholder-name-input').inputValue(), evil.slice(0, 100));
    assert.equal(await customer.frame.locator('img').count(), 0);
    customer.clean();
  },

  'options that change after the fact, and a price in them': async (browser) => {
    const orderId = await newOrder();
    const customer = await Customer.visit(browser);
    await customer.shop({ orderId });
    await customer.page.evaluate(() => {
      window.given = { key: 'key_test_abc123', orderId: window.orderId, amount: 1, currency: 'USD', onSuccess: () => window.calls.push(['wrong', 1]) };
    });
    await customer.page.evaluate((id) => {
      const options = { key: 'key_test_abc123', orderId: id, amount: 1, currency: 'USD', onSuccess: (value) => window.calls.push(['success', value]) };
      window.checkout = new PaymentGateway(options);
      options.orderId = 'order_other';
      options.key = 'key_other';
      options.onSuccess = () => window.calls.push(['wrong', 1]);
      window.checkout.open();
    }, orderId);
    await customer.in('order-amount').waitFor();
    assert.equal(await customer.in('order-amount').textContent(), '₹1,299.00');
    await customer.card();
    await customer.pay();
    const result = await customer.called('success');
    assert.equal(result.orderId, orderId);
    assert.deepEqual(await customer.calls('wrong'), []);
    assert.equal((await paymentsOf(orderId))[0].amount, 129900);
  },

  'a site that nobody registered': async (browser) => {
    const orderId = await newOrder();
    const customer = await Customer.visit(browser);
    await customer.shop({ orderId }, { origin: evilOrigin });
    await customer.page.evaluate(() => window.checkout.open());
    const failure = await customer.called('failure');
    assert.equal(failure.code, 'forbidden');
    assert.match(failure.message, /evil\.test.*not registered/);
    assert.equal(await customer.in('pay-button').count(), 0);
  },

  'a site that lies about where it is': async (browser) => {
    const orderId = await newOrder();
    const customer = await Customer.visit(browser);
    await customer.page.goto(`${evilOrigin}/blank`);
    // It says that it is the shop: the server believes it, the browser does not.
    await customer.page.evaluate((src) => {
      const frame = document.createElement('iframe');
      frame.name = 'trap';
      frame.src = src;
      document.body.append(frame);
    }, `${checkoutOrigin}/pay/${orderId}?key=key_test_abc123&embedded=1&origin=${encodeURIComponent(shopOrigin)}#${'a'.repeat(32)}`);
    await trapIsEmpty(customer);
  },

  'the page that stands alone cannot be framed at all': async (browser) => {
    const orderId = await newOrder();
    const customer = await Customer.visit(browser);
    await customer.page.goto(`${shopOrigin}/blank`);
    await customer.page.evaluate((src) => {
      const frame = document.createElement('iframe');
      frame.name = 'trap';
      frame.src = src;
      document.body.append(frame);
    }, `${checkoutOrigin}/pay/${orderId}?key=key_test_abc123`);
    await trapIsEmpty(customer);
  },

  'a site that asks our routes by itself': async (browser) => {
    const orderId = await newOrder();
    const customer = await Customer.visit(browser);
    await customer.page.goto(`${evilOrigin}/blank`);
    const outcome = await customer.page.evaluate(async ([base, id]) => {
      const body = JSON.stringify({ method: 'upi', vpa: 'mallory@upi' });
      const headers = { 'Content-Type': 'application/json', 'X-Api-Key': 'key_test_abc123', 'Idempotency-Key': 'x' };
      const results = [];
      for (const [url, init] of [
        [`/pay/${id}/payments`, { method: 'POST', headers, body }],
        [`/pay/${id}/payments`, { method: 'POST', mode: 'no-cors', body }],
        [`/pay/${id}/state`, { headers }],
      ]) results.push(await fetch(base + url, init).then((response) => response.type, () => 'refused'));
      return results;
    }, [checkoutOrigin, orderId]);
    assert.deepEqual(outcome, ['refused', 'opaque', 'refused']);
    assert.equal((await paymentsOf(orderId)).length, 0);
  },

  'many frames of one order': async (browser) => {
    const orderId = await newOrder('?reusable');
    const customer = await Customer.visit(browser);
    await customer.shop({ orderId });
    await customer.page.evaluate(() => {
      for (let i = 0; i < 4; i++) {
        const box = document.createElement('div');
        document.body.append(box);
        window.make({ container: box }).open();
      }
    });
    const frames = customer.page.locator('[data-test-id=payment-iframe]');
    for (let i = 0; i < 4; i++) {
      const frame = frames.nth(i).contentFrame();
      await frame.locator('[data-test-id=method-upi]').click();
      await frame.locator('[data-test-id=vpa-input]').fill(`payer${i}@upi`);
    }
    // By script: pointers cannot be in four places, and each would scroll the page away from under the others.
    await Promise.all([0, 1, 2, 3].map((i) => frames.nth(i).contentFrame().locator('[data-test-id=pay-button]').evaluate((button) => button.click())));
    await customer.page.waitForFunction(() => window.calls.filter(([name]) => name === 'success').length === 4);
    const payments = await paymentsOf(orderId);
    assert.equal(payments.length, 1);
    assert.deepEqual([...new Set((await customer.calls('success')).map(({ paymentId }) => paymentId))], [payments[0].id]);
  },
};
