// Pieces of the journeys: what a person does, on whichever page they are.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { judge } from './judge.mjs';
import { typed } from './places.mjs';
import { launch } from './visitor.mjs';
import { ANSWERS, RECEIPT, SERVICE, TITLES } from './words.mjs';

/** Judges the page a visitor is on and takes its picture. Faults are collected, so that one run tells all of them. */
export function looker(visitor, faults) {
  return async (name, { status = 200 } = {}) => {
    assert.ok(TITLES[name], `no title for “${name}” in words.mjs`);
    const found = await judge(visitor, { h1: TITLES[name][visitor.language], language: visitor.language, status });
    await visitor.keep(status === 200 ? name : `${name}-${status}`);
    for (const fault of found) faults.push(`${visitor.name} ${name} ${visitor.path}: ${fault}`);
  };
}

export async function language(visitor) {
  if (visitor.language === 'en') await visitor.go('/language/en');
}

/** Signs in by the chooser: the form that stands with this person's sign-in name. */
export async function signIn(visitor, user, to = '/') {
  await visitor.go(`/sign-in?to=${encodeURIComponent(to)}`);
  const { page } = visitor;
  const form = page.locator('main form', { has: page.locator(`input[name="name"][value="${user}"]`) }).first();
  const button = (await form.count()) ? form.locator('button').first() : page.locator(`main button[name="name"][value="${user}"], main button[value="${user}"]`).first();
  assert.equal(await button.count(), 1, `${user} is on the chooser`);
  await visitor.leave(() => button.click());
}

/** The same walk in both languages and both widths, two at a time, each in a browser of its own. */
export function walks(name, walk, timeout = 120_000) {
  let browser;
  before(async () => (browser = await launch()));
  after(() => browser?.close());
  describe(name, { concurrency: 2 }, () => {
    for (const say of ['ko', 'en']) {
      for (const width of [390, 1280]) {
        test(`${say}-${width}`, { timeout }, () => walk(browser, say, width));
      }
    }
  });
}

/** What a walk does on any page: look at it with the judges, go somewhere and look, fill a form by its action and send it. */
export function hands(visitor, faults) {
  const { page } = visitor;
  const look = async (what, status = 200) => {
    for (const fault of await judge(visitor, { h1: /\S/, language: visitor.language, status })) faults.push(`${what} ${visitor.path}: ${fault}`);
    await visitor.keep(what);
  };
  const see = async (path, what) => {
    await visitor.go(path);
    await look(what);
  };
  const send = async (action, fields = {}) => {
    const form = page.locator(`main form[method="post"][action="${action}"]`).first();
    // The fold that the form is in, if it is in one.
    const fold = page.locator('details', { has: page.locator(`form[action="${action}"]`) });
    if ((await fold.count()) && !(await fold.first().evaluate((d) => d.open))) await fold.first().locator('summary').click();
    for (const [field, value] of Object.entries(fields)) {
      const control = form.locator(`[name="${field}"]`);
      const kind = await control.first().evaluate((f) => (f.tagName === 'SELECT' ? 'select' : f.type));
      if (kind === 'select') await control.selectOption(value);
      else if (kind === 'radio') await form.locator(`[name="${field}"][value="${value}"]`).check();
      else if (kind === 'checkbox') await control.check();
      else await control.fill(value);
    }
    await visitor.leave(() => form.locator('button[type="submit"], button:not([type])').first().click());
  };
  return { look, see, send };
}

export async function signOut(visitor) {
  await visitor.leave(() => visitor.page.locator('form[action="/sign-out"] button').click());
}

/** The three counts of the home page, by the addresses they lead to. */
export async function counts(visitor) {
  const found = {};
  for (const answer of ['yes', 'unknown', 'no']) {
    const link = visitor.page.locator(`a[href*="answer=${answer}"]`).first();
    const text = (await link.locator('b').count()) ? await link.locator('b').first().innerText() : await link.innerText();
    const number = text.match(/\d[\d,]*/);
    assert.ok(number, `no count of ${answer} in “${text}”`);
    found[answer] = Number(number[0].replaceAll(',', ''));
  }
  return found;
}

/** The largest number in the text of the page's headings: how many services there are in all. */
export async function total(visitor) {
  const text = (await visitor.page.locator('main h1, main h2').allInnerTexts()).join(' ');
  const numbers = [...text.matchAll(/\d[\d,]{3,}/g)].map(([number]) => Number(number.replaceAll(',', '')));
  assert.ok(numbers.length, `no total in “${text}”`);
  return Math.max(...numbers);
}

/** Fills one page of the form by what its fields are called. `wrong` types the wrong values where there are any. */
export async function fill(visitor, { wrong = false } = {}) {
  const form = formOf(visitor);
  const names = await form.locator('input:not([type="hidden"]), select, textarea').evaluateAll((fields) => [...new Set(fields.filter((f) => f.offsetParent !== null || f.type === 'radio' || f.type === 'checkbox').map((f) => f.name))]);
  let mistake;
  for (const name of names) {
    const answer = ANSWERS[name];
    assert.ok(answer, `nobody said how to answer the field “${name}” on ${visitor.path}`);
    const field = form.locator(`[name="${name}"]`);
    const kind = await field.first().evaluate((f) => (f.tagName === 'INPUT' ? f.type : f.tagName.toLowerCase()));
    if (kind === 'radio') await form.locator(`[name="${name}"][value="${answer.choose}"]`).check();
    else if (kind === 'checkbox') await field.check();
    else if (kind === 'select') await field.selectOption(answer.choose);
    else {
      const text = wrong && answer.wrong ? answer.wrong : answer.type;
      if (wrong && answer.wrong) mistake = name;
      await field.fill(text);
      typed(text);
      if (answer.secret) typed(answer.secret);
    }
  }
  return mistake;
}

/** The form of the page itself, not signing out or searching. */
export function formOf(visitor) {
  return visitor.page.locator('main form[method="post"]').first();
}

export async function press(visitor, form = formOf(visitor)) {
  await visitor.leave(() => form.locator('button[type="submit"], button:not([type])').first().click());
}

/** From the service's page to the check of all answers, with one wrong number on the way and a break in the middle. */
export async function apply(visitor, look) {
  await visitor.go(`/services/${SERVICE.id}`);
  await look('service');
  await press(visitor, visitor.page.locator(`form[action="/services/${SERVICE.id}/file"]`).first());
  const visited = [];
  if (/\/form$/.test(visitor.path)) {
    await look('form');
    await visitor.leave(() => visitor.page.locator('main a[href*="/form/"]').first().click());
  }
  for (let pages = 0; /\/cases\/[^/]+\/form/.test(visitor.path); pages += 1) {
    assert.ok(pages < 12, `the form has no end: ${visited.join(', ')}`);
    const page = visitor.path.split('/').at(-1).split('?')[0];
    visited.push(page);
    const name = page === 'home' ? 'home_page' : page;
    await look(name);
    const mistake = await fill(visitor, { wrong: true });
    const address = visitor.path;
    await press(visitor);
    if (mistake) {
      assert.ok(visitor.visit.status >= 400 || visitor.path === address, 'a wrong answer was taken');
      await wrongAnswer(visitor, mistake);
      await look(name, { status: visitor.visit.status });
      await fill(visitor);
      await press(visitor);
    }
    if (pages === 0) await saveAndReturn(visitor, look);
  }
  assert.match(visitor.path, /\/cases\/[^/]+\/check/, `after ${visited.join(', ')} comes the check of the answers`);
  return visited;
}

/** The error is told on top, leads to its field, and stands at the field too. */
async function wrongAnswer(visitor, mistake) {
  const { page } = visitor;
  const alert = page.locator('[role="alert"]');
  assert.equal(await alert.count(), 1, 'an error summary');
  const link = alert.getByRole('link').first();
  assert.match(await link.getAttribute('href'), new RegExp(`#${mistake}`));
  const field = page.locator(`[name="${mistake}"]`).first();
  assert.equal(await field.getAttribute('aria-invalid'), 'true');
  const described = await field.getAttribute('aria-describedby');
  const texts = await Promise.all(described.split(' ').map((id) => page.locator(`[id="${id}"]`).innerText()));
  const told = (await link.innerText()).trim();
  const here = texts.map((text) => text.trim().replace(/^(오류|Error):\s*/, '')).filter(Boolean);
  assert.ok(here.some((text) => told.endsWith(text)), `on top stands “${told}”, at the field “${here.join('”, “')}”`);
  assert.match(await page.title(), /^(오류|Error)/);
}

/** Leaves in the middle, comes back by the list of what is under way, and finds the answers as they were. */
async function saveAndReturn(visitor, look) {
  const before = visitor.path;
  await visitor.go('/');
  await visitor.go('/cases');
  await look('cases');
  const link = visitor.page.locator('main a[href^="/cases/"]').first();
  await visitor.leave(() => link.click());
  if (!/\/form\/|\/check/.test(visitor.path)) {
    const exact = visitor.page.locator(`main a[href="${before}"]`).first();
    const on = (await exact.count()) ? exact : visitor.page.locator('main a[href*="/form"]').first();
    assert.equal(await on.count(), 1, `a way on from ${visitor.path}`);
    await visitor.leave(() => on.click());
  }
  // What was answered stays answered: it goes on where it stopped.
  assert.equal(visitor.path.split('?')[0], before.split('?')[0]);
}

/** Sending without the tick is refused, said, and changes nothing. */
async function confirmationIsNeeded(visitor, look) {
  await look('check');
  const address = visitor.path;
  await press(visitor, visitor.page.locator('form[action$="/submit"]').first());
  assert.equal(visitor.visit.status, 422, 'submitting without confirming');
  assert.equal(await visitor.page.locator('[role="alert"]').count(), 1, 'an error summary');
  await look('check', { status: 422 });
  await visitor.go(address);
}

/** Confirms and submits. The answer is what the receipt page says. */
export async function submit(visitor, look) {
  const { page } = visitor;
  await confirmationIsNeeded(visitor, look);
  const text = await page.locator('main').innerText();
  assert.ok(!text.includes(ANSWERS['account-number'].secret), 'the account is shown masked');
  const form = page.locator('form[action$="/submit"]').first();
  for (const box of await form.locator('input[type="checkbox"]').all()) await box.check();
  await press(visitor, form);
  assert.match(visitor.path, /^\/cases\/[^/]+/, 'after submitting comes the case');
  await look('case');
  const receipt = (await page.locator('main').innerText()).match(RECEIPT)?.[0];
  assert.ok(receipt, `a receipt number on ${visitor.path}`);
  return { receipt, id: visitor.path.split('/')[2].split('?')[0] };
}
