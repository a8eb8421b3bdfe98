// Two programs on one PostgreSQL, behind a proxy: residents work while one after the other is replaced, and none of them sees it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Caller, PAGES } from './caller.mjs';
import { Maru } from './maru.mjs';
import { program, root, typed } from './places.mjs';
import { Postgres } from './postgres.mjs';
import { proxyBefore } from './proxy.mjs';
import { PEOPLE, SERVICE } from './words.mjs';

const run = promisify(execFile);
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const RESIDENTS = PEOPLE.applicants;

test('a nation on two programs', { timeout: 240_000 }, async (t) => {
  const cluster = await Postgres.start({ fsync: false });
  let [backends, proxy, going] = [[], undefined, true];
  try {
    const database = await cluster.database('maru');
    // Both find an empty database, at the same moment; now is now, as time is one for both.
    const more = ['--behind', '127.0.0.1', '--drain', '2'];
    const start = (name) => Maru.start(name, { database, clock: null, more });
    backends = (await Promise.all([start('nation-a'), start('nation-b')])).map((maru) => ({ maru }));
    proxy = await proxyBefore(backends);
    const url = `http://127.0.0.1:${proxy.port}`;
    typed(PAGES.account['account-number']);

    const wrong = [];
    let submitted = 0;
    const residents = RESIDENTS.map(async (name) => {
      const caller = await new Caller(url).signIn(name);
      while (going) {
        try {
          const { id } = await caller.must(201, 'POST', '/api/v1/cases', { service: SERVICE.id });
          await caller.must(200, 'POST', `/api/v1/cases/${id}/answers`, { pages: PAGES });
          const sent = await caller.must(200, 'POST', `/api/v1/cases/${id}/submit`, { confirmed: true });
          submitted += 1;
          // The next question may well go to the other program.
          const seen = await caller.must(200, 'GET', `/api/v1/cases/${id}`);
          assert.deepEqual([seen.state, seen.receipt], ['received', sent.receipt]);
          await caller.must(200, 'POST', `/api/v1/cases/${id}/withdraw`);
        } catch (why) {
          wrong.push(why.message);
          return;
        }
      }
    });
    for (const [place, backend] of backends.entries()) {
      await wait(2_000);
      assert.equal(await backend.maru.stop(), 0, 'it ends by itself');
      backend.maru = await start(`nation-${place}-new`);
    }
    await wait(2_000);
    going = false;
    await Promise.all(residents);
    assert.deepEqual(wrong, []);
    assert.ok(submitted > 20, `${submitted} submissions`);

    // What follows from a submission was done once, by whichever program came to it first.
    for (let tries = 0; tries < 200 && (await cluster.ask('maru', 'SELECT count(*) FROM store_job'))[0][0] !== '0'; tries += 1) await wait(100);
    const [[letters, told], [gaps]] = await cluster.askAll('maru', [
      "SELECT (SELECT count(*) FROM store_event WHERE kind = 'case.submitted'), (SELECT count(*) FROM message_message WHERE kind = 'received')",
      'SELECT count(*) FROM (SELECT aggregate FROM store_event GROUP BY aggregate HAVING max(place) <> count(*)) gaps',
    ]).then((all) => all.map(([row]) => row));
    assert.equal(letters, told, 'a letter for each submission');
    assert.equal(Number(letters), submitted);
    assert.equal(gaps, '0', 'events are numbered without gaps');
    const audit = await run(program(), ['audit', '--data', backends[0].maru.data, '--database', database], { cwd: root });
    assert.match(audit.stdout, / 0 faults/);

    // A limit that is set once holds over both, within what they do not yet know of each other.
    await run(program(), ['admin', 'limits', 'set', '--data', backends[0].maru.data, '--database', database, 'page', '60'], { cwd: root });
    await wait(3_000);
    // Not over the turn of a minute.
    const left = 60_000 - (Date.now() % 60_000);
    if (left < 8_000) await wait(left + 200);
    let let_in = 0;
    let refused = 0;
    for (let n = 0; n < 120; n += 1) {
      const { status } = await fetch(`${url}/services`, { headers: { 'x-from': '198.51.100.7' } });
      if (status === 200) let_in += 1;
      else if (status === 429) refused += 1;
      await wait(20);
    }
    assert.equal(let_in + refused, 120);
    assert.ok(let_in >= 60 && let_in <= 110, `${let_in} let in where 60 may be`);
    assert.equal((await fetch(`${url}/services`, { headers: { 'x-from': '198.51.100.8' } })).status, 200, 'somebody else is not concerned');
    t.diagnostic(`note: ${submitted} submissions over two programs, both replaced meanwhile, none failed; ${let_in} of 120 requests let in where a limit of 60 holds for both`);
  } finally {
    going = false;
    proxy?.close();
    await Promise.all(backends.map(({ maru }) => maru.stop()));
    cluster.remove();
  }
});
