// The program is killed in the middle of submissions. What it acknowledged is there afterwards, whole; what it had not
// acknowledged is there whole or not at all, and can still be submitted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prepared } from './file.mjs';
import { Maru } from './maru.mjs';
import { Plain } from './plain.mjs';
import { PEOPLE, RECEIPT } from './words.mjs';

const ROUNDS = 8;

test(`killed ${ROUNDS} times while residents submit`, { timeout: 300_000 }, async (t) => {
  const seen = { acknowledged: 0, whole: 0, open: 0 };
  for (let round = 0; round < ROUNDS; round += 1) {
    // From before the request is read to after it is answered.
    await once(round, round * 3, seen);
  }
  t.diagnostic(`note: ${seen.acknowledged} acknowledged, ${seen.whole} found whole, ${seen.open} still open`);
  assert.ok(seen.acknowledged + seen.open > 0);
});

async function once(round, wait, seen) {
  let maru = await Maru.start(`crash-${round}`);
  const residents = [];
  try {
    for (const name of PEOPLE.applicants) {
      const plain = await new Plain(maru.url).signIn(name);
      residents.push({ name, plain, ...(await prepared(plain)) });
    }
    const sent = residents.map(({ plain, submit }) => plain.post(submit.action, submit.fields).then((answer) => answer, () => undefined));
    await new Promise((done) => setTimeout(done, wait));
    await maru.kill();
    const answers = await Promise.all(sent);

    const { data } = maru;
    maru = await Maru.start(`crash-${round}`, { data });
    for (const [index, { name, id, submit }] of residents.entries()) {
      const acknowledged = answers[index]?.status === 303;
      const plain = await new Plain(maru.url).signIn(name);
      const page = await plain.get(`/cases/${id}`);
      assert.equal(page.status, 200, `the case of ${name} is there`);
      const receipt = page.text.match(RECEIPT)?.[0];
      if (acknowledged) {
        seen.acknowledged += 1;
        assert.ok(receipt, `round ${round}: what ${name} was told is received is received`);
      }
      if (receipt) seen.whole += 1;
      else {
        seen.open += 1;
        const check = await plain.get(`/cases/${id}/check`);
        const form = Plain.forms(check.text).find(({ action }) => action === submit.action);
        assert.ok(form, `round ${round}: what was not received can still be submitted`);
        const again = await plain.post(submit.action, { ...submit.fields, csrf: form.fields.csrf });
        assert.equal(again.status, 303, again.text.slice(0, 200));
      }
      await wholeCase(plain, id, receipt);
    }
  } finally {
    await maru.kill();
  }
}

/** A received case has its receipt once, its message, and its place on somebody's desk. */
async function wholeCase(plain, id, before) {
  const receipt = (await plain.get(`/cases/${id}`)).text.match(RECEIPT)?.[0];
  assert.ok(receipt);
  if (before) assert.equal(receipt, before, 'a receipt number does not change');
  const told = async () => {
    const list = (await plain.get('/messages')).text;
    for (const path of new Set(list.match(/\/messages\/[\w-]+/g) ?? [])) {
      if ((await plain.get(path)).text.includes(receipt)) return true;
    }
    return false;
  };
  let found = await told();
  for (let tries = 0; !found && tries < 50; tries += 1) {
    await new Promise((done) => setTimeout(done, 100));
    found = await told();
  }
  assert.ok(found, `a message about ${receipt} came after the restart`);
  for (const name of [PEOPLE.official, PEOPLE.officialElsewhere]) {
    const official = await new Plain(plain.url).signIn(name);
    const desk = await official.ask(`/desk/cases/${id}`);
    if (desk.status === 200 && desk.text.includes(receipt)) return;
  }
  assert.fail(`${receipt} is on nobody's desk`);
}
