// What runs beside a case, in a real browser without scripts: an official asks the applicant and two units at once, the applicant takes more
// time and supplies, the units reply, the time is extended, once more with the applicant's consent, and the case moves. Every page on the way goes through the judges.
import assert from 'node:assert/strict';
import { Caller } from './caller.mjs';
import { Maru } from './maru.mjs';
import { Visitor } from './visitor.mjs';
import { hands, language, signIn, signOut, walks } from './walk.mjs';
import { PEOPLE } from './words.mjs';

walks('tasks', walk);

const SAID = {
  ko: { more: '임대차계약서의 둘째 쪽이 빠져 있습니다. 붙여 주세요.', ask: '같은 집에 사는 사람이 있는지 알려 주십시오.', reply: '같은 집에 사는 사람이 없습니다.', here: '둘째 쪽을 붙였습니다.', why: '금융 재산을 조회하는 데 시간이 더 필요합니다.' },
  en: { more: 'The second page of the contract is missing. Please attach it.', ask: 'Does anybody else live at this address?', reply: 'Nobody else lives at this address.', here: 'I attached the second page.', why: 'Looking up the savings takes longer.' },
};

async function walk(browser, say, width) {
  const name = `tasks-${say}-${width}`;
  const said = SAID[say];
  const maru = await Maru.start(name);
  const visitor = await Visitor.open(browser, { url: maru.url, language: say, scripts: false, width, name });
  const { page } = visitor;
  const faults = [];
  const { look, see, send } = hands(visitor, faults);
  const become = async (user, first = false) => {
    if (!first) await signOut(visitor);
    await signIn(visitor, user);
  };
  try {
    await language(visitor);
    await see('/services/livelihood-benefit/course', 'course');
    const { id } = await (await new Caller(maru.url).signIn(PEOPLE.resident)).submitted();
    await become(PEOPLE.official, true);
    await visitor.go(`/desk/cases/${id}`);
    await send(`/cases/${id}/assign`);
    // What is wrong is told at its field, in an open fold, and nothing typed is lost.
    await send(`/cases/${id}/ask`, { text: said.more, days: '99' });
    assert.ok(await page.locator('#ask-text').isVisible(), 'the fold is open');
    assert.equal(await page.locator('#ask-text').inputValue(), said.more);
    await look('ask-wrong', 422);
    await send(`/cases/${id}/ask`, { text: said.more, days: '7' });
    await send(`/cases/${id}/consult`, { text: said.ask });
    await look('consult-wrong', 422);
    await send(`/cases/${id}/consult`, { text: said.ask, 'unit-jeonju-livelihood': '', 'unit-suwon-petition': '' });
    await look('desk-waiting');

    await become('handeul');
    await see('/desk', 'desk-asked');
    await visitor.leave(() => page.locator('a[href^="/desk/tasks/"]').first().click());
    await look('task');
    const task = visitor.path.split('/').at(-1);
    await send(`/tasks/${task}/prolong`);
    await send(`/tasks/${task}/reply`, { text: '?' });
    await look('reply-wrong', 422);
    await send(`/tasks/${task}/reply`, { text: said.reply });
    await look('replied');

    await become(PEOPLE.resident);
    await see(`/cases/${id}`, 'asked');
    const asked = (await page.locator('form[action$="/supply"]').getAttribute('action')).split('/').at(-2);
    await send(`/tasks/${asked}/prolong`);
    await send(`/tasks/${asked}/supply`);
    await look('supply-wrong', 422);
    await send(`/tasks/${asked}/supply`, { text: said.here });
    await look('supplied');
    await see('/messages', 'messages');

    await become(PEOPLE.official);
    await visitor.go(`/desk/cases/${id}`);
    assert.ok((await page.locator('main').innerText()).includes(said.reply));
    await visitor.leave(() => page.locator('form[action$="/recall"] button').first().click());
    await send(`/cases/${id}/extend`, { days: '5', reason: said.why });
    await look('extended');
    // Once more only if the applicant agrees, who is asked and answers without a script.
    await send(`/cases/${id}/extend`, { days: '3', reason: said.why });
    await look('consent-asked');
    await become(PEOPLE.resident);
    await see(`/cases/${id}`, 'consent');
    assert.ok(await page.locator('form[action$="/decline"] button').isVisible(), 'one may say no as well');
    await visitor.leave(() => page.locator('form[action$="/agree"] button').click());
    await look('consent-agreed');
    assert.equal(await page.locator('form[action$="/agree"], form[action$="/decline"]').count(), 0, 'it is asked once');
    await become(PEOPLE.official);
    await see(`/desk/cases/${id}`, 'extended-again');
    await send(`/cases/${id}/transfer`, { unit: 'jeonju-livelihood', reason: said.why });
    await become('handeul');
    await see(`/desk/cases/${id}`, 'transferred');
    assert.deepEqual(faults, []);
  } catch (error) {
    await visitor.picture('broke-here').catch(() => {});
    throw error;
  } finally {
    await visitor.close();
    await maru.stop();
  }
}
