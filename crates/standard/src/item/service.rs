//! What a digital service has to be besides accessible.

use super::{Both, Decide, Decide::Holds, Decide::Person, Decide::Rules, Item, item, nothing};

const fn s(
    key: &'static str,
    ko: &'static str,
    en: &'static str,
    decide: Decide,
    look_ko: &'static str,
    look_en: &'static str,
) -> Item {
    item(key, "", ko, en, decide, Both::new(look_ko, look_en))
}

#[rustfmt::skip]
pub static SERVICE: [Item; 18] = [
    s("S1.1", "첫 방문 50 KB 이하", "First visit within 50 KB", Holds(nothing),
      "스크립트가 더 받는 것이 있는지 브라우저의 네트워크 도구로", "what scripts load besides, in the browser's network tool"),
    s("S2.1", "플러그인 없음", "No plugins", Rules,
      "", ""),
    s("S2.2", "설치 프로그램 없음", "Nothing to install", Rules,
      "", ""),
    s("S3.1", "다른 곳에 요청하지 않음", "No third-party requests", Rules,
      "", ""),
    s("S3.2", "추적기 없음", "No trackers", Rules,
      "", ""),
    s("S4.1", "스크립트 없이 내용이 보임", "Content without scripts", Holds(nothing),
      "스크립트를 끄고도 내용이 다 있는지", "whether all content is there with scripts off"),
    s("S4.2", "스크립트 없이 링크·양식이 됨", "Links and forms without scripts", Holds(nothing),
      "스크립트를 끄고 끝까지 해 보기", "go through to the end with scripts off"),
    s("S5.1", "한국어", "Korean", Rules,
      "", ""),
    s("S5.2", "영어 판", "English version", Rules,
      "", ""),
    s("S5.3", "글자 인코딩", "Character encoding", Rules,
      "", ""),
    s("S6.1", "휴대전화 화면 설정", "Viewport for phones", Rules,
      "", ""),
    s("S6.2", "좁은 화면에 맞음", "Fits a narrow screen", Person,
      "너비 320px에서 가로로 밀지 않는지", "whether 320 px wide needs no sideways scrolling"),
    s("S7.1", "HTTPS", "HTTPS", Rules,
      "", ""),
    s("S7.2", "늘 HTTPS(HSTS)", "Always HTTPS (HSTS)", Rules,
      "", ""),
    s("S7.3", "콘텐츠 보안 정책", "Content Security Policy", Rules,
      "", ""),
    s("S7.4", "쿠키 보호와 나머지 머리글", "Cookies and other headers", Rules,
      "", ""),
    s("S8.1", "운영 기관과 연락처", "Operator and contact", Rules,
      "", ""),
    s("S8.2", "개인정보 처리방침", "Privacy policy", Rules,
      "", ""),
];
