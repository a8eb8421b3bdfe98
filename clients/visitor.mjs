// Somebody at a browser: Debian's Chromium, one window, everything that is served to it kept for the judges. Walks take its shell, the
// same engine without windows, tabs and toolbars, in two thirds of the time; what asks for the whole browser gets it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { folder, shell, wholeBrowser } from './places.mjs';

const ARGUMENTS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

export function launch({ whole = false } = {}) {
  return chromium.launch({ executablePath: whole ? wholeBrowser : shell, headless: true, args: ARGUMENTS });
}

export class Visitor {
  static async open(browser, { url, language = 'ko', scripts = true, width = 1280, name = 'visitor' }) {
    const visitor = new Visitor();
    Object.assign(visitor, { browser, url, language, scripts, name, narrow: width < 600, pictures: 0, bytes: 0, replays: undefined });
    const options = {
      baseURL: url,
      locale: language === 'ko' ? 'ko-KR' : 'en-GB',
      timezoneId: 'Asia/Seoul',
      viewport: { width, height: width < 600 ? 844 : 900 },
      reducedMotion: 'reduce',
    };
    visitor.options = options;
    visitor.context = await browser.newContext({ ...options, javaScriptEnabled: scripts });
    visitor.context.setDefaultTimeout(10_000);
    visitor.page = await visitor.context.newPage();
    visitor.page.on('request', (request) => visitor.#asked(request));
    visitor.page.on('response', (response) => visitor.#answered(response));
    visitor.page.on('requestfailed', (request) => visitor.#failed(request));
    visitor.page.on('console', (message) => visitor.#said(message));
    visitor.page.on('pageerror', (error) => visitor.visit.problems.push(`script: ${error.message}`));
    visitor.#anew();
    return visitor;
  }

  #anew() {
    this.visit = { url: '', status: 0, html: '', headers: {}, problems: [], resources: [], reading: Promise.resolve() };
  }

  #isPage(request) {
    return request.isNavigationRequest() && request.frame() === this.page.mainFrame();
  }

  #asked(request) {
    if (this.#isPage(request) && !request.redirectedFrom()) this.#anew();
    const address = new URL(request.url());
    if (address.protocol.startsWith('http') && address.origin !== new URL(this.url).origin) {
      this.visit.problems.push(`asks a third party: ${request.url()}`);
    }
  }

  #answered(response) {
    const { visit } = this;
    const status = response.status();
    if (status >= 300 && status < 400) return;
    if (this.#isPage(response.request())) {
      Object.assign(visit, { url: response.url(), status, headers: response.headers() });
      visit.reading = response.text().then((html) => (visit.html = html), (error) => visit.problems.push(`unread: ${error.message}`));
    } else if (status >= 400) {
      visit.problems.push(`${status} for ${response.url()}`);
    }
    visit.resources.push(response);
  }

  #failed(request) {
    const why = request.failure()?.errorText ?? '';
    if (why !== 'net::ERR_ABORTED') this.visit.problems.push(`${why} for ${request.url()}`);
  }

  #said(message) {
    // Chromium reports the status of the page itself here too; that is judged by `status`.
    if (message.type() !== 'error' || message.text().startsWith('Failed to load resource')) return;
    this.visit.problems.push(message.text());
  }

  /** The page is there and its HTML is known. */
  async settled() {
    await this.page.waitForLoadState('load');
    await this.visit.reading;
  }

  async go(path) {
    await this.page.goto(path, { waitUntil: 'load' });
    await this.settled();
  }

  /** Does what leads to another page, and waits until that page is there. */
  async leave(action) {
    const before = this.visit;
    await action();
    for (let waited = 0; this.visit === before || !this.visit.status; waited += 20) {
      if (waited > 10_000) throw new Error(`no new page came after ${before.url}`);
      await new Promise((done) => setTimeout(done, 20));
    }
    await this.settled();
  }

  get path() {
    const { pathname, search } = new URL(this.page.url());
    return pathname + search;
  }

  /** Bytes of the visit as sent: headers and bodies, packed as they came. */
  async weight() {
    await this.settled();
    let sum = 0;
    for (const response of this.visit.resources) {
      const sizes = await response.request().sizes();
      sum += sizes.responseBodySize + sizes.responseHeadersSize;
    }
    return sum;
  }

  /** Calls `look` with a page that runs scripts and shows what this one shows. */
  async withScripts(look) {
    if (this.scripts) return look(this.page);
    this.replays ??= await (await this.browser.newContext(this.options)).newPage();
    const { url, html, headers, status } = this.visit;
    const serve = (route) => (route.request().isNavigationRequest()
      ? route.fulfill({ status, headers: { 'content-type': headers['content-type'] ?? 'text/html', 'content-security-policy': headers['content-security-policy'] ?? '' }, body: html })
      : route.request().resourceType() === 'script' ? route.abort() : route.continue());
    await this.replays.route('**', serve);
    try {
      await this.replays.goto(url, { waitUntil: 'load' });
      return await look(this.replays);
    } finally {
      await this.replays.unroute('**', serve);
    }
  }

  /** The page as it was sent, for the judges that look at all pages at the end; and its picture, where somebody may look at it. */
  async keep(what) {
    const { status, html, headers } = this.visit;
    if (html) writeFileSync(join(folder('pages', this.language), `${this.name.split('-')[0]}-${what}.json`), JSON.stringify({ status, html, policy: headers['content-security-policy'] ?? '' }));
    if (!process.env.CI) await this.picture(what);
  }

  async picture(what) {
    this.pictures += 1;
    const number = String(this.pictures).padStart(2, '0');
    const path = join(folder('pictures', this.name), `${number}-${what}.png`);
    await this.page.screenshot({ path, fullPage: true, animations: 'disabled' });
    return path;
  }

  async close() {
    await this.replays?.context().close();
    await this.context.close();
  }
}
