// The description of the API is valid OpenAPI 3.1, and the program does what it says, judged by schemathesis.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Caller } from './caller.mjs';
import { Maru } from './maru.mjs';
import { folder, here } from './places.mjs';
import { PEOPLE, SERVICE } from './words.mjs';

const run = promisify(execFile);
const tool = (name) => join(here, '.venv/bin', name);
const EXAMPLES = 30;
/** Seconds for one run, in case a future description has very many operations. */
const MOST = 240;

let maru, description, path;
before(async () => {
  maru = await Maru.start('openapi', { more: ['--policy-persons', '5000'] });
  description = await (await fetch(`${maru.url}/openapi.json`)).json();
  path = join(folder('openapi'), 'openapi.json');
  writeFileSync(path, JSON.stringify(description, null, 2));
});
after(() => maru?.stop());

test('a bad description fails the validator', async () => {
  const bad = join(folder('openapi'), 'bad.json');
  writeFileSync(bad, JSON.stringify({ openapi: '3.1.0', info: { title: 'bad' }, paths: { 'no-slash': { get: {} } } }));
  await assert.rejects(run(tool('openapi-spec-validator'), ['--schema', '3.1', bad]));
});

test('the description is valid OpenAPI 3.1', async () => {
  assert.match(description.openapi, /^3\.1\./);
  await run(tool('openapi-spec-validator'), ['--schema', '3.1', path]);
  for (const needed of ['/api/v1/facts', '/api/v1/eligibility', '/api/v1/services']) assert.ok(description.paths[needed], needed);
});

/** Each operation is tried by somebody who may do it, on things that are there. */
const OFFICIAL = /^\/api\/v1\/(audit|desk|documents|mandates|delegations|cases\/\{id\}\/(assign|grant|refuse|ask|consult|extend|transfer|return)|tasks\/\{id\}\/(reply|recall))/;
const WRITER = /^\/api\/v1\/(drafts|parameters\/)/;
/** What a schema cannot say and the answer has to: an unknown fact, a wrong password, a form that is not whole. */
const SAYS_MORE = ['POST /api/v1/sessions', 'POST /api/v1/eligibility', 'POST /api/v1/cases', 'POST /api/v1/cases/{id}/answers', 'POST /api/v1/cases/{id}/submit', 'POST /api/v1/cases/{id}/refuse',
  'POST /api/v1/cases/{id}/ask', 'POST /api/v1/cases/{id}/consult', 'POST /api/v1/cases/{id}/extend', 'POST /api/v1/cases/{id}/transfer', 'POST /api/v1/cases/{id}/return',
  'POST /api/v1/tasks/{id}/supply', 'POST /api/v1/tasks/{id}/reply', 'POST /api/v1/clocks', 'POST /api/v1/desk/bulk',
  'POST /api/v1/documents', 'POST /api/v1/documents/{id}/revise', 'POST /api/v1/documents/{id}/submit', 'POST /api/v1/documents/{id}/sign',
  'POST /api/v1/documents/{id}/reject', 'POST /api/v1/documents/{id}/acknowledge', 'POST /api/v1/mandates', 'POST /api/v1/cases/together', 'POST /api/v1/cases/{id}/choose', 'POST /api/v1/audit',
  'GET /api/v1/audit/cases/{id}', 'GET /api/v1/policy/{id}/turn', 'POST /api/v1/delegations', 'POST /api/v1/documents/{id}/hand-over', 'PUT /api/v1/me/reminders', 'PUT /api/v1/me/membership',
  'POST /api/v1/drafts', 'PUT /api/v1/drafts/{id}/files', 'POST /api/v1/drafts/{id}/asks', 'POST /api/v1/parameters/{name}/asks'];

function settings() {
  const lines = ['[generation]', 'database = "none"', ''];
  for (const name of SAYS_MORE) {
    lines.push('[[operations]]', `include-name = ${JSON.stringify(name)}`, 'checks.positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409", "422", "429"]', '');
  }
  return lines.join('\n');
}

/** The description with ids of things that are there, and only the operations of one person. */
function narrowed(keep, ids) {
  const copy = structuredClone(description);
  copy.paths = Object.fromEntries(Object.entries(copy.paths).filter(([where]) => keep(where)));
  for (const [where, methods] of Object.entries(copy.paths)) {
    for (const operation of Object.values(methods)) {
      for (const parameter of operation.parameters ?? []) {
        if (['id', 'name'].includes(parameter.name)) parameter.schema = { enum: ids[where.split(`/{${parameter.name}}`)[0].split('/').at(-1)] };
      }
    }
  }
  return copy;
}

async function schemathesis(t, { user, keep, ids }) {
  const { token } = await new Caller(maru.url).signIn(user);
  const put = (name, text) => {
    const at = join(folder('openapi'), `${user}.${name}`);
    writeFileSync(at, text);
    return at;
  };
  const arguments_ = [
    '--config-file', put('toml', settings()), '--no-color', 'run', put('json', JSON.stringify(narrowed(keep, ids))), '--url', maru.url,
    '--header', `Authorization: Bearer ${token}`, '--checks', 'all', '--seed', '1', '--max-examples', String(EXAMPLES), '--workers', '1',
    '--phases', 'examples,coverage,fuzzing', '--request-timeout', '20', '--no-shrink', '--continue-on-failure', '--exclude-operation-id', 'signOut',
  ];
  const { stdout, failed } = await run(tool('schemathesis'), arguments_, { cwd: folder('openapi'), maxBuffer: 1 << 26, timeout: MOST * 1000 })
    .catch((error) => ({ stdout: error.stdout ?? '', failed: error }));
  put('log', stdout);
  if (failed) throw stdout ? new Error(stdout.slice(-12_000)) : failed;
  const tried = Number(stdout.match(/(\d[\d,]*) generated/)?.[1].replaceAll(',', ''));
  assert.ok(tried > 100, `few were tried:\n${stdout.slice(-2000)}`);
  t.diagnostic(`note: schemathesis as ${user}: ${tried} requests`);
  assert.equal((await fetch(`${maru.url}/healthz`)).status, 200);
}

// Signing out would end the run; it is tried in api.test.mjs.
test('as a resident, schemathesis finds nothing that the description does not say', { timeout: 300_000 }, async (t) => {
  const caller = await new Caller(maru.url).signIn(PEOPLE.resident);
  const { id } = await caller.submitted();
  const official = await new Caller(maru.url).signIn(PEOPLE.official);
  await official.must(200, 'POST', `/api/v1/cases/${id}/assign`);
  await official.must(200, 'POST', `/api/v1/cases/${id}/ask`, { text: 'The second page of the contract is missing.' });
  const { tasks } = await caller.must(200, 'GET', `/api/v1/cases/${id}/tasks`);
  await schemathesis(t, { user: PEOPLE.resident, keep: (where) => !OFFICIAL.test(where) && !WRITER.test(where) && !where.startsWith('/api/v1/policy'), ids: { cases: [id], services: [SERVICE.id], tasks: [tasks[0].id] } });
});

test('as an official, too', { timeout: 300_000 }, async (t) => {
  const caller = await new Caller(maru.url).signIn(PEOPLE.applicants[1]);
  const { id } = await caller.submitted();
  const official = await new Caller(maru.url).signIn(PEOPLE.official);
  await official.must(200, 'POST', `/api/v1/cases/${id}/assign`);
  await official.must(200, 'POST', `/api/v1/cases/${id}/consult`, { units: ['jeonju-livelihood'], text: 'Does anybody else live at this address?' });
  const { tasks } = await official.must(200, 'GET', `/api/v1/cases/${id}/tasks`);
  const document = await official.must(201, 'POST', '/api/v1/documents', { title: 'Plan', body: 'We mean to survey.', line: [{ person: 'official-garam', kind: 'approve' }] });
  const mandate = await official.must(201, 'POST', '/api/v1/mandates', { kind: 'decide', taker: 'official-garam', from: '2026-10-07', until: '2026-12-31' });
  await schemathesis(t, { user: PEOPLE.official, keep: (where) => OFFICIAL.test(where), ids: { cases: [id], tasks: [tasks[0].id], documents: [document.id], mandates: [mandate.id] } });
});

test('as a manager who approves, and as a writer', { timeout: 300_000 }, async (t) => {
  const writer = await new Caller(maru.url).signIn('sarang');
  const name = '수원출산지원금';
  await writer.must(201, 'POST', '/api/v1/drafts', { owner: 'suwon', id: 'winter-heating' });
  await writer.must(201, 'POST', '/api/v1/drafts/winter-heating/asks', { verb: 'publish', from: '2026-12-01' });
  await writer.must(201, 'POST', `/api/v1/parameters/${encodeURIComponent(name)}/asks`, { from: '2026-12-01', numbers: ['700,000'], source: '수원시 고시 제2026-900호' });
  const ids = { drafts: ['winter-heating'], parameters: [name] };
  for (const user of ['saebyeok', 'sarang']) await schemathesis(t, { user, keep: (where) => WRITER.test(where), ids });
});

test('as an auditor, too', { timeout: 300_000 }, async (t) => {
  const caller = await new Caller(maru.url).signIn(PEOPLE.applicants[2]);
  const { id, receipt } = await caller.submitted();
  const auditor = await new Caller(maru.url).signIn('sebom');
  await auditor.must(201, 'POST', '/api/v1/audit', { receipt, reason: 'The time it took is audited.' });
  await schemathesis(t, { user: 'sebom', keep: (where) => where.startsWith('/api/v1/audit'), ids: { cases: [id] } });
});

test('as an analyst, too', { timeout: 300_000 }, async (t) => {
  const analyst = await new Caller(maru.url).signIn('narae');
  // The population is made when somebody first asks; whoever asks meanwhile is told to come again.
  for (let asked = 0; (await analyst.call('GET', '/api/v1/policy')).status === 503; asked += 1) assert.ok(asked < 10, 'the population is made');
  await schemathesis(t, { user: 'narae', keep: (where) => where.startsWith('/api/v1/policy'), ids: { policy: [SERVICE.id] } });
});
