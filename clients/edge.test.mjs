// The edge, from outside: slow and malformed senders, many connections, forged headers, TLS, limits, numbers, logs, stopping.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import tls from 'node:tls';
import { prepared } from './file.mjs';
import { judge } from './judge.mjs';
import { Maru } from './maru.mjs';
import { proxyBefore } from './proxy.mjs';
import { Plain } from './plain.mjs';
import { folder, here, program, root } from './places.mjs';
import { launch, Visitor } from './visitor.mjs';
import { GRANT_REASON, PEOPLE, TITLES } from './words.mjs';

const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const scratch = mkdtempSync(join(folder('data'), 'edge-'));

/** Sends bytes as they are; gives what came back, and that the connection was closed or not within `patience` ms. */
function raw(maru, bytes, { patience = 3_000, from } = {}) {
  return new Promise((done) => {
    const socket = net.connect({ port: maru.port, host: '127.0.0.1', localAddress: from });
    let text = '';
    const end = (closed) => {
      clearTimeout(timer);
      socket.destroy();
      done({ text, closed, status: Number(text.match(/^HTTP\/1\.1 (\d{3})/)?.[1] ?? 0), answers: text.match(/HTTP\/1\.1 \d{3}/g)?.length ?? 0 });
    };
    const timer = setTimeout(() => end(false), patience);
    socket.on('data', (data) => (text += data.toString('latin1')));
    socket.on('close', () => end(true));
    socket.on('error', () => {});
    socket.write(bytes);
  });
}

/** One request by Node's own client, from a chosen address of this machine. */
function ask(maru, path, { method = 'GET', from, headers = {}, body, agent, ca } = {}) {
  return new Promise((done, fail) => {
    const request = (ca ? https : http).request(
      { host: '127.0.0.1', port: maru.port, path, method, localAddress: from, headers, agent, ca, servername: ca ? 'localhost' : undefined },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (data) => (text += data)).on('end', () => done({ status: answer.statusCode, headers: answer.headers, text })).on('error', fail);
      },
    );
    request.on('error', fail);
    request.end(body);
  });
}

async function timed(work) {
  const begun = performance.now();
  const result = await work();
  return [result, performance.now() - begun];
}

async function metric(maru, name) {
  const { text } = await ask(maru, '/metrics');
  return Number(text.split('\n').find((line) => line.startsWith(`${name} `))?.split(' ')[1]);
}

let maru;
before(async () => (maru = await Maru.start('edge')));
after(() => maru?.stop());

test('who dribbles or takes nothing keeps nobody waiting and is cut', { timeout: 90_000 }, async (t) => {
  const dribbling = Array.from({ length: 300 }, (_, n) => new Promise((done) => {
    const begun = performance.now();
    const socket = net.connect(maru.port, '127.0.0.1');
    let text = '';
    let sent = 0;
    // Two thirds dribble a header, one third a body.
    const start = n % 3 === 0 ? 'POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n' : 'GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ';
    socket.write(start);
    const timer = setInterval(() => socket.write(`a${(sent += 1)}`), 400);
    socket.on('data', (data) => (text += data.toString('latin1')));
    socket.on('error', () => {});
    socket.on('close', () => {
      clearInterval(timer);
      done({ after: performance.now() - begun, text, body: n % 3 === 0 });
    });
  }));
  // One asks for much and takes none of it.
  const reading = (async () => {
    const begun = performance.now();
    const body = '{"facts":{},"full":true}';
    const once = `POST /api/v1/eligibility HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const socket = net.connect({ port: maru.port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.pause();
    socket.write(once.repeat(60));
    while (!(await metric(maru, 'maru_refused_total{reason="slow-reader"}')) && performance.now() - begun < 60_000) await wait(250);
    socket.destroy();
    return performance.now() - begun;
  })();
  await wait(2_000);
  let slowest = 0;
  for (let n = 0; n < 50; n += 1) {
    const [answer, took] = await timed(() => ask(maru, '/'));
    assert.equal(answer.status, 200);
    slowest = Math.max(slowest, took);
    await wait(50);
  }
  assert.ok(slowest < 1_000, `a page took ${slowest} ms beside them`);
  const ends = await Promise.all(dribbling);
  const kept = await reading;
  assert.ok(kept > 20_000 && kept < 45_000, `who takes nothing was held for ${kept} ms`);
  const late = ends.filter(({ after: ms }) => ms > 20_000);
  assert.equal(late.length, 0, `cut after ${late[0]?.after} ms`);
  for (const { body, text } of ends) if (body) assert.match(text, /^HTTP\/1\.1 503/, 'who sends a body slowly hears why');
  t.diagnostic(`note: beside ${ends.length} dribbling senders a page took at most ${Math.round(slowest)} ms; cut after ${Math.round(Math.max(...ends.map((end) => end.after)) / 1_000)} s`);
});

test('ten thousand idle connections', { timeout: 120_000 }, async (t) => {
  const own = Number(readFileSync('/proc/self/limits', 'utf8').match(/Max open files\s+(\d+)/)[1]);
  const wanted = Math.min(10_000, own - 500);
  const sockets = [];
  const open = (n) => new Promise((done, fail) => {
    // A client may have a thousand; so these are several.
    const socket = net.connect({ port: maru.port, host: '127.0.0.1', localAddress: `127.0.1.${1 + (n % 20)}` });
    sockets.push(socket);
    socket.once('connect', done).on('error', fail);
  });
  const before_ = await metric(maru, 'process_resident_memory_bytes');
  try {
    for (let n = 0; n < wanted; n += 250) {
      await Promise.all(Array.from({ length: Math.min(250, wanted - n) }, (_, more) => open(n + more)));
    }
    // The system has taken them in; the program counts those that it has come to.
    let held = 0;
    for (let tries = 0; held < wanted && tries < 100; tries += 1) {
      held = await metric(maru, 'maru_connections');
      if (held < wanted) await wait(100);
    }
    assert.ok(held >= wanted, `${held} of ${wanted} are held`);
    const [answer, took] = await timed(() => ask(maru, '/'));
    assert.equal(answer.status, 200);
    assert.ok(took < 1_000, `a page took ${took} ms`);
    const grown = (await metric(maru, 'process_resident_memory_bytes')) - before_;
    t.diagnostic(`note: ${wanted} idle connections held with ${Math.round(grown / wanted)} bytes each; a page took ${Math.round(took)} ms`);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  for (let tries = 0; (await metric(maru, 'maru_connections')) > 50; tries += 1) {
    assert.ok(tries < 100, 'they are given back');
    await wait(100);
  }
});

test('connections are bounded, and whoever is turned away hears it', { timeout: 60_000 }, async () => {
  const small = await Maru.start('edge-small', { more: ['--http-connections', '9', '--http-connections-per-client', '4'] });
  const held = [];
  try {
    const hold = (from) => new Promise((done, fail) => {
      const socket = net.connect({ port: small.port, host: '127.0.0.1', localAddress: from });
      held.push(socket);
      socket.once('connect', done).on('error', fail);
    });
    for (let n = 0; n < 4; n += 1) await hold('127.0.0.2');
    await wait(100);
    const over = await raw(small, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', { from: '127.0.0.2' });
    assert.equal(over.status, 503, 'one client');
    assert.match(over.text, /Retry-After: \d+/i);
    assert.ok(over.closed);
    assert.equal((await ask(small, '/', { from: '127.0.0.3' })).status, 200, 'another client');
    for (let n = 0; n < 5; n += 1) await hold(`127.0.0.${4 + (n % 2)}`);
    await wait(100);
    assert.equal((await raw(small, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', { from: '127.0.0.9' })).status, 503, 'all of them');
    held.forEach((socket) => socket.destroy());
    await wait(200);
    assert.equal((await ask(small, '/', { from: '127.0.0.2' })).status, 200, 'places are given back');
  } finally {
    held.forEach((socket) => socket.destroy());
    await small.stop();
  }
});

test('what is malformed is refused, and nothing is smuggled', { timeout: 60_000 }, async () => {
  const next = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
  const refused = {
    'two lengths': `POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef${next}`,
    'a length that is none': `POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nabcde${next}`,
    'two lengths in one': `POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 6\r\n\r\nabcde${next}`,
    'an encoding that is not chunked': `POST /sign-in HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${next}`,
    'chunked, but not at last': `POST /sign-in HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n${next}`,
    'a chunk without a size': `POST /sign-in HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n${next}`,
    'a chunk that is too large to be': `POST /sign-in HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc\r\n0\r\n\r\n${next}`,
    'a giant header': `GET / HTTP/1.1\r\nHost: x\r\nX-Big: ${'a'.repeat(100_000)}\r\n\r\n`,
    'a thousand headers': `GET / HTTP/1.1\r\nHost: x\r\n${'X-More: 1\r\n'.repeat(1_000)}\r\n`,
    'a blank before the colon': `GET / HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\nabcde${next}`,
    'a NUL in the path': 'GET /serv\0ices HTTP/1.1\r\nHost: x\r\n\r\n',
    'a NUL in a header': 'GET / HTTP/1.1\r\nHost: x\r\nX-Nul: a\0b\r\n\r\n',
    'an address of 100 kB': `GET /services?q=${'a'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    'no HTTP at all': 'SSH-2.0-OpenSSH_9.2\r\n\r\n',
  };
  for (const [what, bytes] of Object.entries(refused)) {
    const { status, closed, answers, text } = await raw(maru, Buffer.from(bytes, 'latin1'));
    assert.ok(answers <= 1, `${what}: what follows is no request of its own\n${text}`);
    assert.ok(status === 0 || (status >= 400 && status < 500), `${what}: ${status}`);
    assert.ok(closed, `${what}: the connection ends`);
  }
  // A length beside chunks: the chunks count, and nothing after them is believed.
  for (const heads of ['Content-Length: 6\r\nTransfer-Encoding: chunked', 'Transfer-Encoding: chunked\r\nContent-Length: 6']) {
    const { answers, closed } = await raw(maru, `POST /sign-in HTTP/1.1\r\nHost: x\r\n${heads}\r\n\r\n0\r\n\r\n${next}`);
    assert.deepEqual({ answers, closed }, { answers: 1, closed: true }, heads);
  }
  // A sound request that follows a sound one is answered too.
  const { answers } = await raw(maru, next + next, { patience: 1_000 });
  assert.equal(answers, 2);
  for (const path of ['/%00', '/services/%00', '/cases/%00/form', '/services?q=%00', '/api/v1/services/%00', '/api/v1/services?q=a%00']) {
    const answer = await ask(maru, path);
    assert.ok(answer.status >= 400 && answer.status < 500, `${path}: ${answer.status}`);
  }
  const plain = new Plain(maru.url);
  const form = await plain.form('/sign-in', /^(\/sign-in)?$/);
  const nul = await plain.post('/sign-in', { ...form.fields, name: 'ma\0ru', password: 'x' });
  assert.equal(nul.status, 422);
  assert.equal((await ask(maru, '/')).status, 200, 'and the program goes on');
});

test('who is named by a header counts only when a trusted proxy says so; limits outlive the process', { timeout: 90_000 }, async () => {
  const PROXY = '127.0.0.2';
  const more = ['--behind', PROXY];
  let limited = await Maru.start('edge-behind', { more });
  try {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
    // A form without its secret: refused, but counted as a change (120 a minute).
    const post = (named, from = PROXY) => ask(limited, '/sign-out', {
      method: 'POST', from, agent, headers: { ...(named ? { 'x-forwarded-for': named } : {}), 'content-type': 'application/x-www-form-urlencoded' },
    });
    for (let n = 0; n < 120; n += 1) assert.equal((await post('203.0.113.7')).status, 403);
    const over = await post('203.0.113.7');
    assert.equal(over.status, 429);
    assert.ok(Number(over.headers['retry-after']) >= 1);
    assert.equal((await post('203.0.113.8')).status, 403, 'another client of the same proxy');
    assert.equal((await post('203.0.113.7, 203.0.113.8')).status, 403, 'what a client wrote before the proxy is not believed');
    assert.equal((await post('203.0.113.8, 203.0.113.7')).status, 429);
    assert.equal((await post('203.0.113.7', '127.0.0.3')).status, 403, 'who is no proxy names nobody');
    assert.equal((await ask(limited, '/', { from: PROXY, headers: { 'x-forwarded-for': '203.0.113.7' } })).status, 200, 'reading is counted for itself');

    const secure = await ask(limited, '/', { from: PROXY, headers: { 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.9', 'x-request-id': 'proxy-request-1' } });
    assert.match(secure.headers['strict-transport-security'] ?? '', /max-age/);
    assert.match(String(secure.headers['set-cookie']), /; Secure/);
    assert.equal(secure.headers['x-request-id'], 'proxy-request-1');
    const forged = await ask(limited, '/', { from: '127.0.0.3', headers: { 'x-forwarded-proto': 'https', 'x-request-id': 'proxy-request-1' } });
    assert.equal(forged.headers['strict-transport-security'], undefined);
    assert.notEqual(forged.headers['x-request-id'], 'proxy-request-1');

    await wait(2_500);
    await limited.kill();
    agent.destroy();
    limited = await Maru.start('edge-behind', { data: limited.data, more, clock: '2026-10-07T10:12:20+09:00' });
    const again = (named) => ask(limited, '/sign-out', { method: 'POST', from: PROXY, headers: { 'x-forwarded-for': named } });
    assert.equal((await again('203.0.113.7')).status, 429, 'killed and started again, the count stands');
    assert.equal((await again('203.0.113.8')).status, 403);
    // What an operator sets counts within seconds, in a program that runs.
    const set = 'import sqlite3, sys\nwith sqlite3.connect(sys.argv[1]) as db: db.execute("INSERT INTO web_limit VALUES (\'change\', 1, 0)")';
    execFileSync(join(here, '.venv/bin/python'), ['-c', set, join(limited.data, 'maru.db')]);
    for (let tries = 0; (await again('203.0.113.8')).status !== 429; tries += 1) {
      assert.ok(tries < 50, 'the new limit is known');
      await wait(100);
    }
    assert.equal((await again('203.0.113.10')).status, 403);
    assert.equal((await again('203.0.113.10')).status, 429);
    for (const part of ['203.0.113.7', '203.0.113.8', '203.0.113.9', '127.0.0.3']) {
      assert.ok(!limited.logged().includes(part), `${part} is in no log`);
    }
  } finally {
    await limited.stop();
  }
});

function certificate(name) {
  const [cert, key] = [join(scratch, `${name}.pem`), join(scratch, `${name}.key`)];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', `/CN=${name}`,
    '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { cert, key, pem: readFileSync(cert, 'utf8') };
}

test('TLS: served, read again, never taken from a bad file', { timeout: 90_000 }, async () => {
  const [first, second] = [certificate('first'), certificate('second')];
  const [cert, key] = [join(scratch, 'now.pem'), join(scratch, 'now.key')];
  const use = (pair) => {
    copyFileSync(pair.cert, cert);
    copyFileSync(pair.key, key);
  };
  use(first);
  const secure = await Maru.start('edge-tls', { more: ['--tls-cert', cert, '--tls-key', key] });
  try {
    const silent = net.connect(secure.port, '127.0.0.1');
    const cut = timed(() => new Promise((done) => silent.on('close', done).on('error', () => {}).resume()));
    const page = await ask(secure, '/', { ca: first.pem });
    assert.equal(page.status, 200);
    assert.match(page.headers['strict-transport-security'], /max-age/);
    assert.match(String(page.headers['set-cookie']), /; Secure/);
    const shown = () => new Promise((done, fail) => {
      const socket = tls.connect({ port: secure.port, host: '127.0.0.1', ca: [first.pem, second.pem], servername: 'localhost', ALPNProtocols: ['h2', 'http/1.1'] }, () => {
        done([socket.getPeerCertificate().subject.CN, socket.alpnProtocol, socket.getProtocol()]);
        socket.destroy();
      });
      socket.on('error', fail);
    });
    assert.deepEqual(await shown(), ['first', 'http/1.1', 'TLSv1.3']);
    const plain = await raw(secure, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.ok(plain.closed && plain.status === 0, 'plain HTTP gets no page');

    const eventually = async (name) => {
      for (let tries = 0; (await shown())[0] !== name; tries += 1) {
        assert.ok(tries < 50, `${name} is shown`);
        await wait(100);
      }
    };
    use(second);
    secure.process.kill('SIGHUP');
    await eventually('second');
    // A key that does not belong to it, then no certificate at all: the one before stays, and the log says why.
    for (const [what, told] of [[() => copyFileSync(first.key, key), /does not go with the key/], [() => writeFileSync(cert, 'nothing'), /holds no certificate/]]) {
      what();
      secure.process.kill('SIGHUP');
      for (let tries = 0; !told.test(secure.logged()); tries += 1) {
        assert.ok(tries < 50, `${told} is in the log`);
        await wait(100);
      }
      assert.equal((await shown())[0], 'second');
    }
    assert.equal((await ask(secure, '/', { ca: second.pem })).status, 200);
    const [, took] = await cut;
    assert.ok(took < 15_000, 'who never says hello is let go');
  } finally {
    assert.equal(await secure.stop(), 0);
  }
  use(first);
  for (const [name, arguments_, told] of [
    ['no such file', ['--tls-cert', join(scratch, 'none.pem'), '--tls-key', key], /none\.pem: can't be read/],
    ['not a certificate', ['--tls-cert', key, '--tls-key', key], /now\.key: holds no certificate/],
    ['not its key', ['--tls-cert', cert, '--tls-key', second.key], /does not go with the key .*second\.key/],
    ['no key named', ['--tls-cert', cert], /--tls-key/],
    ['no address', ['--behind', 'proxy.example'], /write it like 10\.0\.0\.7/],
  ]) {
    const { status, stderr } = spawnSync(program(), ['serve', '--listen', '127.0.0.1:0', '--data', join(scratch, 'never'), ...arguments_], { encoding: 'utf8', timeout: 20_000 });
    assert.ok(status === 1 || status === 2, `${name}: ${status}`);
    assert.match(stderr, told, name);
  }
});

/** What names or reaches the demo's people, and what their registers hold about them. */
function privateWords() {
  const demo = readFileSync(join(root, 'packs/kr/demo.toml'), 'utf8');
  const people = demo.slice(demo.indexOf('[[person]]'));
  const words = [...people.matchAll(/"([^"\n]+)"/g)].map(([, word]) => word)
    .filter((word) => /[가-힣]{3}|@|^[A-Z]\w+ [A-Z]/.test(word) && word.length >= 3);
  assert.ok(words.length > 10);
  // Sign-in names stand for themselves: `maru` is also what the program is called.
  const users = [...people.matchAll(/^user\s*=\s*"([^"]+)"/gm)].map(([, user]) => `"${user}"`);
  assert.ok(users.length > 3);
  return [...new Set([...words, ...users])];
}

test('one id from request to job; logs and numbers know nobody', { timeout: 120_000 }, async (t) => {
  const own = await Maru.start('edge-journey');
  try {
    const plain = await new Plain(own.url).signIn(PEOPLE.resident);
    const { id, submit } = await prepared(plain);
    const sent = await plain.post(submit.action, submit.fields);
    assert.equal(sent.status, 303);
    const request = sent.headers.get('x-request-id');
    assert.match(request, /^[A-Za-z0-9-]{8,64}$/);
    await plain.get('/me');
    await plain.get('/me/accesses');
    const official = await new Plain(own.url).signIn(PEOPLE.official);
    const desk = await official.get(`/desk/cases/${id}`);
    assert.equal(desk.status, 200);
    for (const [action, fields] of [['assign', {}], ['grant', { note: GRANT_REASON.ko }]]) {
      const csrf = (await official.get(`/desk/cases/${id}`)).text.match(/name="csrf" value="([^"]+)"/)[1];
      assert.equal((await official.post(`/cases/${id}/${action}`, { ...fields, csrf })).status, 303, action);
    }
    for (let tries = 0; own.letters().length < 2; tries += 1) {
      assert.ok(tries < 100, 'letters go out');
      await wait(100);
    }
    const missing = await ask(own, `/cases/${id}/nothing`, { headers: { accept: 'text/html' } });
    assert.ok(missing.text.includes(missing.headers['x-request-id']), 'an error page tells its id');
    await wait(300);

    const lines = own.logged().split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
    const mine = lines.filter((line) => line.span?.request === request);
    const served = mine.filter((line) => line.fields.message === 'served');
    assert.deepEqual(served.map((line) => [line.fields.route, line.fields.status]), [['/cases/{id}/submit', 303]]);
    const kinds = mine.filter((line) => line.span.name === 'job' && line.fields.message === 'job done').map((line) => line.span.kind);
    assert.ok(kinds.length >= 2 && kinds.includes('mail'), `jobs that the request caused: ${kinds}`);

    const numbers = await ask(own, '/metrics');
    assert.equal(numbers.status, 200);
    assert.match(numbers.headers['content-type'], /^application\/openmetrics-text/);
    writeFileSync(join(scratch, 'metrics.txt'), numbers.text);
    const parse = 'import sys\nfrom prometheus_client.openmetrics.parser import text_string_to_metric_families as parse\n'
      + 'families = list(parse(open(sys.argv[1], encoding="utf-8").read()))\n'
      + 'print(len(families), sum(len(f.samples) for f in families))\n'
      + 'for f in families: print(f.name, f.type)';
    const parsed = execFileSync(join(here, '.venv/bin/python'), ['-c', parse, join(scratch, 'metrics.txt')], { encoding: 'utf8' });
    for (const name of ['maru_requests counter', 'maru_request_seconds histogram', 'maru_jobs counter', 'maru_connections gauge', 'maru_build info',
      'maru_jobs_waiting gauge', 'maru_store_commits counter', 'maru_store_commit_seconds histogram', 'process_resident_memory_bytes gauge', 'process_cpu_seconds counter']) {
      assert.ok(parsed.includes(name), `${name} in\n${parsed}`);
    }
    const words = privateWords();
    for (const [what, text] of [['log', own.logged()], ['numbers', numbers.text]]) {
      for (const word of words) assert.ok(!text.includes(word), `${word} is in the ${what}: ${text.split('\n').find((line) => line.includes(word))?.slice(0, 300)}`);
      assert.doesNotMatch(what === 'log' ? text.replaceAll(`127.0.0.1:${own.port}`, '') : text, /127\.0\.0\.1/, `no client address in the ${what}`);
      assert.ok(!text.includes(id) || what === 'log', 'no case in the numbers');
    }
    t.diagnostic(`note: ${lines.length} lines of log and ${parsed.split('\n')[0].split(' ')[1]} samples without any of ${words.length} private words`);
    assert.equal((await ask(own, '/metrics', { headers: { 'x-forwarded-for': '203.0.113.1' } })).status, 404);
  } finally {
    await own.stop();
  }
});

test('the pages that say “not now” are good pages too', { timeout: 120_000 }, async () => {
  const own = await Maru.start('edge-pages', { more: ['--behind', '127.0.0.1'] });
  const browser = await launch();
  const named = { 'x-forwarded-for': '203.0.113.50' };
  try {
    const plain = await new Plain(own.url).signIn(PEOPLE.resident);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
    const spend = () => ask(own, '/sign-in', { agent, headers: named });
    let status = 200;
    for (let n = 0; status === 200 && n < 700; n += 1) ({ status } = await spend());
    agent.destroy();
    assert.equal(status, 429, 'six hundred pages in a minute are enough');
    // The table of sessions is gone: nobody can look who is signed in.
    const broken = 'import sqlite3, sys\nwith sqlite3.connect(sys.argv[1]) as db: db.execute("ALTER TABLE party_session RENAME TO party_gone")';
    execFileSync(join(here, '.venv/bin/python'), ['-c', broken, join(own.data, 'maru.db')]);
    for (const language of ['ko', 'en']) {
      for (const width of [390, 1280]) {
        const visitor = await Visitor.open(browser, { url: own.url, language, scripts: false, width, name: `not-now-${language}-${width}` });
        await visitor.context.addCookies([...plain.cookies].map(([name, value]) => ({ name, value, url: own.url })));
        await visitor.go('/cases');
        assert.deepEqual(await judge(visitor, { h1: TITLES.not_now[language], language, status: 503 }), []);
        assert.equal(visitor.visit.headers['retry-after'], '5');
        await visitor.keep('503');
        await visitor.context.clearCookies();
        await visitor.context.setExtraHTTPHeaders(named);
        await visitor.go('/');
        assert.deepEqual(await judge(visitor, { h1: TITLES.wait[language], language, status: 429 }), []);
        await visitor.keep('429');
        await visitor.close();
      }
    }
  } finally {
    await browser.close();
    await own.stop();
  }
});

test('one program after the other is replaced, and nobody behind a proxy sees it', { timeout: 120_000 }, async (t) => {
  const more = ['--behind', '127.0.0.1', '--drain', '2'];
  const backends = [{ maru: await Maru.start('edge-roll-a', { more }) }, { maru: await Maru.start('edge-roll-b', { more }) }];
  const proxy = await proxyBefore(backends);
  const seen = {};
  let going = true;
  const clients = Array.from({ length: 6 }, async (_, n) => {
    while (going) {
      const status = n % 2
        ? await ask(proxy, '/api/v1/eligibility', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"facts":{},"limit":1}' }).then((answer) => answer.status, (error) => error.code)
        : await ask(proxy, '/healthz').then((answer) => answer.status, (error) => error.code);
      seen[status] = (seen[status] ?? 0) + 1;
      await wait(15);
    }
  });
  try {
    for (const backend of backends) {
      await wait(1_000);
      const { data } = backend.maru;
      const ended = backend.maru.stop();
      await wait(300);
      const draining = await ask(backend.maru, '/readyz');
      assert.equal(draining.status, 503);
      assert.match(draining.text, /about to stop/);
      assert.equal(draining.headers.connection, 'close');
      assert.equal(await ended, 0, 'it ends by itself');
      backend.maru = await Maru.start('edge-roll', { data, more });
    }
    await wait(500);
  } finally {
    going = false;
    await Promise.all(clients);
    proxy.close();
    await Promise.all(backends.map((backend) => backend.maru.stop()));
  }
  assert.deepEqual(Object.keys(seen), ['200'], JSON.stringify(seen));
  t.diagnostic(`note: ${seen[200]} requests through the proxy, none failed, while both programs were replaced`);
});

test('what runs is finished before it stops; asked twice, it stops at once', { timeout: 60_000 }, async () => {
  const first = await Maru.start('edge-stop');
  const idle = net.connect(first.port, '127.0.0.1');
  idle.on('error', () => {});
  const slow = net.connect(first.port, '127.0.0.1');
  let text = '';
  slow.on('data', (data) => (text += data)).on('error', () => {});
  const closed = new Promise((done) => slow.on('close', done));
  const body = '{"facts":{},"limit":1}';
  slow.write(`POST /api/v1/eligibility HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`);
  await wait(300);
  const begun = performance.now();
  const ended = first.stop();
  await wait(700);
  await assert.rejects(ask(first, '/healthz'), 'no new connection is taken');
  slow.write(body);
  await closed;
  assert.match(text, /^HTTP\/1\.1 200/, 'but what was begun is answered');
  assert.match(text, /connection: close/i);
  assert.equal(await ended, 0);
  assert.ok(performance.now() - begun < 5_000, 'and nobody waits for who asks nothing');

  const second = await Maru.start('edge-twice', { more: ['--drain', '60'] });
  second.process.kill('SIGTERM');
  await wait(300);
  assert.equal((await ask(second, '/')).status, 200, 'goes on serving');
  const [how, took] = await timed(() => {
    second.process.kill('SIGTERM');
    return second.ended;
  });
  assert.equal(how, 1);
  assert.ok(took < 2_000);
});
