// A judge that passes everything is worth nothing: each one first fails a page made to be bad, for the reason it was made bad.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { access, complaints, identity, judge, markup, width, wording } from './judge.mjs';
import { freePort } from './maru.mjs';
import { launch, Visitor } from './visitor.mjs';

const page = (body, { lang = 'ko', h1 = '좋은 쪽' } = {}) => `<!doctype html>
<html lang="${lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${h1} - 마루</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<main>
<h1>${h1}</h1>
${body}
</main>
</body>
</html>
`;

const GOOD = '<form action="/good" method="get"><p><label for="a">이름</label> <input id="a" name="a" type="text"></p><p><button type="submit">보내기</button></p></form>';
const PAGES = {
  '/good': page(GOOD),
  '/contrast': page('<p style="color:#bbb;background:#fff">잘 보이지 않는 글</p>'),
  '/label': page('<form action="/good"><p>이름 <input type="text" name="a"></p><p><button type="submit">보내기</button></p></form>'),
  '/picture': page('<p><img src="/dot.svg"></p>'),
  '/unclosed': page('<p>열고 <b>닫지 않은</p>'),
  '/double': page('<p id="a">하나</p><p id="a">둘</p>'),
  '/wide': page('<div class="wide">넓다</div>'),
  '/unfilled': page('<p>{{ name }} 님</p><p>case-submit-title</p>'),
  '/foreign': page('<p>생계급여</p>', { lang: 'en', h1: 'Service' }),
  '/inline': page('<p>글</p><script>document.title = "x"</script>'),
  '/third': page('<p><img src="http://127.0.0.2:9/a.png" alt=""></p>'),
  '/gone': page('<p><img src="/missing.png" alt=""></p>'),
};

let browser, server, url, visitors;
before(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  server = createServer((request, answer) => {
    const { pathname } = new URL(request.url, url);
    if (pathname === '/style.css') {
      answer.writeHead(200, { 'content-type': 'text/css' }).end('body{font:17px sans-serif;color:#111;background:#fff}.wide{width:1600px}');
    } else if (pathname in PAGES) {
      const style = pathname === '/contrast' ? " 'unsafe-inline'" : '';
      answer.writeHead(200, {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': `default-src 'self'; style-src 'self'${style}; img-src *`,
      }).end(PAGES[pathname]);
    } else if (pathname === '/dot.svg') {
      answer.writeHead(200, { 'content-type': 'image/svg+xml' }).end('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    } else answer.writeHead(404, { 'content-type': 'text/html; charset=utf-8' }).end(page(''));
  });
  await new Promise((done) => server.listen(port, '127.0.0.1', done));
  browser = await launch();
  visitors = [];
  for (const scripts of [true, false]) {
    visitors.push(await Visitor.open(browser, { url, scripts, width: scripts ? 1280 : 390, name: 'judges' }));
  }
});
after(async () => {
  await browser?.close();
  server?.close();
});

const meant = { h1: /^좋은 쪽$/, language: 'ko' };
const mentions = (faults, pattern, what) =>
  assert.ok(faults.some((fault) => pattern.test(fault)), `${what} was let through: ${JSON.stringify(faults)}`);

test('a good page passes all judges, with and without scripts', async () => {
  for (const visitor of visitors) {
    await visitor.go('/good');
    assert.deepEqual(await judge(visitor, meant), []);
    assert.ok((await visitor.weight()) > 400);
  }
});

test('axe fails low contrast, a field without a label, a picture without words', async () => {
  for (const visitor of visitors) {
    for (const [path, rule] of [['/contrast', /color-contrast/], ['/label', /axe label/], ['/picture', /image-alt/]]) {
      await visitor.go(path);
      mentions(await visitor.withScripts(access), rule, path);
      mentions(await judge(visitor, meant), rule, path);
    }
  }
});

test('html-validate fails an open tag and a double id', async () => {
  const [visitor] = visitors;
  for (const [path, rule] of [['/unclosed', /close-order/], ['/double', /no-dup-id/]]) {
    await visitor.go(path);
    mentions(await markup(visitor.visit.html), rule, path);
    mentions(await judge(visitor, meant), rule, path);
  }
});

test('another page than the one meant is noticed', async () => {
  for (const visitor of visitors) {
    await visitor.go('/good');
    mentions(await identity(visitor.page, { h1: /^나의 서비스$/, language: 'ko' }), /h1 is/, 'another h1');
    mentions(await identity(visitor.page, { h1: /./, language: 'en' }), /lang is/, 'another language');
    await visitor.go('/nowhere');
    mentions(await judge(visitor, meant), /status 404/, 'a 404');
  }
});

test('a page wider than its window is noticed', async () => {
  for (const visitor of visitors) {
    await visitor.go('/wide');
    mentions(await width(visitor.page), /wide in a window/, '/wide');
    mentions(await judge(visitor, meant), /wide in a window/, '/wide');
  }
});

test('unfilled words and unmarked Korean are noticed', async () => {
  for (const visitor of visitors) {
    await visitor.go('/unfilled');
    const faults = await wording(visitor.page);
    mentions(faults, /unfilled/, 'a placeholder');
    mentions(faults, /a key/, 'a key');
    await visitor.go('/foreign');
    mentions(await judge(visitor, { h1: /Service/, language: 'en' }), /Korean inside/, 'Korean in an English page');
  }
});

test('what the browser complains about is noticed', async () => {
  const [visitor] = visitors;
  for (const [path, pattern] of [['/inline', /Content.Security.Policy/i], ['/third', /third party/], ['/gone', /404 for/]]) {
    await visitor.go(path);
    mentions(complaints(visitor.visit), pattern, path);
    mentions(await judge(visitor, meant), pattern, path);
  }
});
