// Lighthouse, as on a slow phone (150 ms, 1.6 Mbit/s, a quarter of the processor): access 100, largest paint within 1.5 s, nothing moves,
// the first visit weighs at most 50 KB. A bad page fails first.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import lighthouse from 'lighthouse';
import puppeteer from 'puppeteer';
import { demoPassword, wholeBrowser } from './places.mjs';
import { freePort, Maru } from './maru.mjs';
import { PEOPLE } from './words.mjs';

const ANYBODY = ['/', '/services', '/services?q=%EC%9B%94%EC%84%B8', '/services/livelihood-benefit', '/petitions', '/sign-in'];
const RESIDENT = ['/', '/services/mine?answer=yes', '/cases', '/messages', '/me'];
const BAD = `<!doctype html><html><body><img src="/large.svg"><p style="color:#ccc">흐린 글</p><input></body></html>`;

let browser, maru, bad, badUrl;
before(async () => {
  browser = await puppeteer.launch({ executablePath: wholeBrowser, args: ['--no-sandbox', '--disable-gpu'] });
  maru = await Maru.start('lighthouse');
  const port = await freePort();
  badUrl = `http://127.0.0.1:${port}/`;
  bad = createServer((request, answer) => (request.url === '/large.svg'
    ? answer.writeHead(200, { 'content-type': 'image/svg+xml' }).end(`<svg xmlns="http://www.w3.org/2000/svg" width="300" height="300"><!--${'x'.repeat(400_000)}--><rect width="300" height="300"/></svg>`)
    : answer.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(BAD)));
  await new Promise((done) => bad.listen(port, '127.0.0.1', done));
});
after(async () => {
  await browser?.close();
  bad?.close();
  await maru?.stop();
});

/** What is wrong with a page, and its figures; a busy machine that shows nothing in time is asked once more. */
async function looked(url, headers, again = true) {
  const page = await browser.newPage();
  try {
    const { lhr } = await lighthouse(url, {
      onlyCategories: ['accessibility', 'performance'], formFactor: 'mobile', output: 'json', logLevel: 'error', extraHeaders: headers, disableStorageReset: true,
      throttlingMethod: 'simulate', throttling: { rttMs: 150, throughputKbps: 1638.4, cpuSlowdownMultiplier: 4, requestLatencyMs: 562.5, downloadThroughputKbps: 1474.56, uploadThroughputKbps: 675 },
    }, undefined, page);
    const access = Math.round((lhr.categories.accessibility.score ?? 0) * 100);
    const paint = lhr.audits['largest-contentful-paint'].numericValue;
    const moved = lhr.audits['cumulative-layout-shift'].numericValue;
    const weight = lhr.audits['total-byte-weight'].numericValue / 1000;
    if (again && !Number.isFinite(paint)) return await looked(url, headers, false);
    const faults = [];
    if (lhr.finalDisplayedUrl !== url) faults.push(`went to ${lhr.finalDisplayedUrl}`);
    if (access < 100) {
      const failed = lhr.categories.accessibility.auditRefs.filter(({ id, weight: counts }) => counts > 0 && lhr.audits[id].score === 0).map(({ id }) => id);
      faults.push(`accessibility ${access}: ${failed.join(', ')}`);
    }
    if (!(paint <= 1500)) faults.push(`largest paint after ${Math.round(paint)} ms`);
    if (!(moved === 0)) faults.push(`layout moves by ${moved}`);
    if (!(weight <= 50)) faults.push(`${weight.toFixed(1)} KB`);
    return { faults, access, paint, weight };
  } finally {
    await page.close();
  }
}

test('a bad page fails', { timeout: 120_000 }, async () => {
  const { faults } = await looked(badUrl);
  assert.ok(faults.some((fault) => fault.startsWith('accessibility')) && faults.some((fault) => fault.includes('KB')), faults.join('; '));
});

for (const language of ['ko', 'en']) {
  test(`pages in ${language}`, { timeout: 600_000 }, async () => {
    const cookies = new Map();
    const ask = async (path, options = {}) => {
      const answer = await fetch(maru.url + path, { redirect: 'manual', ...options, headers: { cookie: [...cookies].map(([k, v]) => `${k}=${v}`).join('; '), ...options.headers } });
      for (const set of answer.headers.getSetCookie()) cookies.set(...set.split(';')[0].split(/=(.*)/s).slice(0, 2));
      return answer;
    };
    await ask(`/language/${language}`);
    const seen = [];
    const look = async (path, who) => {
      const { faults, ...figures } = await looked(maru.url + path, { cookie: [...cookies].map(([k, v]) => `${k}=${v}`).join('; ') });
      seen.push({ path, who, faults, ...figures });
    };
    for (const path of ANYBODY) await look(path, 'anybody');
    const form = await (await ask('/sign-in')).text();
    const token = form.match(/name="csrf" value="([^"]+)"/)?.[1] ?? '';
    const signed = await ask('/sign-in', { method: 'POST', body: new URLSearchParams({ name: PEOPLE.resident, password: demoPassword(), csrf: token, to: '/' }), headers: { 'content-type': 'application/x-www-form-urlencoded' } });
    assert.equal(signed.status, 303, 'signed in');
    for (const path of RESIDENT) await look(path, 'resident');
    const slowest = Math.max(...seen.map(({ paint }) => paint));
    const heaviest = Math.max(...seen.map(({ weight }) => weight));
    console.log(`note: ${seen.length} pages in ${language}: accessibility 100, largest paint ${Math.round(slowest)} ms at most, ${heaviest.toFixed(1)} KB at most`);
    const faults = seen.flatMap(({ path, who, faults }) => faults.map((fault) => `${who} ${path}: ${fault}`));
    assert.deepEqual(faults, [], faults.join('\n'));
  });
}
