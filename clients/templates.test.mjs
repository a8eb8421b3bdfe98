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
import { folder, shell } from './places.mjs';

// Wide at 320 and with large letters; pale only to who asks for more contrast.
const BAD = '<!doctype html><html lang="ko"><head><title>나쁜 쪽</title><meta name="viewport" content="width=device-width"><style>p{width:50rem;color:#000;background:#fff}@media(prefers-contrast:more){p{color:#bbb}}</style></head><body><main><h1>나쁜 쪽</h1><img src="/favicon.svg"><p>넓고 흐리다</p><input name="a"></main></body></html>';

/** What the walks kept, by language. */
function kept(language) {
  const place = folder('pages', language);
  return readdirSync(place).filter((file) => file.endsWith('.json')).sort().map((file) => ({ name: file.slice(0, -5), ...JSON.parse(readFileSync(join(place, file), 'utf8')) }));
}

const LARGE = ':root { font-size: 200% !important }';

let maru, server, url, browser;
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
  browser = await puppeteer.launch({ executablePath: shell, headless: 'shell', args: ['--no-sandbox', '--disable-gpu'] });
});
after(async () => {
  await browser?.close();
  server?.close();
  await maru?.stop();
});

/** A window that judges one page after another: each is opened once, and what changes between judges is the window. */
async function lookout() {
  const page = await browser.newPage();
  const session = await page.createCDPSession();
  const wanted = (contrast) => session.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-contrast', value: contrast }] });
  return async (address) => {
    await wanted('no-preference');
    await page.setViewport({ width: 320, height: 800 });
    const answer = await page.goto(address, { waitUntil: 'load' });
    assert.equal(answer.status(), 200, address);
    const narrow = [...(await width(page)), ...(await access(page))];
    const { issues } = await pa11y(address, { browser, page, ignoreUrl: true, standard: 'WCAG2AA', runners: ['htmlcs'], timeout: 30_000, viewport: { width: 320, height: 800 } });
    await wanted('more');
    await page.setViewport({ width: 1280, height: 800 });
    await page.addStyleTag({ content: LARGE });
    const large = [...(await width(page)), ...(await access(page))];
    return {
      narrow: narrow.map((fault) => `at 320: ${fault}`),
      sniffed: issues.map((issue) => `pa11y ${issue.code}: ${issue.message}\n    ${issue.context}`),
      large: large.map((fault) => `at 1280, large, high contrast: ${fault}`),
    };
  };
}

test('a bad page is bad to each of them', async () => {
  const look = await lookout();
  const { narrow, sniffed, large } = await look(`${url}/kept/bad`);
  const axe = (faults, rule) => faults.some((fault) => fault.includes(`axe ${rule}:`));
  assert.ok(narrow.some((fault) => fault.includes('wide')) && axe(narrow, 'image-alt'), narrow.join('\n'));
  assert.ok(sniffed.length >= 2, sniffed.join('\n'));
  // Well read in a narrow window, pale to who asks for contrast; too wide there because letters are large (50rem of 16 pixels are not).
  assert.ok(!axe(narrow, 'color-contrast') && axe(large, 'color-contrast') && large.some((fault) => fault.includes('wide')), large.join('\n'));
});

for (const language of ['ko', 'en']) {
  test(`every page in ${language}`, { timeout: 900_000 }, async () => {
    const pages = kept(language);
    assert.ok(pages.length >= 60, `${pages.length} pages were kept: run the walks first`);
    const failed = pages.filter((page) => page.status >= 400).length;
    assert.ok(failed >= 5, `${failed} of them say that something is wrong`);
    const faults = [];
    for (const page of pages) shown.set(`/kept/${language}/${page.name}`, page);
    const waiting = [...pages];
    // Two at a time: the machine has two cores.
    await Promise.all([0, 1].map(async () => {
      const look = await lookout();
      for (let page = waiting.shift(); page; page = waiting.shift()) {
        const { narrow, sniffed, large } = await look(`${url}/kept/${language}/${page.name}`);
        faults.push(...[...narrow, ...large, ...sniffed].map((fault) => `${page.name}: ${fault}`));
      }
    }));
    console.log(`note: ${pages.length} pages in ${language}, ${failed} with errors`);
    assert.deepEqual(faults, [], faults.join('\n'));
  });
}
