// A key from its making to its end.
import assert from 'node:assert/strict';
import { until } from '../../browser/chromium.mjs';
import { api, Visitor } from './harness.mjs';

const works = async (credentials) => {
  try {
    await api('GET', '/payments?limit=1', undefined, credentials);
    return true;
  } catch (error) {
    if (error.status === 401) return false;
    throw error;
  }
};

export const tests = {
  'create a key and use it, rotate it with overlap, revoke it': async (browser) => {
    const visitor = await Visitor.signedIn(browser);
    await visitor.look('/keys');
    const read = async () => {
      const secret = visitor.dialog.locator('[data-test-id=api-secret]');
      await secret.waitFor();
      return [await visitor.dialog.locator('code').first().textContent(), await secret.textContent()];
    };
    const card = (id) => visitor.id('api-key-row').filter({ hasText: id });

    await visitor.id('create-key-button').click();
    await visitor.id('key-name-input').fill('shop server');
    await visitor.dialog.locator('button[type=submit]').click();
    const [id, secret] = await read();
    assert.equal(await works(`${id}:${secret}`), true);
    await visitor.button('I have stored it').click();
    const used = async (of) => JSON.parse((await visitor.ask('GET', 'data/keys')).text).find((key) => key.id === of).last_used_at;
    assert.ok(Math.abs(Date.now() - Date.parse(await used(id))) < 60_000);

    await card(id).locator('[data-test-id=rotate-key-button]').click();
    await visitor.dialog.locator('select').selectOption('24');
    await visitor.dialog.locator('button[type=submit]').click();
    const [next, nextSecret] = await read();
    assert.equal(await works(`${next}:${nextSecret}`), true);
    assert.equal(await works(`${id}:${secret}`), true, 'the old one works on beside it');
    assert.ok(await used(next));
    await visitor.button('I have stored it').click();

    await card(id).locator('[data-test-id=revoke-key-button]').click();
    await visitor.dialog.locator('button[type=submit]').click();
    await until('the old one is refused', async () => !(await works(`${id}:${secret}`)));
    assert.equal(await works(`${next}:${nextSecret}`), true);
    // The secret was shown once: nothing that the page has holds it now.
    await visitor.look('/keys');
    assert.equal((await visitor.page.content()).includes(nextSecret), false);
    visitor.clean();
  },
};
