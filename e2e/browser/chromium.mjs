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

/** Fails when what does not come to an end: a browser that hangs is to be told from a slow one, and where it does. */
async function within(what, ending) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`${what} did not end within 3 minutes`)), 180_000); });
  try {
    await Promise.race([ending, late]);
  } finally {
    clearTimeout(timer);
  }
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
        await within('the case', test(browser));
      } catch (caught) {
        error = String(caught.stack ?? caught);
      }
      try {
        await within('what follows each case', Promise.all([after(), ...browser.contexts().map((context) => context.close())]));
      } catch (caught) {
        error ||= String(caught.stack ?? caught);
      }
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
