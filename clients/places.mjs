// Where things lie, and what a run leaves behind. Nothing else in this folder names a path.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const here = dirname(fileURLToPath(import.meta.url));
export const root = dirname(here);
export const shared = process.env.MARU_SHARED ?? join(root, '../shared');
export const out = join(here, 'out');
export const catalogue = join(root, 'packs/kr/catalogue/gov24.tsv');

/** Debian's Chromium, and the same engine without windows. */
export const wholeBrowser = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const shell = process.env.CHROMIUM ?? '/usr/bin/chromium-headless-shell';

/** The program under test; `cargo xtask test` names it. */
export function program() {
  const named = process.env.MARU_BIN ?? join(root, 'target/debug/maru');
  if (!existsSync(named)) throw new Error(`no program at ${named}: build it, or name it in MARU_BIN`);
  return named;
}

/** A new folder under clients/out, named after what runs in it. */
export function folder(...names) {
  const made = join(out, ...names);
  mkdirSync(made, { recursive: true });
  return made;
}

/** Remembers what a person typed, so that `cargo xtask test` can look for it in the logs afterwards. */
export function typed(text) {
  mkdirSync(out, { recursive: true });
  appendFileSync(join(out, 'typed.txt'), `${text}\n`);
}

/** The password of all the demo's people. */
export function demoPassword() {
  const [, password] = readFileSync(join(root, 'packs/kr/demo.toml'), 'utf8').match(/^password\s*=\s*"([^"]+)"/m);
  return password;
}

/** The pinned Python of `cargo xtask test`, else the one of this machine. */
export function python() {
  const pinned = join(here, '.venv/bin/python');
  return existsSync(pinned) ? pinned : 'python3';
}
