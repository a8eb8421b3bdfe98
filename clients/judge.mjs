// The judges every visited page goes through. Each of them is shown a bad page first, in judges.test.mjs.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { HtmlValidate } from 'html-validate';

const require = createRequire(import.meta.url);
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const validator = new HtmlValidate({
  root: true,
  extends: ['html-validate:recommended', 'html-validate:document'],
  rules: {
    // How a tag is written, not what it means.
    'doctype-style': 'off',
    'no-implicit-button-type': 'off',
    'no-implicit-input-type': 'off',
    'no-trailing-whitespace': 'off',
    'attribute-boolean-style': 'off',
    'attribute-empty-style': 'off',
    'void-style': 'off',
    'long-title': 'off',
    // Receipt numbers look like telephone numbers; `.nb` keeps both on one line.
    'tel-non-breaking': 'off',
    // Everything comes from the same origin.
    'require-sri': 'off',
    // A name on a list or a scrolling region is useful and allowed.
    'aria-label-misuse': ['error', { allowAnyNamable: true }],
    'prefer-native-element': ['error', { exclude: ['region'] }],
  },
});

/** axe in a page that runs scripts. */
export async function access(page) {
  await page.evaluate(AXE);
  const violations = await page.evaluate(
    (tags) => globalThis.axe.run(document, { runOnly: tags, resultTypes: ['violations'] }).then((found) => found.violations),
    TAGS,
  );
  return violations.map(
    ({ id, help, nodes }) =>
      `axe ${id}: ${help}\n${nodes.slice(0, 3).map((node) => `    ${node.html.slice(0, 200)}\n      ${node.failureSummary?.split('\n').slice(1, 3).join('; ') ?? ''}`).join('\n')}`,
  );
}

/** The HTML as it was sent. */
export async function markup(html) {
  const report = await validator.validateString(html);
  return report.results.flatMap((result) =>
    result.messages.map((message) => `html ${message.ruleId} at ${message.line}:${message.column}: ${message.message}\n    ${html.split('\n')[message.line - 1]?.slice(0, 200) ?? ''}`),
  );
}

/** Is this the page that was meant, in the language that was meant? */
export async function identity(page, { h1, language }) {
  const found = await page.evaluate(() => ({
    h1: [...document.querySelectorAll('h1')].map((heading) => heading.textContent.trim().replace(/\s+/g, ' ')),
    language: document.documentElement.lang,
    title: document.title.trim(),
  }));
  const faults = [];
  if (found.h1.length !== 1) faults.push(`${found.h1.length} h1: ${found.h1.join(' | ')}`);
  else if (!h1.test(found.h1[0])) faults.push(`h1 is “${found.h1[0]}”, not ${h1}`);
  if (found.language !== language) faults.push(`lang is “${found.language}”, not ${language}`);
  if (!found.title) faults.push('no title');
  return faults;
}

/** Nothing wider than the window. */
export async function width(page) {
  const found = await page.evaluate(() => {
    const room = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= room) return [];
    const scrolls = (element) => {
      for (let up = element.parentElement; up; up = up.parentElement) {
        if (['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(up).overflowX)) return true;
      }
      return false;
    };
    const wide = [...document.body.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > room + 1 && !scrolls(e));
    return [`the page is ${document.documentElement.scrollWidth} wide in a window of ${room}`, ...wide.slice(0, 3).map((e) => `    ${e.outerHTML.slice(0, 160)}`)];
  });
  return found.length ? [found.join('\n')] : [];
}

/** Words of a template that were never filled in, and text in another language that does not say so (WCAG 3.1.2). */
export async function wording(page) {
  return page.evaluate(() => {
    const faults = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const text = node.textContent.trim();
      const parent = node.parentElement;
      if (!text || ['SCRIPT', 'STYLE'].includes(parent.tagName)) continue;
      if (/\{\{|\}\}|\{%|\bundefined\b|\bNaN\b|\[object |\bNone\b(?! of\b)|\{\s*\$/.test(text)) faults.push(`unfilled: “${text.slice(0, 80)}”`);
      if (/^[a-z]+(-[a-z]+){2,}$/.test(text) && !parent.closest('code, pre, kbd')) faults.push(`a key instead of its text: “${text}”`);
      const language = parent.closest('[lang]')?.lang ?? '';
      if (language === 'en' && /[가-힣]/.test(text)) faults.push(`Korean inside lang=en: “${text.slice(0, 80)}” in ${parent.outerHTML.slice(0, 120)}`);
    }
    return faults.slice(0, 10);
  });
}

/** What the browser itself complained about since the page was asked for. */
export function complaints(visit) {
  return visit.problems.map((problem) => `browser: ${problem}`);
}

/**
 * All of them, on the page a visitor is looking at. A page without scripts is judged as a replay of what was
 * served, so that looking at it a second time reads nobody's data a second time.
 */
export async function judge(visitor, expected) {
  await visitor.settled();
  const faults = [
    ...(await identity(visitor.page, expected)),
    ...(visitor.narrow || expected.wide !== true ? await width(visitor.page) : []),
    ...(await wording(visitor.page)),
    ...complaints(visitor.visit),
    ...(await markup(visitor.visit.html)),
    ...(await visitor.withScripts(access)),
  ];
  if (visitor.visit.status !== (expected.status ?? 200)) faults.unshift(`status ${visitor.visit.status}`);
  return faults;
}
