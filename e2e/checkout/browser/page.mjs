// The payment page itself: what is typed, what is said, and where it leads when it stands alone.
import assert from 'node:assert/strict';
import { checkoutOrigin, Customer, newOrder, paymentsOf, shopOrigin } from './harness.mjs';

async function alone(browser, query = '', options = {}) {
  const orderId = await newOrder();
  const customer = await Customer.visit(browser, options);
  await customer.page.goto(`${checkoutOrigin}/pay/${orderId}?key=key_test_abc123${query}`);
  const at = (id) => customer.page.locator(`[data-test-id=${id}]`);
  await at('pay-button').waitFor();
  return { customer, orderId, at };
}

export const tests = {
  'formats as one types, and Backspace works': async (browser) => {
    const { customer, at } = await alone(browser);
    const { keyboard } = customer.page;
    await at('card-number-input').pressSequentially('378282246310005');
    assert.equal(await at('card-number-input').inputValue(), '3782 822463 10005');
    await at('card-number-input').fill('');
    await at('card-number-input').pressSequentially('42424');
    assert.equal(await at('card-number-input').inputValue(), '4242 4');
    await keyboard.press('Backspace');
    await keyboard.press('Backspace');
    assert.equal(await at('card-number-input').inputValue(), '424');
    await keyboard.press('Home');
    await keyboard.type('5');
    await keyboard.type('6');
    assert.equal(await at('card-number-input').inputValue(), '5642 4');
    await at('expiry-input').pressSequentially('430');
    assert.equal(await at('expiry-input').inputValue(), '04 / 30');
    await keyboard.press('Backspace');
    await keyboard.press('Backspace');
    await keyboard.press('Backspace');
    assert.equal(await at('expiry-input').inputValue(), '0');
    await at('card-number-input').fill('378282246310005');
    await at('cvv-input').pressSequentially('12345');
    assert.equal(await at('cvv-input').inputValue(), '1234');
  },

  'says what is wrong at the field': async (browser) => {
    const { customer, at, orderId } = await alone(browser);
    await at('pay-button').click();
    const number = at('card-number-input');
    assert.equal(await number.getAttribute('aria-invalid'), 'true');
    assert.equal(await number.evaluate((input) => document.activeElement === input), true);
    const described = await number.evaluate((input) => document.getElementById(input.getAttribute('aria-describedby').split(' ')[0]).textContent);
    assert.equal(described, 'Enter your card number.');
    await number.fill('4242424242424241');
    await at('expiry-input').focus();
    assert.match(await customer.page.locator('#card-number-error').textContent(), /mistyped digit/);
    await number.fill('4242424242424242');
    assert.equal(await number.getAttribute('aria-invalid'), 'false');
    await at('method-upi').click();
    await at('vpa-input').fill('someone@gmail.com');
    await at('pay-button').click();
    assert.match(await customer.page.locator('#upi-vpa-error').textContent(), /e-mail/);
    assert.equal((await paymentsOf(orderId)).length, 0);
    customer.clean();
  },

  'fields tell browsers and keyboards what they are': async (browser) => {
    const { at } = await alone(browser);
    for (const [id, autocomplete] of [['card-number-input', 'cc-number'], ['expiry-input', 'cc-exp'], ['cvv-input', 'cc-csc'], ['cardholder-name-input', 'cc-name']]) {
      assert.equal(await at(id).getAttribute('autocomplete'), autocomplete);
    }
    for (const id of ['card-number-input', 'expiry-input', 'cvv-input']) assert.equal(await at(id).getAttribute('inputmode'), 'numeric');
  },

  'by keyboard alone': async (browser) => {
    const { customer, at } = await alone(browser);
    const { keyboard } = customer.page;
    await keyboard.press('Tab');
    await keyboard.press('ArrowRight');
    await keyboard.press('Tab');
    await keyboard.type('success@upi');
    await keyboard.press('Enter');
    await at('success-state').waitFor();
    assert.equal(await customer.page.evaluate(() => document.activeElement?.dataset.testId), 'success-message');
  },

  'in Hindi, with the amount as Hindi has it': async (browser) => {
    const { customer, at } = await alone(browser, '', { locale: 'hi-IN' });
    assert.equal(await customer.page.locator('html').getAttribute('lang'), 'hi');
    assert.match(await at('pay-button').textContent(), /₹1,299\.00 का भुगतान करें/);
    await at('pay-button').click();
    assert.match(await customer.page.locator('#card-number-error').textContent(), /कार्ड नंबर लिखें/);
    customer.clean();
  },

  'leads back to the shop, with the signature': async (browser) => {
    const { customer, at, orderId } = await alone(browser, `&return_url=${encodeURIComponent(`${shopOrigin}/blank?cart=7`)}`);
    await customer.card('4242424242424242', { target: customer.page });
    await at('pay-button').click();
    await at('success-state').waitFor();
    await at('return-link').click();
    await customer.page.waitForURL(/\/blank/);
    const query = new URL(customer.page.url()).searchParams;
    assert.equal(query.get('cart'), '7');
    assert.equal(query.get('order_id'), orderId);
    assert.match(query.get('signature'), /^[0-9a-f]{64}$/);
    customer.clean();
  },

  'leads nowhere else': async (browser) => {
    for (const target of ['http://evil.test/', 'javascript:alert(1)', '//evil.test', 'http://shop.test@evil.test/']) {
      const { customer, at } = await alone(browser, `&return_url=${encodeURIComponent(target)}`);
      await at('method-upi').click();
      await at('vpa-input').fill('success@upi');
      await at('pay-button').click();
      await at('success-state').waitFor();
      assert.equal(await at('return-link').count(), 0);
      await customer.leave();
    }
  },

  'a reload of a page that stands alone': async (browser) => {
    const { customer, at, orderId } = await alone(browser);
    await customer.card('4000000000001000', { target: customer.page });
    await at('pay-button').click();
    await at('processing-state').waitFor();
    await customer.page.reload();
    await at('success-state').waitFor();
    assert.equal((await paymentsOf(orderId)).length, 1);
    customer.clean();
  },

  'the address that the family knows': async (browser) => {
    const orderId = await newOrder();
    const customer = await Customer.visit(browser);
    await customer.page.goto(`${checkoutOrigin}/checkout?order_id=${orderId}&key=key_test_abc123`);
    await customer.page.locator('[data-test-id=pay-button]').waitFor();
  },
};
