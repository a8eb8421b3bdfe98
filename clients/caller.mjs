// A program that does by the API what a person does on the pages.
import assert from 'node:assert/strict';
import { demoPassword, typed } from './places.mjs';
import { SERVICE } from './words.mjs';

/** What is answered on which page of the form of 생계급여 (packs/kr/…/form.toml). */
export const PAGES = {
  home: { 'home-kind': '월세' },
  pay: { deposit: '5000000', rent: '300000' },
  account: { bank: '우체국', 'account-number': '110482004821' },
  consent: { 'consent-finance': 'yes' },
};

export class Caller {
  constructor(url) {
    this.url = url;
  }

  async signIn(user) {
    const { status, body } = await this.call('POST', '/api/v1/sessions', { name: user, password: demoPassword() });
    assert.equal(status, 201, JSON.stringify(body));
    this.token = body.token;
    return this;
  }

  async call(method, path, sent) {
    const answer = await fetch(this.url + path, {
      method,
      headers: { ...(this.token ? { authorization: `Bearer ${this.token}` } : {}), ...(sent === undefined ? {} : { 'content-type': 'application/json' }) },
      body: sent === undefined ? undefined : JSON.stringify(sent),
    });
    const text = await answer.text();
    return { status: answer.status, body: text ? JSON.parse(text) : undefined, type: answer.headers.get('content-type') ?? '' };
  }

  /** Calls and expects this status. */
  async must(status, method, path, sent) {
    const answer = await this.call(method, path, sent);
    assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.body)}`);
    if (status >= 400) assert.match(answer.type, /problem\+json/, `${method} ${path}`);
    return answer.body;
  }

  async filed() {
    return this.must(201, 'POST', '/api/v1/cases', { service: SERVICE.id });
  }

  async answered() {
    const { id } = await this.filed();
    typed(PAGES.account['account-number']);
    return this.must(200, 'POST', `/api/v1/cases/${id}/answers`, { pages: PAGES });
  }

  async submitted() {
    const { id } = await this.answered();
    return this.must(200, 'POST', `/api/v1/cases/${id}/submit`, { confirmed: true });
  }
}
