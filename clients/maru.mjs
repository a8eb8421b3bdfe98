// Starts and stops `maru demo` on a free port of this machine, with a data folder of its own.
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { folder, program, root } from './places.mjs';

export const CLOCK = '2026-10-07T10:12:00+09:00';
/** For a second start in the same folder: time does not go back there either. */
export const LATER = '2026-10-07T11:00:00+09:00';

export async function freePort() {
  const server = createServer();
  await new Promise((done, fail) => server.once('error', fail).listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

export class Maru {
  /**
   * `data` keeps the folder of an earlier start, `database` is where rows go instead; without a `clock` (null) it is now; `more` is added to
   * the command line; `env` and `wrap` are what the program runs in.
   */
  static async start(name, { data, clock = data ? LATER : CLOCK, mail, database, command = 'demo', more = [], env = {}, wrap = [] } = {}) {
    const maru = new Maru();
    maru.data = data ?? mkdtempSync(join(folder('data'), `${name}-`));
    maru.mail = folder('mail', maru.data.split('/').at(-1));
    maru.log = join(folder('logs'), `${maru.data.split('/').at(-1)}.log`);
    const port = await freePort();
    maru.port = port;
    maru.url = `${more.includes('--tls-cert') ? 'https' : 'http'}://127.0.0.1:${port}`;
    const log = openSync(maru.log, 'a');
    const before = maru.logged().length;
    const started = performance.now();
    const [first, ...rest] = [
      ...wrap, program(), command, '--listen', `127.0.0.1:${port}`, '--data', maru.data, '--mail', mail ?? maru.mail,
      ...(clock ? ['--clock', clock] : []), ...(database ? ['--database', database] : []), ...more,
    ];
    maru.process = spawn(first, rest, { cwd: root, stdio: ['ignore', log, log], env: { ...process.env, RUST_LOG: process.env.RUST_LOG ?? 'debug', ...env } });
    closeSync(log);
    maru.ended = new Promise((done) => maru.process.once('exit', (code, signal) => done(signal ?? code)));
    let over;
    maru.ended.then((how) => (over = how));
    for (;;) {
      if (over !== undefined) throw new Error(`maru ended with ${over} before it was ready:\n${maru.logged().slice(-2000)}`);
      // Over TLS nobody here trusts the certificate yet: what it says is enough.
      const ready = maru.url.startsWith('https')
        ? maru.logged().slice(before).includes('Maru is ready')
        : await fetch(`${maru.url}/healthz`).then((answer) => answer.status === 200, () => false);
      if (ready) break;
      if (performance.now() - started > 60_000) {
        await maru.kill();
        throw new Error(`maru is not ready after a minute:\n${maru.logged().slice(-2000)}`);
      }
      await new Promise((done) => setTimeout(done, 20));
    }
    maru.readyAfter = performance.now() - started;
    return maru;
  }

  logged() {
    return readFileSync(this.log, 'utf8');
  }

  /** Every letter delivered so far. */
  letters() {
    return readdirSync(this.mail, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath ?? entry.path, entry.name), 'utf8'));
  }

  /** As an operator would: it must end by itself. */
  async stop() {
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 15_000);
    const how = await this.ended;
    clearTimeout(timer);
    return how;
  }

  /** As a power cut would. */
  async kill() {
    this.process.kill('SIGKILL');
    return this.ended;
  }
}
