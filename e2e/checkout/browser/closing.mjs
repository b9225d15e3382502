// Leaving: every way out, and the question before money is left behind.
import assert from 'node:assert/strict';
import { bank, Customer, newOrder, paymentsOf, until } from './harness.mjs';

async function opened(browser) {
  const orderId = await newOrder();
  const customer = await Customer.visit(browser);
  await customer.shop({ orderId });
  await customer.page.evaluate(() => document.getElementById('buy').addEventListener('click', () => window.checkout.open()));
  await customer.page.click('#buy');
  await customer.in('pay-button').waitFor();
  await customer.called('event:loaded');
  return { customer, orderId };
}

async function gone(customer, reason) {
  const info = await customer.called('close');
  assert.equal(info.reason, reason);
  assert.equal(info.status, 'idle');
  assert.equal((await customer.calls('close')).length, 1);
  assert.equal(await customer.page.locator('[data-test-id=payment-modal]').count(), 0);
  assert.equal(await customer.page.evaluate(() => document.activeElement?.id), 'buy', 'the focus returns');
  assert.equal(await customer.page.evaluate(() => document.documentElement.style.overflow), '');
  customer.clean();
}

export const tests = {
  'by the button': async (browser) => {
    const { customer } = await opened(browser);
    await customer.page.click('[data-test-id=close-modal-button]');
    await gone(customer, 'button');
  },

  'by the backdrop': async (browser) => {
    const { customer } = await opened(browser);
    await customer.page.mouse.click(20, 20);
    await gone(customer, 'backdrop');
  },

  'by Escape on the shop’s page': async (browser) => {
    const { customer } = await opened(browser);
    await customer.page.locator('[data-test-id=close-modal-button]').focus();
    await customer.page.keyboard.press('Escape');
    await gone(customer, 'escape');
  },

  'by Escape inside the frame': async (browser) => {
    const { customer } = await opened(browser);
    await customer.in('card-number-input').focus();
    await customer.page.keyboard.press('Escape');
    await gone(customer, 'escape');
  },

  'a drag that ends outside stays': async (browser) => {
    const { customer } = await opened(browser);
    const box = await customer.page.locator('.paygate-panel').boundingBox();
    await customer.page.mouse.move(box.x + 100, box.y + 30);
    await customer.page.mouse.down();
    await customer.page.mouse.move(20, 20);
    await customer.page.mouse.up();
    await customer.page.waitForTimeout(300);
    assert.deepEqual(await customer.calls('close'), []);
  },

  'and opening again': async (browser) => {
    const { customer } = await opened(browser);
    await customer.page.evaluate(() => window.checkout.close());
    await customer.called('close');
    await customer.page.evaluate(() => window.checkout.open());
    await customer.in('pay-button').waitFor();
  },

  'asks while money is in flight': async (browser) => {
    const { customer, orderId } = await opened(browser);
    await bank(true);
    await customer.card();
    await customer.pay().catch(() => {});
    await until('a payment is refused or under way', async () => (await customer.in('processing-state').count()) === 1);
    for (const leave of [
      () => customer.page.keyboard.press('Escape'),
      () => customer.page.click('[data-test-id=close-modal-button]'),
      () => customer.page.mouse.click(20, 20),
      () => customer.page.evaluate(() => window.checkout.close()),
    ]) {
      await leave();
      await customer.in('leave-warning').waitFor();
      await customer.in('leave-stay-button').click();
      await customer.in('leave-warning').waitFor({ state: 'hidden' });
      assert.deepEqual(await customer.calls('close'), []);
    }
    await customer.page.keyboard.press('Escape');
    await customer.in('leave-go-button').click();
    const info = await customer.called('close');
    assert.equal(info.status, 'processing');
    await bank(false);
    await until('there is at most one payment', async () => (await paymentsOf(orderId)).length <= 1);
    customer.clean();
  },

  'Escape again and again does not close it': async (browser) => {
    const { customer } = await opened(browser);
    await bank(true);
    await customer.in('method-upi').click();
    await customer.in('vpa-input').fill('someone@upi');
    await customer.pay();
    await customer.in('processing-state').waitFor();
    await customer.page.locator('[data-test-id=close-modal-button]').focus();
    for (let i = 0; i < 6; i++) await customer.page.keyboard.press('Escape');
    await customer.page.waitForTimeout(500);
    assert.deepEqual(await customer.calls('close'), []);
    assert.equal(await customer.page.locator('[data-test-id=payment-modal]').evaluate((dialog) => dialog.open), true);
  },

  'the focus cannot leave the dialog': async (browser) => {
    const { customer } = await opened(browser);
    for (let i = 0; i < 25; i++) {
      await customer.page.keyboard.press('Tab');
      const on = await customer.page.evaluate(() => document.activeElement?.closest('[data-test-id=payment-modal]') !== null || document.activeElement === document.body);
      assert.ok(on, 'the focus left the dialog');
      assert.notEqual(await customer.page.evaluate(() => document.activeElement?.id), 'buy');
    }
  },
};
