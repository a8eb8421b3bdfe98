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
  'sign-in': { ko: /로그인|들어가기|누구/, en: /sign in|who/i },
  home: { ko: /김마루|나의 서비스/, en: /Kim Maru|my services|hello/i },
  mine: { ko: /해당|모릅니다|서비스/, en: /service|you|qualif/i },
  search: { ko: /찾기|서비스/, en: /find|service/i },
  service: { ko: /생계급여/, en: /livelihood/i },
  other: { ko: /./, en: /./ },
  form: { ko: /./, en: /./ },
  home_page: { ko: /어떤 집/, en: /home/i },
  pay: { ko: /집을 빌리는/, en: /rent|pay/i },
  account: { ko: /계좌/, en: /account/i },
  consent: { ko: /확인해도 될까요/, en: /.+\?/ },
  check: { ko: /살펴봐|확인/, en: /check/i },
  cases: { ko: /진행/, en: /progress|application|case/i },
  case: { ko: /생계급여/, en: /livelihood/i },
  desk: { ko: /책상/, en: /desk/i },
  desk_case: { ko: /./, en: /./ },
  messages: { ko: /사서함/, en: /inbox|message/i },
  message: { ko: /./, en: /./ },
  me: { ko: /내 정보|나의 정보/, en: /me|my|you/i },
  accesses: { ko: /누가|본 기록/, en: /who|looked/i },
  not_found: { ko: /./, en: /./ },
  refused: { ko: /./, en: /./ },
};

export const TEXT = {
  won: { ko: /[\d,]+\s*원/, en: /[\d,]+\s*won/i },
  refusal: { ko: /[가-힣]/, en: /[a-z]/i },
  granted: { ko: /지급|결정/, en: /granted|decided|pay/i },
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
