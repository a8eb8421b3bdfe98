// A PostgreSQL of one's own on a free port of this machine, in a new folder, gone at the end.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './maru.mjs';

const run = promisify(execFile);
const running = new Set();
process.on('exit', () => running.forEach((cluster) => cluster.remove()));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

/** The folder of `initdb`, `postgres` and `psql`: on the PATH, or where Debian puts the newest. */
function binaries() {
  const versions = '/usr/lib/postgresql';
  const debian = existsSync(versions) ? readdirSync(versions).sort((a, b) => b - a).map((v) => join(versions, v, 'bin')) : [];
  const found = [...(process.env.PATH ?? '').split(delimiter), ...debian].find((place) => ['initdb', 'postgres', 'psql'].every((one) => existsSync(join(place, one))));
  if (!found) throw new Error('no PostgreSQL: install the Debian package postgresql-15');
  return found;
}

/** PostgreSQL refuses to be root: then it is the user whom Debian's package made for it. */
function owner() {
  if (process.getuid() !== 0) return undefined;
  const line = readFileSync('/etc/passwd', 'utf8').match(/^postgres:[^:]*:(\d+):(\d+):/m);
  if (!line) throw new Error('no user postgres to run PostgreSQL as: install the Debian package postgresql-15');
  return { uid: Number(line[1]), gid: Number(line[2]) };
}

/** Every living process below one, itself first. */
function family(pid) {
  const parents = new Map();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const [state, parent] = readFileSync(`/proc/${entry}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
      if (state !== 'Z') parents.set(Number(entry), Number(parent));
    } catch {
      // It has just ended.
    }
  }
  const all = parents.has(pid) ? [pid] : [];
  for (const one of all) for (const [child, parent] of parents) if (parent === one) all.push(child);
  return all;
}

function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch (why) {
    if (why.code !== 'ESRCH') throw why;
  }
}

export class Postgres {
  /** `fsync` off is quicker, and keeps nothing when the power goes. `settings` are words for postgresql.conf. */
  static async start({ fsync = true, settings = {} } = {}) {
    const cluster = new Postgres();
    cluster.bin = binaries();
    cluster.user = owner();
    cluster.settings = { fsync: fsync ? 'on' : 'off', ...settings };
    // Not below this folder: another user cannot always walk there.
    cluster.folder = mkdtempSync(join(tmpdir(), 'maru-postgres-'));
    running.add(cluster);
    try {
      if (cluster.user) execFileSync('chown', [`${cluster.user.uid}:${cluster.user.gid}`, cluster.folder]);
      cluster.data = join(cluster.folder, 'data');
      await cluster.as('initdb', ['-D', cluster.data, '-E', 'UTF8', '--locale=C', '-U', 'maru', '--auth=trust', ...(fsync ? [] : ['--no-sync'])]);
      cluster.port = await freePort();
      await cluster.start();
    } catch (why) {
      cluster.remove();
      throw why;
    }
    return cluster;
  }

  /** One of its programs, as its user. */
  as(program, args) {
    return run(join(this.bin, program), args, { ...this.user, cwd: this.folder, env: { PATH: process.env.PATH, LC_ALL: 'C' } });
  }

  /** Starts it, and waits until it takes connections. */
  async start({ wait = true } = {}) {
    const settings = {
      port: this.port, listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: 100, shared_buffers: '32MB',
      // After a crash it would sync each of its thousand files by name.
      recovery_init_sync_method: 'syncfs', logging_collector: 'off', ...this.settings,
    };
    const log = openSync(join(this.folder, 'log'), 'a');
    const args = ['-D', this.data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
    const as = this.user ? ['--reuid', this.user.uid, '--regid', this.user.gid, '--clear-groups'] : [];
    // It ends with this program, however that ends.
    this.process = spawn('setpriv', [...as.map(String), '--pdeathsig', 'KILL', join(this.bin, 'postgres'), ...args], {
      cwd: this.folder, stdio: ['ignore', log, log], env: { PATH: process.env.PATH, LC_ALL: 'C' },
    });
    closeSync(log);
    this.ended = new Promise((done) => this.process.once('exit', (code, how) => done(how ?? code)));
    let over;
    this.ended.then((how) => (over = how));
    if (wait) {
      const begun = performance.now();
      while (!(await this.ask('postgres', 'SELECT 1').then(() => true, () => false))) {
        if (over !== undefined || performance.now() - begun > 60_000) throw new Error(`PostgreSQL does not start (${over}):\n${this.logged().slice(-2000)}`);
        await new Promise((done) => setTimeout(done, 30));
      }
    }
    return this;
  }

  logged() {
    return readFileSync(join(this.folder, 'log'), 'utf8');
  }

  /** The address of a database. */
  address(name) {
    return `postgres://maru@127.0.0.1:${this.port}/${name}`;
  }

  /** Makes a database; answers its address. */
  async database(name) {
    await this.ask('postgres', `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'`);
    return this.address(name);
  }

  /** The rows of one statement, as texts. */
  async ask(name, sql) {
    return this.askAll(name, [sql], '').then(([rows]) => rows);
  }

  /** The rows of several statements, of one moment. */
  async askAll(name, statements, begin = 'BEGIN ISOLATION LEVEL REPEATABLE READ') {
    const args = ['-X', '-q', '-A', '-t', '-F', '\u001f', '-R', '\u001e', '-v', 'ON_ERROR_STOP=1', '-d', this.address(name)];
    if (begin) args.push('-c', begin);
    for (const sql of statements) args.push('-c', sql, '-c', `SELECT '\u001d'`);
    const { stdout } = await run(join(this.bin, 'psql'), args, { cwd: '/', env: { PATH: process.env.PATH, LC_ALL: 'C', PGCONNECT_TIMEOUT: '5' }, maxBuffer: 1 << 28 });
    const parts = stdout.split('\u001d').slice(0, statements.length).map((part) => part.replace(/^\n/, '').replace(/\n$/, ''));
    return parts.map((part) => (part === '' ? [] : part.split('\u001e').map((row) => row.split('\u001f'))));
  }

  /** `fast` ends sessions and writes everything down; `immediate` is a crash that recovers at the next start. */
  async stop(how = 'fast') {
    this.resume();
    signal(this.process.pid, { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT' }[how]);
    return this.ended;
  }

  /** kill -9 of the postmaster; its children notice and end, and are waited for. */
  async kill() {
    const all = family(this.process.pid);
    signal(this.process.pid, 'SIGKILL');
    await this.ended;
    for (const pid of all) {
      while (family(pid).length) await new Promise((done) => setTimeout(done, 20));
    }
  }

  /** Stops the clock for all its processes: connections stay open and nothing answers. */
  pause() {
    this.paused = family(this.process.pid);
    this.paused.forEach((pid) => signal(pid, 'SIGSTOP'));
  }

  resume() {
    (this.paused ?? []).forEach((pid) => signal(pid, 'SIGCONT'));
    this.paused = undefined;
  }

  /** Ends whatever is left at once, and takes the folder away. */
  remove() {
    if (this.process) family(this.process.pid).forEach((pid) => signal(pid, 'SIGKILL'));
    // What the last of them were doing may be done after them.
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    running.delete(this);
  }
}
