// The catalogue's conditions read a second time, independently of the program: three-valued, straight from the table.
import { readFileSync } from 'node:fs';
import { catalogue } from './places.mjs';

/** Agencies whose area is told by their type and name alone. Of others (corporations, foundations, public bodies) it has to be guessed. */
const CERTAIN = new Set(['중앙행정기관', '광역시도', '시군구', '교육청']);
const BANDS = [[50, 'JA0201'], [75, 'JA0202'], [100, 'JA0203'], [200, 'JA0204'], [Infinity, 'JA0205']];

export function read(path = catalogue) {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  const codes = lines.find((line) => line.startsWith('# JA0101')).slice(2).split(' ');
  const [header, ...rows] = lines.filter((line) => !line.startsWith('#')).map((line) => line.split('\t'));
  return rows.map((cells) => {
    const row = Object.fromEntries(header.map((name, index) => [name, cells[index]]));
    const bits = BigInt(`0x${row.flags}`);
    const flags = new Set(codes.filter((_, place) => (bits >> BigInt(place)) & 1n));
    return { ...row, flags, from: Number(row.age_from), to: Number(row.age_to), certain: CERTAIN.has(row.agency_type) };
  });
}

const or = (values) => (values.includes(true) ? true : values.includes(undefined) ? undefined : false);
const and = (values) => (values.includes(false) ? false : values.includes(undefined) ? undefined : true);
const said = (value) => (value === true ? 'yes' : value === false ? 'no' : 'unknown');

/** One group of flags: OR over those the service names; none, all, or its 해당사항없음 flag: no restriction. */
function group(service, codes, holds, none) {
  const named = codes.filter((code) => service.flags.has(code));
  if (!named.length || named.length === codes.length || service.flags.has(none)) return true;
  return or(named.map(holds));
}

const PERSON = ['01', '02', '03', '13', '14', '15', '16', '17', '18', '19', '20', '26', '27', '28', '29', '30'].map((n) => `JA03${n}`);
const HOUSE = ['01', '02', '03', '04', '11', '12', '13', '14'].map((n) => `JA04${n}`);
const OTHERS = /^JA(11|12|21|22)/;

function ages(service, age) {
  if (service.from <= 0 && service.to >= 120) return true;
  if (age === undefined) return undefined;
  return age >= service.from && (service.to >= 120 || age <= service.to);
}

export function area(service, home) {
  if (service.agency_type === '중앙행정기관') return true;
  const place = service.agency.replace(/교육청$/, '');
  return home === undefined ? undefined : home === place || home.startsWith(`${place} `);
}

/**
 * `known`: age, sex (JA0101 or JA0102), income (percent), home (a region's name), traits (code → boolean). Missing is not known.
 * With `region: false` the area is left out of the answer.
 */
export function answer(service, known, { region = true } = {}) {
  const flags = [...service.flags];
  if (flags.length && flags.every((code) => OTHERS.test(code))) return 'no';
  const band = known.income === undefined ? undefined : BANDS.find(([top]) => known.income <= top)[1];
  return said(and([
    group(service, ['JA0101', 'JA0102'], (code) => (known.sex === undefined ? undefined : known.sex === code)),
    group(service, BANDS.map(([, code]) => code), (code) => (band === undefined ? undefined : band === code)),
    group(service, PERSON, (code) => known.traits?.[code], 'JA0322'),
    group(service, HOUSE, (code) => known.traits?.[code], 'JA0410'),
    ages(service, known.age),
    region ? area(service, known.home) : true,
  ]));
}

/** Numbers that are the same on every run. */
export function random(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
