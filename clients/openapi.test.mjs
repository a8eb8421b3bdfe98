// The description of the API is valid OpenAPI 3.1, and the program does what it says, judged by schemathesis.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Maru } from './maru.mjs';
import { folder, here } from './places.mjs';

const run = promisify(execFile);
const tool = (name) => join(here, '.venv/bin', name);

let maru, description, path;
before(async () => {
  maru = await Maru.start('openapi');
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

test('schemathesis finds nothing that the description does not say', { timeout: 600_000 }, async (t) => {
  const arguments_ = [
    'run', path, '--url', maru.url, '--checks', 'all', '--seed', '1', '--max-examples', '40', '--workers', '1',
    '--phases', 'examples,coverage,fuzzing', '--no-color', '--generation-database', 'none',
  ];
  try {
    const { stdout } = await run(tool('schemathesis'), arguments_, { cwd: folder('openapi'), maxBuffer: 1 << 26, env: { ...process.env, SCHEMATHESIS_HOOKS: '' } });
    t.diagnostic(`note: schemathesis: ${stdout.match(/(\d[\d,]*) generated/)?.[0] ?? 'passed'}`);
    assert.match(stdout, /passed|No issues/i);
  } catch (error) {
    if (error.stdout) throw new Error(error.stdout.slice(-6000));
    throw error;
  }
  assert.equal((await fetch(`${maru.url}/healthz`)).status, 200);
});
