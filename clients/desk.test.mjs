// The desk without scripts: filters, pages, several cases at once, who leads the unit, an auditor; and with scripts by keyboard alone.
// Every page on the way goes through the judges.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Caller } from './caller.mjs';
import { Maru } from './maru.mjs';
import { launch, Visitor } from './visitor.mjs';
import { hands, language, signIn, signOut } from './walk.mjs';
import { PEOPLE, RECEIPT } from './words.mjs';

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const REASON = { ko: '정기 감사에서 처리 기간을 지켰는지 살핍니다.', en: 'A yearly audit looks at whether time limits were kept.' };

describe('desk', { concurrency: 2 }, () => {
  for (const say of ['ko', 'en']) {
    for (const width of [390, 1280]) {
      test(`${say}-${width}`, { timeout: 120_000 }, () => walk(say, width));
    }
  }
  test('keys', { timeout: 60_000 }, keys);
});

async function started(name, options) {
  const maru = await Maru.start(name);
  const visitor = await Visitor.open(browser, { url: maru.url, name, ...options });
  const ids = [];
  for (const user of [PEOPLE.resident, 'daon']) ids.push((await (await new Caller(maru.url).signIn(user)).submitted()).id);
  return { maru, visitor, ids };
}

async function walk(say, width) {
  const name = `desk-${say}-${width}`;
  const { maru, visitor, ids } = await started(name, { language: say, scripts: false, width });
  const { page } = visitor;
  const faults = [];
  const { look, see, send } = hands(visitor, faults);
  const become = async (user, first = false) => {
    if (!first) await signOut(visitor);
    await signIn(visitor, user);
  };
  try {
    await language(visitor);
    await become(PEOPLE.official, true);
    await see('/desk', 'desk');
    const all = await page.locator('table.queue tbody tr:not(.group)').count();
    assert.ok(all >= 1, 'something is to do');
    await see('/desk?q=12', 'desk-few-digits');
    await see('/desk?due=overdue&officer=nobody', 'desk-nothing-overdue');
    assert.equal(await page.locator('.bars a[aria-current]').count(), 1, 'the chosen bar is marked');
    await visitor.go('/desk');
    await visitor.leave(() => page.locator('button[name="do"][value="assign"]').click());
    await look('bulk-nothing-picked', 422);
    await visitor.go('/desk');
    for (const box of await page.locator('table.queue input[type="checkbox"]').all()) await box.check();
    await visitor.leave(() => page.locator('button[name="do"][value="assign"]').click());
    await look('bulk-taken');
    assert.equal(await page.locator('tbody tr').count(), all);
    await see('/desk?officer=me', 'desk-mine');
    assert.equal(await page.locator('table.queue tbody tr:not(.group)').count(), all);
    const receipt = (await page.locator('main').innerText()).match(RECEIPT)[0];
    const box = page.locator('table.queue tbody tr', { hasText: receipt }).locator('input[type="checkbox"]');
    await box.check();
    await visitor.leave(() => page.locator('button[name="do"][value="release"]').click());
    await look('bulk-put-back');

    await become('saebyeok');
    await see('/desk/load?unit=suwon-livelihood&days=30', 'load');
    await page.locator('input[type="checkbox"]').first().check();
    await send('/desk/bulk', { to: 'official-garam' });
    await look('bulk-given');
    await visitor.go('/desk/load?unit=suwon-livelihood&days=0');
    await look('load-calm');

    await become('sebom');
    await see('/audit', 'audit');
    await send('/audit', { receipt, reason: '?' });
    await look('audit-wrong', 422);
    await send('/audit', { receipt, reason: REASON[say] });
    await look('audited');
    const moments = page.locator('ol.line a');
    assert.ok((await moments.count()) >= 4, 'each event is a moment');
    await visitor.leave(() => moments.last().click());
    await look('audited-then');
    await visitor.go(`/audit/cases/${ids.find((id) => !visitor.path.includes(id))}`);
    await look('audit-closed', 403);
    assert.deepEqual(faults, []);
  } catch (error) {
    await visitor.picture('broke-here').catch(() => {});
    throw error;
  } finally {
    await visitor.close();
    await maru.stop();
  }
}

/** Tab, Enter and the keys of the list, nothing else. */
async function keys() {
  const { maru, visitor } = await started('desk-keys', { scripts: true });
  const { page } = visitor;
  const on = (what) => page.evaluate((selector) => document.activeElement.matches(selector), what);
  try {
    await signIn(visitor, PEOPLE.official);
    await visitor.go('/desk');
    await page.keyboard.press('Tab');
    assert.ok(await on('a.skip'), 'first comes the way past the menu');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    assert.ok(await page.evaluate(() => document.activeElement.closest('main')), 'then the page itself');
    for (let n = 0; n < 60 && !(await on('table.queue a')); n += 1) await page.keyboard.press('Tab');
    assert.ok(await on('table.queue a'), 'the list is reached by Tab');
    const first = await page.evaluate(() => document.activeElement.href);
    await page.keyboard.press('x');
    assert.equal(await page.locator('table.queue input:checked').count(), 1, 'X picks');
    await page.keyboard.press('/');
    assert.ok(await on('#q'), '/ leads to the search');
    await page.keyboard.type('/jk');
    assert.equal(await page.locator('#q').inputValue(), '/jk', 'keys are letters where one types');
    await page.locator('table.queue a').first().focus();
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    assert.equal(await page.evaluate(() => document.activeElement.href), first, 'down and up again');
    await visitor.leave(() => page.keyboard.press('Enter'));
    assert.match(visitor.path, /^\/desk\/cases\//);
    assert.ok(await on('table.queue a[aria-current]'), 'back on the row that was opened');
  } finally {
    await visitor.close();
    await maru.stop();
  }
}
