// An endpoint from its making to a verified webhook.
import assert from 'node:assert/strict';
import { until } from '../../browser/chromium.mjs';
import { answerWith, api, received, receiver, Visitor } from './harness.mjs';

export const tests = {
  'configure, watch it fail, mend the receiver, resend, rotate, verify': async (browser) => {
    const path = `/shop-${crypto.randomUUID()}`;
    const visitor = await Visitor.signedIn(browser);
    await visitor.look('/webhooks');
    await visitor.id('add-endpoint-button').click();
    await visitor.id('webhook-url-input').fill(receiver + path);
    await visitor.id('save-webhook-button').click();
    await visitor.dialog.locator('[data-test-id=webhook-secret]').waitFor();
    const secret = await visitor.dialog.locator('[data-test-id=webhook-secret]').textContent();
    assert.match(secret, /^whsec_/);
    await visitor.button('I have stored it').click();

    await answerWith({ mode: 'fail', status: 500, path });
    const payment = await api('POST', '/payments', { amount: 4200, currency: 'INR' });
    const endpoint = (await api('GET', '/webhook_endpoints?limit=100')).data.find(({ url }) => url === receiver + path);
    await until('its deliveries have failed', async () =>
      (await api('GET', `/webhooks/logs?endpoint_id=${endpoint.id}&event_type=payment.success&payment_id=${payment.id}`)).data.some(({ status }) => status === 'retrying'));
    await visitor.look(`/webhooks/logs?endpoint_id=${endpoint.id}&event_type=payment.success`);
    const row = visitor.id('webhook-log-item').first();
    assert.match(await row.textContent(), /retrying/i);
    assert.match(await row.textContent(), /500/);
    await row.locator('td').first().click();
    await visitor.id('retry-webhook-button').waitFor();

    await answerWith({ mode: 'ok' });
    await visitor.id('retry-webhook-button').click();
    await until('the page says delivered', async () => /delivered/i.test(await visitor.id('webhook-status').first().textContent()));
    const [first] = await received({ path, type: 'payment.success', limit: 1 });
    assert.ok(first);

    await visitor.look('/webhooks');
    await visitor.id('webhook-endpoint').filter({ hasText: path }).locator('[data-test-id=webhook-endpoint-link]').click();
    await visitor.id('regenerate-secret-button').click();
    await visitor.dialog.locator('select').selectOption('0');
    await visitor.dialog.locator('button[type=submit]').click();
    const shown = visitor.dialog.locator('[data-test-id=webhook-secret]');
    await shown.waitFor();
    const rotated = await shown.textContent();
    assert.match(rotated, /^whsec_/);
    assert.notEqual(rotated, secret);
    await visitor.button('I have stored it').click();

    // The test button says at once whether the receiver is reached.
    await visitor.id('test-webhook-button').click();
    await visitor.id('retry-webhook-button').waitFor();
    await until('the test has arrived', async () => (await received({ path, type: 'webhook.test' })).length > 0);
    const [webhook] = await received({ path, type: 'webhook.test', limit: 1 });
    const headers = Object.entries(webhook.headers).map(([name, values]) => `${name}: ${values[0]}`).join('\n');

    await visitor.look('/webhooks/debugger');
    const failing = visitor.id('debug-checks').locator('[data-ok=false]');
    const examine = async (given, body, holds) => {
      await visitor.id('debug-secret').fill(given);
      await visitor.id('debug-headers').fill(headers);
      await visitor.id('debug-body').fill(body);
      await visitor.id('debug-button').click();
      await visitor.id('debug-checks').locator('[data-ok=true]').first().waitFor();
      await until(holds ? 'every check holds' : 'a check fails', async () => ((await failing.count()) === 0) === holds);
    };
    await examine(rotated, webhook.body, true);
    await examine(secret, webhook.body, false);
    await examine(rotated, webhook.body, true);
    await examine(rotated, webhook.body.replace('webhook.test', 'webhook.tost'), false);

    // Who rotated it stands in the audit log.
    const audit = JSON.parse((await visitor.ask('GET', 'data/audit')).text);
    assert.ok(audit.some(({ action, target, actor }) => action === 'secret_rotated' && target === endpoint.id && actor === 'test@example.com'));
    visitor.clean();
  },

  'a secret that is looked at is noted': async (browser) => {
    const visitor = await Visitor.signedIn(browser);
    await visitor.look('/webhooks/we_demo');
    const noted = async () => JSON.parse((await visitor.ask('GET', 'data/audit')).text).filter(({ action, target }) => action === 'secret_revealed' && target === 'we_demo').length;
    const before = await noted();
    await visitor.id('reveal-secret-button').click();
    await visitor.id('webhook-secret').first().waitFor();
    assert.equal(await noted(), before + 1);
    visitor.clean();
  },
};
