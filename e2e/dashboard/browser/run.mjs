import { launch, run } from '../../browser/chromium.mjs';
import { rules } from './harness.mjs';

const suites = {};
for (const file of ['people', 'payments', 'webhooks', 'keys', 'guide', 'river', 'proxy', 'hostile', 'looks', 'speed']) suites[file] = (await import(`./${file}.mjs`)).tests;
const { browser, close } = await launch(rules, '--ignore-certificate-errors'); // the proxy's is its own
await run(browser, suites);
await close();
