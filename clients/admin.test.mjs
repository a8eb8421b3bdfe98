// The administration in a real browser, without scripts: an operator makes an agency, a unit and an official; the official
// chooses a password, works, is moved and goes. Every page on the way goes through the judges.
import assert from 'node:assert/strict';
import { Maru } from './maru.mjs';
import { typed } from './places.mjs';
import { Visitor } from './visitor.mjs';
import { hands, language, signIn, signOut, walks } from './walk.mjs';

walks('administration', walk);

async function walk(browser, say, width) {
  const name = `admin-${say}-${width}`;
  const maru = await Maru.start(name);
  const visitor = await Visitor.open(browser, { url: maru.url, language: say, scripts: false, width, name });
  const { page } = visitor;
  const faults = [];
  const { look, see, send } = hands(visitor, faults);
  try {
    await language(visitor);
    await signIn(visitor, 'onnuri');
    assert.equal(visitor.path, '/admin');
    await look('overview');
    for (const place of ['agencies', 'officials', 'jobs', 'edge', 'ledger', 'log']) await see(`/admin/${place}`, place);
    await see('/admin/agencies?q=zzzz', 'nothing-found');

    await visitor.go('/admin/edge');
    const limit = page.locator('main form', { has: page.locator('input[name="name"][value="api"]') });
    const set = async (number) => {
      await limit.locator('[name="per_minute"]').fill(number);
      await visitor.leave(() => limit.locator('button').click());
    };
    await set('many');
    assert.equal(await page.locator('#limit-api').getAttribute('aria-invalid'), 'true', 'told at its field');
    await look('edge', 422);
    await set('1,300');
    assert.equal(await page.locator('#limit-api').inputValue(), '1300');
    await see('/admin/edge/keys', 'rotate');
    await send('/admin/edge/keys', {});
    assert.equal(await page.locator('main tbody tr').count(), 2, 'the old key stays for a day');
    await see('/admin/ledger?check=now', 'ledger-checked');

    await see('/admin/catalogue', 'catalogue');
    await see('/admin/holidays', 'holidays');
    await send('/admin/holidays', {});
    await look('holidays', 422);
    const day = { date: '2026-11-11', ko: '임시공휴일', en: 'Temporary public holiday' };
    await send('/admin/holidays', day);
    assert.equal(visitor.path, '/admin/holidays');
    await look('holidays-moving');
    await send('/admin/holidays/2026-11-11/withdraw');
    assert.equal(await page.locator('form[action$="/withdraw"]').count(), 0, 'taken back');

    await see('/admin/agencies/new', 'agency-new');
    await send('/admin/agencies/new', {});
    assert.equal(await page.locator('[role="alert"]').count(), 1, 'what is missing is told');
    await look('agency-new', 422);
    await send('/admin/agencies/new', { ko: '경기도 성남시 (시연)', en: 'Seongnam (demo)', kind: 'local', region: '경기도 성남시' });
    const agency = visitor.path;
    await look('agency');
    await see(`${agency}/units/new`, 'unit-new');
    await send(`${agency}/units/new`, { ko: '복지팀', en: 'Welfare Team', kind: 'livelihood', contact: '000-000-0101' });
    const unit = visitor.path;
    await look('unit');
    await see(`/admin/officials/new?unit=${unit.split('/').at(-1)}`, 'official-new');
    await send('/admin/officials/new', { ko: '고요', en: 'Go Yo', role: 'clerk', user: 'goyo' });
    await look('given');
    const given = await page.locator('#given').innerText();
    typed(given);
    const official = visitor.path.replace('/password', '');
    await see(`${official}/password`, 'renew');
    assert.equal(await page.locator('#given').count(), 0, 'shown once');
    await see(official, 'official');
    await see(`${agency}/end`, 'agency-end-not');
    await signOut(visitor);

    // The official: first a password of their own, then the desk.
    await visitor.go('/sign-in');
    const door = page.locator('main form', { has: page.locator('#password') });
    await door.locator('[name="name"]').fill('goyo');
    await door.locator('#password').fill(given);
    await visitor.leave(() => door.locator('button').click());
    assert.equal(visitor.path, '/me/password');
    await look('password');
    const own = 'quiet as the floor';
    await send('/me/password', { old: given, password: 'short', again: 'short' });
    await look('password', 422);
    await send('/me/password', { old: given, password: own, again: own });
    assert.equal(visitor.path, '/desk');
    await signOut(visitor);

    await signIn(visitor, 'onnuri');
    await visitor.go(official);
    await send(`${official}/move`, { unit: 'suwon-livelihood' });
    await look('moved');
    await see(`${official}/end`, 'official-end');
    await send(`${official}/end`, {});
    await look('ended');
    await see(`${unit}/end`, 'unit-end');
    await send(`${unit}/end`, {});
    await see(`${agency}/end`, 'agency-end');
    await send(`${agency}/end`, {});
    await see('/admin/log', 'log-after');
    assert.ok((await page.locator('main tbody tr').count()) >= 8, 'all of it is in the log');
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
