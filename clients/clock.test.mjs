// The statutory clock against a second one in Python that shares nothing with it, on fixed vectors and on very many random clocks.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual, promisify } from 'node:util';
import { Maru } from './maru.mjs';
import { here, python } from './places.mjs';

const run = promisify(execFile);
const CLOCKS = Number(process.env.MARU_CLOCKS ?? 100_000);
const SEED = Number(process.env.MARU_SEED ?? 20261126);
/** As many as may be asked at once. */
const BATCH = 500;
const file = join(here, 'clock.py');

let maru;
before(async () => {
  maru = await Maru.start('clock');
});
after(() => maru?.stop());

const post = (clocks) => fetch(`${maru.url}/api/v1/clocks`, {
  method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ clocks }),
});

async function ask(clocks) {
  const reply = await post(clocks);
  const text = await reply.text();
  assert.equal(reply.status, 200, `${clocks.length} clocks: ${text.slice(0, 500)}`);
  const answers = JSON.parse(text).clocks;
  assert.equal(answers.length, clocks.length);
  return answers;
}

/** The objects that clock.py prints, one a line, while it goes on printing. */
async function* told(...args) {
  const child = spawn(python(), [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (some) => (said += some));
  const ended = new Promise((done) => child.once('close', done));
  try {
    for await (const line of createInterface({ input: child.stdout })) yield JSON.parse(line);
    assert.equal(await ended, 0, said);
  } finally {
    child.kill();
    await ended;
  }
}

/** Asks the program what the second clock has answered: how many of each kind, and where the two differ. */
async function judge(count, seed, ...more) {
  const kinds = {};
  const states = {};
  const wrong = [];
  let batch = [];
  const compare = async () => {
    const answers = await ask(batch.map(({ clock }) => clock));
    batch.forEach(({ kind, clock, answer }, at) => {
      kinds[kind] = (kinds[kind] ?? 0) + 1;
      states[answer.state] = (states[answer.state] ?? 0) + 1;
      if (!isDeepStrictEqual(answers[at], answer)) wrong.push({ clock, program: answers[at], second: answer });
    });
    batch = [];
  };
  for await (const one of told('random', '--count', `${count}`, '--seed', `${seed}`, ...more)) {
    batch.push(one);
    if (batch.length === BATCH) await compare();
  }
  if (batch.length) await compare();
  return { kinds, states, wrong };
}

/** Each way of differing once, the shortest clock of it: what to look at first. */
function examples(wrong) {
  const ways = new Map();
  for (const one of wrong) {
    const way = Object.keys(one.second).filter((key) => !isDeepStrictEqual(one.second[key], one.program[key])).join(', ');
    const known = ways.get(way);
    const shorter = known && JSON.stringify(known.one.clock).length <= JSON.stringify(one.clock).length ? known.one : one;
    ways.set(way, { times: (known?.times ?? 0) + 1, one: shorter });
  }
  return [...ways].map(([way, { times, one }]) => `${times} × ${way}, as ${JSON.stringify(one, null, 1)}`).join('\n');
}

const counts = (of) => Object.entries(of).sort().map(([name, number]) => `${name} ${number}`).join(', ');

test('the second clock keeps its own vectors', async () => {
  const { stdout } = await run(python(), [file, 'check']);
  assert.match(stdout, /^\d+ vectors, \d+ refusals$/m);
});

test('the calendar has the days off of another list, and every difference has its reason', async (t) => {
  const { stdout } = await run(python(), [file, 'holidays']);
  assert.match(stdout, /^\d+ days off in both, \d+ explained$/m);
  t.diagnostic(`note: ${stdout.trim()}`);
});

test('the program keeps the vectors', async () => {
  const vectors = [];
  for await (const one of told('vectors')) vectors.push(one);
  assert.ok(vectors.length > 30);
  const answers = await ask(vectors.map(({ clock }) => clock));
  vectors.forEach(({ clock, answer }, at) => {
    assert.deepEqual({ ...answers[at], ...answer }, answers[at], JSON.stringify(clock));
  });
});

test('one answer a day late among five hundred is caught', async () => {
  const late = ({ wrong }) => wrong.filter(({ program, second }) => program.due_on !== second.due_on).length;
  assert.equal(late(await judge(BATCH, 7)), 0);
  assert.equal(late(await judge(BATCH, 7, '--wrong')), 1);
});

test('what is wrong with a clock is refused by its field, and nothing is answered', async () => {
  const good = { received: '2026-10-12T10:00:00+09:00', period: 'P7D' };
  const refusals = [];
  for await (const one of told('refusals')) refusals.push(one);
  assert.ok(refusals.length > 20);
  for (const { clock, field } of refusals) {
    const reply = await post([good, clock]);
    const text = await reply.text();
    const what = `${JSON.stringify(clock)}: ${text.slice(0, 300)}`;
    assert.equal(reply.status, 422, what);
    assert.match(reply.headers.get('content-type'), /^application\/problem\+json/, what);
    const problem = JSON.parse(text);
    assert.equal(problem.clocks, undefined, what);
    assert.ok(problem.errors.length > 0, what);
    for (const error of problem.errors) {
      assert.ok(error.field === `clocks.1.${field}` || error.field.startsWith(`clocks.1.${field}.`), what);
      assert.match(`${error.detail}`, /[가-힣]/, what);
    }
  }
});

test('five hundred are answered at once, one more is refused', async () => {
  const clocks = Array.from({ length: BATCH }, (_, at) => ({ received: '2026-10-12T10:00:00+09:00', period: `P${at + 1}D` }));
  const answers = await ask(clocks);
  assert.equal(answers[0].due_at, '2026-10-13T10:00:00+09:00');
  assert.equal(answers[5].due_on, '2026-10-19');
  assert.equal(answers.at(-1).state, 'unknown');
  const reply = await post([...clocks, clocks[0]]);
  assert.equal(reply.status, 422);
  assert.deepEqual((await reply.json()).errors.map(({ field }) => field), ['clocks']);
  assert.deepEqual(await ask([]), []);
});

test(`${CLOCKS} random clocks`, { timeout: 1_200_000 }, async (t) => {
  const { kinds, states, wrong } = await judge(CLOCKS, SEED);
  const all = Object.values(kinds).reduce((sum, number) => sum + number, 0);
  t.diagnostic(`note: ${all} clocks with seed ${SEED}: ${counts(kinds)}; ${counts(states)}`);
  assert.equal(all, CLOCKS);
  if (CLOCKS >= 10_000) {
    assert.equal(Object.keys(kinds).length, 10, counts(kinds));
    for (const state of ['running', 'paused', 'unknown']) assert.ok(states[state] > CLOCKS / 100, counts(states));
  }
  assert.ok(wrong.length === 0, `${wrong.length} of ${all} differ; again: MARU_SEED=${SEED} node --test clock.test.mjs\n${examples(wrong)}`);
});
