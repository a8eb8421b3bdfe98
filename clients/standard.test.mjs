// `maru standard check`: a site made to be bad fails first and agrees with axe, then Maru itself has nothing unmet.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Maru } from './maru.mjs';
import { program, root } from './places.mjs';
import { launch } from './visitor.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const FOLDER = join(root, 'crates/standard/tests/pages');
const KINDS = { html: 'text/html; charset=utf-8', js: 'text/javascript', svg: 'image/svg+xml' };
const SAFE = {
  'content-security-policy': "default-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
};
// Rules that have the same name on both sides. Not among them: `bypass` (axe leaves it to a person) and `object-alt` (axe
// looks only at objects that loaded).
const SHARED = [
  'accesskeys', 'area-alt', 'aria-hidden-body', 'aria-hidden-focus', 'aria-required-attr', 'aria-roles', 'aria-valid-attr',
  'aria-valid-attr-value', 'autocomplete-valid', 'avoid-inline-spacing', 'blink', 'button-name', 'color-contrast', 'document-title',
  'empty-heading', 'frame-title', 'heading-order', 'html-has-lang', 'html-lang-valid', 'image-alt', 'input-button-name', 'input-image-alt',
  'label', 'label-content-name-mismatch', 'link-name', 'list', 'listitem', 'marquee', 'meta-refresh', 'meta-viewport', 'nested-interactive',
  'role-img-alt', 'scope-attr-valid', 'select-name', 'skip-link', 'svg-img-alt', 'tabindex', 'td-headers-attr', 'valid-lang',
];

/** What the command says and how it ends. It must not hold up the servers of this process. */
const check = (address, ...more) =>
  new Promise((done) => {
    const child = spawn(program(), ['standard', 'check', address, ...more], { stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { out: '', err: '' };
    child.stdout.on('data', (piece) => (said.out += piece));
    child.stderr.on('data', (piece) => (said.err += piece));
    child.once('close', (code) => done({ code, ...said }));
  });

const ODD = {
  '/round': (answer) => answer.writeHead(302, { location: '/round' }).end(),
  '/hop': (answer) => answer.writeHead(301, { location: '/euc-kr' }).end(),
  '/pdf': (answer) => answer.writeHead(200, { 'content-type': 'application/pdf' }).end('%PDF-1.7'),
  '/me': (answer) => answer.writeHead(303, { location: '/login' }).end(),
  '/login': (answer) => answer.writeHead(200, { 'content-type': 'text/html' }).end('<form><input type="password"></form>'),
  '/euc-kr': (answer) =>
    answer.writeHead(200, { 'content-type': 'text/html; charset=euc-kr' }).end(
      Buffer.concat([
        Buffer.from('<!DOCTYPE html><html lang="ko"><title>x</title><h1>'),
        Buffer.from('b0a1c1b7b0fcb0e8c1f5b8edbcad', 'hex'), // 가족관계증명서
        Buffer.from('</h1><p><img src="a.png"></p>'),
      ]),
    ),
  '/bomb': (answer) => answer.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(40 << 20, 32))),
  '/huge': (answer) => {
    answer.writeHead(200, { 'content-type': 'text/html' });
    answer.on('error', () => {});
    const piece = Buffer.alloc(1 << 20, 'a');
    const more = () => {
      while (!answer.destroyed && answer.write(piece));
      if (!answer.destroyed) answer.once('drain', more);
    };
    more();
  },
};

async function serve(respond) {
  const server = createServer(respond);
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { server, url: `http://127.0.0.1:${server.address().port}` };
}

const folder = (name, headers) =>
  serve((request, answer) => {
    const file = new URL(request.url, 'http://x').pathname.slice(1) || 'index.html';
    if (!readdirSync(join(FOLDER, name)).includes(file)) return answer.writeHead(404).end();
    return answer.writeHead(200, { 'content-type': KINDS[file.split('.').at(-1)], ...headers }).end(readFileSync(join(FOLDER, name, file)));
  });

let bad, good, odd, browser;
before(async () => {
  bad = await folder('bad', {});
  good = await folder('good', SAFE);
  odd = await serve((request, answer) => (ODD[request.url] ?? ((gone) => gone.writeHead(404).end()))(answer));
  browser = await launch();
});
after(async () => {
  await browser?.close();
  for (const site of [bad, good, odd]) site?.server.closeAllConnections();
  for (const site of [bad, good, odd]) site?.server.close();
});

/** What axe and the command each find on every page of a folder, as `page rule`. */
async function both(site, name) {
  const { out } = await check(`${site.url}/`, '--pages', '60', '--json');
  const report = JSON.parse(out);
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.route('**/*', (route) => (route.request().url().startsWith(site.url) ? route.continue() : route.abort()));
  const axe = new Set();
  const files = readdirSync(join(FOLDER, name)).filter((file) => file.endsWith('.html') && report.pages.includes(`${site.url}/${file}`));
  for (const file of files) {
    // A page that takes itself elsewhere or opens windows is judged as it was sent.
    await page.goto(`${site.url}/${file}`, { waitUntil: 'load' });
    await page.evaluate(AXE);
    const found = await page.evaluate(
      (values) => globalThis.axe.run(document, { runOnly: { type: 'rule', values }, resultTypes: ['violations'], iframes: false }).then((all) => all.violations.map(({ id }) => id)),
      SHARED,
    );
    for (const id of found) axe.add(`${file} ${id}`);
  }
  await context.close();
  const own = new Set();
  for (const rule of report.rules.filter(({ id }) => SHARED.includes(id))) {
    for (const place of rule.places) own.add(`${place.page.slice(site.url.length + 1)} ${rule.id}`);
  }
  return { axe, own, files };
}

test('the site that was made to be bad fails, and says where', async () => {
  const { code, out } = await check(`${bad.url}/`, '--pages', '60', '--lang', 'en');
  assert.equal(code, 1);
  assert.match(out, /5\.1\.1 Text alternatives/);
  assert.match(out, /pictures\.html:\d+ {2}<img src="dot\.svg">/);
  const korean = await check(`${bad.url}/`, '--pages', '60');
  assert.match(korean.out, /5\.1\.1 적절한 대체 텍스트 제공/);
  assert.equal((await check(`${bad.url}/`, '--pages', '60')).out, korean.out);
});

test('where axe knows the rule too, both find it on the same pages', async (t) => {
  for (const [site, name] of [[bad, 'bad'], [good, 'good']]) {
    const { axe, own, files } = await both(site, name);
    const only = (one, other) => [...one].filter((found) => !other.has(found)).sort();
    assert.deepEqual({ axe: only(axe, own), own: only(own, axe) }, { axe: [], own: [] }, name);
    if (name === 'bad') {
      const tried = new Set([...axe].map((found) => found.split(' ')[1]));
      assert.deepEqual(SHARED.filter((id) => !tried.has(id)), [], 'every shared rule has a page that fails it');
    }
    t.diagnostic(`note: ${name}: ${axe.size} findings agree with axe on ${files.length} pages`);
  }
});

test('the site that was made to be good has nothing unmet', async () => {
  const { code, out } = await check(`${good.url}/`, '--pages', '60', '--lang', 'en');
  assert.equal(code, 0, out);
  assert.match(out, /Nothing is not met/);
});

test('whatever a server does, it is told in words', async () => {
  const closed = await serve(() => {});
  closed.server.close();
  for (const [address, words] of [
    ['보건소', /no address/], ['ftp://a.go.kr/', /no address/], ['http://nowhere.invalid/', /no such host/], [`${closed.url}/`, /can't be reached/],
    [`${odd.url}/round`, /more than five/], [`${odd.url}/pdf`, /no web page \(application\/pdf\)/], [`${odd.url}/me`, /sign in \(.*\/login\)/],
    [`${odd.url}/bomb`, /over 5 MB/], [`${odd.url}/huge`, /over 5 MB/], [`${odd.url}/nothing`, /answers 404/],
  ]) {
    const { code, err } = await check(address, '--lang', 'en');
    assert.equal(code, 2, `${address}: ${err}`);
    assert.match(err, words, address);
  }
  const told = JSON.parse((await check(`${odd.url}/pdf`, '--json')).out);
  assert.deepEqual(told.unread, { why: 'no_page', what: 'application/pdf' });
});

test('Korean of old is read, through a redirect', async () => {
  const report = JSON.parse((await check(`${odd.url}/hop`, '--json')).out);
  assert.deepEqual(report.pages, [`${odd.url}/euc-kr`]);
  const found = report.rules.map(({ id }) => id);
  assert.ok(found.includes('image-alt') && !found.includes('charset') && !found.includes('no-korean'), found.join());
});

test('Maru has nothing unmet', async (t) => {
  const maru = await Maru.start('standard');
  try {
    const address = `http://localhost:${maru.port}/`;
    const { code, out } = await check(address, '--pages', '40', '--json');
    const report = JSON.parse(out);
    const unmet = report.items.filter(({ verdict }) => verdict === 'not_met').map(({ number, not_met_by: by }) => `${number} ${by}`);
    assert.deepEqual(unmet, []);
    assert.equal(code, 0);
    assert.equal(report.pages.length, 40);
    assert.equal(report.pages[0], address);
    assert.ok(report.weight.total > 2000 && report.weight.total < report.weight.limit, `${report.weight.total} bytes`);
    t.diagnostic(`note: ${report.pages.length} pages of Maru, first visit ${report.weight.total} bytes`);
  } finally {
    await maru.stop();
  }
});
