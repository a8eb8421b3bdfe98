// Finding a service in a real browser without scripts: words as people type them, filters, two side by side; the whole way by keyboard.
import assert from 'node:assert/strict';
import { Maru } from './maru.mjs';
import { Visitor } from './visitor.mjs';
import { hands, language, signIn, walks } from './walk.mjs';
import { PEOPLE } from './words.mjs';

walks('find', walk);

// What is typed, and the service that is meant.
const TYPED = [['생계 급여', 'livelihood-benefit'], ['생게급여', 'livelihood-benefit'], ['ㅅㄱㄱㅇ', 'livelihood-benefit'], ['basic livelihood', 'livelihood-benefit'], ['전입신고를', 'moving-in']];

async function walk(browser, say, width) {
  const name = `find-${say}-${width}`;
  const maru = await Maru.start(name);
  const visitor = await Visitor.open(browser, { url: maru.url, language: say, scripts: false, width, name });
  const { page } = visitor;
  const faults = [];
  const { look, see } = hands(visitor, faults);
  const results = () => page.locator('main ul.rows h3 a').evaluateAll((links) => links.map((link) => link.getAttribute('href').split('/').at(-1)));
  // From the top of the page to a control by the tab key alone.
  const reach = async (selector) => {
    for (let step = 0; step < 80; step += 1) {
      await page.keyboard.press('Tab');
      if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
    }
    assert.fail(`${selector} is not reached by keyboard on ${visitor.path}`);
  };
  try {
    await language(visitor);
    await see('/services', 'find');
    for (const [typed, meant] of TYPED) {
      await visitor.go(`/services?q=${encodeURIComponent(typed)}`);
      assert.ok((await results()).slice(0, 3).includes(meant), `“${typed}” finds ${meant}: ${(await results()).slice(0, 3)}`);
    }
    await see(`/services?q=${encodeURIComponent('ㅋㅋㅋㅋㅋㅋ')}`, 'nothing');

    await signIn(visitor, PEOPLE.resident, '/services');
    await visitor.go('/services');
    await reach('#q');
    await page.keyboard.type('월세');
    await visitor.leave(() => page.keyboard.press('Enter'));
    await look('found');
    const all = await results();

    // Only what is mine and can be applied for now; the address keeps it.
    await reach('main summary');
    await page.keyboard.press('Enter');
    await page.locator('#answer').selectOption('yes');
    await page.locator('#open').selectOption('yes');
    await reach('form.filters button');
    await visitor.leave(() => page.keyboard.press('Enter'));
    await look('filtered');
    assert.match(visitor.path + page.url(), /answer=yes/);
    const mine = await results();
    assert.ok(mine.length > 0 && mine.length < all.length && mine.every((id) => id), `${mine.length} of ${all.length} are mine`);
    assert.equal(await page.locator('main .answer.is-no, main .answer.is-unknown').count(), 0);
    await see('/services?q=%EC%9B%94%EC%84%B8&place=near', 'near');
    await see('/services?field=%EC%A3%BC%EA%B1%B0%C2%B7%EC%9E%90%EB%A6%BD', 'field');

    // Two of them side by side; with one alone the page says what to do.
    await visitor.go('/services?q=%EC%9B%94%EC%84%B8');
    await page.locator('main input[name^="with-"]').nth(0).check();
    await visitor.leave(() => page.locator('form[action="/services/compare"] button').click());
    await look('one');
    await visitor.go('/services?q=%EC%9B%94%EC%84%B8');
    for (const n of [0, 1]) await page.locator('main input[name^="with-"]').nth(n).check();
    await visitor.leave(() => page.locator('form[action="/services/compare"] button').click());
    await look('compare');
    assert.equal(await page.locator('main thead a').count(), 2);
    assert.equal((await page.request.get(`${maru.url}/services/compare?with-livelihood-benefit=yes&with-no-such=yes`)).status(), 404);
  } finally {
    await visitor.close();
    await maru.stop();
  }
  assert.deepEqual(faults, [], faults.join('\n'));
}
