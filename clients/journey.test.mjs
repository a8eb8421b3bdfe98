// The first journey, whole: a benefit found, understood, applied for, decided and told. In Korean and English, with and
// without scripts, on a phone and on a desk. Every page on the way goes through the judges.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Maru } from './maru.mjs';
import { launch, Visitor } from './visitor.mjs';
import { apply, counts, language, looker, signIn, signOut, submit, total } from './walk.mjs';
import { checkDigitHolds, GRANT_REASON, PEOPLE, SERVICE, TEXT, TITLES } from './words.mjs';

const LARGEST_FIRST_VISIT = 50_000;

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

for (const language_ of ['ko', 'en']) {
  for (const scripts of [false, true]) {
    for (const width of [390, 1280]) {
      const name = `${language_}-${scripts ? 'scripts' : 'plain'}-${width}`;
      test(name, { timeout: 300_000 }, (t) => journey(t, { name, language: language_, scripts, width }));
    }
  }
}

async function journey(t, options) {
  const maru = await Maru.start(options.name);
  const faults = [];
  const visitor = await Visitor.open(browser, { ...options, url: maru.url });
  try {
    const look = looker(visitor, faults);
    const weight = await walk(t, visitor, look, maru);
    t.diagnostic(`${options.name}: ready after ${Math.round(maru.readyAfter)} ms, first visit ${weight} bytes`);
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

async function walk(t, visitor, look, maru) {
  const { page } = visitor;
  const say = visitor.language;

  // The first page anybody sees is light.
  await visitor.go('/');
  const weight = await visitor.weight();
  assert.ok(weight <= LARGEST_FIRST_VISIT, `${weight} bytes on the first visit`);
  await language(visitor);
  await visitor.go('/sign-in');
  await look('sign-in');
  for (const about of ['/accessibility', '/privacy', '/design']) {
    await visitor.go(about);
    await look('other');
  }

  // 1 · sign in, 2 · my services
  await signIn(visitor, PEOPLE.resident);
  await visitor.go('/');
  await look('home');
  const home = await visitor.weight();
  assert.ok(home <= LARGEST_FIRST_VISIT, `${home} bytes for my services`);
  const first = await counts(visitor);
  const all = await total(visitor);
  assert.equal(first.yes + first.unknown + first.no, all, 'the counts add up to the whole catalogue');
  assert.ok(all >= 8_255, `${all} services`);

  const question = page.locator('form[action^="/questions"]').first();
  assert.equal(await question.count(), 1, 'one question');
  const fact = question.locator('input[type="radio"][value="no"], input[type="radio"]').first();
  if (await fact.count()) await fact.check();
  else await question.locator('input[type="number"], input[inputmode="numeric"], input[type="text"]').first().fill('1');
  await visitor.leave(() => question.locator('button[type="submit"]').first().click());
  if (visitor.path !== '/') await visitor.go('/');
  const second = await counts(visitor);
  assert.ok(second.unknown < first.unknown, `an answer settles something: ${first.unknown} were unknown, now ${second.unknown}`);
  assert.equal(second.yes + second.unknown + second.no, all);
  t.diagnostic(`unknown ${first.unknown} → ${second.unknown} of ${all}`);

  for (const answer of ['yes', 'unknown', 'no']) {
    await visitor.go(`/services/mine?answer=${answer}`);
    await look('mine');
  }
  // The reasons of an answer: the condition, my value, and who says so.
  await visitor.go('/services/mine?answer=yes');
  const mine = page.locator(`main a[href^="/services/"]:not([href*="?"]):not([href$="/${SERVICE.id}"])`).first();
  await visitor.leave(() => mine.click());
  await look('other');
  assert.ok((await page.locator('main ul.cond > li').count()) > 0, `reasons on ${visitor.path}`);

  // 3 · find by words
  await visitor.go('/services?q=' + encodeURIComponent('생계급여'));
  await look('search');
  await visitor.leave(() => page.locator(`main a[href^="/services/${SERVICE.id}"]`).first().click());
  await look('service');
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
  const row = page.locator(`main a[href="/desk/cases/${id}"]`).first();
  assert.equal(await row.count(), 1, `the case ${receipt} is on the desk`);
  assert.match(await page.locator('main').innerText(), new RegExp(receipt));
  await visitor.go(`/desk/cases/${id}`);
  await look('desk_case');
  const assign = page.locator(`form[action="/cases/${id}/assign"] button[type="submit"]`).first();
  if (await assign.count()) {
    await visitor.leave(() => assign.click());
    await visitor.go(`/desk/cases/${id}`);
  }
  const grant = page.locator(`form[action="/cases/${id}/grant"]`).first();
  const reason = grant.locator('textarea, input[type="text"]').first();
  if (await reason.count()) await reason.fill(GRANT_REASON[say]);
  await visitor.leave(() => grant.locator('button[type="submit"]').first().click());
  await visitor.go(`/desk/cases/${id}`);
  await look('desk_case');
  await signOut(visitor);

  // 6 · told, 7 · who looked
  await signIn(visitor, PEOPLE.resident);
  await visitor.go(`/cases/${id}`);
  await look('case');
  const told = await page.locator('main').innerText();
  assert.match(told, TEXT.granted[say]);
  assert.ok((await page.locator('main ol.line > li').count()) >= 2, 'a timeline');
  await letter(visitor, maru, look, receipt);
  await visitor.go('/me');
  await look('me');
  await visitor.go('/me/accesses');
  await look('accesses');
  const accesses = await page.locator('main').innerText();
  assert.match(accesses, new RegExp(receipt), 'an access names the case it was for');
  return weight;
}

/** The result is in the inbox, and by mail, and says where to object. */
async function letter(visitor, maru, look, receipt) {
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
  await look('message');
  const text = await page.locator('main').innerText();
  assert.match(text, new RegExp(receipt));
  assert.match(text, TEXT.objection[visitor.language]);
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
