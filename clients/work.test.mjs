// Documents and their approval lines in a real browser without scripts: one is written, sent back, revised, signed by a deputy and on delegation,
// numbered, sealed, taken in hand by another unit and found again; others are signed several at once. Every page goes through the judges.
import assert from 'node:assert/strict';
import { Caller } from './caller.mjs';
import { Maru } from './maru.mjs';
import { Visitor } from './visitor.mjs';
import { hands, language, signIn, signOut, walks } from './walk.mjs';

walks('work', walk, 240_000);

const SAID = {
  ko: { title: '생활 실태 조사 계획', body: '다음과 같이 조사하고자 합니다.\n\n1. 때: 10월 14일\n2. 곳: 나루동 일대', why: '조사하는 날을 다시 정해 주십시오.', word: '잘 살폈습니다.', right: '봉인이 맞습니다', more: '둘째 문서', head: '과장', leader: '팀장' },
  en: { title: 'Plan of a survey', body: 'We mean to survey as follows.\n\n1. When: 14 October\n2. Where: around Naru-dong', why: 'Please choose another day.', word: 'Looked at with care.', right: 'The seal is right', more: 'A second document', head: 'Head', leader: 'Team leader' },
};

async function walk(browser, say, width) {
  const name = `work-${say}-${width}`;
  const said = SAID[say];
  const maru = await Maru.start(name);
  const visitor = await Visitor.open(browser, { url: maru.url, language: say, scripts: false, width, name });
  const { page } = visitor;
  const faults = [];
  const { look, see, send } = hands(visitor, faults);
  const become = async (user, first = false) => {
    if (!first) await signOut(visitor);
    await signIn(visitor, user);
  };
  const main = () => page.locator('main').innerText();
  try {
    await language(visitor);
    await become('haneul', true);
    await see('/documents', 'none');
    for (const tab of ['mine', 'done', 'sent']) await see(`/documents?box=${tab}`, `none-${tab}`);
    await see('/documents/archive', 'archive-none');
    await see('/documents/new', 'new');
    await send('/documents/new', { title: '', body: said.body });
    assert.equal(await page.locator('#body').inputValue(), said.body, 'what was typed is still there');
    await look('new-wrong', 422);
    await send('/documents/new', { title: said.title, body: said.body, recipient: 'jeonju-livelihood' });
    const line = visitor.path;
    const open = line.replace(/\/line$/, '');
    await look('line-empty');
    await send(`${open}/line`);
    await look('line-nobody', 422);
    for (const [person, kind] of [['official-gureum', 'approve'], ['official-garam', 'review'], ['official-isul', 'cosign']]) await send(`${open}/line`, { person, kind });
    await visitor.go(`${line}?q=${encodeURIComponent('새벽')}`);
    await send(`${open}/line`, { person: 'official-saebyeok', kind: 'beside' });
    await look('line');
    await see(open, 'draft');
    await send(`${open}/submit`);
    await look('submitted');
    await see('/documents?box=mine', 'mine');

    await become('garam');
    await see('/documents', 'waiting');
    await see(open, 'my-turn');
    await send(`${open}/reject`, { reasons: '' });
    assert.ok(await page.locator('#reasons').isVisible(), 'the fold is open');
    await look('reasons-needed', 422);
    await send(`${open}/reject`, { reasons: said.why });
    await look('sent-back');

    await become('haneul');
    await see('/documents', 'returned');
    await visitor.go(`${open}/edit`);
    await send(`${open}/edit`, { body: `${said.body}\n3. ${said.why}` });
    await look('revised');
    await send(`${open}/submit`);

    // The last is away; the reviewer is the deputy, and both names stand on the stamp.
    await become('gureum');
    await see('/documents/away', 'away-none');
    await send('/documents/away', { kind: 'deputy', taker: 'official-garam', from: '2026-10-09', until: '2026-10-08' });
    await look('away-wrong', 422);
    await send('/documents/away', { kind: 'deputy', taker: 'official-garam', from: '2026-10-07', until: '2026-10-08' });
    await send('/documents/away', { kind: 'decide', taker: 'official-isul', from: '2026-10-07', until: '2026-12-31' });
    await look('away');
    await become('garam');
    await visitor.go(open);
    await send(`${open}/sign`, { comment: said.word });
    await look('reviewed');
    for (const user of ['isul', 'saebyeok']) {
      await become(user);
      await visitor.go(open);
      await send(`${open}/sign`);
    }
    await become('garam');
    await see('/documents', 'waiting-as-deputy');
    await see(open, 'my-turn-as-deputy');
    await send(`${open}/sign`);
    assert.ok((await main()).includes(said.right), 'sealed');
    await look('completed');
    await see('/documents?box=done', 'done');
    const [number] = (await main()).match(/\S+ ?생활보장팀-2026-1/) ?? [];
    assert.ok(number, 'numbered');

    await become('handeul');
    await see('/documents?box=sent', 'sent');
    await visitor.go(open);
    await send(`${open}/receive`);
    await look('received');
    await see('/documents/archive?q=2026-1', 'archive');
    assert.ok((await main()).includes(said.title), 'found by its number');

    // The next document takes the line of the last one, or is thrown away.
    await become('haneul');
    await visitor.go('/documents/new');
    await send('/documents/new', { title: said.more, body: said.body });
    await look('line-offered');
    const next = visitor.path.replace(/\/line$/, '');
    await send(`${next}/line/again`);
    assert.equal(await page.locator('#line + ol > li').count(), 5, 'the drafter and the same four');
    await visitor.go(next);
    await send(`${next}/discard`);
    await look('discarded');

    // By delegation, and several at once: what has been taken back meanwhile does not keep the others.
    const caller = await new Caller(maru.url).signIn('haneul');
    const decided = { person: 'official-isul', kind: 'approve', decides_for: 'official-gureum' };
    const ids = [];
    for (const n of [1, 2, 3]) {
      const { id } = await caller.must(201, 'POST', '/api/v1/documents', { title: `${said.more} ${n}`, body: said.body, line: [decided] });
      await caller.must(200, 'POST', `/api/v1/documents/${id}/submit`);
      ids.push(id);
    }
    await become('isul');
    await visitor.go('/documents');
    await caller.must(200, 'POST', `/api/v1/documents/${ids[1]}/recall`);
    await send('/documents/sign', Object.fromEntries(ids.map((id) => [`sign-${id}-1`, ''])));
    assert.equal(await page.locator('#results + ul > li').count(), 3, 'each is told');
    assert.equal(await page.locator('#results + ul .answer.is-yes').count(), 2);
    await look('several');
    await see(`/documents/${ids[0]}`, 'by-delegation');
    await become('gureum');
    await visitor.go('/documents/away');
    await visitor.leave(() => page.locator('form[action$="/end"] button').first().click());
    await see('/documents', 'back-again');
    await visitor.leave(() => page.locator('form[action$="/acknowledge"] button').first().click());
    await look('acknowledged');

    // The agency's register proposes how a line ends.
    await become('saebyeok');
    await see('/admin/delegations', 'register');
    await send('/admin/delegations', {});
    await look('register-wrong', 422);
    const rule = page.locator('main form', { has: page.locator('[name="matter"][value="internal"]') });
    await rule.locator('[name="whose"]').fill(said.head);
    await rule.locator('[name="decides"]').fill(said.leader);
    await visitor.leave(() => rule.locator('button').click());
    await look('register-kept');
    await see('/admin/documents', 'nothing-left');
    await become('haneul');
    await visitor.go('/documents/new');
    await send('/documents/new', { title: said.more, body: said.body });
    await look('line-proposed');
    const last = visitor.path.replace(/\/line$/, '');
    await visitor.leave(() => page.locator('form:has(input[type="hidden"][name="person"]) button').click());
    await look('line-by-register');
    await visitor.go(last);
    await send(`${last}/submit`);
    await become('garam');
    await visitor.go(last);
    await send(`${last}/reject`, { reasons: said.why });

    // Its drafter leaves; a colleague goes on.
    await become('saebyeok');
    await visitor.go('/admin/officials/official-haneul/end');
    await send('/admin/officials/official-haneul/end', {});
    await see('/admin/documents', 'left');
    await send(`/admin/documents/${last.split('/').at(-1)}/hand-over`, { to: 'official-garam' });
    assert.equal(await page.locator(`form[action*="${last.split('/').at(-1)}"]`).count(), 0, 'handed over');
    await become('garam');
    await see(last, 'taken-over');
    assert.deepEqual(faults, []);
  } catch (error) {
    if (faults.length) console.error(faults.join('\n'));
    await visitor.picture('broke-here').catch(() => {});
    throw error;
  } finally {
    await visitor.close();
    await maru.stop();
  }
}
