// The disk of disk.c: built when it is needed, given to a program by its environment, broken by a control file.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, here } from './places.mjs';

/** Builds the library, unless it is newer than its source. */
export function library() {
  const [source, built] = [join(here, 'disk.c'), join(folder('disk'), 'disk.so')];
  if (existsSync(built) && statSync(built).mtimeMs > statSync(source).mtimeMs) return built;
  const beside = `${built}.${process.pid}`;
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-O2', '-Wall', '-Wextra', '-Werror', '-fvisibility=hidden', '-o', beside, source], { stdio: 'pipe' });
  } catch (why) {
    if (why.code === 'ENOENT') throw new Error('no C compiler: install the Debian package gcc');
    throw new Error(`disk.c does not build:\n${why.stderr}`);
  }
  renameSync(beside, built);
  return built;
}

export class Disk {
  /** `data` is the folder that lies on it. It forgets what was not synced if `forgets`. */
  constructor(data, { forgets = false, seed = 1, cutAt } = {}) {
    Object.assign(this, { data, forgets, seed, cutAt, control: `${data}.control`, log: `${data}.disk.log` });
    this.now('');
  }

  /** For the program's environment. */
  get env() {
    return {
      LD_PRELOAD: library(),
      MARU_DISK: this.data,
      MARU_DISK_CONTROL: this.control,
      MARU_DISK_LOG: this.log,
      MARU_DISK_SEED: String(this.seed),
      MARU_DISK_FORGETS: this.forgets ? '1' : '0',
      ...(this.cutAt ? { MARU_DISK_CUT_AT: String(this.cutAt) } : {}),
    };
  }

  /** What is wrong with it from now on; '' is nothing, 'cut' is that the power goes. */
  now(words) {
    writeFileSync(`${this.control}.new`, words);
    renameSync(`${this.control}.new`, this.control);
  }

  /** As `now`, and waits until the program's disk has heard it. */
  async become(words) {
    const heard = () => this.logged().split('\n').filter((line) => line.startsWith('now ')).length;
    const before = heard();
    this.now(words);
    for (let tries = 0; heard() === before; tries += 1) {
      if (tries > 500) throw new Error(`the disk does not hear:\n${this.logged().slice(-2000)}`);
      await new Promise((done) => setTimeout(done, 10));
    }
  }

  logged() {
    return existsSync(this.log) ? readFileSync(this.log, 'utf8') : '';
  }
}
