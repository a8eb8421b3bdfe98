// A country at work, everything that it was told written down; and what its rows must say after whatever happened to it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Caller, PAGES } from './caller.mjs';
import { program, typed } from './places.mjs';
import { Plain } from './plain.mjs';
import { rows } from './rows.mjs';
import { PEOPLE, REFUSE_REASON, SERVICE } from './words.mjs';

export const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** Numbers that come again with their seed (mulberry32). */
export function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const OFFICIALS = { haneul: 'official-haneul', garam: 'official-garam', handeul: 'official-handeul' };
/** A letter goes out for each of these. */
const TOLD = { 'case.submitted': 'received', 'case.granted': 'granted', 'case.refused': 'refused' };
const STATE = {
  'case.filed': 'draft', 'case.submitted': 'received', 'case.assigned': 'assigned', 'case.granted': 'granted', 'case.refused': 'refused',
  'case.withdrawn': 'withdrawn',
};
const LIFE = /^filed(,submitted(,assigned)*)?(,withdrawn)?$|^filed,submitted(,assigned)+,(granted|refused)$/;

export class Busy {
  constructor(random) {
    this.random = random;
    /** What people were told of each case. */
    this.cases = new Map();
    this.count = { told: 0, unknown: 0, turned: 0, away: 0 };
    this.faults = [];
    this.rents = 100_000;
    this.desks = Object.fromEntries(Object.keys(OFFICIALS).map((name) => [name, []]));
  }

  /** Everybody signs in; a session that was given must hold from then on, whatever happens. */
  async signIn(url) {
    this.residents = await Promise.all(PEOPLE.applicants.map(async (name) => ({ name, caller: await new Caller(url).signIn(name) })));
    this.officials = await Promise.all(Object.keys(OFFICIALS).map(async (name) => ({
      name, caller: await new Caller(url).signIn(name), plain: await new Plain(url).signIn(name),
    })));
    typed(PAGES.account['account-number']);
  }

  /** The program is at another address now. */
  moved(url) {
    for (const { caller, plain } of [...this.residents, ...this.officials]) {
      caller.url = url;
      if (plain) plain.url = url;
    }
  }

  case(id) {
    if (!this.cases.has(id)) this.cases.set(id, { answers: [], assigned: new Set(), read: {} });
    return this.cases.get(id);
  }

  /** One step; `undefined` if nobody knows how it went. */
  async step(what, ask) {
    let answer;
    try {
      answer = await ask();
    } catch (why) {
      if (this.stopping || this.mayBreak) {
        this.count.unknown += 1;
        await pause(20);
        return undefined;
      }
      this.faults.push(`${what}: ${why.cause?.message ?? why.message}`);
      await pause(20);
      return undefined;
    }
    if (answer.status < 300) this.count.told += 1;
    else if ([403, 404, 409].includes(answer.status)) this.count.turned += 1;
    else if ([429, 503].includes(answer.status) && this.mayBeAway) {
      this.count.away += 1;
      await pause(50);
    } else this.faults.push(`${what}: ${answer.status} ${JSON.stringify(answer.body ?? answer.text).slice(0, 300)}`);
    return answer;
  }

  /** Works until `stop`; several loops for each person. */
  work({ loops = 2 } = {}) {
    this.stopping = false;
    const all = [];
    for (const one of this.residents) for (let n = 0; n < loops; n += 1) all.push(this.apply(one));
    for (const one of this.officials) all.push(this.decide(one));
    return Promise.all(all);
  }

  stop() {
    this.stopping = true;
  }

  async apply({ name, caller }) {
    while (!this.stopping) await this.applyOnce(name, caller);
  }

  /** File, answer, submit, perhaps take it back; answers whether all of it was told. */
  async applyOnce(name, caller, { back = this.random() < 0.5 } = {}) {
    const filed = await this.step(`${name} files`, () => caller.call('POST', '/api/v1/cases', { service: SERVICE.id }));
    if (filed?.status !== 201) return false;
    const { id } = filed.body;
    const kept = this.case(id);
    kept.filed = true;
    const rent = (this.rents += 1);
    const tried = { rent, from: performance.now(), to: Infinity, how: 'unknown' };
    kept.answers.push(tried);
    const pages = { ...PAGES, pay: { ...PAGES.pay, rent: String(rent) } };
    const answered = await this.step(`${name} answers`, () => caller.call('POST', `/api/v1/cases/${id}/answers`, { pages }));
    if (answered) {
      tried.to = performance.now();
      // Page by page: what was refused or broke at a later page may be there from an earlier one.
      if (answered.status === 200) tried.how = 'told';
    }
    if (this.stopping || answered?.status >= 500) return false;
    const submitted = await this.step(`${name} submits`, () => caller.call('POST', `/api/v1/cases/${id}/submit`, { confirmed: true }));
    if (submitted?.status === 200) {
      const { receipt } = submitted.body;
      if (!receipt || (kept.receipt && kept.receipt !== receipt)) this.faults.push(`${id}: receipt ${kept.receipt}, then ${receipt}`);
      kept.receipt = receipt;
      for (const official of name === 'naru' ? ['handeul'] : ['haneul', 'garam']) this.desks[official].push(id);
    }
    if (this.stopping || !back) return submitted?.status === 200;
    const withdrawn = await this.step(`${name} withdraws`, () => caller.call('POST', `/api/v1/cases/${id}/withdraw`));
    if (withdrawn?.status === 200) kept.ended = 'withdrawn';
    return submitted?.status === 200;
  }

  async decide({ name, caller, plain }) {
    while (!this.stopping) {
      const id = this.desks[name].pop();
      if (!id) {
        await pause(5);
        continue;
      }
      const kept = this.case(id);
      const looked = await this.step(`${name} looks`, () => plain.ask(`/desk/cases/${id}`));
      if (looked?.status === 200) kept.read[name] = (kept.read[name] ?? 0) + 1;
      if (this.stopping) break;
      const assigned = await this.step(`${name} takes`, () => caller.call('POST', `/api/v1/cases/${id}/assign`));
      if (assigned?.status === 200) kept.assigned.add(OFFICIALS[name]);
      if (this.stopping || this.random() < 0.3) continue;
      const decided = await this.step(`${name} refuses`, () => caller.call('POST', `/api/v1/cases/${id}/refuse`, { note: REFUSE_REASON.ko }));
      if (decided?.status === 200) kept.ended = 'refused';
    }
  }

  /** Everybody can still do everything: file, answer, submit, take back. */
  async everybodyCan() {
    this.stopping = false;
    for (const { name, caller } of this.residents) {
      let done = false;
      // What is open from before may be beyond answering: then it is taken back first.
      for (let tries = 0; !done && tries < 3; tries += 1) done = await this.applyOnce(name, caller, { back: true });
      assert.ok(done, `${name} can do nothing any more: ${this.faults.join('; ')}`);
    }
  }
}

/**
 * Waits until there is nothing left to do in the background. `leased`: what was taken when the database went stays taken until its
 * lease ends; everything else is done.
 */
export async function settled(place, { within = 40_000, leased = false } = {}) {
  const begun = performance.now();
  for (;;) {
    const [[[jobs, dead, waiting]], [[unplaced]]] = await rows(place, [
      'SELECT count(*), count(dead_at), coalesce(sum(CASE WHEN leased_until = 0 THEN 1 ELSE 0 END), 0) FROM store_job',
      'SELECT count(*) FROM record_access WHERE place IS NULL',
    ]);
    assert.equal(dead, '0', 'a job is dead');
    const over = performance.now() - begun;
    if (unplaced === '0' && (jobs === '0' || (leased && over > 1500))) return;
    if (over > within) {
      const [left] = await rows(place, ['SELECT id, kind, due, attempts, leased_until, error FROM store_job LIMIT 5']);
      assert.fail(`after ${within} ms ${jobs} jobs (${waiting} never tried) and ${unplaced} unplaced entries are left: ${JSON.stringify(left)}`);
    }
    await pause(60);
  }
}

/** Holds the rows against one another and against what people were told; answers what is wrong, in words. */
export async function whole(place, busy, { mail, seen = new Set() }) {
  const [events, cases, open, receipts, messages, attempts, grants, reads, [[links, last]], [[entries]], jobs] = await rows(place, [
    'SELECT aggregate, place, kind, id, body FROM store_event ORDER BY aggregate, place',
    'SELECT id, resident, service, state, receipt, unit, answers FROM case_case',
    'SELECT resident, service, id FROM case_open',
    'SELECT receipt, id FROM case_receipt',
    'SELECT id, case_id, kind FROM message_message',
    `SELECT message, count(*) FROM message_attempt WHERE outcome = 'sent' GROUP BY message`,
    `SELECT grantor, id, ended_at FROM party_grant WHERE id <> 'own'`,
    'SELECT entry FROM record_access',
    'SELECT count(*), max(place) FROM record_link',
    'SELECT count(*) FROM record_access WHERE place IS NOT NULL',
    'SELECT id FROM store_job',
  ]);
  const wrong = [...busy.faults];
  const must = (holds, what) => holds || wrong.push(what);

  const lives = new Map();
  for (const [aggregate, number, kind, id, body] of events) {
    if (!lives.has(aggregate)) lives.set(aggregate, []);
    const life = lives.get(aggregate);
    life.push({ kind, id, body });
    must(Number(number) === life.length, `${aggregate}: event ${life.length} has the number ${number}`);
  }
  const receiptOf = new Map(receipts.map(([receipt, id]) => [id, receipt]));
  const granted = new Map(grants.map(([, id, ended]) => [id, ended]));
  const openOf = new Map(open.map(([resident, service, id]) => [`${resident}/${service}`, id]));
  const readOf = new Map();
  const receiptsRead = new Set();
  for (const [text] of reads) {
    const { actor, purpose, receipt } = JSON.parse(text);
    const key = `${actor.party ?? actor.unit}/${purpose}`;
    readOf.set(key, (readOf.get(key) ?? 0) + 1);
    if (receipt && actor.kind === 'unit') receiptsRead.add(receipt);
  }
  let submitted = 0;
  let opened = 0;
  const there = new Map();
  for (const [id, resident, service, state, receipt, unit, answers] of cases) {
    there.set(id, { state, receipt, answers });
    const life = lives.get(`case/${id}`) ?? [];
    const kinds = life.map(({ kind }) => kind.replace('case.', ''));
    must(LIFE.test(kinds.join()), `${id}: its events are ${kinds}`);
    must(STATE[life.at(-1)?.kind] === state, `${id} is ${state} after ${kinds}`);
    const sent = life.find(({ kind }) => kind === 'case.submitted');
    submitted += Boolean(sent);
    must(Boolean(receipt) === Boolean(sent) && Boolean(unit) === Boolean(sent), `${id}: receipt ${receipt}, unit ${unit} after ${kinds}`);
    if (sent) {
      must(JSON.parse(sent.body).receipt === receipt && receiptOf.get(id) === receipt, `${id}: receipts ${receipt}, ${receiptOf.get(id)}, ${sent.body}`);
      must(granted.has(id), `${id}: submitted without a grant`);
      must(receiptsRead.has(receipt), `${id}: its evidence was read and nobody wrote it down`);
    }
    if (['withdrawn', 'granted', 'refused'].includes(state)) must(!granted.has(id) || granted.get(id), `${id}: ${state}, and its grant has no end`);
    const isOpen = ['draft', 'received', 'assigned'].includes(state);
    opened += isOpen;
    must((openOf.get(`${resident}/${service}`) === id) === isOpen, `${id}: ${state}, open is ${openOf.get(`${resident}/${service}`)}`);
  }
  const lived = [...lives.keys()].filter((aggregate) => aggregate.startsWith('case/'));
  must(lived.length === cases.length, `${lived.length} lives of ${cases.length} cases`);
  for (const [aggregate, life] of lives) {
    if (aggregate.startsWith('case/')) continue;
    const kinds = new Set(life.map(({ kind }) => kind));
    must([...kinds].join() === 'record.changed', `${aggregate}: its events are ${[...kinds]}`);
  }
  must(open.length === opened, `${open.length} open cases, ${opened} in an open state`);
  must(receipts.length === submitted, `${receipts.length} receipt numbers for ${submitted} submitted cases`);

  for (const [id, kept] of busy.cases) {
    const row = there.get(id);
    if (!row) {
      must(!kept.filed && !kept.receipt, `${id}: told, and lost`);
      continue;
    }
    const life = lives.get(`case/${id}`) ?? [];
    if (kept.receipt) must(row.receipt === kept.receipt, `${id}: told the receipt ${kept.receipt}, there is ${row.receipt || 'none'}`);
    if (kept.ended) must(row.state === kept.ended, `${id}: told that it is ${kept.ended}, it is ${row.state}`);
    for (const officer of kept.assigned) {
      must(life.some(({ kind, body }) => kind === 'case.assigned' && JSON.parse(body).officer === officer), `${id}: told that ${officer} has it`);
    }
    for (const [name, times] of Object.entries(kept.read)) {
      const logged = readOf.get(`${OFFICIALS[name]}/${id}`) ?? 0;
      must(logged >= times, `${id}: ${name} saw it ${times} times, ${logged} are written down`);
    }
    const rent = Number(row.answers.match(/"주거\.월세": ?(\d+)/)?.[1] ?? 0);
    const told = kept.answers.filter(({ how }) => how === 'told');
    const one = kept.answers.find((answer) => answer.rent === rent);
    if (told.length) must(one && !told.some(({ from }) => from > one.to), `${id}: told the answers ${told.map((a) => a.rent)}, there is ${rent}`);
    else must(rent === 0 || one, `${id}: the answer ${rent} was never given`);
  }

  // An event that somebody is told of has its letter, or the job that will write it, never both; a letter has gone out or has its job.
  const waiting = new Set(jobs.map(([id]) => id));
  const letters = new Map(messages.map(([id, about, kind]) => [id, { about, kind }]));
  must(letters.size === messages.length, 'a letter is there twice');
  let due = 0;
  for (const [aggregate, life] of lives) {
    for (const { kind, id } of life) {
      if (!TOLD[kind]) continue;
      const letter = letters.get(id);
      const later = waiting.has(`${id}-letters`);
      due += !later;
      if (later) must(!letter, `${aggregate}: a letter about ${kind}, and a job that would write another (${id})`);
      else must(letter && letter.kind === TOLD[kind] && `case/${letter.about}` === aggregate, `${aggregate}: no letter about ${kind} (${id})`);
    }
  }
  must(due === messages.length, `${messages.length} letters about ${due} events`);
  const sent = new Map(attempts);
  const files = new Set(readdirSync(mail).filter((name) => !name.startsWith('.')));
  for (const [id] of messages) {
    const later = jobs.some(([job]) => job.startsWith(`${id}-mail`));
    must(sent.has(id) !== later, `the letter ${id} is ${sent.has(id) ? '' : 'not '}sent, and its job is ${later ? '' : 'not '}there`);
    if (!files.has(`${id}.eml`)) must(!sent.has(id), `the letter ${id} is written down as sent, and no mail is there`);
    else if (!seen.has(id)) {
      const ids = readFileSync(join(mail, `${id}.eml`), 'utf8').match(/^Message-ID: .*$/gim) ?? [];
      must(ids.length === 1 && ids[0].endsWith(`<${id}@maru.invalid>`), `the mail ${id} names itself ${ids}`);
      seen.add(id);
    }
  }
  for (const name of files) must(letters.has(name.replace('.eml', '')), `the mail ${name} belongs to no letter`);
  must(links === entries && (links === '0' || last === links), `${links} links up to ${last} for ${entries} entries`);
  if (!place.postgres) {
    const [[[fine]]] = await rows(place, ['PRAGMA integrity_check']);
    must(fine === 'ok', `integrity_check: ${fine}`);
  }
  return { wrong, events: events.length, cases: cases.length, drafts: [...granted].filter(([id]) => !there.get(id)?.receipt).length };
}

/** `maru audit` finds nothing. */
export function audited({ data, postgres, name }) {
  const args = ['audit', '--data', data, ...(postgres ? ['--database', postgres.address(name)] : [])];
  return new Promise((done, fail) => {
    execFile(program(), args, (why, out, err) => (why ? fail(new Error(`maru audit: ${out.slice(-1000)} ${err.slice(-1000)}`)) : done(out.trim())));
  });
}

