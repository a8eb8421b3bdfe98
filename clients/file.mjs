// Files a case without a browser, up to the moment before it is submitted.
import { typed } from './places.mjs';
import { Plain } from './plain.mjs';
import { ANSWERS, SERVICE } from './words.mjs';

/** Answers every page of the form. Gives the case's id and the form that would submit it. */
export async function prepared(plain, service = SERVICE.id) {
  const filing = await plain.form(`/services/${service}`, `/services/${service}/file`);
  let { to, status, text } = await plain.post(filing.action, filing.fields);
  for (let pages = 0; pages < 12; pages += 1) {
    if (status !== 303) throw new Error(`filing answers ${status}: ${text.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ').slice(0, 300)}`);
    const page = await plain.get(to);
    const submit = Plain.forms(page.text).find(({ action }) => action.endsWith('/submit'));
    if (submit) {
      for (const [name, [value]] of Object.entries(submit.choices)) submit.fields[name] = value;
      return { id: submit.action.split('/')[2], submit };
    }
    // The list of questions comes first; nothing is answered yet, so its first link is the first question.
    const question = page.text.match(/href="(\/cases\/[^"/]+\/form\/[^"]+)"/)?.[1];
    if (/\/form$/.test(page.at) && question) {
      ({ to, status, text } = { to: question, status: 303, text: '' });
      continue;
    }
    const form = Plain.forms(page.text).find(({ action, method }) => method === 'post' && /\/cases\/[^/]+\/form/.test(action || page.at));
    if (!form) throw new Error(`no question on ${page.at} (${page.status})`);
    for (const name of new Set([...Object.keys(form.fields), ...Object.keys(form.choices)])) {
      const answer = ANSWERS[name];
      if (!answer) continue;
      if (answer.type) typed(answer.type);
      if (answer.secret) typed(answer.secret);
      form.fields[name] = answer.type ?? answer.choose ?? form.choices[name]?.[0];
    }
    ({ to, status, text } = await plain.post(form.action || page.at, form.fields));
  }
  throw new Error('the form has no end');
}
