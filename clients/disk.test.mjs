// The disk that forgets must be caught forgetting: programs that call something safe before it is on disk lose it, programs
// that sync first lose nothing.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Disk } from './disk.mjs';
import { folder, here, python } from './places.mjs';

const CUTS = 12;
const script = join(here, 'careless.py');

/** One program until its power goes, at a sync or at any moment; answers how much of what it called safe is lost. */
async function cut(how, seed) {
  const data = mkdtempSync(join(folder('disk'), `${how}-`));
  const disk = new Disk(data, { forgets: true, seed, cutAt: how.endsWith('-early') ? undefined : 3 + ((seed * 7919) % 60) });
  const program = spawn(python(), [script, how, data], { env: { ...process.env, ...disk.env } });
  let said = '';
  let clock;
  program.stdout.on('data', (chunk) => {
    said += chunk;
    clock ??= setTimeout(() => disk.now('cut'), (seed * 13) % 50);
  });
  program.stderr.on('data', (chunk) => (said += chunk));
  const ended = new Promise((done) => program.once('close', done));
  const code = await ended;
  clearTimeout(clock);
  assert.equal(code, 137, `${how}, seed ${seed}: ended with ${code}\n${said.slice(-500)}\n${disk.logged()}`);
  const last = said.trim().split('\n').at(-1);
  if (!last) return 0;
  assert.match(last, /^\d+$/, said.slice(-500));
  return Number(execFileSync(python(), [script, '--lost', how, data, last], { encoding: 'utf8' }));
}

for (const how of ['append', 'over', 'file', 'rename', 'length', 'sqlite']) {
  test(`${how}: told after the sync is kept, told before it can be lost`, { timeout: 120_000 }, async (t) => {
    let [caught, cuts] = [0, 0];
    // When a cut comes is a matter of luck: the careless one gets as many as it takes to catch it three times, within reason.
    for (let seed = 1; seed <= CUTS || (caught < 3 && seed <= 6 * CUTS); seed += 1) {
      cuts = seed;
      const [careful, careless] = await Promise.all([cut(how, seed), cut(`${how}-early`, seed)]);
      assert.equal(careful, 0, `${how}, seed ${seed}: the careful one lost what it called safe`);
      caught += careless > 0;
    }
    assert.ok(caught >= 3, `the careless one was caught ${caught} times in ${cuts}`);
    t.diagnostic(`note: ${how}: ${caught} of ${cuts} cuts caught the careless one, none the careful one`);
  });
}

test('a disk that refuses says so', () => {
  const data = mkdtempSync(join(folder('disk'), 'refuses-'));
  const disk = new Disk(data);
  const told = (words, program) => {
    disk.now(words);
    const { stdout, stderr } = spawnSync(python(), ['-c', `import os, time\nat = ${JSON.stringify(data)}\n${program}`], {
      encoding: 'utf8', env: { ...process.env, ...disk.env },
    });
    return (stdout + stderr).trim().split('\n').at(-1);
  };
  writeFileSync(join(data, 'there'), 'x'.repeat(1000));
  const open = (name, flags) => `f = os.open(at + '/${name}', os.${flags.join(' | os.')})`;
  assert.match(told('full', open('new', ['O_CREAT', 'O_WRONLY'])), /Errno 28/);
  assert.match(told('full', `${open('there', ['O_WRONLY', 'O_APPEND'])}\nos.write(f, b'y')`), /Errno 28/);
  assert.equal(told('full', `${open('there', ['O_WRONLY'])}\nprint(os.write(f, b'y'))`), '1');
  assert.match(told('full-all', `${open('there', ['O_WRONLY'])}\nprint(os.write(f, b'y'))`), /Errno 28/);
  assert.match(told('read-only', open('there', ['O_WRONLY'])), /Errno 30/);
  assert.match(told('read-only', `os.mkdir(at + '/folder')`), /Errno 30/);
  assert.equal(told('read-only', `${open('there', ['O_RDONLY'])}\nprint(len(os.read(f, 2000)))`), '1000');
  assert.match(told('sync-fails', `${open('there', ['O_WRONLY'])}\nos.write(f, b'y')\nos.fsync(f)`), /Errno 5/);
  assert.match(told('sync-delay 300', `${open('there', ['O_WRONLY'])}\nt = time.time()\nos.fsync(f)\nprint(time.time() - t > 0.3)`), /True/);
  assert.equal(told('', `${open('new', ['O_CREAT', 'O_WRONLY'])}\nprint(os.write(f, b'y'))`), '1');
});
