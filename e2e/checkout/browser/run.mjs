import { run } from '../../browser/chromium.mjs';
import { launch, bank, expireKeys, network } from './harness.mjs';

const suites = {};
for (const file of ['paying', 'closing', 'accidents', 'hostile', 'page', 'sdk', 'looks']) suites[file] = (await import(`./${file}.mjs`)).tests;
const { browser, close } = await launch();
await run(browser, suites, () => Promise.all([network(''), bank(false), expireKeys(false)]));
await close();
