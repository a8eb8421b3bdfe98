// Petitions and permits in a real browser without scripts: a suggestion that is answered, a broken pavement with place and photo, a building
// report that two other offices are heard on. Every page on the way goes through the judges.
import assert from 'node:assert/strict';
import { Maru } from './maru.mjs';
import { Visitor } from './visitor.mjs';
import { hands, language, signIn, signOut, walks } from './walk.mjs';
import { PEOPLE } from './words.mjs';

walks('petitions', walk, 180_000);

const SAID = {
  ko: { title: '공원 벤치를 늘려 주세요', body: '어르신이 쉬어 갈 자리가 모자랍니다.\n두 곳이면 됩니다.', hole: '보도블록이 손바닥만큼 꺼졌습니다.', answer: '다음 달까지 두 곳에 놓겠습니다.', basis: '도시공원 및 녹지 등에 관한 법률 제19조', barn: '살림집 뒤에 창고를 붙여 짓습니다.', ask: '창고 증축입니다. 의견을 주십시오.', reply: '의견이 없습니다. 그대로 지어도 됩니다.' },
  en: { title: 'More benches in the park', body: 'There is nowhere to rest on the way up.\nTwo would do.', hole: 'A paving stone has sunk by a hand.', answer: 'We will put up two by the end of next month.', basis: 'Act on Urban Parks, Article 19', barn: 'A shed at the back of the house.', ask: 'This is an extension. What do you say?', reply: 'Nothing against it. It can be built.' },
};
// One white pixel.
const PHOTO = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg==', 'base64');
const PLACE = '경기도 수원시 팔달구 누리로 12 앞';

async function walk(browser, say, width) {
  const name = `petitions-${say}-${width}`;
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
  const file = async (service) => {
    await visitor.go(`/services/${service}`);
    await send(`/services/${service}/file`);
    return visitor.path.split('/').at(-2);
  };
  const submit = async (id) => {
    await send(`/cases/${id}/submit`, { confirmed: 'yes' });
    await look('sent');
  };
  const take = async (user, id) => {
    await become(user);
    await visitor.go(`/desk/cases/${id}`);
    await send(`/cases/${id}/assign`);
  };
  try {
    await language(visitor);
    await see('/petitions', 'petitions');
    for (const service of ['suggestion', 'street-report', 'building-report']) await see(`/services/${service}`, service);
    await see('/services/suggestion/course', 'course');
    await become(PEOPLE.resident, true);

    // A suggestion, and its answer.
    const wish = await file('suggestion');
    await visitor.go(`/cases/${wish}/form/what`);
    await look('what');
    await send(`/cases/${wish}/form/what`, { title: '벤치', body: '?' });
    await look('what-wrong', 422);
    await send(`/cases/${wish}/form/what`, { title: said.title, body: said.body });
    await look('check');
    assert.ok(await page.locator('input[name="unit"][value=""]').isChecked(), 'Maru chooses at first');
    await visitor.go(`/cases/${wish}/check?q=${encodeURIComponent('전주')}`);
    await look('check-found');
    await visitor.leave(async () => {
      await page.locator('input[name="unit"][value="jeonju-petition"]').check();
      await page.locator(`button[formaction="/cases/${wish}/choose"]`).click();
    });
    assert.ok(await page.locator('input[name="unit"][value="jeonju-petition"]').isChecked(), 'the choice is kept');
    await see(`/cases/${wish}/check?q=zzz`, 'check-none');
    await page.locator('input[name="unit"][value=""]').check();
    await submit(wish);
    await take('dasom', wish);
    await look('desk-petition');
    await send(`/cases/${wish}/respond`, { note: '?' });
    await look('answer-wrong', 422);
    await send(`/cases/${wish}/respond`, { note: said.answer, basis: said.basis });
    await look('desk-answered');
    await become(PEOPLE.resident);
    await see(`/cases/${wish}`, 'answered');
    assert.ok((await page.locator('main').innerText()).includes(said.basis));

    // A broken pavement: what, where, photo.
    const hole = await file('street-report');
    await visitor.go(`/cases/${hole}/form/kind`);
    await send(`/cases/${hole}/form/kind`, { kind: '보도·도로 파손', body: said.hole });
    await look('where');
    await send(`/cases/${hole}/form/place`, { where: '산 아래' });
    await look('where-wrong', 422);
    await send(`/cases/${hole}/form/place`, { where: PLACE, position: '37.26360,127.02860' });
    await visitor.go(`/cases/${hole}/files`);
    await page.setInputFiles('#file', { name: 'hole.png', mimeType: 'image/png', buffer: PHOTO });
    await visitor.leave(() => page.click('form[enctype] button[type=submit]'));
    await visitor.go(`/cases/${hole}/check`);
    await look('report-check');
    await submit(hole);

    // Somebody else saw the same and joins.
    await become('naru');
    const same = await file('street-report');
    await visitor.go(`/cases/${same}/form/kind`);
    await send(`/cases/${same}/form/kind`, { kind: '보도·도로 파손', body: said.hole });
    await send(`/cases/${same}/form/place`, { where: '수원시 팔달구 누리로 14', position: '37.26365,127.02861' });
    await look('near');
    await send(`/reports/${hole}/join`);
    await look('joined');
    await see(`/reports?place=${encodeURIComponent(PLACE)}`, 'reports');
    await see('/cases', 'joined-list');
    await take('byeolha', hole);
    await look('desk-report');
    await send(`/cases/${hole}/respond`, { note: said.answer });
    await become(PEOPLE.resident);

    // A building report: nothing is permitted before the streets and the environment were heard.
    const barn = await file('building-report');
    await visitor.go(`/cases/${barn}/form/place`);
    await send(`/cases/${barn}/form/place`, { where: PLACE });
    await send(`/cases/${barn}/form/build`, { work: '증축', area: '42', body: said.barn });
    await submit(barn);
    await take('jium', barn);
    await look('desk-permit');
    await send(`/cases/${barn}/consult`, { text: said.ask });
    for (const user of ['byeolha', 'pureum']) {
      await become(user);
      await visitor.go('/desk');
      await visitor.leave(() => page.locator('a[href^="/desk/tasks/"]').first().click());
      await send(`/tasks/${visitor.path.split('/').at(-1)}/reply`, { text: said.reply });
    }
    await become('jium');
    await visitor.go(`/desk/cases/${barn}`);
    await look('desk-heard');
    await send(`/cases/${barn}/grant`, { note: said.reply, basis: '건축법 제14조' });
    await become(PEOPLE.resident);
    await see(`/cases/${barn}`, 'permitted');
    await see('/cases', 'cases');
    await see('/messages', 'messages');

    // Two more in one visit, and one that lacks its answers.
    const pair = [];
    for (const service of ['suggestion', 'grievance']) {
      const id = await file(service);
      await visitor.go(`/cases/${id}/form/what`);
      await send(`/cases/${id}/form/what`, { title: said.title, body: said.body });
      pair.push(id);
    }
    await file('street-report');
    await see('/cases', 'cases-ready');
    await visitor.leave(() => page.locator('main a[href="/cases/together"]').click());
    await look('together');
    await send('/cases/together');
    await look('together-wrong', 422);
    await send('/cases/together', { confirmed: 'yes' });
    await look('together-sent');
    for (const id of pair) assert.equal(await page.locator(`main a[href="/cases/${id}"]`).count(), 1);
    await visitor.go(`/cases/${pair[1]}`);
    assert.equal(await page.locator(`main a[href="/cases/${pair[0]}"]`).count(), 1, 'what was sent with it');
    await look('sent-with');
    assert.deepEqual(faults, []);
  } catch (error) {
    await visitor.picture('broke-here').catch(() => {});
    throw error;
  } finally {
    await visitor.close();
    await maru.stop();
  }
}
