// The first journey, whole: a benefit found, understood, applied for, decided and told. In Korean and English, with and
// without scripts, on a phone and on a desk. Then what goes otherwise, in the high-contrast view: an application refused, one
// withdrawn. Every page on the way goes through the judges.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Caller } from './caller.mjs';
import { Maru } from './maru.mjs';
import { proven } from './proof.mjs';
import { launch, Visitor } from './visitor.mjs';
import { apply, counts, language, looker, signIn, signOut, submit, total } from './walk.mjs';
import { checkDigitHolds, GRANT_REASON, PEOPLE, REFUSE_REASON, SERVICE, TEXT, TITLES } from './words.mjs';

const LARGEST_FIRST_VISIT = 50_000;
const WIDTHS = [390, 1280];

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

// Two at a time: a browser waits more than it works.
describe('journeys', { concurrency: 2 }, () => {
  for (const language_ of ['ko', 'en']) {
    for (const width of WIDTHS) {
      for (const scripts of [false, true]) {
        const name = `${language_}-${scripts ? 'scripts' : 'plain'}-${width}`;
        test(name, { timeout: 300_000 }, (t) => journey(t, { name, language: language_, scripts, width }, granted));
      }
      const name = `${language_}-clear-${width}`;
      test(name, { timeout: 300_000 }, (t) => journey(t, { name, language: language_, scripts: false, width }, otherwise));
    }
  }
});

async function journey(t, options, walk) {
  const maru = await Maru.start(options.name);
  const faults = [];
  const visitor = await Visitor.open(browser, { ...options, url: maru.url });
  try {
    await walk(t, visitor, looker(visitor, faults), maru);
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

async function granted(t, visitor, look, maru) {
  const { page } = visitor;
  const say = visitor.language;

  // The first page anybody sees is light.
  await visitor.go('/');
  const weight = await visitor.weight();
  assert.ok(weight <= LARGEST_FIRST_VISIT, `${weight} bytes on the first visit`);
  t.diagnostic(`${visitor.name}: ready after ${Math.round(maru.readyAfter)} ms, first visit ${weight} bytes`);
  await language(visitor);
  await visitor.go('/');
  await look('welcome');
  for (const name of ['sign-in', 'accessibility', 'privacy', 'design']) {
    await visitor.go(`/${name}`);
    await look(name);
  }

  // 1 · sign in, 2 · my services
  await signIn(visitor, PEOPLE.resident);
  await visitor.go('/');
  await look('home');
  const home = await visitor.weight();
  assert.ok(home <= LARGEST_FIRST_VISIT, `${home} bytes for my services`);
  await oneQuestion(t, visitor, look);
  for (const answer of ['yes', 'unknown', 'no']) {
    await visitor.go(`/services/mine?answer=${answer}`);
    await look(`mine_${answer}`);
  }
  // The reasons of an answer: the condition, my value, and who says so.
  await visitor.go('/services/mine?answer=yes');
  await visitor.leave(() => page.locator(`main a[href^="/services/gov24-"]`).first().click());
  await look('catalogue');
  assert.ok((await page.locator('main ul.cond > li').count()) > 0, `reasons on ${visitor.path}`);

  // 3 · find by words
  await visitor.go('/services');
  await look('find');
  await visitor.go('/services?q=qqzzxx');
  await look('found_nothing');
  assert.match(await page.locator('main').innerText(), /“qqzzxx”/, 'what was looked for is said');
  await page.locator('main form[role="search"] input[name="q"]').first().fill('생계급여');
  await visitor.leave(() => page.locator('main form[role="search"] button').first().click());
  await look('found');
  await visitor.leave(() => page.locator(`main a[href^="/services/${SERVICE.id}"]`).first().click());
  const conditions = page.locator('main ul.cond > li');
  assert.ok((await conditions.count()) >= 3, 'the conditions with my values');
  assert.match(await page.locator('main').innerText(), TEXT.won[say]);

  // 4 · apply
  await apply(visitor, look);
  const { receipt, id } = await submit(visitor, look);
  assert.ok(checkDigitHolds(receipt), `the check digit of ${receipt}`);
  await signOut(visitor);

  // 5 · the official
  await signIn(visitor, PEOPLE.official, '/desk');
  await visitor.go('/desk');
  await look('desk');
  assert.equal(await page.locator(`main a[href="/desk/cases/${id}"]`).count(), 1, `the case ${receipt} is on the desk`);
  assert.match(await page.locator('main').innerText(), new RegExp(receipt));
  await take(visitor, id, look);
  const grant = page.locator(`form[action="/cases/${id}/grant"]`).first();
  await grant.locator('textarea').fill(GRANT_REASON[say]);
  await visitor.leave(() => grant.locator(`button[formaction="/cases/${id}/grant"]`).click());
  await visitor.go(`/desk/cases/${id}`);
  await look('desk_case');
  await signOut(visitor);

  // 6 · told, 7 · who looked
  await signIn(visitor, PEOPLE.resident);
  await visitor.go(`/cases/${id}`);
  await look('case');
  const told = await page.locator('main').innerText();
  assert.match(told, TEXT.granted[say]);
  assert.ok(told.includes(GRANT_REASON[say]), 'what the official wrote');
  assert.ok((await page.locator('main ol.line > li').count()) >= 3, 'a timeline');
  await letter(visitor, maru, look, { receipt, name: 'granted', wrote: GRANT_REASON[say] });
  await visitor.go('/me');
  await look('me');
  await visitor.go('/me/accesses');
  await look('accesses');
  await whoLooked(visitor, receipt);
}

/** One question; its answer settles something, is kept where it can be seen, and can be taken back. */
async function oneQuestion(t, visitor, look) {
  const { page } = visitor;
  const first = await counts(visitor);
  const all = await total(visitor);
  assert.equal(first.yes + first.unknown + first.no, all, 'the counts add up to the whole catalogue');
  assert.ok(all >= 8_255, `${all} services`);
  const question = page.locator('form[action="/questions"]');
  assert.equal(await question.count(), 1, 'one question');
  const asked = await question.locator('input[name="fact"]').inputValue();

  // No answer is an error that says so.
  await visitor.leave(() => question.locator('button[type="submit"]:not([name])').click());
  assert.equal(await page.locator('[role="alert"]').count(), 1, 'an unanswered question is told');
  await look('home', { status: visitor.visit.status });
  await visitor.go('/');

  const no = question.locator('input[type="radio"][value="no"], input[type="radio"]').first();
  if (await question.locator('input[name="together"]').count()) {
    // Several things on one page: none of the boxes is true, and every number is one.
    const none = question.locator('input[name="none"]');
    if (await none.count()) await none.check();
    for (const number of await question.locator('input[inputmode="decimal"]:visible').all()) await number.fill('1');
  } else if (await no.count()) await no.check();
  else await question.locator('input[name="value"]').fill('1');
  await visitor.leave(() => question.locator('button[type="submit"]:not([name])').click());
  if (visitor.path !== '/') await visitor.go('/');
  const second = await counts(visitor);
  assert.ok(second.unknown < first.unknown, `an answer settles something: ${first.unknown} were unknown, now ${second.unknown}`);
  assert.equal(second.yes + second.unknown + second.no, all);
  assert.notEqual(await question.locator('input[name="fact"]').inputValue(), asked, 'the same is not asked twice');
  t.diagnostic(`unknown ${first.unknown} → ${second.unknown} of ${all}`);

  await visitor.go('/me');
  const answered = page.locator('form[action="/questions"]', { has: page.locator(`input[name="fact"][value="${asked}"]`) });
  assert.equal(await answered.count(), 1, `“${asked}” stands among what I said`);
  await look('me');
  const all_said = page.locator('form[action="/questions"]');
  while (await all_said.count()) await visitor.leave(() => all_said.first().locator('button').click());
  assert.equal(await answered.count(), 0, 'taken back');
  await visitor.go('/');
  assert.deepEqual(await counts(visitor), first, 'everything is as it was before the answer');

  // What is put off is not asked again today.
  await visitor.leave(() => question.locator('button[name="later"]').click());
  if (visitor.path !== '/') await visitor.go('/');
  if (await question.count()) assert.notEqual(await question.locator('input[name="fact"]').inputValue(), asked, 'put off');
}

/** The official opens a case and takes it on. */
async function take(visitor, id, look) {
  const { page } = visitor;
  await visitor.go(`/desk/cases/${id}`);
  await look('desk_case');
  assert.equal(await page.locator('#decide-note').count(), 0, 'only who took a case decides it');
  await visitor.leave(() => page.locator(`form[action="/cases/${id}/assign"] button`).click());
  await visitor.go(`/desk/cases/${id}`);
  await look('desk_case');
}

/** Each reading for the case is there with its receipt, and its proof holds by itself. */
async function whoLooked(visitor, receipt) {
  const { page } = visitor;
  const text = await page.locator('main').innerText();
  assert.match(text, new RegExp(receipt), 'an access names the case it was for');
  const proofs = await page.locator('main a[href^="/me/accesses/"]').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
  assert.ok(proofs.length >= 3, `${proofs.length} proofs`);
  for (const path of [...new Set(proofs)].slice(0, 3)) {
    const answer = await visitor.context.request.get(path);
    assert.equal(answer.status(), 200, path);
    assert.ok(proven(await answer.json()), `the proof of ${path} holds`);
  }
}

/** What goes otherwise, seen in high contrast: refused with its reason, and withdrawn. */
async function otherwise(t, visitor, look, maru) {
  const { page } = visitor;
  const say = visitor.language;
  await language(visitor);
  await visitor.go('/view/clear?to=/sign-in');
  assert.equal(await page.locator('html').getAttribute('data-view'), 'clear');
  await look('sign-in');
  const refusedId = (await (await new Caller(maru.url).signIn(PEOPLE.applicants[1])).submitted()).id;

  await signIn(visitor, PEOPLE.resident);
  for (const [path, name] of [['/', 'home'], ['/services/mine?answer=unknown', 'mine_unknown'], ['/services?q=생계급여', 'found'], ['/design', 'design']]) {
    await visitor.go(path);
    await look(name);
  }
  await apply(visitor, look);
  const { receipt, id } = await submit(visitor, look);

  // Withdrawn: asked first, then done once and for all.
  await visitor.leave(() => page.locator(`main a[href="/cases/${id}/withdraw"]`).click());
  await look('withdraw');
  await visitor.leave(() => page.locator(`form[action="/cases/${id}/withdraw"] button`).click());
  await visitor.go(`/cases/${id}`);
  await look('case');
  assert.match(await page.locator('main').innerText(), TEXT.withdrawn[say]);
  assert.equal(await page.locator(`main a[href="/cases/${id}/withdraw"]`).count(), 0, 'nothing left to withdraw');
  await visitor.go('/cases');
  await look('cases');
  await visitor.go('/me/accesses');
  await look('accesses');
  await signOut(visitor);

  // Refused: not without a reason.
  await signIn(visitor, PEOPLE.official, '/desk');
  await visitor.go('/desk');
  await look('desk');
  const queue = await page.locator('main').innerText();
  assert.ok(!queue.includes(receipt), 'what was withdrawn has left the desk');
  await take(visitor, refusedId, look);
  const form = page.locator('form', { has: page.locator('#decide-note') });
  const refuse = form.locator(`button[formaction="/cases/${refusedId}/refuse"]`);
  for (const [wrote, kept] of [['', ''], [say === 'ko' ? '안 됩니다' : 'no', say === 'ko' ? '안 됩니다' : 'no']]) {
    await form.locator('textarea').fill(wrote);
    await visitor.leave(() => refuse.click());
    assert.equal(visitor.visit.status, 422, `refusing with “${wrote}”`);
    const alert = page.locator('[role="alert"]');
    assert.equal(await alert.count(), 1, 'an error summary');
    assert.match(await alert.innerText(), TEXT.reasonNeeded[say]);
    assert.equal(await form.locator('textarea').inputValue(), kept, 'what was written stays written');
    await look('desk_case', { status: 422 });
  }
  await form.locator('textarea').fill(REFUSE_REASON[say]);
  await visitor.leave(() => refuse.click());
  await visitor.go(`/desk/cases/${refusedId}`);
  await look('desk_case');
  await signOut(visitor);

  await signIn(visitor, PEOPLE.applicants[1]);
  await visitor.go(`/cases/${refusedId}`);
  await look('case');
  const told = await page.locator('main').innerText();
  assert.match(told, TEXT.refused[say]);
  assert.match(told, TEXT.objection[say]);
  assert.ok(told.includes(REFUSE_REASON[say]), 'the reason in words');
  const number = await page.locator('#receipt').innerText();
  await letter(visitor, maru, look, { receipt: number, name: 'refused', wrote: REFUSE_REASON[say] });
  await signOut(visitor);
}

/** The result is in the inbox, and by mail, and says where to object. */
async function letter(visitor, maru, look, { receipt, name, wrote }) {
  const { page } = visitor;
  let link;
  for (let tries = 0; tries < 50; tries += 1) {
    await visitor.go('/messages');
    link = page.locator('main a[href^="/messages/"]');
    if ((await link.count()) >= 2 && maru.letters().length >= 2) break;
    await new Promise((done) => setTimeout(done, 100));
  }
  await look('messages');
  assert.ok((await link.count()) >= 2, 'received and decided are both in the inbox');
  await visitor.leave(() => link.first().click());
  await look(name);
  const text = await page.locator('main').innerText();
  assert.match(text, new RegExp(receipt));
  assert.match(text, TEXT.objection[visitor.language]);
  assert.ok(text.includes(wrote), 'the letter has the official’s words');
  const letters = maru.letters();
  assert.ok(letters.length >= 2, `${letters.length} letters were delivered`);
  assert.ok(letters.some((mail) => readable(mail).includes(receipt)), 'a letter names the case');
}

/** A mail's text, whatever its encoding. */
function readable(mail) {
  const base64 = mail.split(/\r?\n\r?\n/).map((part) => (/^[A-Za-z0-9+/=\r\n]+$/.test(part.trim()) ? Buffer.from(part, 'base64').toString('utf8') : part));
  const quoted = mail.replace(/=\r?\n/g, '').replace(/(=[0-9A-F]{2})+/g, (run) => Buffer.from(run.replaceAll('=', ''), 'hex').toString('utf8'));
  return base64.join('\n') + quoted;
}

test('every page of the journey has a title to be known by', () => {
  for (const [name, titles] of Object.entries(TITLES)) assert.ok(titles.ko && titles.en, name);
});
test('check digits are told apart from wrong ones', () => {
  // ISO 7064 MOD 11,10: the standard's own example, 0794 with check digit 5.
  assert.ok(checkDigitHolds('07945'));
  for (let digit = 0; digit < 10; digit += 1) assert.equal(checkDigitHolds(`0794${digit}`), digit === 5);
});
