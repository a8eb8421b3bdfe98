// A letter leaves by SMTP: somebody else's mail server takes it, and what is in the inbox is what arrives.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { prepared } from './file.mjs';
import { freePort, Maru } from './maru.mjs';
import { root } from './places.mjs';
import { Plain } from './plain.mjs';
import { PEOPLE, RECEIPT } from './words.mjs';

class MailServer {
  static async start() {
    const server = new MailServer();
    server.port = await freePort();
    server.heard = '';
    const python = join(root, 'clients/.venv/bin/python');
    server.process = spawn(python, ['-u', '-m', 'aiosmtpd', '-n', '-l', `127.0.0.1:${server.port}`, '-c', 'aiosmtpd.handlers.Debugging', 'stdout']);
    server.process.stdout.on('data', (chunk) => (server.heard += chunk));
    server.ended = new Promise((done) => server.process.once('exit', done));
    await until('the mail server listens', () => reached(server.port));
    return server;
  }

  stop() {
    this.process.kill('SIGKILL');
    return this.ended;
  }
}

const reached = (port) => new Promise((done) => {
  const socket = connect(port, '127.0.0.1', () => { socket.destroy(); done(true); });
  socket.once('error', () => done(false));
});

async function until(what, holds) {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await holds()) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  assert.fail(`${what}: not within 20 seconds`);
}

test('the receipt goes out by SMTP, and waits for a mail server that is away', { timeout: 120_000 }, async () => {
  const away = await freePort();
  let mail = await MailServer.start();
  const maru = await Maru.start('smtp', { mail: `smtp://127.0.0.1:${mail.port}` });
  try {
    const plain = await new Plain(maru.url).signIn(PEOPLE.applicants[0]);
    const { id, submit } = await prepared(plain);
    await plain.post(submit.action, submit.fields);
    const receipt = (await plain.get(`/cases/${id}`)).text.match(RECEIPT)[0];
    await until('the mail arrives', () => mail.heard.includes('END MESSAGE'));
    assert.match(mail.heard, /^Subject: /m);
    assert.match(mail.heard, /^To: .*@example\.invalid/m);
    const body = mail.heard.split('\n\n').slice(1).join('\n\n').replace(/-+ END MESSAGE.*/s, '');
    const encoded = /^Content-Transfer-Encoding: base64/m.test(mail.heard);
    const text = encoded ? Buffer.from(body.replace(/\s/g, ''), 'base64').toString() : body;
    assert.ok(text.includes(receipt), 'the letter names the receipt');
  } finally {
    await maru.stop();
    await mail.stop();
  }
  // Nobody listens: the letter is in the inbox all the same, and nothing is told as sent.
  const alone = await Maru.start('smtp-away', { mail: `smtp://127.0.0.1:${away}` });
  try {
    const plain = await new Plain(alone.url).signIn(PEOPLE.applicants[0]);
    const { submit } = await prepared(plain);
    assert.equal((await plain.post(submit.action, submit.fields)).status, 303);
    let link;
    await until('the letter is in the inbox', async () => {
      link = (await plain.get('/messages')).text.match(/href="(\/messages\/[^"]+)"/)?.[1];
      return link;
    });
    assert.doesNotMatch((await plain.get(link)).text, /전자우편으로도 보냈습니다/);
  } finally {
    await alone.stop();
  }
});
