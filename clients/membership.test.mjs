// Welfare membership, in a real browser without scripts: consent, a birth, one notice with its reasons, declined and wanted again, a benefit without an application, the end.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { Maru } from './maru.mjs';
import { Visitor } from './visitor.mjs';
import { hands, language, signIn, walks } from './walk.mjs';
import { PEOPLE } from './words.mjs';

walks('membership', walk);

/** A letter follows from what happened within moments; the page of messages shows it when it is there. */
async function letters(visitor, count) {
  for (let tries = 0; tries < 40; tries += 1) {
    await visitor.go('/messages');
    const found = await visitor.page.locator('main ul.rows > li a').count();
    if (found >= count) return found;
    await pause(250);
  }
  throw new Error(`no ${count} letters came`);
}

async function walk(browser, say, width) {
  const name = `membership-${say}-${width}`;
  const maru = await Maru.start(name);
  const visitor = await Visitor.open(browser, { url: maru.url, language: say, scripts: false, width, name });
  const { page } = visitor;
  const faults = [];
  const { look, see, send } = hands(visitor, faults);
  try {
    await language(visitor);
    await signIn(visitor, PEOPLE.resident, '/messages');
    await see('/membership', 'membership-off');
    await send('/membership/join');
    await look('membership-on');
    assert.ok((await page.locator('main a[href="/services/livelihood-benefit"]').count()) > 0, 'what is theirs now is shown');

    await send('/demo/events/birth');
    assert.equal(await letters(visitor, 1), 1);
    await look('membership-letters');
    await visitor.leave(() => page.locator('main ul.rows > li a').first().click());
    await look('membership-letter');
    await visitor.leave(() => page.locator('main a[href^="/membership/notices/"]').first().click());
    await look('membership-notice');
    const notice = visitor.path;
    assert.ok((await page.locator('main form[action="/services/first-meeting-voucher/file"]').count()) === 1);

    await visitor.leave(() => page.locator('main form[action="/membership/decline"] button').first().click());
    assert.equal(visitor.path, notice);
    await look('membership-declined');
    await see('/membership', 'membership-told');
    await send('/membership/want');
    await look('membership-wanted');
    await see('/services/parental-benefit', 'membership-service');

    const before = await letters(visitor, 1);
    await visitor.go('/membership');
    await send('/demo/events/recipient');
    await letters(visitor, before + 1);
    await visitor.leave(() => page.locator('main ul.rows > li a').first().click());
    await look('membership-unasked');
    await visitor.leave(() => page.locator('main a[href^="/cases/"]').first().click());
    await look('membership-case');
    await send('/membership/decline');
    await see('/me/accesses', 'membership-accesses');

    await visitor.go('/membership');
    await send('/membership/leave');
    await look('membership-ended');
    assert.equal(await page.locator('main form[action="/membership/join"]').count(), 1);
    await see('/', 'membership-home');
  } finally {
    await visitor.close();
    await maru.stop();
  }
  assert.deepEqual(faults, [], faults.join('\n'));
}
