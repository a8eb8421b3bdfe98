// A service written on pages, in a real browser without scripts: begun, edited wrongly and rightly, looked at beforehand, approved
// by a second person, applied for by a resident, decided by an official, and ended; a number of the law announced. Every page on the way goes through the judges.
import assert from 'node:assert/strict';
import { Maru } from './maru.mjs';
import { typed } from './places.mjs';
import { Visitor } from './visitor.mjs';
import { hands, language, signIn, signOut, walks } from './walk.mjs';

walks('a written service', walk, 180_000);

const DRAFT = '/admin/services/winter-heating';

async function walk(browser, say, width) {
  const name = `written-${say}-${width}`;
  const maru = await Maru.start(name, { more: ['--policy-persons', '1000'] });
  const visitor = await Visitor.open(browser, { url: maru.url, language: say, scripts: false, width, name });
  const { page } = visitor;
  const faults = [];
  const { look, see, send } = hands(visitor, faults);
  const as = async (user) => {
    await signOut(visitor);
    await signIn(visitor, user);
  };
  const edit = async (file, change) => {
    await visitor.go(`${DRAFT}?file=${file}`);
    const text = change(await page.locator('#text').inputValue());
    await send(DRAFT, { text });
    return (await page.locator('#text').inputValue()) === text;
  };
  try {
    await language(visitor);
    await signIn(visitor, 'sarang');
    await see('/admin', 'overview');
    await see('/admin/services', 'services-none');
    await see('/admin/services/new', 'service-new');
    await send('/admin/services/new', { owner: 'suwon', id: 'Winter' });
    await look('service-new', 422);
    await send('/admin/services/new', { owner: 'suwon', id: 'winter-heating' });
    assert.equal(visitor.path, DRAFT);
    await look('service-files');

    assert.ok(await edit('rules.toml', (text) => text.replace('나이 >= 65', '나이 >= 70')), 'kept as it was typed');
    await look('service-faulty');
    const first = page.locator('#faults + p + ul li').first();
    assert.match(await first.innerText(), /cases\.toml · .*\d/, 'file and line');
    await see(`${DRAFT}/preview`, 'service-preview-red');
    assert.equal(await page.locator('main table b.is-err').count(), 1, 'one case is red');
    await see(`${DRAFT}/publish`, 'service-publish-faulty');
    assert.equal(await page.locator('[name="from"]').count(), 0, 'nothing faulty is published');
    assert.equal(await page.locator('#warnings').count(), 0, 'a fault is no warning');
    await edit('rules.toml', (text) => text.replace("'나이 >= 70'", "'나이 >= 65 and 나이 < 60'"));
    await look('service-never');
    const never = page.locator('#warnings + p + ul li').first();
    assert.match(await never.innerText(), /rules\.toml · .*\d[^]*나이 < 60/, 'what can never be true, and where');
    await edit('rules.toml', (text) => text.replace("'나이 >= 65 and 나이 < 60'", "'나이 >= 65'"));
    // It lasts so short a time that its end is near from the beginning.
    const lasts = `lasts = { until = '오늘 + duration("P20D")', ahead = [30, 7], article = "보기 조례 제7조", again = true }\nsteps = `;
    await edit('service.toml', (text) => text.replace('steps = ', lasts));
    await look('service-lasts-faulty');
    await edit('cases.toml', (text) => text.replace('answer = "yes"', 'answer = "yes"\nuntil = "2026-10-27"'));
    await edit('text.ko.toml', (text) =>
      text.replace('보기 지원금', '겨울 난방비').replace('\n', '\nlasts = "더 받으시려면 다시 신청하세요."\n'));
    await edit('text.en.toml', (text) =>
      text.replace('Example grant', 'Winter heating grant').replace('\n', '\nlasts = "Apply again to go on receiving it."\n'));
    await see(`${DRAFT}/preview`, 'service-preview');
    assert.equal(await page.locator('main table b.is-yes').count(), 3, 'all cases are green');
    await send(`${DRAFT}/preview#try`, { 'fact-0': '70' });
    assert.match(await page.locator('#decided').innerText(), /100,000/);
    await look('service-tried');
    // Before it is published: for whom it changes what, over made persons.
    await visitor.go(`${DRAFT}/population`);
    const begun = performance.now();
    while (visitor.visit.status === 202 || !visitor.visit.status) {
      assert.ok(performance.now() - begun < 60_000, 'the persons are made');
      await new Promise((done) => setTimeout(done, 50));
    }
    await visitor.settled();
    await look('service-population');
    await send(`${DRAFT}/population`, { on: '' });
    assert.ok((await page.locator('main .figures .big').count()) >= 2, 'how many, and what it costs');
    assert.equal(await page.locator('main .boards.three table').count(), 3, 'by place, age and income');
    await look('service-changes');
    await see(`${DRAFT}/publish`, 'service-publish');
    await send(`${DRAFT}/publish`, { verb: 'publish' });
    assert.equal(await page.locator('form[action$="/approve"]').count(), 0, 'nobody approves their own');
    await look('service-asked');

    await as('saebyeok');
    await see('/admin/services', 'services');
    await see(DRAFT, 'service-read');
    assert.equal(await page.locator('textarea').count(), 0, 'a manager reads');
    await see(`${DRAFT}/publish`, 'service-to-approve');
    await send(`${DRAFT}/publish/1/approve`);
    await look('service-approved');

    await as('daon');
    const title = say === 'ko' ? '겨울 난방비' : 'Winter heating grant';
    await visitor.go(`/services?q=${encodeURIComponent(title)}`);
    assert.ok(await page.locator('a[href="/services/winter-heating"]').count(), 'it is found');
    await see('/services/winter-heating', 'service-of-page');
    assert.match(await page.locator('aside').first().innerText(), /100,000/, 'the amount that is hers');
    await send('/services/winter-heating/file');
    const id = visitor.path.match(/^\/cases\/([^/]+)/)[1];
    await visitor.go(`/cases/${id}/form/account`);
    for (const text of ['우체국', '11048210937711']) typed(text);
    await page.locator('[name="bank"]').fill('우체국');
    await page.locator('[name="account-number"]').fill('11048210937711');
    await visitor.leave(() => page.locator('main form:has([name="bank"]) button[type="submit"]').first().click());
    await visitor.go(`/cases/${id}/check`);
    await send(`/cases/${id}/submit`, { confirmed: 'yes' });
    assert.equal(visitor.path, `/cases/${id}`);

    await as('haneul');
    await visitor.go(`/desk/cases/${id}`);
    await send(`/cases/${id}/assign`);
    await visitor.go(`/desk/cases/${id}`);
    await send(`/cases/${id}/grant`);
    await see(`/desk/cases/${id}/owed`, 'service-owed');
    await as('daon');
    await see(`/cases/${id}`, 'service-granted');
    assert.match(await page.locator('main').innerText(), /100,000/);
    assert.equal(await page.locator('#ends').count(), 1, 'until when it lasts');
    await see('/reminders', 'service-coming');
    assert.equal(await page.locator(`main a[href="/cases/${id}"]`).count(), 1, 'it stands among what comes due');
    await visitor.go(`/cases/${id}`);
    await send('/services/winter-heating/file');
    const next = visitor.path.match(/^\/cases\/([^/]+)/)[1];
    assert.notEqual(next, id);
    await see(`/cases/${next}/check`, 'service-again');
    assert.match(await page.locator('main').innerText(), /우체국/, 'answered already');

    // A number of the law: announced, held against the population, approved by a second person.
    await as('sarang');
    const number = `/admin/parameters/${encodeURIComponent('수원출산지원금')}`;
    await see('/admin/parameters', 'numbers');
    await see(number, 'number');
    await send(number, { 'number-1': '0.5' });
    await look('number-wrong', 422);
    const values = { from: '2099-01-01', 'number-1': '700,000', source: '수원시 고시 제2098-1호' };
    await send(number, values);
    await look('number-asked');
    assert.match(await page.locator('main').innerText(), /\+40%/, 'by how much it changes');
    assert.equal(await page.locator('form[action$="/approve"]').count(), 0, 'nobody approves their own');
    await visitor.go(`${number}/population`);
    await send(`${number}/population`);
    assert.equal(await page.locator('main .boards.three table').count(), 3, 'by place, age and income');
    await look('number-population');
    await as('saebyeok');
    await see(number, 'number-to-approve');
    await send(`${number}/1/approve`);
    assert.match(await page.locator('main').innerText(), /700,000/);
    await look('number-approved');

    await as('sarang');
    await visitor.go(`${DRAFT}/publish`);
    await send(`${DRAFT}/publish`, { verb: 'end' });
    await as('saebyeok');
    await visitor.go(`${DRAFT}/publish`);
    await send(`${DRAFT}/publish/2/approve`);
    await look('service-ended');
    await as('daon');
    await visitor.go(`/services?q=${encodeURIComponent(title)}`);
    assert.equal(await page.locator('a[href="/services/winter-heating"]').count(), 0, 'nobody finds it any more');
  } catch (error) {
    await visitor.picture('broke-here').catch(() => {});
    error.message = `on ${visitor.path}: ${error.message}\n${faults.join('\n')}`;
    throw error;
  } finally {
    await visitor.close();
    await maru.stop();
  }
  const told = [...new Set(faults)];
  assert.equal(told.length, 0, `${told.length} faults\n${told.join('\n')}`);
}
