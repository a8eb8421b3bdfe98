// What comes due, in a real browser without scripts: choose, see it by date, open the form from there and send it, the official decides, end it.
import assert from 'node:assert/strict';
import { Maru } from './maru.mjs';
import { Visitor } from './visitor.mjs';
import { hands, language, signIn, signOut, walks } from './walk.mjs';
import { PEOPLE } from './words.mjs';

walks('reminders', walk);

async function walk(browser, say, width) {
  const name = `reminders-${say}-${width}`;
  const maru = await Maru.start(name);
  const visitor = await Visitor.open(browser, { url: maru.url, language: say, scripts: false, width, name });
  const { page } = visitor;
  const faults = [];
  const { look, see, send } = hands(visitor, faults);
  try {
    await language(visitor);
    await signIn(visitor, PEOPLE.resident, '/messages');
    await see('/reminders', 'reminders-none');
    assert.equal(await page.locator('main ul.rows > li').count(), 0);
    await send('/reminders', { 'remind-passport': true, 'remind-health-check-up': true, 'remind-driving-licence': true });
    await look('reminders-chosen');
    const days = await page.locator('main ul.rows time').evaluateAll((times) => times.map((time) => time.getAttribute('datetime')));
    assert.deepEqual(days, ['2026-12-31', '2027-03-15'], 'the soonest first; without a licence there is none to renew');
    await see('/', 'reminders-home');
    assert.equal(await page.locator('main a[href="/reminders"]').count(), 2);
    await see('/me/accesses', 'reminders-accesses');

    // Two steps: open the form, send it.
    await visitor.go('/reminders');
    await visitor.leave(() => page.locator('form[action="/services/passport-renewal/file"] button').click());
    await look('passport-form');
    const id = visitor.path.split('/')[2];
    if (/\/form$/.test(visitor.path)) await visitor.leave(() => page.locator('main a[href*="/form/"]').first().click());
    for (let pages = 0; /\/form\//.test(visitor.path); pages += 1) {
      assert.ok(pages < 5, 'the form has an end');
      await look('passport-question');
      await page.locator('main input[type="radio"]').first().check();
      await visitor.leave(() => page.locator('main form[method="post"] button[type="submit"]').first().click());
    }
    await look('passport-check');
    for (const box of await page.locator('main input[type="checkbox"]').all()) await box.check();
    await visitor.leave(() => page.locator('form[action$="/submit"] button[type="submit"]').first().click());
    await look('passport-sent');
    await signOut(visitor);

    await signIn(visitor, 'eunha', '/desk');
    await visitor.go(`/desk/cases/${id}`);
    await look('passport-desk');
    await signOut(visitor);

    await signIn(visitor, PEOPLE.resident, '/messages');
    await visitor.go('/reminders');
    for (const box of await page.locator('main input[type="checkbox"]').all()) await box.uncheck();
    await visitor.leave(() => page.locator('main form[action="/reminders"] button').click());
    await look('reminders-ended');
    assert.equal(await page.locator('main ul.rows > li').count(), 0);
  } finally {
    await visitor.close();
    await maru.stop();
  }
  assert.deepEqual(faults, [], faults.join('\n'));
}
