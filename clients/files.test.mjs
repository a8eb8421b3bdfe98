// Files of a case from outside: a browser without scripts, the other origin, a bucket, memory, and a killed server.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { deflateSync, crc32 } from 'node:zlib';
import { prepared } from './file.mjs';
import { judge } from './judge.mjs';
import { freePort, Maru } from './maru.mjs';
import { here } from './places.mjs';
import { Plain } from './plain.mjs';
import { launch, Visitor } from './visitor.mjs';
import { PEOPLE } from './words.mjs';

const MB = 1024 * 1024;
const WORDS = {
  ko: { h1: /^서류와 사진$/, lying: '내용은 PNG입니다', large: '20 MB보다 큽니다', page: '신청' },
  en: { h1: /^Documents and photos$/, lying: 'this file holds PNG', large: 'larger than 20 MB' },
};

/** A small picture, made here. */
function png() {
  const chunk = (name, data) => {
    const body = Buffer.concat([Buffer.from(name), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.from([0, 0, 0, 8, 0, 0, 0, 8, 8, 2, 0, 0, 0]);
  const rows = Buffer.concat(Array.from({ length: 8 }, () => Buffer.concat([Buffer.from([0]), Buffer.alloc(24, 200)])));
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}
const PDF = Buffer.from('%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n');

const filesAt = (maru) => maru.logged().match(/handed in is shown from (\S+)/g).at(-1).split(' ').at(-1);

/** Sends a file with the form of the files' page, without a browser. */
async function send(plain, id, name, bytes, type, signal) {
  const form = await plain.form(`/cases/${id}/files`, `/cases/${id}/files`);
  const body = new FormData();
  body.append('csrf', form.fields.csrf);
  body.append('file', new Blob([bytes], { type }), name);
  return plain.ask(`/cases/${id}/files`, { method: 'POST', body, headers: { origin: plain.url }, signal });
}

const offered = (html, id) => [...html.matchAll(new RegExp(`href="(/cases/${id}/files/[^"]+)"`, 'g'))].map(([, path]) => path);

let maru;
let browser;
before(async () => {
  maru = await Maru.start('files');
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await maru?.stop();
});

async function visitorFor(plain, options) {
  const visitor = await Visitor.open(browser, { url: maru.url, scripts: false, ...options });
  const cookies = [...plain.cookies, ['maru_lang', options.language]];
  await visitor.context.addCookies(cookies.map(([name, value]) => ({ name, value, url: maru.url })));
  return visitor;
}

test('a photo and a document are added, a lie and too much are told, the official opens them elsewhere', { timeout: 120_000 }, async () => {
  const resident = await new Plain(maru.url).signIn(PEOPLE.resident);
  const { id, submit } = await prepared(resident);
  for (const [language, width] of [['ko', 390], ['ko', 1280], ['en', 390], ['en', 1280]]) {
    const visitor = await visitorFor(resident, { language, width, name: `files-${language}-${width}` });
    const expected = { h1: WORDS[language].h1, language };
    const choose = async (name, mimeType, buffer) => {
      await visitor.page.setInputFiles('#file', { name, mimeType, buffer });
      await visitor.leave(() => visitor.page.click('form[enctype] button[type=submit]'));
    };
    await visitor.go(`/cases/${id}/files`);
    assert.deepEqual(await judge(visitor, expected), []);
    await choose('현관.png', 'image/png', png());
    await choose('계약서.pdf', 'application/pdf', PDF);
    assert.equal(visitor.visit.status, 200);
    assert.deepEqual(await judge(visitor, expected), []);
    await visitor.keep('added');
    await choose('계약서.pdf', 'application/pdf', png());
    assert.deepEqual(await judge(visitor, { ...expected, status: 422 }), []);
    assert.ok(visitor.visit.html.includes(WORDS[language].lying));
    await visitor.keep('lying');
    await choose('많은 글.txt', 'text/plain', Buffer.alloc(24 * MB, 'a'));
    assert.deepEqual(await judge(visitor, { ...expected, status: 422 }), []);
    assert.ok(visitor.visit.html.includes(WORDS[language].large));
    for (const [path, what] of [[`/cases/${id}/check`, 'check'], [`/cases/${id}/form`, 'form']]) {
      await visitor.go(path);
      assert.deepEqual(await judge(visitor, { h1: /./, language }), []);
      await visitor.keep(what);
    }
    await visitor.close();
  }
  const sent = await resident.post(submit.action, submit.fields);
  assert.equal(sent.status, 303);
  const official = await new Plain(maru.url).signIn(PEOPLE.official);
  for (const [language, width] of [['ko', 1280], ['en', 390]]) {
    const visitor = await visitorFor(official, { language, width, name: `files-desk-${language}-${width}` });
    await visitor.go(`/desk/cases/${id}`);
    assert.deepEqual(await judge(visitor, { h1: /./, language }), []);
    await visitor.keep('desk');
    const link = visitor.page.locator(`a[href^="/cases/${id}/files/"]`).first();
    const answered = visitor.page.waitForResponse((answer) => answer.url().startsWith(filesAt(maru)));
    await link.click();
    const answer = await answered;
    assert.equal(answer.status(), 200);
    assert.equal(answer.headers()['content-type'], 'image/png');
    assert.equal(new URL(visitor.page.url()).origin, filesAt(maru));
    assert.notEqual(filesAt(maru), maru.url);
    await visitor.close();
    const seen = await visitorFor(resident, { language, width, name: `files-case-${language}-${width}` });
    await seen.go(`/cases/${id}`);
    assert.deepEqual(await judge(seen, { h1: /./, language }), []);
    await seen.keep('case');
    await seen.close();
  }
});

test('memory stays flat while twenty files of 20 MB come at once', { timeout: 180_000 }, async (t) => {
  const plain = await new Plain(maru.url).signIn(PEOPLE.other);
  const { id } = await prepared(plain);
  const rss = () => Number(readFileSync(`/proc/${maru.process.pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) / 1024;
  const first = rss();
  let most = first;
  const looking = setInterval(() => (most = Math.max(most, rss())), 20);
  const bytes = Buffer.alloc(20 * MB, 'b');
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => send(plain, id, `${n}.txt`, Buffer.concat([Buffer.from(`${n}`), bytes.subarray(4)]), 'text/plain')));
  clearInterval(looking);
  const taken = answers.filter(({ status }) => status === 303).length;
  assert.equal(taken, 5, 'as many as fit into 100 MB');
  assert.ok(answers.every(({ status }) => status === 303 || status === 422));
  assert.ok(most - first < 120, `memory grew from ${first} to ${most} MiB`);
  t.diagnostic(`note: 400 MB came at once; memory went from ${Math.round(first)} to at most ${Math.round(most)} MiB`);
});

test('a server killed in the middle leaves no row without its file', { timeout: 120_000 }, async () => {
  let killed = await Maru.start('files-killed');
  const plain = await new Plain(killed.url).signIn(PEOPLE.resident);
  const { id } = await prepared(plain);
  const sending = Promise.allSettled(Array.from({ length: 12 }, async (_, n) => send(plain, id, `${n}.txt`, Buffer.alloc(8 * MB, `${n} `), 'text/plain')));
  await new Promise((done) => setTimeout(done, 700));
  await killed.kill();
  await sending;
  killed = await Maru.start('files-killed', { data: killed.data });
  try {
    const again = await new Plain(killed.url).signIn(PEOPLE.resident);
    const paths = offered((await again.get(`/cases/${id}/files`)).text, id);
    for (const path of paths) {
      const { to } = await again.ask(path);
      assert.equal((await (await fetch(to)).arrayBuffer()).byteLength, 8 * MB);
    }
    assert.equal((await send(again, id, 'after.pdf', PDF, 'application/pdf')).status, 303);
  } finally {
    await killed.stop();
  }
});

test('a bucket of somebody else’s server holds the files', { timeout: 120_000 }, async () => {
  const port = await freePort();
  const server = spawn(join(here, '.venv/bin/moto_server'), ['-H', '127.0.0.1', '-p', `${port}`], { stdio: 'ignore' });
  const endpoint = `http://127.0.0.1:${port}`;
  let held;
  try {
    for (let waited = 0; ; waited += 100) {
      const made = await fetch(`${endpoint}/papers`, { method: 'PUT' }).then((answer) => answer.ok, () => false);
      if (made) break;
      assert.ok(waited < 30_000, 'the bucket’s server does not start');
      await new Promise((done) => setTimeout(done, 100));
    }
    Object.assign(process.env, { AWS_ENDPOINT: endpoint, AWS_ACCESS_KEY_ID: 'maru', AWS_SECRET_ACCESS_KEY: 'maru-secret', AWS_REGION: 'us-east-1' });
    held = await Maru.start('files-bucket', { more: ['--blobs', 's3://papers/country'] });
    const plain = await new Plain(held.url).signIn(PEOPLE.resident);
    const { id } = await prepared(plain);
    const large = Buffer.alloc(17 * MB, 'some words ');
    assert.equal((await send(plain, id, 'a.pdf', PDF, 'application/pdf')).status, 303);
    assert.equal((await send(plain, id, 'b.txt', large, 'text/plain')).status, 303);
    const [first, second] = offered((await plain.get(`/cases/${id}/files`)).text, id);
    const small = await fetch((await plain.ask(first)).to);
    assert.deepEqual(Buffer.from(await small.arrayBuffer()), PDF);
    const { to } = await plain.ask(second);
    assert.ok(large.equals(Buffer.from(await (await fetch(to)).arrayBuffer())));
    const part = await fetch(to, { headers: { range: `bytes=${6 * MB}-${6 * MB + 99}` } });
    assert.equal(part.status, 206);
    assert.ok(large.subarray(6 * MB, 6 * MB + 100).equals(Buffer.from(await part.arrayBuffer())));
    const list = await (await fetch(`${endpoint}/papers?list-type=2`)).text();
    assert.equal(list.match(/<Key>country\/[0-9a-f]{64}<\/Key>/g)?.length, 2, list);
    server.kill('SIGKILL');
    const gone = await send(plain, id, 'c.pdf', Buffer.concat([PDF, Buffer.from('%')]), 'application/pdf');
    assert.equal(gone.status, 503, 'not now, and said so');
    assert.equal(offered((await plain.get(`/cases/${id}/files`)).text, id).length, 2);
  } finally {
    await held?.stop();
    server.kill('SIGKILL');
  }
});
