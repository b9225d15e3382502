// What every suite that drives Chromium needs: the browser itself, a runner of cases, and waiting.
import { createRequire } from 'node:module';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const require = createRequire(join(process.env.E2E_MODULES, 'package.json'));
const { chromium } = require('playwright-core');
export const axeSource = require('axe-core').source;

/** Starts the browser: names lead where the rules say (`MAP name address`), and everything else nowhere. */
export async function launch(rules, ...args) {
  const home = mkdtempSync(join(tmpdir(), 'paygate-e2e-'));
  const browser = await chromium.launch({
    executablePath: process.env.E2E_CHROMIUM,
    headless: true,
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
      '--disable-sync', `--host-resolver-rules=${[...rules, 'MAP * ~NOTFOUND', 'EXCLUDE 127.0.0.1'].join(', ')}`, ...args,
    ],
    env: { ...process.env, HOME: home },
  });
  return { browser, close: async () => { await browser.close(); rmSync(home, { recursive: true, force: true }); } };
}

/**
 * Closes a context, or leaves it to the end of the browser: Chromium 156.0.8078.108 sometimes never answers that a page is
 * closed, and the cases that follow have contexts of their own.
 */
async function closed(context) {
  let timer;
  const patience = new Promise((resolve) => { timer = setTimeout(resolve, 10_000); });
  await Promise.race([context.close(), patience]);
  clearTimeout(timer);
}

/**
 * Runs every case, of name and function, and prints one line of JSON for each; browser.Run reads them.
 * PAYGATE_E2E_ONLY picks cases by a part of their name, several with |. after runs behind each.
 */
export async function run(browser, suites, after = async () => {}) {
  const only = process.env.PAYGATE_E2E_ONLY;
  for (const [suite, tests] of Object.entries(suites)) {
    for (const [name, test] of Object.entries(tests)) {
      const full = `${suite}: ${name}`;
      if (only && !only.split('|').some((part) => full.includes(part))) continue;
      const begin = Date.now();
      let error = '';
      try {
        await test(browser);
      } catch (caught) {
        error = String(caught.stack ?? caught);
      }
      await Promise.all([after(), ...browser.contexts().map(closed)]);
      console.log(JSON.stringify({ name: full, error, ms: Date.now() - begin }));
    }
  }
}

export async function until(what, check, timeout = 30_000) {
  const end = Date.now() + timeout;
  for (;;) {
    if (await check()) return;
    if (Date.now() > end) throw new Error(`timed out waiting until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
