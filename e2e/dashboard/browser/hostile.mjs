// What callers and receivers can write is shown as the text that it is.
import assert from 'node:assert/strict';
import { until } from '../../browser/chromium.mjs';
import { api, checkout, hostile, Visitor } from './harness.mjs';

// The answer of the hostile receiver is the same one; see stack_test.go.
const payload = '"><img src=x onerror="window.xss=1"><script>window.xss=1</script>';

/** Everything that a caller can set, with the payload in it. */
async function plant() {
  const order = await api('POST', '/orders', { amount: 5000, currency: 'INR', receipt: payload.slice(0, 40), metadata: { [payload.slice(0, 40)]: payload } });
  const endpoint = await api('POST', '/webhook_endpoints', { url: `${hostile}/?q=${encodeURIComponent(payload)}`, description: payload, headers: { 'X-Own': payload } });
  const payment = await api('POST', '/payments', { amount: 5000, currency: 'INR', order_id: order.id, method: 'upi', vpa: 'success@upi', metadata: { [payload.slice(0, 40)]: payload, link: 'javascript:window.xss=1' } });
  await until('the payment is through', async () => (await api('GET', `/payments/${payment.id}`)).status === 'success');
  const refund = await api('POST', `/payments/${payment.id}/refunds`, { amount: 100, reason: payload, metadata: { note: payload } });
  let delivery;
  await until('a delivery has failed', async () => {
    [delivery] = (await api('GET', `/webhooks/logs?endpoint_id=${endpoint.id}&payment_id=${payment.id}`)).data.filter(({ status }) => status === 'retrying');
    return delivery;
  });
  return { order, endpoint, payment, refund, delivery };
}

async function harmless(visitor, where) {
  await visitor.settled();
  const found = await visitor.page.evaluate(() => ({
    ran: window.xss !== undefined,
    images: document.querySelectorAll('img[src=x]').length,
    scripts: [...document.scripts].filter((script) => script.textContent.includes('xss')).length,
    links: [...document.querySelectorAll('[href],[src],[action]')].filter((node) => /^\s*javascript:/i.test(node.getAttribute('href') ?? node.getAttribute('src') ?? node.getAttribute('action'))).length,
  }));
  assert.deepEqual(found, { ran: false, images: 0, scripts: 0, links: 0 }, where);
}

export const tests = {
  'payloads are shown as text on every page': async (browser) => {
    const { order, endpoint, payment, delivery } = await plant();
    const visitor = await Visitor.signedIn(browser);
    const made = await visitor.ask('POST', 'data/keys', { name: payload });
    assert.equal(made.status, 200);
    const key = JSON.parse(made.text).id;
    const shows = [
      ['/'], ['/payments'], [`/payments/${payment.id}`, payload], ['/refunds'], ['/orders'], [`/orders/${order.id}`, payload.slice(0, 40)],
      ['/balance'], ['/webhooks', payload], [`/webhooks/logs?endpoint_id=${endpoint.id}`], [`/webhooks/logs/${delivery.id}`, payload], ['/events'],
      ['/keys', payload], ['/settings'], ['/docs'],
    ];
    for (const [path, text] of shows) {
      await visitor.look(path);
      if (text) await visitor.page.getByText(text, { exact: false }).first().waitFor();
      await harmless(visitor, path);
    }
    assert.equal((await visitor.ask('DELETE', `data/keys/${key}`)).status, 204);
    await api('DELETE', `/webhook_endpoints/${endpoint.id}`);
    visitor.clean();
  },

  'payloads in addresses are, too': async (browser) => {
    const visitor = await Visitor.signedIn(browser);
    const coded = encodeURIComponent(payload);
    for (const path of [`/payments/${coded}`, `/orders/${coded}`, `/webhooks/logs/${coded}`, `/payments?status=${coded}`, `/payments?order_id=${coded}`, `/${coded}`, '/payments?next=javascript:window.xss=1']) {
      await visitor.open(path);
      await visitor.page.locator('h1').waitFor();
      await harmless(visitor, path);
    }
    visitor.clean();
  },

  'the payment page shows the shop’s name as text': async (browser) => {
    const visitor = await Visitor.signedIn(browser);
    const settings = JSON.parse((await visitor.ask('GET', 'data/settings')).text).branding;
    assert.equal((await visitor.ask('PUT', 'data/settings/branding', { display_name: payload.slice(0, 60), accent: null })).status, 204);
    const order = await api('POST', '/orders', { amount: 5000, currency: 'INR' });
    const customer = await Visitor.visit(browser, { origin: checkout });
    await customer.open(`/pay/${order.id}?key=key_test_abc123`);
    await customer.page.getByText(payload.slice(0, 60)).first().waitFor();
    assert.equal(await customer.page.evaluate(() => window.xss), undefined);
    assert.equal((await visitor.ask('PUT', 'data/settings/branding', { display_name: settings.display_name, accent: settings.accent })).status, 204);
    customer.clean();
  },

  'no page can be framed': async (browser) => {
    const visitor = await Visitor.signedIn(browser);
    for (const path of ['/', '/river/', '/session', '/data/keys', '/openapi.yaml']) {
      const headers = (await visitor.page.request.get(visitor.origin + path)).headers();
      assert.match(headers['content-security-policy'], /frame-ancestors 'none'/, path);
      assert.doesNotMatch(headers['content-security-policy'], /unsafe|\*|https?:/, path);
      assert.equal(headers['x-frame-options'], 'DENY', path);
    }
  },
};
