// The SDK's other forms: promise, module, inline, loader.
import assert from 'node:assert/strict';
import { checkoutOrigin, Customer, newOrder, shopOrigin } from './harness.mjs';

export const tests = {
  'pay() resolves when the payment is confirmed': async (browser) => {
    const orderId = await newOrder();
    const customer = await Customer.visit(browser);
    await customer.shop({ orderId });
    await customer.page.evaluate(() => { window.promise = window.checkout.pay(); });
    await customer.card();
    await customer.pay();
    const result = await customer.page.evaluate(() => window.promise);
    assert.equal(result.orderId, orderId);
    await customer.in('done-button').click();
    assert.deepEqual(await customer.called('close'), { reason: 'done', status: 'success' });
  },

  'pay() rejects when the customer leaves': async (browser) => {
    const orderId = await newOrder();
    const customer = await Customer.visit(browser);
    await customer.shop({ orderId });
    await customer.page.evaluate(() => { window.promise = window.checkout.pay().catch((error) => error.code); });
    await customer.in('pay-button').waitFor();
    await customer.page.evaluate(() => window.checkout.close());
    assert.equal(await customer.page.evaluate(() => window.promise), 'closed');
  },

  'inline, as a module, prefilled': async (browser) => {
    const orderId = await newOrder();
    const customer = await Customer.visit(browser);
    await customer.page.goto(`${shopOrigin}/blank`);
    await customer.page.evaluate(async ([base, id]) => {
      const { default: PaymentGateway } = await import(`${base}/checkout.mjs`);
      window.result = new PaymentGateway({ key: 'key_test_abc123', orderId: id, container: '#box', prefill: { method: 'upi', vpa: 'success@upi' } }).pay();
    }, [checkoutOrigin, orderId]);
    await customer.in('vpa-input').waitFor();
    assert.equal(await customer.in('vpa-input').inputValue(), 'success@upi');
    assert.equal(await customer.page.locator('dialog').count(), 0);
    await customer.pay();
    assert.equal((await customer.page.evaluate(() => window.result)).orderId, orderId);
    customer.clean();
  },

  'destroy() leaves nothing': async (browser) => {
    const customer = await Customer.visit(browser);
    await customer.open({ orderId: await newOrder() });
    await customer.page.evaluate(() => window.checkout.destroy());
    assert.equal(await customer.page.locator('dialog, iframe').count(), 0);
    assert.deepEqual(await customer.calls('close'), []);
    assert.match(await customer.page.evaluate(() => { try { window.checkout.open(); return ''; } catch (error) { return error.message; } }), /destroyed/);
  },

  'a page with a strict policy': async (browser) => {
    const customer = await Customer.visit(browser);
    await customer.page.goto(`${shopOrigin}/strict`);
    await customer.in('pay-button').waitFor();
    const panel = await customer.page.locator('.paygate-panel').boundingBox();
    assert.ok(panel.width <= 440, 'the style is there');
    assert.deepEqual(customer.console.filter(({ text }) => /^CSP:|Content Security Policy/.test(text) && !/favicon/.test(text)), []);
  },

  'wrong options are said at once': async (browser) => {
    const customer = await Customer.visit(browser);
    await customer.shop({ orderId: 'order_xyz' });
    for (const [options, message] of [
      [{}, /publishable key/], [{ key: 'key_x' }, /orderId/], [{ key: 'secret_test_xyz789', orderId: 'order_x' }, /secret key/],
    ]) {
      assert.match(await customer.page.evaluate((given) => { try { new PaymentGateway(given); return ''; } catch (error) { return error.message; } }, options), message);
    }
  },
};
