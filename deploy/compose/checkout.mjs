// Pays with the seed's snippet, on a page of a shop on this machine, in Chromium against a running gateway.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { chromium } = createRequire(new URL('../../checkout/package.json', import.meta.url))('playwright-core');
const shop = 'http://localhost:3002/';
const snippet = readFileSync(new URL('../../e2e/checkout/testdata/seed.html', import.meta.url), 'utf8');

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  await page.route(shop, (route) => route.fulfill({ contentType: 'text/html', body: snippet }));
  const logged = page.waitForEvent('console', (message) => message.type() === 'log');
  await page.goto(shop);
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
} finally {
  await browser.close();
}
