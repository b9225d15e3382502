// A payment that a server made, and what people do with it.
import assert from 'node:assert/strict';
import { until } from '../../browser/chromium.mjs';
import { api, Visitor } from './harness.mjs';

async function paid(body) {
  const { id } = await api('POST', '/payments', { amount: 123456, currency: 'INR', method: 'card', card: { number: '4242424242424242', expiry_month: '12', expiry_year: '30', cvv: '123' }, ...body });
  await until('the payment is through', async () => !['pending', 'processing'].includes((await api('GET', `/payments/${id}`)).status));
  return id;
}

export const tests = {
  'a payment appears by itself, and is refunded': async (browser) => {
    const visitor = await Visitor.signedIn(browser);
    await visitor.look('/payments');
    await visitor.id('live-toggle').filter({ hasText: 'Live' }).waitFor();
    // Nobody reloads: the page hears of it.
    const id = await paid();
    const row = visitor.page.locator(`[data-payment-id=${id}]`);
    await row.waitFor();
    await until('the row says so', async () => /success/i.test(await row.textContent()));
    assert.match(await row.textContent(), /1,234\.56/);
    await row.locator('td').first().click();
    await visitor.id('refund-button').waitFor();
    await visitor.id('payment-timeline').getByText(/success/i).first().waitFor();

    await visitor.id('refund-button').click();
    await visitor.id('refund-amount').fill('234.56');
    await visitor.dialog.locator('button[type=submit]').click();
    await visitor.dialog.waitFor({ state: 'hidden' });
    const refunds = visitor.id('payment-refunds');
    await until('the refund is shown as processed', async () => (await refunds.count()) > 0 && /processed/i.test(await refunds.textContent()));
    assert.match(await refunds.textContent(), /234\.56/);
    assert.equal((await api('GET', `/payments/${id}`)).amount_refunded, 23456);
    visitor.clean();
  },

  'more than is left cannot be asked for': async (browser) => {
    const id = await paid();
    const visitor = await Visitor.signedIn(browser);
    await visitor.look(`/payments/${id}`);
    await visitor.id('refund-button').click();
    await visitor.id('refund-amount').fill('1234.57');
    assert.equal(await visitor.dialog.locator('button[type=submit]').isDisabled(), true);
    await visitor.page.keyboard.press('Escape');
    await visitor.dialog.waitFor({ state: 'hidden' });
    assert.equal((await api('GET', `/payments/${id}`)).amount_refunded, 0);
    visitor.clean();
  },

  'a held payment is captured in part': async (browser) => {
    const id = await paid({ capture: 'manual' });
    const visitor = await Visitor.signedIn(browser);
    await visitor.look(`/payments/${id}`);
    await visitor.id('capture-button').click();
    await visitor.id('refund-amount').fill('1000');
    await visitor.dialog.locator('button[type=submit]').click();
    await visitor.dialog.waitFor({ state: 'hidden' });
    await until('the page says success', async () => /success/i.test(await visitor.id('payment-status').textContent()));
    assert.equal((await api('GET', `/payments/${id}`)).amount_captured, 100000);
    visitor.clean();
  },

  'a payment is found by its id, those of an order by the order’s': async (browser) => {
    const order = await api('POST', '/orders', { amount: 70000, currency: 'INR' });
    const id = await paid({ amount: 70000, order_id: order.id });
    const visitor = await Visitor.signedIn(browser);
    await visitor.look('/payments');
    const search = visitor.page.getByRole('search').getByRole('textbox');
    await search.fill(order.id);
    await search.press('Enter');
    await until('one row is left', async () => (await visitor.id('transaction-row').count()) === 1);
    await search.fill(id);
    await search.press('Enter');
    await visitor.id('payment-timeline').waitFor();
    visitor.clean();
  },
};
