// What a machine does to a program: a full disk, one that can only be read, one that fails, a slow one; a database that is gone or does not
// answer; a clock that jumps; too little memory. It goes on as far as it can, says what it cannot do, comes back by itself, and
// loses nothing that it acknowledged.
//
//   MARU_GONE=60      seconds for which the database is away (20)
//   MARU_MEMORY=24    MiB above what the program takes to do nothing (32)
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { audited, Busy, dice, pause, settled, whole } from './busy.mjs';
import { PAGES } from './caller.mjs';
import { Disk } from './disk.mjs';
import { CLOCK, Maru } from './maru.mjs';
import { folder } from './places.mjs';
import { Plain } from './plain.mjs';
import { Postgres } from './postgres.mjs';
import { rows } from './rows.mjs';
import { PEOPLE, SERVICE } from './words.mjs';

const GONE = Number(process.env.MARU_GONE ?? 20) * 1000;
/** A page that takes longer hangs, for whoever waits. */
const FEW_SECONDS = 6_000;
const NOT_NOW = { ko: /<h1[^>]*>\s*잠시 뒤에 다시 열어 주세요/, en: /<h1[^>]*>\s*Please try again in a moment/ };

/** A country with its disk, its database, its people, and one resident with a browser. */
class Country {
  static async start(name, { database, clock = CLOCK, ...rest } = {}) {
    const country = new Country();
    Object.assign(country, { name, database, rest, clock, busy: new Busy(dice(1)), seen: new Set() });
    country.data = mkdtempSync(join(folder('data'), `fault-${name}-`));
    country.mail = join(country.data, 'mail');
    country.disk = new Disk(country.data, { forgets: rest.forgets });
    country.address = database ? await database.database(`fault_${name}`) : undefined;
    country.place = { data: country.data, postgres: database, name: `fault_${name}` };
    if (rest.words) country.disk.now(rest.words);
    await country.run(clock);
    await country.busy.signIn(country.maru.url);
    country.resident = await new Plain(country.maru.url).signIn(PEOPLE.resident);
    country.busy.mayBeAway = true;
    return country;
  }

  async run(clock) {
    this.maru = await Maru.start('fault', {
      data: this.data, mail: this.mail, clock, database: this.address, wrap: this.rest.wrap, env: { ...this.disk.env, RUST_LOG: process.env.RUST_LOG ?? 'warn' },
    });
    if (this.busy.residents) this.busy.moved(this.maru.url);
    if (this.resident) this.resident.url = this.maru.url;
  }

  /** Everything told is there; nothing is half done; what waits for a lease is done after a restart a while later. */
  async hold({ clock = new Date(Date.parse(this.clock ?? new Date().toISOString()) + 600_000).toISOString() } = {}) {
    this.busy.stop();
    this.busy.mayBreak = true;
    await this.working;
    this.busy.mayBreak = false;
    if (clock) {
      assert.equal(await this.maru.stop(), 0, 'it ends by itself when asked');
      await this.run(clock);
    }
    await settled(this.place);
    const found = await whole(this.place, this.busy, this);
    assert.deepEqual(found.wrong, [], found.wrong.slice(0, 10).join('\n'));
    assert.match(await audited(this.place), /, 0 faults,/);
    await this.busy.everybodyCan();
    return found;
  }

  work() {
    this.working = this.busy.work();
  }

  async end() {
    this.busy.stop();
    this.busy.mayBreak = true;
    await this.maru.kill();
    await this.working;
    for (const end of ['', '.taken', '.control', '.disk.log']) rmSync(this.data + end, { recursive: true, force: true });
  }

  /** How long one page takes, and what it answers. */
  async look(path, options = {}) {
    const begun = performance.now();
    const who = options.nobody ? new Plain(this.maru.url) : this.resident;
    const answer = await who.ask(path, { signal: AbortSignal.timeout(60_000), headers: { 'accept-language': options.en ? 'en' : 'ko' } })
      .catch((why) => ({ status: 0, text: String(why.cause ?? why), headers: new Headers() }));
    return { ...answer, took: performance.now() - begun };
  }

  /** Pages that write nothing down. */
  async reads() {
    for (const [path, options] of [['/', { nobody: true }], [`/services/${SERVICE.id}`, { nobody: true }], ['/services?q=생계', { nobody: true }], ['/cases', {}], ['/messages', {}], ['/healthz', { nobody: true }]]) {
      const { status, took, text } = await this.look(path, options);
      assert.ok(status === 200 || (status === 404 && path.startsWith('/services?')), `${path} answers ${status}: ${text.slice(0, 300)}`);
      assert.ok(took < FEW_SECONDS, `${path} took ${Math.round(took)} ms`);
    }
  }

  /** A case taken back or filed, whatever is possible: the first answer that is no answer of before. */
  async refused() {
    const { caller } = this.busy.residents[0];
    for (let tries = 0; tries < 600; tries += 1) {
      const filed = await caller.call('POST', '/api/v1/cases', { service: SERVICE.id });
      if (filed.status === 201) this.busy.case(filed.body.id).filed = true;
      if (filed.status >= 500) return filed;
      const back = await caller.call('POST', `/api/v1/cases/${filed.body.id}/withdraw`);
      if (back.status === 200) this.busy.case(filed.body.id).ended = 'withdrawn';
      if (back.status >= 500) return { ...back, open: filed.body.id };
    }
    return assert.fail('600 cases were taken, and nothing was refused');
  }

  /** The problem and the page that say so. */
  async says() {
    const problem = await this.refused();
    assert.equal(problem.status, 503, JSON.stringify(problem.body));
    assert.match(problem.type, /problem\+json/);
    assert.ok(problem.body.detail?.length > 10, JSON.stringify(problem.body));
    // What a form sends: 503, when to come again, in the reader's language.
    let { open } = problem;
    for (const [lang, title] of Object.entries(NOT_NOW)) {
      let answer = await this.formed(lang, open);
      // A disk that is full for most may have room for one more.
      for (let tries = 0; answer.status === 303 && tries < 100; tries += 1) {
        if (open) Object.assign(this.busy.case(open), { ended: 'withdrawn' });
        ({ open } = await this.refused());
        answer = await this.formed(lang, open);
      }
      const { status, text, headers } = answer;
      assert.equal(status, 503, text.slice(0, 300));
      assert.match(headers.get('retry-after') ?? '', /^\d+$/, 'it says when to come again');
      assert.match(text, title);
    }
  }

  /** Files by a form, or takes back what is open. */
  async formed(lang, open) {
    const cookie = `${[...this.resident.cookies].map(([name, value]) => `${name}=${value}`).join('; ')}`;
    const body = new URLSearchParams({ csrf: this.csrf });
    const answer = await fetch(`${this.maru.url}${open ? `/cases/${open}/withdraw` : `/services/${SERVICE.id}/file`}`, {
      method: 'POST', body, redirect: 'manual', headers: { cookie, origin: this.maru.url, 'accept-language': lang },
    });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  }

  /** The secret of the resident's forms, and no open case: filing is then a write. */
  async ready() {
    const form = await this.resident.form(`/services/${SERVICE.id}`, `/services/${SERVICE.id}/file`);
    this.csrf = form.fields.csrf;
    await this.nothingOpen();
  }

  async nothingOpen() {
    const { caller } = this.busy.residents[0];
    const { id } = await caller.must(201, 'POST', '/api/v1/cases', { service: SERVICE.id });
    await caller.must(200, 'POST', `/api/v1/cases/${id}/withdraw`);
    Object.assign(this.busy.case(id), { filed: true, ended: 'withdrawn' });
  }

  /** By itself, within a few seconds. */
  async recovers(what, within = 10_000) {
    const begun = performance.now();
    const { caller } = this.busy.residents[0];
    for (;;) {
      const filed = await caller.call('POST', '/api/v1/cases', { service: SERVICE.id }).catch(() => ({}));
      if (filed.status === 201) {
        this.busy.case(filed.body.id).filed = true;
        const back = await caller.call('POST', `/api/v1/cases/${filed.body.id}/withdraw`);
        if ([200, 409].includes(back.status)) return Math.round(performance.now() - begun);
      }
      assert.ok(performance.now() - begun < within, `${what}: not back after ${within} ms: ${filed.status} ${JSON.stringify(filed.body)}`);
      await pause(100);
    }
  }
}

for (const words of ['full-all', 'full', 'read-only']) {
  test(`the disk is ${words}`, { timeout: 120_000 }, async (t) => {
    const country = await Country.start(words.replace('-', '_'));
    try {
      await country.ready();
      await country.disk.become(words);
      await country.says();
      country.work();
      for (let times = 0; times < 3; times += 1) {
        await pause(500);
        await country.reads();
      }
      country.busy.stop();
      await country.working;
      await country.disk.become('');
      const back = await country.recovers(words);
      const found = await country.hold();
      t.diagnostic(`note: ${words}: ${country.busy.count.away} steps unavailable, back after ${back} ms, ${found.cases} cases whole`);
    } finally {
      await country.end();
    }
  });
}

test('syncs fail: nothing is acknowledged, and what was is there when the power goes after it', { timeout: 120_000 }, async (t) => {
  const country = await Country.start('sync_fails', { forgets: true });
  try {
    await country.ready();
    const { caller } = country.busy.residents[0];
    const { id } = await caller.must(201, 'POST', '/api/v1/cases', { service: SERVICE.id });
    country.busy.case(id).filed = true;
    await country.disk.become('sync-fails');
    for (let times = 0; times < 20; times += 1) {
      const back = await caller.call('POST', `/api/v1/cases/${id}/withdraw`);
      assert.equal(back.status, 503, `withdrawn without a sync: ${JSON.stringify(back.body)}`);
      const { state } = await caller.must(200, 'GET', `/api/v1/cases/${id}`);
      assert.equal(state, 'draft', 'what was not acknowledged is not shown either');
    }
    await country.reads();
    await country.disk.become('');
    const back = await country.recovers('syncs');
    country.work();
    await pause(1500);
    country.busy.mayBreak = true;
    country.disk.now('cut');
    assert.equal(await country.maru.ended, 137);
    country.disk.now('');
    country.busy.stop();
    await country.working;
    await country.run(new Date(Date.parse(CLOCK) + 300_000).toISOString());
    const found = await country.hold();
    t.diagnostic(`note: syncs fail: 20 steps refused, back after ${back} ms, ${found.cases} cases whole after the power went`);
  } finally {
    await country.end();
  }
});

test('a slow disk: pages that only read stay quick, writes are slow and right', { timeout: 120_000 }, async (t) => {
  const country = await Country.start('slow');
  try {
    await country.ready();
    const quick = [];
    const measure = async () => {
      for (let times = 0; times < 15; times += 1) {
        for (const [path, options] of [['/', { nobody: true }], ['/cases', {}], ['/messages', {}]]) quick.push((await country.look(path, options)).took);
      }
      return quick.splice(0).sort((a, b) => a - b)[Math.floor(45 * 0.9)];
    };
    country.work();
    const before = await measure();
    await country.disk.become('sync-delay 200');
    await pause(500);
    const slow = await measure();
    const told = country.busy.count.told;
    await pause(3000);
    assert.ok(country.busy.count.told > told + 5, 'work goes on');
    assert.ok(slow < Math.max(2 * before, 200), `nine of ten pages took up to ${Math.round(slow)} ms, ${Math.round(before)} ms before`);
    country.busy.stop();
    await country.working;
    const begun = performance.now();
    await country.nothingOpen();
    assert.ok(performance.now() - begun >= 200, 'a write waits for its sync');
    await country.disk.become('');
    await country.hold();
    t.diagnostic(`note: slow disk: nine of ten pages within ${Math.round(slow)} ms (${Math.round(before)} ms before)`);
  } finally {
    await country.end();
  }
});

/** While the database is away every page answers in time: 503, never an error of ours and never signed out. */
async function away(country, until) {
  let longest = 0;
  const wrong = new Map();
  for (const begun = performance.now(); performance.now() - begun < until;) {
    const looks = [['/cases', 503, {}], ['/messages', 503, {}], ['/me', 503, {}], [`/services/${SERVICE.id}`, 503, {}], ['/cases', 503, { en: true }], ['/healthz', 200, { nobody: true }], ['/favicon.svg', 200, { nobody: true }]];
    await Promise.all(looks.map(async ([path, wanted, options]) => {
      const { status, took, text, headers } = await country.look(path, options);
      longest = Math.max(longest, took);
      const fine = status === wanted && (status !== 503 || (/^\d+$/.test(headers.get('retry-after') ?? '') && /<h1/.test(text)));
      if (!fine) wrong.set(`${path} answers ${status}`, (wrong.get(`${path} answers ${status}`) ?? 0) + 1);
    }));
    await pause(300);
  }
  return { longest, wrong: [...wrong].map(([what, times]) => `${what} (${times} times)`) };
}

for (const how of ['gone', 'paused']) {
  test(`the database is ${how} for ${GONE / 1000} s`, { timeout: 120_000 + 2 * GONE }, async (t) => {
    const database = await Postgres.start();
    let country;
    try {
      country = await Country.start(how, { database });
      await country.ready();
      country.work();
      await pause(500);
      country.busy.mayBreak = true;
      if (how === 'gone') await database.stop('fast');
      else database.pause();
      const { longest, wrong } = await away(country, GONE);
      if (how === 'gone') await database.start();
      else database.resume();
      const back = await country.recovers(`the database was ${how}`);
      assert.deepEqual(wrong, [], wrong.join('; '));
      assert.ok(longest < FEW_SECONDS, `a page took ${Math.round(longest)} ms`);
      const found = await country.hold();
      t.diagnostic(`note: database ${how}: pages answered within ${Math.round(longest)} ms, back after ${back} ms, ${country.busy.count.away} steps unavailable, ${found.cases} cases whole`);
    } finally {
      await country?.end();
      database.remove();
    }
  });
}

test('the clock goes back an hour and forward again', { timeout: 180_000 }, async (t) => {
  const offset = Math.round((Date.parse(CLOCK) - Date.now()) / 1000);
  const country = await Country.start('clock', { clock: null, words: `clock ${offset}` });
  try {
    country.busy.mayBeAway = false;
    const { caller } = country.busy.residents[0];
    const official = country.busy.officials.find(({ name }) => name === PEOPLE.official);
    const step = async (what) => {
      const { id } = await caller.answered();
      country.busy.case(id).filed = true;
      country.busy.case(id).answers.push({ rent: Number(PAGES.pay.rent), from: 0, to: Infinity, how: 'told' });
      const { receipt } = await caller.must(200, 'POST', `/api/v1/cases/${id}/submit`, { confirmed: true });
      country.busy.case(id).receipt = receipt;
      const { body } = await caller.call('GET', '/api/v1/cases');
      assert.equal(body.cases[0].id, id, `${what}: the newest case comes first`);
      return id;
    };
    const first = await step('before');
    await country.disk.become(`clock ${offset - 3600}`);
    // Sessions and consents of before hold; work goes on, in order. All of it is tried before any of it is judged.
    const wrong = [];
    const must = (holds, what) => holds || wrong.push(what);
    const { status } = await official.plain.ask(`/desk/cases/${first}`);
    must(status === 200, `the case of before, on the desk, answers ${status}`);
    const taken = await official.caller.call('POST', `/api/v1/cases/${first}/assign`);
    must(taken.status === 200, `taking it answers ${taken.status}`);
    if (taken.status === 200) country.busy.case(first).assigned.add('official-haneul');
    const back = await caller.call('POST', `/api/v1/cases/${first}/withdraw`);
    must(back.status === 200, `taking it back answers ${back.status}`);
    if (back.status === 200) country.busy.case(first).ended = 'withdrawn';
    const second = await step('an hour back').catch((why) => must(false, why.message));
    await settled(country.place, { within: 20_000 }).catch((why) => must(false, why.message));
    const { text } = await country.resident.get('/messages');
    const newest = text.match(/href="\/messages\/([^"/]+)"/)?.[1];
    const [[about]] = await rows(country.place, [`SELECT case_id FROM message_message WHERE id = '${newest}'`]);
    must(about?.[0] === second, `the newest letter in the inbox is about ${about}, not about ${second}`);
    country.work();
    await pause(800);
    for (const hour of [offset + 3600, offset - 1800, offset]) {
      await country.disk.become(`clock ${hour}`);
      await pause(500);
    }
    country.busy.stop();
    await country.working;
    wrong.push(...country.busy.faults.splice(0));
    const found = await country.hold({ clock: null });
    assert.deepEqual(wrong, [], wrong.slice(0, 10).join('\n'));
    t.diagnostic(`note: clock: four jumps, ${found.cases} cases whole`);
  } finally {
    await country.end();
  }
});

test('a start an hour before the last one: what was left to do is done', { timeout: 180_000 }, async (t) => {
  const country = await Country.start('earlier');
  try {
    country.work();
    await pause(500);
    // So that letters wait for each other when it ends.
    await country.disk.become('sync-delay 300');
    await pause(1000);
    country.busy.mayBreak = true;
    const waiting = async () => Number((await rows(country.place, ['SELECT count(*) FROM store_job']))[0][0][0]);
    let left = 0;
    // Held still while it is looked at.
    for (let tries = 0; left === 0 && tries < 200; tries += 1) {
      country.maru.process.kill('SIGCONT');
      await pause(20);
      country.maru.process.kill('SIGSTOP');
      left = await waiting();
    }
    await country.maru.kill();
    assert.ok(left > 0, 'nothing was left to do');
    country.disk.now('');
    country.busy.stop();
    await country.working;
    await country.run(new Date(Date.parse(CLOCK) - 3_600_000).toISOString());
    const begun = performance.now();
    await settled(country.place, { within: 90_000 });
    t.diagnostic(`note: earlier start: ${left} jobs left were done after ${Math.round(performance.now() - begun)} ms`);
    await country.hold();
  } finally {
    await country.end();
  }
});

test('too little memory: the program is ended, starts again, and has lost nothing that it told', { timeout: 180_000 }, async (t) => {
  // A limit, held as the system holds the one of a service: whoever goes beyond it is killed and started again. How much it
  // takes to do nothing depends on the machine and on how the program was built.
  const resident = () => Number(readFileSync(`/proc/${country.maru.process.pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+)/m)?.[1] ?? 0) / 1024;
  const country = await Country.start('memory');
  const idle = resident();
  const limit = idle + Number(process.env.MARU_MEMORY ?? 32);
  let most = 0;
  let starts = 0;
  let answered = 0;
  let over = false;
  const clock = (n) => new Date(Date.parse(CLOCK) + n * 120_000).toISOString();
  try {
    country.busy.mayBreak = true;
    country.work();
    // As its supervisor would.
    const supervised = (async () => {
      while (!over) {
        const now = resident();
        most = Math.max(most, now);
        if (now > limit) {
          await country.maru.kill();
          if (!over) await country.run(clock((starts += 1)));
        }
        await pause(10);
      }
    })();
    const heavy = [];
    for (let n = 0; n < 150; n += 1) {
      heavy.push((async () => {
        while (!over) {
          const body = 'x'.repeat(1_000_000);
          const signs = { method: 'POST', body: JSON.stringify({ name: `nobody-${n}`, password: 'wrong-wrong' }), headers: { 'content-type': 'application/json' } };
          const sends = { method: 'POST', body, headers: { 'content-type': 'application/json' } };
          const [path, options] = [['/api/v1/sessions', signs], ['/api/v1/cases', sends], ['/openapi.json', {}], [`/services/${SERVICE.id}`, {}]][n % 4];
          await fetch(country.maru.url + path, { ...options, signal: AbortSignal.timeout(10_000) }).then(async (answer) => {
            await answer.text();
            answered += 1;
          }).catch(() => pause(20));
        }
      })());
    }
    await pause(10_000);
    over = true;
    country.busy.stop();
    await Promise.all([supervised, country.working, ...heavy]);
    const begun = performance.now();
    const back = await country.recovers('the load is gone', 20_000);
    const found = await country.hold({ clock: clock(starts + 10) });
    t.diagnostic(`note: memory: ${Math.round(limit)} MiB (${Math.round(idle)} to do nothing, ${Math.round(most)} at most), ${answered} heavy requests answered, ${starts} new starts, ${country.busy.count.told} steps told, back after ${back} ms, ${found.cases} cases whole (${Math.round(performance.now() - begun)} ms)`);
  } finally {
    over = true;
    await country.end();
  }
});
