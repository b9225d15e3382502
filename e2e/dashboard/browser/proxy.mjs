// As a production has it: a proxy that ends TLS, and a path of its own.
import assert from 'node:assert/strict';
import { people, proxyOrigin, riverStyles, Visitor } from './harness.mjs';

export const tests = {
  'behind a proxy, below a path': async (browser) => {
    const visitor = await Visitor.signedIn(browser, people.owner, { origin: `${proxyOrigin}/pay` });
    const [cookie] = await visitor.context.cookies();
    assert.equal(cookie.name, '__Secure-paygate_session');
    assert.equal(cookie.secure, true);
    assert.equal(cookie.path, '/pay/');
    await visitor.page.getByRole('link', { name: 'Payments', exact: true }).click();
    await visitor.page.waitForURL(`${proxyOrigin}/pay/payments`);
    await visitor.settled();
    await visitor.look('/webhooks/logs'); // by its address, too
    await visitor.id('live-toggle').filter({ hasText: 'Live' }).waitFor();
    // A change goes through, and so past the protection against other sites.
    assert.equal((await visitor.ask('POST', 'data/keys', { name: 'behind the proxy' })).status, 200);
    await visitor.page.getByRole('link', { name: /River UI/ }).click();
    await visitor.page.waitForURL(`${proxyOrigin}/pay/river/**`);
    await visitor.page.getByText('deliver_webhook').or(visitor.page.getByText(/No jobs/i)).first().waitFor();
    await visitor.page.goto(`${proxyOrigin}/pay/river`);
    await visitor.page.waitForURL(`${proxyOrigin}/pay/river/**`);
    visitor.clean({ but: riverStyles });
  },
};
