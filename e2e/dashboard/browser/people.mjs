// Signing in and out, and what a role may do.
import assert from 'node:assert/strict';
import { people, Visitor } from './harness.mjs';

export const tests = {
  'sign in and out': async (browser) => {
    const visitor = await Visitor.visit(browser);
    await visitor.open('/payments');
    await visitor.id('login-form').waitFor();
    await visitor.id('email-input').fill(people.owner.email);
    await visitor.id('password-input').fill('not the password');
    await visitor.id('login-button').click();
    await visitor.page.getByRole('alert').waitFor();
    assert.match(await visitor.page.getByRole('alert').textContent(), /e-mail or the password is wrong/);

    await visitor.signIn(people.owner);
    assert.match(visitor.page.url(), /\/payments$/);
    const [cookie] = await visitor.context.cookies();
    assert.equal(cookie.httpOnly, true);
    assert.equal(cookie.sameSite, 'Lax');
    assert.equal(await visitor.page.evaluate(() => document.cookie), '');

    await visitor.id('logout-button').click();
    await visitor.id('login-form').waitFor();
    await visitor.context.addCookies([cookie]);
    await visitor.open('/');
    await visitor.id('login-form').waitFor();
    visitor.clean();
  },

  'a session that ends sends every page to the sign-in': async (browser) => {
    const visitor = await Visitor.signedIn(browser);
    await visitor.look('/payments');
    await visitor.context.clearCookies();
    await visitor.page.getByRole('link', { name: 'Refunds', exact: true }).click();
    await visitor.id('login-form').waitFor();
    visitor.clean();
  },

  'a viewer looks, and changes nothing': async (browser) => {
    const visitor = await Visitor.signedIn(browser, people.viewer);
    for (const path of ['/webhooks', '/webhooks/we_demo', '/webhooks/logs', '/keys', '/payments', '/settings']) {
      await visitor.look(path);
      for (const name of [
        'add-endpoint', 'edit-endpoint', 'toggle-endpoint', 'delete-endpoint', 'test-webhook', 'reveal-secret', 'regenerate-secret', 'resend-filter', 'replay', 'create-key',
        'rotate-key', 'revoke-key', 'refund', 'capture', 'cancel', 'save-rate-limit', 'save-branding', 'reveal-checkout-secret',
      ]) {
        assert.equal(await visitor.id(`${name}-button`).count(), 0, `${path}: ${name}`);
      }
    }
    // What the pages do not offer, the server refuses.
    for (const [method, path, body, status] of [
      ['POST', 'api/v1/payments', { amount: 100, currency: 'INR' }, 403],
      ['POST', 'api/v1/webhook_endpoints', { url: 'http://127.0.0.1/' }, 403],
      ['DELETE', 'api/v1/webhook_endpoints/we_demo', undefined, 403],
      ['POST', 'data/keys', { name: 'x' }, 403],
      ['POST', 'data/endpoints/we_demo/reveal', undefined, 403],
      ['GET', 'api/v1/webhook_endpoints/we_demo/secret', undefined, 404],
      ['GET', 'data/audit', undefined, 403],
    ]) {
      assert.equal((await visitor.ask(method, path, body)).status, status, `${method} ${path}`);
    }
    visitor.clean();
  },

  'what another site sends in somebody’s name is refused': async (browser) => {
    const visitor = await Visitor.signedIn(browser);
    const keys = async () => JSON.parse((await visitor.ask('GET', 'data/keys')).text).length;
    const before = await keys();
    const evil = await visitor.context.newPage();
    await evil.route('http://evil.test/**', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>Evil</title>' }));
    await evil.goto('http://evil.test/');
    await evil.evaluate(async (target) => {
      await fetch(`${target}/data/keys`, { method: 'POST', mode: 'no-cors', credentials: 'include', headers: { 'Content-Type': 'text/plain' }, body: '{"name":"stolen"}' }).catch(() => {});
    }, visitor.origin);
    const [answer] = await Promise.all([
      evil.waitForResponse((response) => response.url().endsWith('/data/keys')),
      evil.evaluate((target) => {
        const form = document.createElement('form');
        Object.assign(form, { action: `${target}/data/keys`, method: 'post', enctype: 'text/plain' });
        const input = document.createElement('input');
        Object.assign(input, { name: '{"name":"stolen', value: '"}' });
        form.append(input);
        document.body.append(form);
        form.submit();
      }, visitor.origin),
    ]);
    assert.equal(answer.status(), 403);
    assert.equal(await keys(), before);
  },
};
