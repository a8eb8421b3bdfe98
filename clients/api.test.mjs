// What scripts count on, and every answer of the catalogue against an oracle that shares no code with the program.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Caller, PAGES } from './caller.mjs';
import { Maru } from './maru.mjs';
import { answer, random, read } from './oracle.mjs';
import { checkDigitHolds, PEOPLE, SERVICE } from './words.mjs';

const MADE_UP = 200;

let maru, facts, catalogue;
before(async () => {
  maru = await Maru.start('api');
  catalogue = read();
});
after(() => maru?.stop());

async function get(path) {
  const reply = await fetch(maru.url + path);
  assert.equal(reply.status, 200, path);
  assert.match(reply.headers.get('content-type'), /^application\/json/);
  return reply.json();
}

async function eligibility(body, status = 200) {
  const reply = await fetch(`${maru.url}/api/v1/eligibility`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await reply.text();
  assert.equal(reply.status, status, text.slice(0, 300));
  return JSON.parse(text);
}

test('the facts are named, with the catalogue’s codes', async () => {
  const found = await get('/api/v1/facts');
  facts = Array.isArray(found) ? found : found.facts;
  const named = Object.fromEntries(facts.map((fact) => [fact.name, fact]));
  for (const name of ['나이', '성별', '거주지', '가구.중위소득비율']) assert.ok(named[name], name);
  const codes = new Set(facts.flatMap((fact) => fact.codes ?? []));
  const restricting = new Set(catalogue.flatMap(({ flags }) => [...flags]).filter((code) => !/^JA(11|12|21|22)|^JA0322$|^JA0410$/.test(code)));
  for (const code of restricting) assert.ok(codes.has(code), `no fact stands for ${code}`);
});

test('eligibility answers in the promised shape', async () => {
  const found = await eligibility({ facts: { 나이: 30 }, limit: 50 });
  assert.deepEqual(Object.keys(found.counts).sort(), ['no', 'unknown', 'yes']);
  assert.ok(found.counts.yes + found.counts.no + found.counts.unknown >= catalogue.length);
  assert.ok(found.services.length > 0 && found.services.length <= 50);
  for (const service of found.services) {
    assert.equal(typeof service.id, 'string');
    assert.match(service.answer, /^(yes|no|unknown)$/);
    assert.ok(Array.isArray(service.reasons));
    if ('amount' in service) assert.ok(service.amount === null || Number.isInteger(service.amount));
  }
  assert.ok(found.next_question && typeof found.next_question === 'object');
  const few = await eligibility({ facts: {}, limit: 3 });
  assert.ok(few.services.length <= 3);
});

test('full answers hold every service, with its id and answer only', async () => {
  const found = await eligibility({ facts: {}, full: true });
  assert.equal(found.services.length, found.counts.yes + found.counts.no + found.counts.unknown);
  assert.deepEqual(Object.keys(found.services[0]).sort(), ['answer', 'id']);
});

test('services are found by words', async () => {
  const found = await get(`/api/v1/services?q=${encodeURIComponent('생계급여')}&limit=5`);
  assert.ok(found.total >= 1 && found.services.length <= 5);
  for (const key of ['id', 'source_id', 'name', 'agency']) assert.ok(key in found.services[0], key);
  assert.equal(found.services[0].source_id, SERVICE.sourceId);
});

test('nonsense is refused in words, not by falling over', async () => {
  for (const body of ['', '{', '[]', '"x"', '{"facts":[]}', '{"facts":{"나이":"많음"}}', '{"facts":{"나이":-1}}', '{"facts":{"나이":1e999}}', '{"facts":{"없는 사실":1}}', '{"facts":{},"limit":-1}', '{"facts":{},"limit":"x"}', '{"facts":{"거주지":"어디에도 없는 곳"}}', `{"facts":${'['.repeat(5000)}}`]) {
    const reply = await fetch(`${maru.url}/api/v1/eligibility`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    assert.ok(reply.status >= 400 && reply.status < 500, `${body.slice(0, 40)} → ${reply.status}`);
    assert.match(reply.headers.get('content-type'), /problem\+json/, body.slice(0, 40));
    const problem = await reply.json();
    assert.ok(problem.status === reply.status, body.slice(0, 40));
    assert.match(`${problem.title}`, /[가-힣]/, 'a title in words');
    assert.match(`${problem.detail}`, /[가-힣]/, 'what is wrong, in words');
  }
  assert.equal((await fetch(`${maru.url}/healthz`)).status, 200);
});

/** What the program calls a service → the catalogue's own id, asked of every service by itself. */
let known;
async function sourceIds(services) {
  if (known) return known;
  known = new Map();
  for (let from = 0; from < services.length; from += 16) {
    const some = services.slice(from, from + 16);
    const found = await Promise.all(some.map(({ id }) => get(`/api/v1/services/${encodeURIComponent(id)}`)));
    found.forEach((service, index) => {
      assert.equal(service.id, some[index].id);
      if (service.source_id) known.set(service.id, service.source_id);
    });
  }
  return known;
}

/** A made-up person: as the API reads them, and as the oracle does. */
function person(below, homes) {
  const sent = {};
  const known = { traits: {} };
  const perhaps = (share) => below(100) < share;
  if (perhaps(80)) sent.나이 = known.age = perhaps(5) ? 100 + below(40) : below(100);
  if (perhaps(70)) {
    known.sex = below(2) ? 'JA0101' : 'JA0102';
    sent.성별 = known.sex === 'JA0101' ? '남성' : '여성';
  }
  if (perhaps(75)) sent.거주지 = known.home = homes[below(homes.length)];
  if (perhaps(70)) sent['가구.중위소득비율'] = known.income = [0, 32, 50, 50.5, 51, 75, 76, 100, 101, 200, 200.1, 350][below(12)];
  const share = [0, 30, 100][below(3)];
  for (const fact of facts.filter(({ kind, codes, group }) => kind === 'boolean' && codes?.length && (group === undefined || ['person', 'household'].includes(group)))) {
    if (!perhaps(share)) continue;
    sent[fact.name] = below(4) === 0;
    for (const code of fact.codes) known.traits[code] = sent[fact.name];
  }
  return { sent, known };
}

test(`all services for ${MADE_UP} people, against the oracle`, { timeout: 300_000 }, async (t) => {
  const below = random(20260710);
  const homes = [...new Set(catalogue.filter(({ agency_type }) => agency_type === '시군구').map(({ agency }) => agency))].sort();
  assert.ok(homes.length > 200);
  const byId = new Map(catalogue.map((service) => [service.source_id, service]));
  const wrong = [];
  let ids;
  let compared = 0;
  let bounded = 0;
  for (let number = 0; number < MADE_UP; number += 1) {
    const { sent, known } = person(below, homes);
    const { services, counts } = await eligibility({ facts: sent, full: true });
    ids ??= await sourceIds(services);
    const sums = { yes: 0, no: 0, unknown: 0 };
    const seen = new Set();
    for (const { id, answer: theirs } of services) {
      sums[theirs] += 1;
      const service = byId.get(ids.get(id));
      if (!service) continue;
      seen.add(service.source_id);
      // What is written in depth has an id of its own, and is answered by its own rules.
      if (!id.startsWith('gov24-')) continue;
      if (service.certain) {
        compared += 1;
        const ours = answer(service, known);
        if (ours !== theirs) wrong.push(`${service.source_id} ${service.name} (${service.agency}): ${theirs}, should be ${ours}, for ${JSON.stringify(sent)}`);
      } else {
        // Where it applies has to be guessed from a name; everything else about it has not.
        bounded += 1;
        const most = answer(service, known, { region: false });
        if ((most === 'no' && theirs !== 'no') || (most === 'unknown' && theirs === 'yes')) {
          wrong.push(`${service.source_id} ${service.name} (${service.agency}): ${theirs}, at most ${most}, for ${JSON.stringify(sent)}`);
        }
      }
    }
    assert.deepEqual(sums, counts, 'the counts count the services');
    assert.equal(seen.size, catalogue.length, `services missing: ${[...byId.keys()].filter((id) => !seen.has(id)).slice(0, 5)}`);
    assert.ok(wrong.length < 20, wrong.join('\n'));
  }
  assert.deepEqual(wrong, []);
  t.diagnostic(`note: ${compared} answers compared, ${bounded} bounded`);
});

test('the service written in depth is answered by its own rules', async () => {
  const nothing = await eligibility({ facts: {}, full: true });
  const ids = await sourceIds(nothing.services);
  const mine = ({ services }) => services.find(({ id }) => ids.get(id) === SERVICE.sourceId)?.answer;
  assert.equal(mine(nothing), 'unknown');
  // The catalogue alone would say no to a rich household and yes to a poor one; the law asks for more than that.
  assert.notEqual(mine(await eligibility({ facts: { 나이: 40, '가구.중위소득비율': 20 }, full: true })), 'no');
});

test('knowing more never turns a yes into a no, or a no into a yes', async () => {
  const below = random(7);
  const homes = [...new Set(catalogue.filter(({ agency_type }) => agency_type === '시군구').map(({ agency }) => agency))].sort();
  for (let number = 0; number < 10; number += 1) {
    const { sent } = person(below, homes);
    const names = Object.keys(sent);
    let before = new Map();
    for (let count = 0; count <= names.length; count += 4) {
      const some = Object.fromEntries(names.slice(0, count).map((name) => [name, sent[name]]));
      const { services } = await eligibility({ facts: some, full: true });
      for (const { id, answer: now } of services) {
        const then = before.get(id) ?? 'unknown';
        assert.ok(then === 'unknown' || then === now, `${id} was ${then} and is ${now} after ${names[count - 1]}`);
      }
      before = new Map(services.map(({ id, answer: now }) => [id, now]));
    }
  }
});

test('the journey by the API: filed, submitted once, refused only with a reason, told, looked at', async () => {
  const resident = await new Caller(maru.url).signIn(PEOPLE.applicants[1]);
  const { id } = await resident.filed();
  assert.equal((await resident.filed()).id, id, 'a second open case is the first one');
  await resident.must(409, 'POST', `/api/v1/cases/${id}/submit`, { confirmed: true });
  await resident.must(422, 'POST', `/api/v1/cases/${id}/answers`, { pages: { ...PAGES, account: { ...PAGES.account, 'account-number': '12' } } });
  await resident.answered();
  await resident.must(422, 'POST', `/api/v1/cases/${id}/submit`, { confirmed: false });
  const { receipt } = await resident.must(200, 'POST', `/api/v1/cases/${id}/submit`, { confirmed: true });
  assert.ok(checkDigitHolds(receipt), receipt);
  assert.equal((await resident.must(200, 'POST', `/api/v1/cases/${id}/submit`, { confirmed: true })).receipt, receipt, 'submitted twice is submitted once');
  const whole = await resident.must(200, 'GET', `/api/v1/cases/${id}`);
  assert.equal(whole.state, 'received');
  assert.ok(whole.due_on > '2026-10-07', whole.due_on);

  const elsewhere = await new Caller(maru.url).signIn(PEOPLE.officialElsewhere);
  for (const [verb, sent] of [['assign'], ['grant', {}], ['refuse', { note: 'Not in charge of this at all.' }]]) {
    const { status } = await elsewhere.call('POST', `/api/v1/cases/${id}/${verb}`, sent);
    assert.ok([403, 404].includes(status), `${verb}: ${status}`);
  }
  const official = await new Caller(maru.url).signIn(PEOPLE.official);
  await official.must(409, 'POST', `/api/v1/cases/${id}/refuse`, { note: 'Somebody has to take it on first.' });
  const desk = await official.must(200, 'GET', '/api/v1/desk');
  assert.ok(JSON.stringify(desk).includes(receipt), 'on the desk');
  await official.must(200, 'POST', `/api/v1/cases/${id}/assign`);
  for (const sent of [{}, { note: '' }, { note: 'too short' }, { note: ' '.repeat(40) }]) {
    await official.must(422, 'POST', `/api/v1/cases/${id}/refuse`, sent);
  }
  await official.must(200, 'POST', `/api/v1/cases/${id}/refuse`, { note: '함께 사는 식구의 소득을 더하면 기준보다 많습니다.' });
  await official.must(409, 'POST', `/api/v1/cases/${id}/grant`, {});
  assert.equal((await resident.must(200, 'GET', `/api/v1/cases/${id}`)).state, 'refused');
  await resident.must(409, 'POST', `/api/v1/cases/${id}/withdraw`);

  const { accesses } = await resident.must(200, 'GET', '/api/v1/me/accesses');
  assert.ok(accesses.some((access) => access.receipt === receipt), 'a look for the case names it');
  const stranger = await new Caller(maru.url).signIn(PEOPLE.other);
  await stranger.must(404, 'GET', `/api/v1/cases/${id}`);
  assert.ok(!JSON.stringify(await stranger.must(200, 'GET', '/api/v1/me/accesses')).includes(receipt));
});

test('withdrawn by the API: gone from the desk, and filed anew afterwards', async () => {
  const resident = await new Caller(maru.url).signIn(PEOPLE.resident);
  const { id, receipt } = await resident.submitted();
  assert.equal((await resident.must(200, 'POST', `/api/v1/cases/${id}/withdraw`)).state, 'withdrawn');
  const official = await new Caller(maru.url).signIn(PEOPLE.official);
  assert.ok(!JSON.stringify(await official.must(200, 'GET', '/api/v1/desk')).includes(receipt));
  for (const [verb, sent] of [['assign'], ['grant', {}]]) {
    const { status } = await official.call('POST', `/api/v1/cases/${id}/${verb}`, sent);
    assert.ok([403, 404, 409].includes(status), `${verb}: ${status}`);
  }
  assert.notEqual((await resident.filed()).id, id);
});

test('a token opens nothing after signing out, and none opens nothing at all', async () => {
  const caller = await new Caller(maru.url).signIn(PEOPLE.other);
  await caller.must(200, 'GET', '/api/v1/cases');
  await caller.must(204, 'DELETE', '/api/v1/sessions');
  await caller.must(401, 'GET', '/api/v1/cases');
  await new Caller(maru.url).must(401, 'GET', '/api/v1/me/services');
  const wrong = await new Caller(maru.url).call('POST', '/api/v1/sessions', { name: PEOPLE.resident, password: 'not the password' });
  assert.ok([401, 403, 422].includes(wrong.status), `${wrong.status}`);
  assert.match(JSON.stringify(wrong.body.errors), /비밀번호/, 'what is wrong, in words');
});
