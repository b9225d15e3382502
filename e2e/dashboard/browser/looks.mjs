// Every page, at two widths, in light and dark: axe finds nothing, nothing is wider than the window, and there is a
// screenshot to look at.
import assert from 'node:assert/strict';
import { until } from '../../browser/chromium.mjs';
import { api, Visitor } from './harness.mjs';

const pages = ['/', '/payments', '/refunds', '/orders', '/orders/order_xyz', '/balance', '/webhooks', '/webhooks/we_demo', '/webhooks/logs', '/webhooks/debugger', '/events', '/keys', '/reference', '/sdk', '/docs', '/docs/dashboard', '/settings', '/nowhere'];

async function look(visitor, name, problems) {
  for (const theme of ['light', 'dark']) {
    await visitor.page.evaluate((chosen) => { document.documentElement.dataset.theme = chosen; }, theme);
    for (const width of [390, 1280]) {
      await visitor.page.setViewportSize({ width, height: 900 });
      await visitor.still();
      const over = await visitor.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (over > 0) problems.push(`${name}, ${width}: ${over} px too wide`);
      await visitor.shot(`${name}-${width}-${theme}`);
      // Colours are the same at any width, and what a width changes is so in any colours.
      if (width === 1280 || theme === 'light') problems.push(...(await visitor.axe(`${name}, ${width}, ${theme}`)));
    }
  }
}

export const tests = {
  'the sign-in': async (browser) => {
    const visitor = await Visitor.visit(browser);
    await visitor.open('/');
    await visitor.id('login-form').waitFor();
    const problems = [];
    await look(visitor, 'sign-in', problems);
    assert.deepEqual(problems, []);
    visitor.clean();
  },

  'every page': async (browser) => {
    const { id } = await api('POST', '/payments', { amount: 259900, currency: 'INR', method: 'card', card: { number: '4242424242424242', expiry_month: '12', expiry_year: '30', cvv: '123' } });
    let delivery;
    await until('its webhook is delivered', async () => {
      [delivery] = (await api('GET', `/webhooks/logs?payment_id=${id}&event_type=payment.success&status=delivered`)).data;
      return delivery;
    });
    const visitor = await Visitor.signedIn(browser);
    const problems = [];
    for (const path of [...pages, `/payments/${id}`, `/webhooks/logs/${delivery.id}`]) {
      await visitor.look(path);
      const name = { '/': 'home', [`/payments/${id}`]: 'payment', [`/webhooks/logs/${delivery.id}`]: 'delivery' }[path] ?? path.slice(1).replaceAll('/', '-');
      await look(visitor, name, problems);
    }
    assert.deepEqual(problems, []);
    visitor.clean();
  },

  'what opens over a page': async (browser) => {
    const visitor = await Visitor.signedIn(browser);
    const problems = [];
    await visitor.look('/webhooks');
    await visitor.id('add-endpoint-button').click();
    await visitor.dialog.waitFor();
    await look(visitor, 'webhooks-add', problems);
    await visitor.page.keyboard.press('Escape');
    await visitor.page.keyboard.press('Control+k');
    await visitor.dialog.waitFor();
    await look(visitor, 'palette', problems);
    assert.deepEqual(problems, []);
    visitor.clean();
  },
};
