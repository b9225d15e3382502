// Runs every test and prints one line of JSON for each; browser_test.go reads them.
import { launch, bank, expireKeys, network } from './harness.mjs';

const only = process.env.PAYGATE_E2E_ONLY;
const { browser, close } = await launch();
for (const file of ['paying', 'closing', 'accidents', 'hostile', 'page', 'sdk', 'looks']) {
  const { tests } = await import(`./${file}.mjs`);
  for (const [name, test] of Object.entries(tests)) {
    const full = `${file}: ${name}`;
    if (only && !only.split('|').some((part) => full.includes(part))) continue;
    const begin = Date.now();
    let error = '';
    try {
      await test(browser);
    } catch (caught) {
      error = String(caught.stack ?? caught);
    }
    await Promise.all([network(''), bank(false), expireKeys(false), ...browser.contexts().map((context) => context.close())]);
    console.log(JSON.stringify({ name: full, error, ms: Date.now() - begin }));
  }
}
await close();
