// What a developer tries first: the API reference, whose requests really run, and the guide to the checkout.
import assert from 'node:assert/strict';
import { api, checkout, Visitor } from './harness.mjs';

export const tests = {
  'a request of the reference really runs': async (browser) => {
    const visitor = await Visitor.signedIn(browser);
    await visitor.look('/reference');
    await visitor.page.getByRole('link', { name: /^Create a payment/ }).click();
    // The demo merchant's own pair is filled in, so that what is copied works.
    assert.match(await visitor.id('try-code').textContent(), /secret_test_xyz789/);
    await visitor.id('try-body').fill('{"amount": 4711, "currency": "INR"}');
    await visitor.id('try-send').click();
    const answer = visitor.id('try-answer');
    await answer.waitFor();
    assert.match(await answer.textContent(), /201/);
    const [id] = (await answer.textContent()).match(/pay_\w+/);
    assert.equal((await api('GET', `/payments/${id}`)).amount, 4711);

    await visitor.id('try-body').fill('{"amount": 0, "currency": "INR"}');
    await visitor.id('try-send').click();
    await answer.getByText('invalid_amount').waitFor();
    visitor.clean();
  },

  'a demo order is paid in the checkout, and the guide hears of it': async (browser) => {
    const visitor = await Visitor.signedIn(browser);
    await visitor.look('/sdk');
    assert.match(await visitor.id('code-snippet-sdk').textContent(), /new PaymentGateway\({\s+key: "key_\w+",\s+orderId: "order_xyz"/);
    const shop = await visitor.id('demo-shop-link').getAttribute('href');
    assert.ok((await (await fetch(shop)).text()).includes(`${checkout}/checkout.js`), 'the shop has the script tag');

    await visitor.id('demo-checkout-button').click();
    // The checkout is another origin, which the dashboard itself never asks: it is somebody else's tab.
    const href = await visitor.id('demo-checkout-link').getAttribute('href');
    const customer = await browser.newPage();
    await customer.goto(href);
    await customer.locator('[data-test-id=method-upi]').click();
    await customer.locator('[data-test-id=vpa-input]').fill('success@upi');
    await customer.locator('[data-test-id=pay-button]').click();
    await customer.locator('[data-test-id=success-state]').waitFor();
    await visitor.page.getByText('Paid.').waitFor();
    await customer.close();
    visitor.clean();
  },
};
