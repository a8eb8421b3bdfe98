// The program, its disk and its database are cut off at random moments while everybody works as fast as they can. Whatever was
// acknowledged is there afterwards, nothing is half done, and what was not acknowledged can be done again.
//
//   MARU_KILLS=1000 MARU_SEED=7 node --test crash.test.mjs     so many cuts in all, a quarter of each kind; the same again
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { audited, Busy, dice, pause, settled, whole } from './busy.mjs';
import { Disk } from './disk.mjs';
import { CLOCK, Maru } from './maru.mjs';
import { folder } from './places.mjs';
import { Postgres } from './postgres.mjs';

const KILLS = Math.max(1, Math.ceil(Number(process.env.MARU_KILLS ?? 48) / 4));
const SEED = Number(process.env.MARU_SEED ?? Date.now() % 1_000_000);
/** So many cuts one country lives through; then a new one begins, so that looking at all of it stays quick. */
const LIVES = 40;
const ONLY = process.env.MARU_KIND;

/** Time goes on between two starts, and past the leases of jobs that were taken when the power went. */
class Clock {
  begun = performance.now();
  skipped = 0;

  next() {
    this.skipped += 90_000;
    return new Date(Date.parse(CLOCK) + performance.now() - this.begun + this.skipped).toISOString();
  }
}

/** One country with its folder, its database and its people. */
class Country {
  constructor(kind, number, random, postgres) {
    Object.assign(this, { kind, number, random, postgres, clock: new Clock(), busy: new Busy(random), seen: new Set() });
    this.data = mkdtempSync(join(folder('data'), `crash-${kind}-`));
    this.mail = join(this.data, 'mail');
    this.name = `crash_${number}`;
  }

  async start() {
    const disk = this.kind === 'forgets' ? new Disk(this.data, { forgets: true, seed: Math.floor(this.random() * 1e9) }) : undefined;
    this.disk = disk;
    this.database ??= await this.postgres?.database(this.name);
    this.maru = await Maru.start('crash', {
      data: this.data, mail: this.mail, clock: this.clock.next(), database: this.database, env: { ...disk?.env, RUST_LOG: process.env.RUST_LOG ?? 'warn' },
    });
    if (this.busy.residents) this.busy.moved(this.maru.url);
    else await this.busy.signIn(this.maru.url);
  }

  /** Cuts it off while everybody works, and starts it again. */
  async cut() {
    const { busy, random } = this;
    busy.faults = [];
    const working = busy.work();
    await pause(20 + random() * 500);
    busy.mayBreak = true;
    if (this.kind === 'immediate') {
      busy.mayBeAway = true;
      await this.postgres.stop('immediate');
      await pause(random() * 200);
      await this.postgres.start();
      // It comes back by itself.
      const told = busy.count.told;
      for (const begun = performance.now(); busy.count.told < told + 5; await pause(20)) {
        assert.ok(performance.now() - begun < 30_000, `nothing is told 30 s after the database is back: ${this.maru.logged().slice(-2000)}`);
      }
      busy.stop();
      await working;
      busy.mayBreak = busy.mayBeAway = false;
      return;
    }
    if (this.kind === 'forgets') {
      this.disk.now(random() < 0.5 ? 'cut' : `cut-in ${1 + Math.floor(random() * 6)}`);
      const how = await Promise.race([this.maru.ended, pause(10_000)]);
      assert.equal(how, 137, `the power did not go: ${how}\n${this.disk.logged().slice(-1000)}`);
    } else await this.maru.kill();
    busy.stop();
    await working;
    busy.mayBreak = false;
    await this.start();
  }

  async hold({ audit }) {
    const place = { data: this.data, postgres: this.postgres, name: this.name };
    if (this.kind === 'immediate' && audit) {
      // As an operator would; and time goes on past the leases.
      await this.maru.stop();
      await this.start();
    }
    await settled(place, { leased: this.kind === 'immediate' && !audit });
    const found = await whole(place, this.busy, this);
    assert.deepEqual(found.wrong, [], found.wrong.slice(0, 10).join('\n'));
    if (audit) assert.match(await audited(place), /, 0 faults,/);
    return found;
  }

  async end({ keep = false } = {}) {
    await this.maru?.kill();
    if (!keep) for (const end of ['', '.taken', '.control', '.disk.log']) rmSync(this.data + end, { recursive: true, force: true });
  }
}

async function round(kind, postgres, t) {
  const random = dice(SEED + [...kind].reduce((n, c) => n * 31 + c.charCodeAt(0), 7));
  const sum = { cuts: 0, told: 0, unknown: 0, turned: 0, away: 0, events: 0, cases: 0, drafts: 0 };
  const begun = performance.now();
  let country;
  try {
    for (let number = 0; sum.cuts < KILLS; number += 1) {
      country = new Country(kind, number, random, postgres);
      await country.start();
      let found;
      for (let life = 1; life <= LIVES && sum.cuts < KILLS; life += 1) {
        await country.cut();
        sum.cuts += 1;
        found = await country.hold({ audit: life % 8 === 0 || life === LIVES || sum.cuts === KILLS });
      }
      country.busy.faults = [];
      await country.busy.everybodyCan();
      await country.hold({ audit: true });
      for (const name of ['told', 'unknown', 'turned', 'away']) sum[name] += country.busy.count[name];
      for (const name of ['events', 'cases', 'drafts']) sum[name] += found[name];
      await country.end();
      country = undefined;
    }
  } catch (why) {
    why.message = `${kind}, MARU_SEED=${SEED}, cut ${sum.cuts}, in ${country?.data}: ${why.message}`;
    throw why;
  } finally {
    await country?.end({ keep: true });
    const seconds = Math.round((performance.now() - begun) / 1000);
    t.diagnostic(`note: ${kind}: ${sum.cuts} cuts in ${seconds} s; ${sum.told} steps told, ${sum.unknown} cut off, ${sum.turned} refused, ${sum.away} unavailable; `
      + `${sum.cases} cases, ${sum.events} events, ${sum.drafts} consents whose submission was cut off; seed ${SEED}`);
  }
}

const kinds = {
  kill: 'SQLite, kill -9',
  forgets: 'SQLite, the power goes and the disk forgets what was not synced',
  'pg-kill': 'PostgreSQL, kill -9 of the program',
  immediate: 'PostgreSQL stops at once and recovers, the program goes on',
};
for (const [kind, what] of Object.entries(kinds)) {
  if (ONLY && ONLY !== kind) continue;
  test(`${what}: ${KILLS} times`, { timeout: 60_000 + KILLS * 30_000 }, async (t) => {
    const postgres = ['pg-kill', 'immediate'].includes(kind) ? await Postgres.start() : undefined;
    try {
      await round(kind, postgres, t);
    } finally {
      postgres?.remove();
    }
  });
}
