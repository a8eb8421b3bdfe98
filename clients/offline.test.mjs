// A lost connection: the browser says so itself, in the reader's language, with nobody's data; what is installable says how.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { access } from './judge.mjs';
import { Maru } from './maru.mjs';
import { launch } from './visitor.mjs';
import { signIn } from './walk.mjs';
import { PEOPLE } from './words.mjs';

let maru, browser;
before(async () => {
  maru = await Maru.start('offline');
  browser = await launch({ whole: true });
});
after(async () => {
  await browser?.close();
  await maru?.stop();
});

for (const [language, title, locale] of [['ko', /인터넷에 연결되어 있지 않습니다/, 'ko-KR'], ['en', /You are not connected/, 'en-US']]) {
  test(`without a connection, in ${language}`, { timeout: 60_000 }, async () => {
    const context = await browser.newContext({ locale, viewport: { width: 390, height: 844 } });
    const page = await context.newPage();
    try {
      await signIn({ page, go: (path) => page.goto(maru.url + path), leave: (act) => Promise.all([page.waitForLoadState('load'), page.waitForNavigation(), act()]) }, PEOPLE.resident, '/');
      await page.goto(`${maru.url}/language/${language}`);
      await page.evaluate(() => navigator.serviceWorker.ready.then((found) => found.active.state === 'activated' || new Promise((done) => found.active.addEventListener('statechange', done))));
      await page.goto(`${maru.url}/services`);
      assert.ok(await page.evaluate(() => navigator.serviceWorker.controller?.scriptURL.includes('/worker.js')), 'it stands by');
      const kept = await page.evaluate(async () => Promise.all((await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).map((one) => new URL(one.url).pathname))));
      assert.ok(kept.flat().every((path) => /^\/(offline\/(ko|en)|assets\/|favicon)/.test(path)), `only the shell is kept: ${kept}`);

      await context.setOffline(true);
      await page.goto(`${maru.url}/me`);
      assert.match(await page.locator('h1').innerText(), title);
      assert.doesNotMatch(await page.content(), /김마루|Kim Maru/, 'it is nobody’s page');
      assert.equal(await page.locator('html').getAttribute('lang'), language);
      assert.deepEqual(await access(page), []);
      assert.ok((await page.evaluate(() => getComputedStyle(document.querySelector('h1')).fontWeight)) >= 600, 'it has its style');

      await context.setOffline(false);
      await page.locator('main a[href=""]').click();
      await page.waitForURL(/\/me$/);
      assert.match(await page.content(), /김마루|Kim Maru/, 'opened again');

      const address = await page.locator('link[rel="manifest"]').getAttribute('href');
      assert.equal(address, `/manifest/${language}`);
      const manifest = await (await page.request.get(maru.url + address)).json();
      assert.ok(manifest.name && manifest.start_url === '/' && manifest.display === 'standalone');
      for (const icon of manifest.icons) assert.equal((await page.request.get(maru.url + icon.src)).headers()['content-type'], 'image/svg+xml');
      const session = await context.newCDPSession(page);
      const { errors } = await session.send('Page.getAppManifest');
      assert.deepEqual(errors, [], 'the browser reads it');
    } finally {
      await context.close();
    }
  });
}
