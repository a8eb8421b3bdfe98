// What the journeys look for on the pages, in one place: texts in both languages, and the few addresses and field names
// that ARCHITECTURE.md and the pack promise. When a page changes its words, this is the file to change.

/** Sign-in names of the demo's people (packs/kr/demo.toml). */
export const PEOPLE = {
  resident: 'maru',
  /** Another resident, who must never see what is Kim Maru's. */
  other: 'naru',
  /** Everybody who lives where the demo has a unit for livelihood benefit. */
  applicants: ['maru', 'daon', 'naru'],
  official: 'haneul',
  /** Does the same work for another city. */
  officialElsewhere: 'handeul',
};

export const SERVICE = { id: 'livelihood-benefit', sourceId: 'WII000001410', name: { ko: '생계급여', en: /Livelihood/i } };

/** Pages by name: the h1 each must have. */
export const TITLES = {
  welcome: { ko: /^받을 수 있는 것을 먼저 알려 드립니다$/, en: /^We tell you first what is yours$/ },
  'sign-in': { ko: /^로그인$/, en: /^Sign in$/ },
  accessibility: { ko: /^접근성$/, en: /^Accessibility$/ },
  privacy: { ko: /^개인정보 처리방침$/, en: /^Privacy$/ },
  design: { ko: /^마루의 부품$/, en: /^The boards of Maru$/ },
  home: { ko: /^김마루 님, 안녕하세요\.$/, en: /^Hello, Kim Maru\.$/ },
  mine_yes: { ko: /^나에게 해당되는 서비스$/, en: /^Services that are yours$/ },
  mine_unknown: { ko: /^아직 모르는 서비스$/, en: /^Services not yet known$/ },
  mine_no: { ko: /^해당되지 않는 서비스$/, en: /^Services that are not yours$/ },
  find: { ko: /^서비스 찾기$/, en: /^Find a service$/ },
  found: { ko: /^서비스 찾기$/, en: /^Find a service$/ },
  found_nothing: { ko: /^서비스 찾기$/, en: /^Find a service$/ },
  /** Any service of the catalogue: its own name, whichever it is. */
  catalogue: { ko: /[가-힣]{2}/, en: /[가-힣]{2}/ },
  service: { ko: /^생계급여$/, en: /^Livelihood benefit$/ },
  form: { ko: /^생계급여 신청$/, en: /^Apply: Livelihood benefit$/ },
  home_page: { ko: /^지금 어떤 집에 살고 계신가요\?$/, en: /^What kind of home do you live in\?$/ },
  pay: { ko: /^집을 빌리는 데 얼마를 내고 계신가요\?$/, en: /^What do you pay to rent your home\?$/ },
  account: { ko: /^급여를 어느 계좌로 받으시겠어요\?$/, en: /^To which account should we pay\?$/ },
  consent: { ko: /^예금과 빚을 확인해도 될까요\?$/, en: /^May we check savings and debts\?$/ },
  check: { ko: /^제출하기 전에 살펴봐 주세요$/, en: /^Check before you send$/ },
  cases: { ko: /^진행 중$/, en: /^In progress$/ },
  case: { ko: /^생계급여$/, en: /^Livelihood benefit$/ },
  withdraw: { ko: /^생계급여 신청을 거둘까요\?$/, en: /^Withdraw the application for Livelihood benefit\?$/ },
  desk: { ko: /^책상$/, en: /^Desk$/ },
  desk_case: { ko: /^책상$/, en: /^Desk$/ },
  messages: { ko: /^사서함$/, en: /^Inbox$/ },
  granted: { ko: /^생계급여를 드리기로 했습니다$/, en: /^You will receive the Livelihood benefit$/ },
  refused: { ko: /^생계급여를 드리지 못하게 되었습니다$/, en: /^We can.t grant the Livelihood benefit$/ },
  me: { ko: /^내 정보$/, en: /^My data$/ },
  accesses: { ko: /^누가 내 정보를 보았나요\?$/, en: /^Who looked at my data\?$/ },
  not_found: { ko: /^찾으시는 쪽이 없습니다$/, en: /^There is no such page$/ },
  not_yours: { ko: /^이 화면은 볼 수 없습니다$/, en: /^You cannot see this page$/ },
  wait: { ko: /^잠시 쉬었다가 다시 해 주세요$/, en: /^Please wait a moment$/ },
  not_now: { ko: /^잠시 뒤에 다시 열어 주세요$/, en: /^Please try again in a moment$/ },
};

export const TEXT = {
  won: { ko: /[\d,]+\s*원/, en: /[\d,]+\s*won/i },
  granted: { ko: /지급하기로 결정했습니다/, en: /Granted/ },
  refused: { ko: /드리지 못하게 되었습니다/, en: /Refused/ },
  withdrawn: { ko: /신청을 거두셨습니다/, en: /You withdrew the application/ },
  reasonNeeded: { ko: /까닭을 10자 이상/, en: /at least 10 characters/ },
  objection: { ko: /90일/, en: /90 days/i },
};

/** Answers to the form's questions, by field name. `wrong` is typed first where it is given. */
export const ANSWERS = {
  'home-kind': { choose: '월세' },
  deposit: { type: '5,000,000' },
  rent: { type: '300,000' },
  bank: { choose: '우체국' },
  'account-number': { wrong: '110-48', type: '110-482-004821', secret: '110482004821' },
  'consent-finance': { tick: true },
};

export const GRANT_REASON = { ko: '등기소 자료까지 확인했습니다. 요건이 모두 맞습니다.', en: 'Checked against all registers. Every condition is met.' };

export const REFUSE_REASON = { ko: '함께 사는 식구의 소득을 더하면 기준보다 많아서 드릴 수 없습니다.', en: 'With the income of everyone in the household you are above the standard.' };

/** Receipt numbers: year and month, eight digits, a check digit. */
export const RECEIPT = /\b\d{4}-\d{4}-\d{4}-\d\b/;

/** ISO 7064 MOD 11,10 over the digits before the last: is the last one right? */
export function checkDigitHolds(receipt) {
  const digits = [...receipt].filter((c) => c >= '0' && c <= '9').map(Number);
  const last = digits.pop();
  let product = 10;
  for (const digit of digits) {
    const sum = (product + digit) % 10 || 10;
    product = (sum * 2) % 11;
  }
  return (11 - product) % 10 === last;
}
