// An analyst in a real browser without scripts: the law over a made population, one service, a number moved, numbers that can't be meant.
// Every page on the way goes through the judges.
import assert from 'node:assert/strict';
import { Maru } from './maru.mjs';
import { Visitor } from './visitor.mjs';
import { hands, language, signIn, walks } from './walk.mjs';

walks('policy', walk);

const PERSONS = 1000;

async function walk(browser, say, width) {
  const name = `policy-${say}-${width}`;
  const maru = await Maru.start(name, { more: ['--policy-persons', String(PERSONS)] });
  const visitor = await Visitor.open(browser, { url: maru.url, language: say, scripts: false, width, name });
  const { page } = visitor;
  const faults = [];
  const { look } = hands(visitor, faults);
  const number = async (what) => Number((await page.locator(what).first().innerText()).replaceAll(/[^\d-]/g, ''));
  /** Comes to a page and waits while it is being made: it moves on by itself. */
  const see = async (path, what) => {
    await visitor.go(path);
    const begun = performance.now();
    while (visitor.visit.status === 202 || !visitor.visit.status) {
      assert.ok(performance.now() - begun < 60_000, `${path} is made`);
      await new Promise((done) => setTimeout(done, 50));
    }
    await visitor.settled();
    await look(what);
  };
  try {
    await language(visitor);
    await signIn(visitor, 'narae');
    await see('/policy', 'policy');
    assert.ok((await page.locator('main').innerText()).includes('1,000'));
    assert.ok((await page.locator('main tbody tr').count()) > 20, 'services');
    await see('/policy/assumptions', 'policy-assumptions');
    await see('/policy/livelihood-benefit', 'policy-service');
    const before = await number('main .big');
    assert.ok(before > 0, 'somebody qualifies');
    const link = page.locator('main a[href*="/turn?"][href*="%EB%B9%84%EC%9C%A8"]').first();
    await see(await link.getAttribute('href'), 'policy-turn');
    const field = page.locator('#number');
    const now = await field.inputValue();
    const send = () => visitor.leave(() => page.locator('main form[action$="/turn"] button').click());
    await field.fill('많이');
    await send();
    await look('policy-turn-wrong', 422);
    assert.equal(await field.inputValue(), '많이', 'what was typed stays');
    await field.fill('40%');
    await send();
    await see(visitor.path, 'policy-turned');
    const after = await number('main .figures .big');
    assert.ok(after > before, `${now} to 40%: ${before}, then ${after}`);
    // A parameter of several numbers: each is moved by its entry.
    await see('/policy/basic-pension', 'policy-entries');
    await see(await page.locator('main a[href*="entry="]').first().getAttribute('href'), 'policy-turn-entry');
  } finally {
    await visitor.close();
    await maru.stop();
  }
  assert.deepEqual(faults, []);
}
