// The ways to pay, from the documented snippet to the server's word.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { bank, Customer, newOrder, paymentsOf, secret, shopOrigin, until } from './harness.mjs';

/** The snippet's page tells by console alone. */
async function seed(browser, fill) {
  const before = (await paymentsOf('order_xyz')).length;
  const customer = await Customer.visit(browser);
  await customer.page.goto(`${shopOrigin}/seed`);
  await customer.in('pay-button').waitFor();
  await fill(customer);
  await customer.pay();
  await customer.in('success-state').waitFor();
  const shown = await customer.in('payment-id').textContent();
  await until('onSuccess is called', () => customer.console.some(({ type }) => type === 'log'));
  const logs = customer.console.filter(({ type }) => type === 'log');
  assert.equal(logs.length, 1);
  const result = await logs[0].args[0].jsonValue();
  assert.deepEqual(Object.keys(result).sort(), ['orderId', 'paymentId', 'signature', 'status']);
  assert.equal(result.paymentId, shown);
  assert.equal(result.orderId, 'order_xyz');
  assert.equal(result.status, 'success');
  assert.equal(result.signature, createHmac('sha256', secret).update(`order_xyz|${result.paymentId}`).digest('hex'));
  const payments = await paymentsOf('order_xyz');
  assert.equal(payments.length, before + 1);
  const payment = payments.find(({ id }) => id === result.paymentId);
  assert.equal(payment.status, 'success');
  customer.clean();
  return payment;
}

export const tests = {
  'the snippet, by card': async (browser) => {
    const payment = await seed(browser, (customer) => customer.card());
    assert.equal(payment.method, 'card');
    assert.equal(payment.card_last4, '4242');
  },

  'the snippet, by UPI': async (browser) => {
    const payment = await seed(browser, async (customer) => {
      await customer.in('method-upi').click();
      await customer.in('vpa-input').fill('success@upi');
    });
    assert.equal(payment.vpa, 'success@upi');
  },

  'the snippet, by netbanking': async (browser) => {
    const payment = await seed(browser, async (customer) => {
      await customer.in('method-netbanking').click();
      await customer.in('bank-select').selectOption('HDFC');
    });
    assert.equal(payment.bank, 'HDFC');
  },

  'onSuccess only after the server’s final state': async (browser) => {
    const orderId = await newOrder();
    const customer = await Customer.visit(browser);
    await customer.open({ orderId });
    await bank(true);
    await customer.in('method-upi').click();
    await customer.in('vpa-input').fill('someone@upi');
    await customer.pay();
    await customer.in('processing-state').waitFor();
    await until('the payment is processing', async () => (await paymentsOf(orderId))[0]?.status === 'processing');
    await customer.page.waitForTimeout(1500);
    assert.deepEqual(await customer.calls('success'), []);
    await bank(false);
    const result = await customer.called('success');
    const [payment] = await paymentsOf(orderId);
    assert.equal(payment.status, 'success');
    assert.equal(result.paymentId, payment.id);
    customer.clean();
  },

  'onFailure with the reason, then another card': async (browser) => {
    const orderId = await newOrder();
    const customer = await Customer.visit(browser);
    await customer.open({ orderId });
    await customer.card('4000000000009995');
    await customer.pay();
    await customer.in('error-state').waitFor();
    const failure = await customer.called('failure');
    assert.equal(failure.code, 'insufficient_funds');
    assert.equal(failure.status, 'failed');
    assert.match(failure.message, /not enough money/);
    assert.equal(await customer.in('error-message').textContent(), failure.message);
    assert.deepEqual(await customer.calls('success'), []);
    await customer.in('retry-button').click();
    assert.equal(await customer.in('card-number-input').inputValue(), '4000 0000 0000 9995');
    assert.equal(await customer.in('cvv-input').inputValue(), '');
    await customer.card('5555555555554444');
    await customer.pay();
    const result = await customer.called('success');
    const payments = await paymentsOf(orderId);
    assert.deepEqual(payments.map(({ status }) => status).sort(), ['failed', 'success']);
    assert.equal(payments.find(({ status }) => status === 'success').id, result.paymentId);
    customer.clean();
  },

  'a card that asks for approval': async (browser) => {
    const orderId = await newOrder();
    const customer = await Customer.visit(browser);
    await customer.open({ orderId });
    await customer.card('4000002760003184');
    await customer.pay();
    await customer.in('action-state').waitFor();
    assert.deepEqual(await customer.calls('success'), []);
    await customer.frame.frameLocator('[data-test-id=action-iframe]').locator('[data-test-id=approve-button]').click();
    await customer.called('success');
    assert.equal((await paymentsOf(orderId)).length, 1);
    customer.clean();
  },

  'a card whose approval is declined': async (browser) => {
    const orderId = await newOrder();
    const customer = await Customer.visit(browser);
    await customer.open({ orderId });
    await customer.card('4000002760003184');
    await customer.pay();
    await customer.frame.frameLocator('[data-test-id=action-iframe]').locator('[data-test-id=decline-button]').click();
    const failure = await customer.called('failure');
    assert.equal(failure.code, 'authentication_failed');
    assert.equal((await paymentsOf(orderId)).length, 1);
    customer.clean();
  },

  'a bank that asks for approval': async (browser) => {
    const orderId = await newOrder();
    const customer = await Customer.visit(browser);
    await customer.open({ orderId });
    await customer.in('method-netbanking').click();
    await customer.in('bank-select').selectOption('REDIRECT');
    await customer.pay();
    await customer.frame.frameLocator('[data-test-id=action-iframe]').locator('[data-test-id=approve-button]').click();
    await customer.called('success');
    customer.clean();
  },

  'an order that is paid already': async (browser) => {
    const orderId = await newOrder();
    const customer = await Customer.visit(browser);
    await customer.open({ orderId });
    await customer.card();
    await customer.pay();
    await customer.called('success');
    const other = await Customer.visit(browser);
    await other.open({ orderId });
    await other.in('paid-state').waitFor();
    assert.equal(await other.in('pay-button').count(), 0);
    other.clean();
  },

  'the demo shop': async (browser) => {
    const customer = await Customer.visit(browser);
    await customer.page.goto(`${shopOrigin}/`);
    await customer.page.click('#buy');
    await customer.card('378282246310005');
    await customer.pay();
    await customer.page.getByText('signature checked by the shop’s server').waitFor();
    customer.clean();
  },
};
