// Somebody without a browser: cookies, forms and redirects by hand. For what a browser would never send.
import { demoPassword } from './places.mjs';

const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#x27': "'", '#x2F': '/', '#x2f': '/', '#x3D': '=', '#x3d': '=' };
const unescape = (text) => text.replace(/&([#\w]+);/g, (whole, name) => ENTITIES[name] ?? whole);

function attributes(tag) {
  const found = {};
  for (const [, name, , value] of tag.matchAll(/([\w-]+)(="([^"]*)")?/g)) found[name] ??= unescape(value ?? '');
  return found;
}

export class Plain {
  constructor(url) {
    this.url = url;
    this.cookies = new Map();
  }

  async ask(path, { method = 'GET', body, headers = {}, signal } = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(new URL(path, this.url), {
      method, body, signal, redirect: 'manual', headers: { ...(cookie ? { cookie } : {}), ...headers },
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
      if (/max-age=0|expires=thu, 01 jan 1970/i.test(line) || value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return { status: answer.status, headers: answer.headers, to: answer.headers.get('location'), text: await answer.text() };
  }

  async get(path) {
    let answer = await this.ask(path);
    let at = path;
    for (let hops = 0; answer.to && answer.status === 303 && hops < 5; hops += 1) {
      at = answer.to;
      answer = await this.ask(at);
    }
    return { ...answer, at };
  }

  /** `fields` is an object; what is undefined is left out. */
  post(path, fields, options = {}) {
    const body = new URLSearchParams(Object.entries(fields).filter(([, value]) => value !== undefined));
    return this.ask(path, { method: 'POST', body, headers: { origin: this.url, ...options.headers }, signal: options.signal });
  }

  /** The forms of a page: where they go, and what they would send untouched. */
  static forms(html) {
    return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].map(([, head, inside]) => {
      const fields = {};
      const choices = {};
      for (const [, tag] of inside.matchAll(/<input\b([^>]*)>/g)) {
        const { name, type = 'text', value = 'on', ...rest } = attributes(tag);
        if (!name) continue;
        if (type === 'radio' || type === 'checkbox') {
          (choices[name] ??= []).push(value);
          if ('checked' in rest) fields[name] = value;
        } else fields[name] = value === 'on' ? '' : value;
      }
      for (const [, tag, options] of inside.matchAll(/<select\b([^>]*)>([\s\S]*?)<\/select>/g)) {
        choices[attributes(tag).name] = [...options.matchAll(/<option\b([^>]*)>/g)].map(([, option]) => attributes(option).value);
      }
      for (const [, tag] of inside.matchAll(/<textarea\b([^>]*)>/g)) fields[attributes(tag).name] ??= '';
      const { action = '', method = 'get' } = attributes(head);
      return { action, method: method.toLowerCase(), fields, choices };
    });
  }

  async form(path, matches) {
    const page = await this.get(path);
    const form = Plain.forms(page.text).find(({ action }) => (typeof matches === 'string' ? action === matches : matches.test(action)));
    if (!form) throw new Error(`no form to ${matches} on ${path} (${page.status}, ${page.at})`);
    return { ...form, at: page.at };
  }

  async signIn(user, to) {
    const form = await this.form(to ? `/sign-in?to=${encodeURIComponent(to)}` : '/sign-in', /^(\/sign-in)?$/);
    const answer = await this.post('/sign-in', { ...form.fields, name: user, password: demoPassword(), to: to ?? form.fields.to });
    if (answer.status !== 303) throw new Error(`signing in as ${user} answers ${answer.status}`);
    this.sentTo = answer.to;
    return this;
  }
}
