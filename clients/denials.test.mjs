// What must not work: other people's cases, other agencies' officials, forged and replayed forms, nobody signed in.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { prepared } from './file.mjs';
import { judge } from './judge.mjs';
import { Maru } from './maru.mjs';
import { Plain } from './plain.mjs';
import { launch, Visitor } from './visitor.mjs';
import { PEOPLE, RECEIPT, TITLES } from './words.mjs';

let maru, browser, mine, kase, receipt;
before(async () => {
  maru = await Maru.start('denials');
  browser = await launch();
  mine = await new Plain(maru.url).signIn(PEOPLE.resident);
  kase = await prepared(mine);
});
after(async () => {
  await browser?.close();
  await maru?.stop();
});

test('a form with a forged or missing secret is refused and changes nothing', async () => {
  for (const csrf of ['0'.repeat(32), undefined, '']) {
    const answer = await mine.post(kase.submit.action, { ...kase.submit.fields, csrf });
    assert.equal(answer.status, 403, `csrf ${csrf}`);
  }
  const stranger = await new Plain(maru.url).signIn(PEOPLE.other);
  const theirs = (await stranger.form('/', '/sign-out')).fields.csrf;
  assert.equal((await mine.post(kase.submit.action, { ...kase.submit.fields, csrf: theirs })).status, 403, 'somebody else’s secret');
  const page = await mine.get(`/cases/${kase.id}/check`);
  assert.ok(Plain.forms(page.text).some(({ action }) => action.endsWith('/submit')), 'still to be submitted');
});

test('a form sent from another site is refused', async () => {
  const answer = await mine.post(kase.submit.action, kase.submit.fields, { headers: { origin: 'https://other.invalid', 'sec-fetch-site': 'cross-site' } });
  assert.equal(answer.status, 403);
});

test('a replayed submission gives the same receipt and no second case', async () => {
  const answers = await Promise.all([0, 1, 2].map(() => mine.post(kase.submit.action, kase.submit.fields)));
  for (const answer of answers) assert.equal(answer.status, 303, answer.text.slice(0, 200));
  const receipts = new Set();
  for (const { to } of answers) receipts.add((await mine.get(to)).text.match(RECEIPT)?.[0]);
  assert.equal(receipts.size, 1);
  [receipt] = receipts;
  assert.ok(receipt);
  const again = await mine.post(kase.submit.action, kase.submit.fields);
  assert.equal((await mine.get(again.to ?? `/cases/${kase.id}`)).text.match(RECEIPT)?.[0], receipt);
  const list = (await mine.get('/cases')).text;
  assert.equal(new Set(list.match(new RegExp(RECEIPT, 'g'))).size, 1);
});

test('somebody else’s case does not exist for me', async () => {
  const stranger = await new Plain(maru.url).signIn(PEOPLE.other);
  for (const path of ['', '/form', '/form/home', '/check']) {
    const answer = await stranger.ask(`/cases/${kase.id}${path}`);
    assert.equal(answer.status, 404, `/cases/…${path}`);
    assert.ok(!answer.text.includes(receipt), 'nothing of it is shown');
  }
  const { csrf } = (await stranger.form('/', '/sign-out')).fields;
  for (const verb of ['submit', 'withdraw', 'form/home']) {
    assert.equal((await stranger.post(`/cases/${kase.id}/${verb}`, { csrf })).status, 404, verb);
  }
  const unknown = await stranger.ask('/cases/there-is-no-such-case');
  assert.equal(unknown.status, 404);
  const messages = (await mine.get('/messages')).text.match(/\/messages\/[\w-]+/g) ?? [];
  for (const path of new Set(messages)) assert.equal((await stranger.ask(path)).status, 404, 'somebody else’s message');
});

test('a resident is no official', async () => {
  for (const path of ['/desk', `/desk/cases/${kase.id}`]) {
    assert.ok([403, 404].includes((await mine.ask(path)).status), path);
  }
  const { csrf } = (await mine.form('/', '/sign-out')).fields;
  for (const verb of ['assign', 'grant', 'refuse']) {
    const answer = await mine.post(`/cases/${kase.id}/${verb}`, { csrf, reason: 'x', note: 'x' });
    assert.ok([403, 404].includes(answer.status), `${verb}: ${answer.status}`);
  }
});

test('an official of another agency sees and does nothing', async () => {
  assert.equal((await (await new Plain(maru.url).signIn(PEOPLE.official)).ask(`/desk/cases/${kase.id}`)).status, 200, 'the one who decides sees it');
  const official = await new Plain(maru.url).signIn(PEOPLE.officialElsewhere);
  const answer = await official.ask(`/desk/cases/${kase.id}`);
  assert.ok([403, 404].includes(answer.status), `${answer.status}`);
  assert.ok(!answer.text.includes(receipt), 'nothing of it is shown');
  assert.ok(!(await official.get('/desk')).text.includes(receipt), 'not on the desk');
  assert.ok(!(await official.get(`/desk?q=${receipt}`)).text.includes(`/desk/cases/${kase.id}`), 'not by its number either');
  const { csrf } = (await official.form('/desk', '/sign-out')).fields;
  for (const verb of ['assign', 'grant', 'refuse']) {
    const done = await official.post(`/cases/${kase.id}/${verb}`, { csrf, reason: 'x', note: 'x' });
    assert.ok([403, 404].includes(done.status), `${verb}: ${done.status}`);
  }
  for (const who of [official, await new Plain(maru.url).signIn(PEOPLE.official)]) {
    assert.ok([403, 404].includes((await who.ask(`/cases/${kase.id}`)).status), 'nor the resident’s own page');
  }
});

test('nobody signed in is asked to, and brought back', async () => {
  const nobody = new Plain(maru.url);
  const path = `/cases/${kase.id}`;
  const answer = await nobody.ask(path);
  assert.equal(answer.status, 303);
  assert.match(answer.to, /^\/sign-in\?to=/);
  assert.equal((await nobody.signIn(PEOPLE.resident, path)).sentTo, path);
  for (const to of ['https://other.invalid/', '//other.invalid/', '/\\other.invalid', 'javascript:alert(1)']) {
    const away = await new Plain(maru.url).signIn(PEOPLE.other, to);
    assert.match(away.sentTo ?? '/', /^\/(?![/\\])/, `sent away to ${away.sentTo}`);
  }
});

test('an address that is no address is refused in words', async () => {
  for (const path of ['/cases/%FF', '/services/%00', '/services/..%2f..%2fetc', `/services/${'x'.repeat(5000)}`, '/services?q=%E0%A4', '/services/mine?answer=maybe', '/services?page=-1', '/services?page=99999999999999999999', `/services?q=${'가'.repeat(2000)}`, '/view/other', '/language/xx']) {
    const { status, text } = await mine.ask(path);
    assert.ok(status < 500, `${path.slice(0, 60)} answers ${status}`);
    if (status >= 400) assert.match(text, /<h1/, `${path.slice(0, 60)}: ${text.slice(0, 100)}`);
  }
  for (const [path, body, type] of [['/sign-in', 'x'.repeat(3_000_000), 'application/x-www-form-urlencoded'], ['/sign-in', '%FF%FE=%', 'application/x-www-form-urlencoded'], ['/questions', '{}', 'application/json'], [`/cases/${kase.id}/form/home`, 'home-kind=%FF', 'application/x-www-form-urlencoded']]) {
    const { status } = await mine.ask(path, { method: 'POST', body, headers: { 'content-type': type, origin: maru.url } });
    assert.ok(status >= 400 && status < 500, `${path} with ${body.slice(0, 20)} answers ${status}`);
  }
  assert.equal((await fetch(`${maru.url}/healthz`)).status, 200);
});

test('a session ends when its person signs out', async () => {
  const gone = await new Plain(maru.url).signIn(PEOPLE.other);
  const kept = new Map(gone.cookies);
  const form = await gone.form('/', '/sign-out');
  await gone.post(form.action, form.fields);
  gone.cookies = kept;
  assert.equal((await gone.ask('/cases')).status, 303, 'the old cookie opens nothing');
});

test('guessing passwords is slowed down', async () => {
  const guesser = new Plain(maru.url);
  const { fields } = await guesser.form('/sign-in', /sign-in|^$/);
  const seen = [];
  for (let tries = 0; tries < 14; tries += 1) {
    seen.push(await guesser.post('/sign-in', { ...fields, name: 'nobody-of-that-name', password: `guess ${tries}` }));
  }
  assert.notEqual(seen[0].status, 429);
  assert.equal(seen.at(-1).status, 429, 'after many tries it has to wait');
  assert.ok(TITLES.wait.ko.test(seen.at(-1).text.match(/<h1[^>]*>([^<]*)/)[1].trim()));
});

test('pages about errors are good pages too', async () => {
  const plain = new Plain(maru.url);
  await plain.signIn(PEOPLE.other);
  for (const language of ['ko', 'en']) {
    for (const width of [390, 1280]) {
      const visitor = await Visitor.open(browser, { url: maru.url, language, scripts: false, width, name: `errors-${language}-${width}` });
      await visitor.context.addCookies([...plain.cookies].map(([name, value]) => ({ name, value, url: maru.url })));
      await visitor.go(`/language/${language}`);
      for (const [path, name, status] of [['/there/is/no/such/page', 'not_found', 404], [`/cases/${kase.id}`, 'not_found', 404], ['/desk', 'not_yours', 403]]) {
        await visitor.go(path);
        assert.deepEqual(await judge(visitor, { h1: TITLES[name][language], language, status }), [], path);
        await visitor.keep(name);
      }
      await visitor.close();
    }
  }
});

test('answers carry the headers that keep a page to itself', async () => {
  const { headers } = await mine.ask('/');
  const csp = headers.get('content-security-policy') ?? '';
  assert.match(csp, /default-src '(self|none)'/);
  assert.ok(!/unsafe-inline|unsafe-eval/.test(csp), csp);
  assert.match(csp, /frame-ancestors 'none'/);
  assert.match(csp, /form-action 'self'/);
  assert.equal(headers.get('x-content-type-options'), 'nosniff');
  assert.match(headers.get('cache-control') ?? '', /no-store|private/);
  assert.ok(headers.get('referrer-policy'));
  const fresh = await new Plain(maru.url).ask('/sign-in');
  for (const cookie of fresh.headers.getSetCookie()) assert.match(cookie, /HttpOnly/i, cookie.split('=')[0]);
});
