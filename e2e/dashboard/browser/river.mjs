// River UI belongs to the operator.
import assert from 'node:assert/strict';
import { people, riverStyles, Visitor } from './harness.mjs';

export const tests = {
  'the operator opens it, and sees jobs without their arguments': async (browser) => {
    const visitor = await Visitor.signedIn(browser);
    await visitor.page.getByRole('link', { name: /River UI/ }).click();
    await visitor.page.waitForURL(/\/river\//);
    await visitor.page.getByText('deliver_webhook').or(visitor.page.getByText(/No jobs/i)).first().waitFor();
    const answer = await visitor.page.request.get(`${visitor.origin}/river/api/features`);
    assert.equal(answer.status(), 200);
    assert.equal((await answer.json()).job_list_hide_args_by_default, true);
    visitor.clean({ but: riverStyles });
  },

  'a viewer is refused, and so is whoever is not signed in': async (browser) => {
    const viewer = await Visitor.signedIn(browser, people.viewer);
    assert.equal(await viewer.page.getByRole('link', { name: /River UI/ }).count(), 0);
    const nobody = await Visitor.visit(browser);
    for (const [who, status] of [[viewer, 403], [nobody, 401]]) {
      for (const path of ['/river/', '/river/api/jobs', '/river/jobs/1']) {
        assert.equal((await who.page.request.get(who.origin + path)).status(), status, path);
      }
      assert.equal((await who.page.request.post(`${who.origin}/river/api/jobs/cancel`, { data: { ids: ['1'] } })).status(), status);
    }
  },
};
