// Every page that a walk has seen, its errors too, once more as it was sent: axe and the width at 320 pixels, and at 1280 with letters
// twice as large in high contrast; pa11y (HTML_CodeSniffer) at 320. At 390 and 1280 the walks look at it themselves. Each judge first fails a bad page.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import pa11y from 'pa11y';
import puppeteer from 'puppeteer';
import { access, width } from './judge.mjs';
import { freePort, Maru } from './maru.mjs';
import { folder } from './places.mjs';
import { launch } from './visitor.mjs';

const BAD = '<!doctype html><html lang="ko"><head><title>나쁜 쪽</title><meta name="viewport" content="width=device-width"></head><body><main><h1>나쁜 쪽</h1><img src="/favicon.svg"><p style="width:900px;color:#bbb;background:#fff">넓고 흐리다</p><input name="a"></main></body></html>';

/** What the walks kept, by language. */
function kept(language) {
  const place = folder('pages', language);
  return readdirSync(place).filter((file) => file.endsWith('.json')).sort().map((file) => ({ name: file.slice(0, -5), ...JSON.parse(readFileSync(join(place, file), 'utf8')) }));
}

let maru, server, url, browser, sniffing;
const shown = new Map([['/kept/bad', { html: BAD, policy: '' }]]);
before(async () => {
  maru = await Maru.start('templates');
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  // The page as it was kept; what it loads comes from the program.
  server = createServer(async (request, answer) => {
    const page = shown.get(new URL(request.url, url).pathname);
    if (page) {
      answer.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page.html);
      return;
    }
    const got = await fetch(maru.url + request.url).catch(() => undefined);
    if (!got) return void answer.writeHead(502).end();
    answer.writeHead(got.status, { 'content-type': got.headers.get('content-type') ?? '' }).end(Buffer.from(await got.arrayBuffer()));
  });
  await new Promise((done) => server.listen(port, '127.0.0.1', done));
  browser = await launch();
  sniffing = await puppeteer.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
});
after(async () => {
  await browser?.close();
  await sniffing?.close();
  server?.close();
  await maru?.stop();
});

async function sniffed(address) {
  const { issues } = await pa11y(address, { browser: sniffing, standard: 'WCAG2AA', runners: ['htmlcs'], timeout: 30_000, viewport: { width: 320, height: 800 } });
  return issues.map((issue) => `pa11y ${issue.code}: ${issue.message}\n    ${issue.context}`);
}

/** What is wrong with a page at one width; `large` doubles the letters, `contrast` asks for more of it. */
async function looked(address, size, { large = false, contrast = false } = {}) {
  const context = await browser.newContext({ viewport: { width: size, height: 800 }, contrast: contrast ? 'more' : 'no-preference', forcedColors: 'none' });
  try {
    const page = await context.newPage();
    await page.goto(address, { waitUntil: 'load' });
    if (large) await page.addStyleTag({ content: ':root { font-size: 200% !important }' });
    return [...(await width(page)), ...(await access(page))];
  } finally {
    await context.close();
  }
}

test('a bad page is bad to each of them', async () => {
  const found = await looked(`${url}/kept/bad`, 320);
  assert.ok(found.some((fault) => fault.includes('wide')) && found.some((fault) => fault.startsWith('axe')), found.join('\n'));
  assert.ok((await sniffed(`${url}/kept/bad`)).length >= 2);
});

for (const language of ['ko', 'en']) {
  test(`every page in ${language}`, { timeout: 900_000 }, async () => {
    const pages = kept(language);
    assert.ok(pages.length >= 60, `${pages.length} pages were kept: run the walks first`);
    const failed = pages.filter((page) => page.status >= 400).length;
    assert.ok(failed >= 5, `${failed} of them say that something is wrong`);
    const faults = [];
    const waiting = pages.map((page) => {
      shown.set(`/kept/${language}/${page.name}`, page);
      return page;
    });
    // Two at a time: the machine has two cores.
    await Promise.all([0, 1].map(async () => {
      for (let page = waiting.shift(); page; page = waiting.shift()) {
        const address = `${url}/kept/${language}/${page.name}`;
        const found = [];
        found.push(...(await looked(address, 320)).map((fault) => `at 320: ${fault}`));
        found.push(...(await looked(address, 1280, { large: true, contrast: true })).map((fault) => `at 1280, large, high contrast: ${fault}`));
        found.push(...(await sniffed(address)));
        faults.push(...found.map((fault) => `${page.name}: ${fault}`));
      }
    }));
    console.log(`note: ${pages.length} pages in ${language}, ${failed} with errors`);
    assert.deepEqual(faults, [], faults.join('\n'));
  });
}
