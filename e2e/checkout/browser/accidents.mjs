// Whatever happens in between: exactly one payment.
import assert from 'node:assert/strict';
import { bank, Customer, network, newOrder, paymentsOf, postsSeen, shopOrigin, until } from './harness.mjs';

async function upi(browser, query = '?reusable') {
  const orderId = await newOrder(query);
  const customer = await Customer.visit(browser);
  await customer.open({ orderId });
  await customer.in('method-upi').click();
  await customer.in('vpa-input').fill('someone@upi');
  return { customer, orderId };
}

/** A reusable order takes any number of payments, so that one payment is the page's merit alone. */
async function one(orderId) {
  const payments = await paymentsOf(orderId);
  assert.equal(payments.length, 1);
  assert.equal(payments[0].status, 'success');
}

export const tests = {
  'a double click': async (browser) => {
    const { customer, orderId } = await upi(browser);
    await customer.in('pay-button').dblclick();
    await customer.called('success');
    await one(orderId);
    customer.clean();
  },

  'a submit that is forced many times at once': async (browser) => {
    const { customer, orderId } = await upi(browser);
    await customer.in('pay-button').evaluate((button) => { for (let i = 0; i < 20; i++) button.click(); });
    await customer.called('success');
    await one(orderId);
  },

  'a double open': async (browser) => {
    const orderId = await newOrder('?reusable');
    const customer = await Customer.visit(browser);
    await customer.shop({ orderId });
    await customer.page.evaluate(() => { window.checkout.open(); window.checkout.open(); window.make().open(); });
    await customer.in('pay-button').waitFor();
    assert.equal(await customer.page.locator('[data-test-id=payment-modal]').count(), 1);
    await customer.card();
    await customer.pay();
    await customer.called('success');
    await one(orderId);
    assert.equal((await customer.calls('success')).length, 1);
  },

  'a reload while the payment is processed': async (browser) => {
    const { customer, orderId } = await upi(browser);
    await bank(true);
    await customer.pay();
    await until('the payment is there', async () => (await paymentsOf(orderId)).length === 1);
    await customer.open({ orderId });
    await customer.in('processing-state').waitFor();
    await bank(false);
    await customer.called('success');
    await one(orderId);
    customer.clean();
  },

  'a reload before the request arrived': async (browser) => {
    const { customer, orderId } = await upi(browser);
    await network('hold');
    const before = await postsSeen();
    await customer.pay();
    await until('the request is at the door', async () => (await postsSeen()) > before);
    await customer.open({ orderId });
    // The request died with its page: the customer is told, and pays.
    await customer.in('pay-button').waitFor();
    await network('');
    await customer.in('method-upi').click();
    await customer.in('vpa-input').fill('other@upi');
    await customer.pay();
    await customer.called('success');
    await one(orderId);
    customer.clean();
  },

  'an answer that is lost': async (browser) => {
    const { customer, orderId } = await upi(browser);
    await network('drop');
    const before = await postsSeen();
    await customer.pay();
    await until('it was tried twice', async () => (await postsSeen()) > before + 1);
    await network('');
    await customer.called('success');
    await one(orderId);
  },

  'an answer that is lost, then a reload, then another instrument': async (browser) => {
    const { customer, orderId } = await upi(browser);
    await network('drop');
    await customer.pay();
    await until('the payment is there', async () => (await paymentsOf(orderId)).length === 1);
    await network('');
    // As if the page had lost its memory of having sent anything, but for the key.
    await customer.page.evaluate(() => {
      const [name] = Object.keys(sessionStorage);
      sessionStorage.setItem(name, JSON.stringify({ ...JSON.parse(sessionStorage.getItem(name)), submitted: false }));
    });
    await customer.open({ orderId });
    await customer.card();
    await customer.pay();
    await customer.called('success');
    await one(orderId);
    assert.equal((await paymentsOf(orderId))[0].method, 'upi');
  },

  'requests that are lost': async (browser) => {
    const { customer, orderId } = await upi(browser);
    await network('refuse');
    const before = await postsSeen();
    await customer.pay();
    await until('it was tried twice', async () => (await postsSeen()) > before + 1);
    assert.match(await customer.in('processing-message').textContent(), /connection is lost/);
    await customer.called('event:network_lost');
    await network('');
    await customer.called('success');
    await one(orderId);
  },

  'offline while the payment is processed': async (browser) => {
    const { customer, orderId } = await upi(browser);
    await bank(true);
    await customer.pay();
    await until('the payment is there', async () => (await paymentsOf(orderId)).length === 1);
    await customer.context.setOffline(true);
    await bank(false);
    await until('the payment has succeeded', async () => (await paymentsOf(orderId))[0].status === 'success');
    await customer.context.setOffline(false);
    await customer.called('success');
    await one(orderId);
  },

  'offline before paying': async (browser) => {
    const { customer, orderId } = await upi(browser);
    await customer.context.setOffline(true);
    await customer.pay();
    await until('the page says so', async () => /connection is lost/.test(await customer.in('processing-message').textContent()));
    assert.equal((await paymentsOf(orderId)).length, 0);
    await customer.context.setOffline(false);
    await customer.called('success');
    await one(orderId);
  },

  'two tabs on an order that is paid once': async (browser) => {
    const { customer, orderId } = await upi(browser, '');
    const other = await Customer.visit(browser);
    await other.open({ orderId });
    await other.card();
    await bank(true);
    await customer.pay();
    await until('the payment is there', async () => (await paymentsOf(orderId)).length === 1);
    await bank(false);
    await customer.called('success');
    await other.pay();
    await other.in('paid-state').waitFor();
    await one(orderId);
  },

  'after success, a reload pays a reusable order again only when asked': async (browser) => {
    const { customer, orderId } = await upi(browser);
    await customer.pay();
    await customer.called('success');
    await customer.open({ orderId });
    await customer.in('pay-button').waitFor();
    await customer.page.waitForTimeout(500);
    await one(orderId);
    assert.deepEqual(await customer.calls('success'), []);
  },

  'the page does not load at first': async (browser) => {
    const orderId = await newOrder();
    const customer = await Customer.visit(browser);
    await customer.shop({ orderId });
    await customer.context.route(/\/pay\//, (route) => route.abort());
    await customer.page.evaluate(() => window.checkout.open());
    const failure = await customer.called('failure');
    assert.equal(failure.code, 'load_failed');
    await customer.context.unroute(/\/pay\//);
    await customer.page.getByRole('button', { name: 'Try again' }).click();
    await customer.in('pay-button').waitFor();
    assert.ok(shopOrigin);
  },
};
