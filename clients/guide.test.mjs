// The operator's guide, done as it says: every `sh` block of docs/operating.md, in its order, on a country of its own.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { freePort } from './maru.mjs';
import { folder, program, root } from './places.mjs';
import { Postgres } from './postgres.mjs';

const run = promisify(execFile);

/** What the guide does, in its order: a block of commands, or something that systemd does elsewhere. */
function steps() {
  const text = readFileSync(join(root, 'docs/operating.md'), 'utf8');
  return [...text.matchAll(/^```sh\n(.*?)^```$|^<!-- (.*?) -->$/gms)].map(([, commands, mark]) => ({ commands, mark }));
}

/** The program as the service runs it. */
class Service {
  async start(data, port, more, env = {}) {
    const log = openSync(join(folder('logs'), 'guide.log'), 'a');
    this.process = spawn(program(), ['serve', '--listen', `127.0.0.1:${port}`, '--data', data, '--drain', '0', ...more], {
      cwd: root, stdio: ['ignore', log, log], env: { ...process.env, ...env },
    });
    closeSync(log);
    this.ended = new Promise((done) => this.process.once('exit', (code, signal) => done(signal ?? code)));
    for (let tries = 0; tries < 600; tries += 1) {
      if (await fetch(`http://127.0.0.1:${port}/readyz`).then((a) => a.status === 200, () => false)) return this;
      await new Promise((done) => setTimeout(done, 50));
    }
    await this.stop();
    throw new Error('the service is not ready after 30 seconds; see out/logs/guide.log');
  }

  async stop() {
    this.process?.kill('SIGTERM');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 20_000);
    const how = await this.ended;
    clearTimeout(timer);
    return how;
  }
}

/** systemd's own judge of the unit, which wants the program and the user to exist: a copy names ones that do. */
function unit(place) {
  const text = readFileSync(join(root, 'ops/maru.service'), 'utf8');
  assert.match(text, /^ExecStart=\/usr\/local\/bin\/maru serve /m);
  const copy = join(place, 'maru.service');
  writeFileSync(copy, text.replaceAll('/usr/local/bin/maru', '/bin/true').replace('User=maru', 'User=nobody').replace('Group=maru', 'Group=nogroup'));
  return copy;
}

test('the guide, step by step', { timeout: 300_000 }, async (t) => {
  const place = mkdtempSync(join(tmpdir(), 'maru-guide-'));
  const [data, archive, port] = [join(place, 'data'), join(place, 'archive'), await freePort()];
  const cluster = await Postgres.start({ fsync: true, settings: { wal_level: 'replica', max_wal_senders: '4' } });
  let service = new Service();
  let done = 0;
  try {
    await cluster.ask('postgres', 'ALTER ROLE maru REPLICATION').catch(() => undefined);
    const database = await cluster.database('maru');
    const env = {
      ...process.env, PATH: `${dirname(program())}:${process.env.PATH}`,
      DATA: data, ARCHIVE: archive, ADDRESS: `http://127.0.0.1:${port}`, DATABASE: database, UNIT: unit(place),
    };
    const seen = [];
    for (const { commands, mark } of steps()) {
      if (mark === 'start') await service.start(data, port, ['--archive', archive]);
      else if (mark === 'restart on the database') {
        assert.equal(await service.stop(), 0);
        service = await new Service().start(data, port, [], { MARU_DATABASE: database });
      } else if (mark === 'stop') assert.equal(await service.stop(), 0);
      else {
        const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', commands], { env, cwd: root }).catch((why) => {
          throw new Error(`step ${done + 1} of the guide:\n${commands}\n${why.stdout}\n${why.stderr}`);
        });
        seen.push(stdout);
        done += commands.trim().split('\n').length;
      }
    }
    const all = seen.join('\n');
    assert.match(all, /"ready":\s*true|"status":\s*"ready"|"ok":\s*true/);
    assert.match(all, /the same as the original's/);
    assert.match(all, /the same in both/);
    assert.match(all, /0 faults/);
    // What the guide promises of the old place.
    const old = await run(program(), ['serve', '--listen', '127.0.0.1:0', '--data', data], { env: process.env }).then(() => '', (why) => why.stderr);
    assert.match(old, /has moved to postgres:\/\/127\.0\.0\.1/);
    assert.doesNotMatch(old, /maru@/, 'no name or password of the database');
    const [before, ...after] = [...all.matchAll(/^([0-9a-f]{64}) \d+ rows$/gm)].slice(-2).map(([, hash]) => hash);
    assert.deepEqual(after, [before], 'the state before the move is the state after it');
    t.diagnostic(`note: ${done} commands`);
  } finally {
    await service.stop().catch(() => undefined);
    cluster.remove();
    rmSync(place, { recursive: true, force: true });
  }
});

test('a cluster goes back to a moment', { timeout: 180_000 }, async (t) => {
  const place = mkdtempSync(join(tmpdir(), 'maru-cluster-'));
  const archive = join(place, 'archive');
  mkdirSync(join(archive, 'wal'), { recursive: true });
  chmodSync(place, 0o755);
  const cluster = await Postgres.start({
    fsync: true,
    settings: { wal_level: 'replica', max_wal_senders: '4', archive_mode: 'on', archive_command: `test ! -f ${archive}/wal/%f && cp %p ${archive}/wal/%f` },
  });
  let other;
  try {
    if (cluster.user) for (const one of [place, archive, join(archive, 'wal')]) chownSync(one, cluster.user.uid, cluster.user.gid);
    const database = await cluster.database('maru');
    const maru = (...words) => run(program(), words, { cwd: root });
    const count = (on) => on.ask('maru', "SELECT count(*) FROM party_agency WHERE id LIKE 'later-%'").then(([[n]]) => Number(n));
    const data = join(place, 'data');
    const agency = (id) => maru('admin', 'agency', 'add', '--data', data, '--database', database, '--ko', `보기 ${id}`, '--en', `Example ${id}`, '--region', '경기도 수원시', '--id', id);
    await agency('early-1');
    await maru('admin', 'backup', '--data', data, '--database', database, '--to', archive);
    await agency('later-1');
    await new Promise((done) => setTimeout(done, 1200));
    const { stdout: state } = await maru('admin', 'state', '--data', data, '--database', database);
    const moment = new Date().toISOString();
    await new Promise((done) => setTimeout(done, 1200));
    await agency('later-2');
    await cluster.ask('postgres', 'SELECT pg_switch_wal()');
    for (let tries = 0; tries < 100 && (await cluster.ask('postgres', "SELECT failed_count, last_archived_wal IS NOT NULL FROM pg_stat_archiver"))[0][1] !== 't'; tries += 1) {
      await new Promise((done) => setTimeout(done, 100));
    }
    await new Promise((done) => setTimeout(done, 500));

    const back = join(place, 'back');
    const { stdout } = await maru('admin', 'restore', '--from', archive, '--cluster', back, '--until', moment);
    assert.match(stdout, /start PostgreSQL on it/);
    if (cluster.user) execFileSync('chown', ['-R', `${cluster.user.uid}:${cluster.user.gid}`, back]);
    chmodSync(back, 0o700);
    other = await Postgres.on(back, { fsync: true });
    for (let tries = 0; tries < 200 && (await other.ask('postgres', 'SELECT pg_is_in_recovery()'))[0][0] !== 'f'; tries += 1) {
      await new Promise((done) => setTimeout(done, 50));
    }
    assert.equal(await count(other), 1, 'what came before the moment, and not what came after');
    assert.equal(await count(cluster), 2);
    const { stdout: restored } = await maru('admin', 'state', '--data', data, '--database', other.address('maru'));
    assert.equal(restored, state, 'the state of that moment');
    t.diagnostic('note: a PostgreSQL cluster restored to a moment');
  } finally {
    other?.remove();
    cluster.remove();
    rmSync(place, { recursive: true, force: true });
  }
});

test('every file the guide names is there', () => {
  const text = readFileSync(join(root, 'docs/operating.md'), 'utf8');
  for (const [, name] of text.matchAll(/\b(ops\/[\w.-]+)/g)) assert.ok(existsSync(join(root, name)), name);
  assert.ok(readdirSync(join(root, 'ops')).length >= 2);
});
