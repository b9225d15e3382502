// Pays with the seed's snippet, on a page of a shop on this machine, in Chromium against a running gateway.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const { chromium } = createRequire(new URL('../../checkout/package.json', import.meta.url))('playwright-core');
const snippet = readFileSync(new URL('../../e2e/checkout/testdata/seed.html', import.meta.url), 'utf8');
// A server of its own: to a page that the test only put into the browser, Chromium gives nothing of this machine.
const shop = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end(snippet)).listen(0, '127.0.0.1');
await once(shop, 'listening');

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
const complaints = [];
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  page.on('console', (message) => complaints.push(message.text()));
  page.on('requestfailed', (request) => complaints.push(`${request.url()}: ${request.failure().errorText}`));
  const logged = page.waitForEvent('console', { predicate: (message) => message.type() === 'log', timeout: 0 });
  logged.catch(() => {}); // what failed before it says more
  await page.goto(`http://localhost:${shop.address().port}/`);
  const frame = page.frameLocator('[data-test-id=payment-iframe]');
  const at = (id) => frame.locator(`[data-test-id=${id}]`);
  await at('pay-button').waitFor();
  await at('card-number-input').fill('4242424242424242');
  await at('expiry-input').fill('1239');
  await at('cvv-input').fill('123');
  await at('pay-button').click();
  await at('success-state').waitFor();
  const result = await (await logged).args()[0].jsonValue();
  assert.equal(result.status, 'success');
  const response = await fetch(`http://localhost:8000/api/v1/payments/${result.paymentId}`);
  assert.equal((await response.json()).status, 'success');
  console.log(`paid ${result.paymentId}`);
} catch (error) {
  console.error(complaints.join('\n'));
  throw error;
} finally {
  await browser.close();
  shop.close();
}
