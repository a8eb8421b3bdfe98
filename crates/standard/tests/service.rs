//! What is about a site as a whole: its headers, its weight, its languages, who runs it. And how it is read, whatever it does.

#![allow(clippy::unwrap_used, clippy::panic)]

mod made;

use std::io::Write as _;

use encoding_rs::EUC_KR;
use flate2::{Compression, write::GzEncoder};
use made::{Made, SAFE, rules};
use maru_standard::{Lang, List, MOST, Report, Verdict, Why, address};

const BODY: &str = "<!DOCTYPE html><html lang=ko><head><meta name=viewport content='width=device-width'><title>첫 쪽</title></head>\
    <body><a href='#m'>본문 바로가기</a><main id=m><h1>첫 쪽</h1><p>시험하려고 지어낸 누리집의 첫 쪽입니다.</p></main>\
    <footer>운영기관: 시험시, 02-0000-0000 <a href='/p'>개인정보 처리방침</a> <a href='/e' hreflang=en lang=en>English</a></footer></body></html>";

fn with(url: &str, headers: &[(&str, &str)], body: &str) -> Report {
    let all = [&[("content-type", "text/html; charset=utf-8")], headers].concat();
    Made::default().put(url, 200, &all, body).check(url, 1).unwrap()
}

fn finds(report: &Report, rule: &str) -> bool {
    rules(report).contains(&rule)
}

#[test]
fn headers_are_judged() {
    let safe = with("https://a.go.kr/", &SAFE, BODY);
    for rule in
        ["no-csp", "weak-csp", "no-nosniff", "frameable", "no-hsts", "not-https", "loopback", "cookie"]
    {
        assert!(!finds(&safe, rule), "{rule}");
    }
    assert_eq!(safe.not_met(), 0, "{:?}", rules(&safe));
    let bare = with("https://a.go.kr/", &[], BODY);
    for rule in ["no-csp", "no-nosniff", "frameable", "no-hsts"] {
        assert!(finds(&bare, rule), "{rule}");
    }
    assert!(finds(&with("http://a.go.kr/", &SAFE, BODY), "not-https"));
    assert!(finds(&with("http://localhost/", &SAFE, BODY), "loopback"));
    assert!(finds(
        &with("https://a.go.kr/", &[("strict-transport-security", "max-age=60")], BODY),
        "no-hsts"
    ));
    for (policy, weak) in [
        ("default-src 'self' 'unsafe-inline'", true),
        ("script-src 'nonce-x' 'unsafe-inline'", false),
        ("script-src *; default-src 'self'", true),
        ("style-src 'self'", true),
    ] {
        let report = with("https://a.go.kr/", &[("content-security-policy", policy)], BODY);
        assert_eq!(finds(&report, "weak-csp"), weak, "{policy}");
    }
    for (cookie, wrong, readable) in [
        ("s=1; Secure; HttpOnly; SameSite=Lax", false, false),
        ("s=1; HttpOnly; SameSite=Lax", true, false),
        ("s=1; Secure", true, true),
    ] {
        let report = with("https://a.go.kr/", &[("set-cookie", cookie)], BODY);
        assert_eq!(
            (finds(&report, "cookie"), finds(&report, "cookie-readable")),
            (wrong, readable),
            "{cookie}"
        );
    }
}

#[test]
fn plain_http_must_lead_to_https_and_nothing_may_come_over_it() {
    let mut web = Made::default();
    web.html("https://a.go.kr/", BODY).html("http://a.go.kr/", BODY);
    assert!(finds(&web.check("https://a.go.kr/", 1).unwrap(), "plain-stays"));
    web.leads("http://a.go.kr/", "https://a.go.kr/");
    assert!(!finds(&web.check("https://a.go.kr/", 1).unwrap(), "plain-stays"));
    let mixed = BODY.replace("</main>", "<img alt='' src='http://a.go.kr/a.png'></main>");
    assert!(finds(&with("https://a.go.kr/", &[], &mixed), "mixed-content"));
    assert!(!finds(&with("https://a.go.kr/", &[], &mixed.replace("http:", "https:")), "mixed-content"));
}

#[test]
fn a_first_visit_is_weighed_by_what_is_sent() {
    let heavy = BODY.replace("</main>", "<img alt='' src='/a.png'></main>");
    let mut web = Made::default();
    web.html("https://a.go.kr/", &heavy).put("https://a.go.kr/a.png", 200, &[], vec![0; 60_000]);
    let report = web.check("https://a.go.kr/", 1).unwrap();
    assert!(finds(&report, "heavy"));
    assert_eq!(report.weight.total, u64::try_from(heavy.len()).unwrap() + 60_000);
    // Packed, the same page is lighter.
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(heavy.repeat(200).as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let size = u64::try_from(packed.len()).unwrap();
    web.put("https://a.go.kr/", 200, &[("content-type", "text/html"), ("content-encoding", "gzip")], packed);
    web.put("https://a.go.kr/a.png", 200, &[], vec![0; 10]);
    let report = web.check("https://a.go.kr/", 1).unwrap();
    assert!(!finds(&report, "heavy"));
    assert_eq!(report.weight.total, size + 10);
    // A picture that isn't there has a size nobody knows: the item is left to a person.
    web.html("https://a.go.kr/", &heavy).answers.remove("https://a.go.kr/a.png");
    let report = web.check("https://a.go.kr/", 1).unwrap();
    assert!(finds(&report, "weight-unknown"));
    assert_eq!(report.item(List::Service, "1.1").unwrap().verdict, Verdict::Person);
}

#[test]
fn what_a_script_does_is_read_or_left_to_a_person() {
    let scripted = BODY.replace("</main>", "</main><script src='/a.js'></script>");
    let mut web = Made::default();
    web.html("https://a.go.kr/", &scripted);
    let report = web.check("https://a.go.kr/", 1).unwrap();
    assert!(finds(&report, "unread-script"));
    assert_eq!(report.item(List::Service, "2.2").unwrap().verdict, Verdict::Person);
    web.put("https://a.go.kr/a.js", 200, &[], "quiet()");
    let report = web.check("https://a.go.kr/", 1).unwrap();
    assert!(!finds(&report, "unread-script"));
    assert_eq!(report.item(List::Service, "2.2").unwrap().verdict, Verdict::Met);
}

#[test]
fn who_runs_it_and_in_which_languages() {
    assert_eq!(with("https://a.go.kr/", &SAFE, BODY).not_met(), 0);
    for (taken, rule) in [
        ("운영기관: 시험시,", "no-operator"),
        ("02-0000-0000", "no-contact"),
        ("<a href='/p'>개인정보 처리방침</a>", "no-privacy"),
        ("<a href='/e' hreflang=en lang=en>English</a>", "no-english"),
    ] {
        assert!(finds(&with("https://a.go.kr/", &SAFE, &BODY.replace(taken, "")), rule), "{rule}");
    }
    let pictured = BODY.replace("운영기관: 시험시,", "<img alt='시험시' src='a.png'>");
    assert!(finds(&with("https://a.go.kr/", &SAFE, &pictured), "operator-unseen"));
    let english = "<!DOCTYPE html><html lang=en><title>A</title><main><h1>A</h1><p>Only English here, and a lot of it.</p></main>";
    assert!(finds(&with("https://a.go.kr/", &SAFE, english), "no-korean"));
}

#[test]
fn korean_of_old_is_read_and_a_wrong_charset_told() {
    let old = "<html lang=ko><head><meta http-equiv='Content-Type' content='text/html; charset=euc-kr'><title>가족</title></head><body><h1>가족관계증명서</h1></body></html>";
    let (bytes, ..) = EUC_KR.encode(old);
    let mut web = Made::default();
    web.put("https://a.go.kr/", 200, &[("content-type", "text/html")], bytes.to_vec());
    let report = web.check("https://a.go.kr/", 1).unwrap();
    assert!(!finds(&report, "charset") && !finds(&report, "no-korean"));
    web.put("https://a.go.kr/", 200, &[("content-type", "text/html; charset=utf-8")], bytes.to_vec());
    let report = web.check("https://a.go.kr/", 1).unwrap();
    assert!(finds(&report, "charset") && !finds(&report, "no-korean"));
}

#[test]
fn what_can_not_be_read_is_told_why() {
    let why = |web: &mut Made, url: &str| web.check(url, 3).err().unwrap();
    let mut web = Made::default();
    assert_eq!(why(&mut web, "hello world"), Why::NoAddress);
    assert_eq!(why(&mut web, "ftp://a.go.kr/"), Why::NoAddress);
    assert_eq!(why(&mut web, "nowhere.example"), Why::NoHost);
    assert_eq!(why(&mut web, "https://a.go.kr/none"), Why::Refused);
    web.put("https://a.go.kr/a", 200, &[("content-type", "application/pdf")], "%PDF-1.7");
    assert_eq!(why(&mut web, "https://a.go.kr/none"), Why::Status(404));
    assert_eq!(why(&mut web, "https://a.go.kr/a"), Why::NoPage("application/pdf".to_owned()));
    web.leads("https://a.go.kr/me", "/login");
    web.html("https://a.go.kr/login", "<form><input type=password></form>");
    assert_eq!(why(&mut web, "https://a.go.kr/me"), Why::SignIn("https://a.go.kr/login".to_owned()));
    assert!(web.check("https://a.go.kr/login", 1).is_ok(), "the sign-in page itself may be checked");
    web.leads("https://a.go.kr/round", "/round");
    assert_eq!(why(&mut web, "https://a.go.kr/round"), Why::Redirects);
    web.put("https://a.go.kr/br", 200, &[("content-type", "text/html"), ("content-encoding", "br")], "x");
    assert_eq!(why(&mut web, "https://a.go.kr/br"), Why::Packed("br".to_owned()));
    // Ten thousand times what it weighs.
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    let chunk = vec![b' '; 1 << 20];
    for _ in 0..=MOST >> 20 {
        bomb.write_all(&chunk).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 20_000);
    web.put(
        "https://a.go.kr/bomb",
        200,
        &[("content-type", "text/html"), ("content-encoding", "gzip")],
        bomb,
    );
    assert_eq!(why(&mut web, "https://a.go.kr/bomb"), Why::TooLarge);
    web.put("https://a.go.kr/torn", 200, &[("content-type", "text/html"), ("content-encoding", "gzip")], "x");
    assert!(matches!(why(&mut web, "https://a.go.kr/torn"), Why::Broken(_)));
    for lang in [Lang::Ko, Lang::En] {
        assert!(!Why::SignIn("x".to_owned()).say(lang).is_empty());
    }
    assert_eq!(address("www.gov.kr").unwrap().as_str(), "https://www.gov.kr/");
}

#[test]
fn what_the_site_asks_to_leave_alone_is_left() {
    let mut web = Made::default();
    web.html("https://a.go.kr/", "<a href='/in'>1</a> <a href='/out'>2</a>").html("https://a.go.kr/in", BODY);
    web.html("https://a.go.kr/out", BODY);
    web.put("https://a.go.kr/robots.txt", 200, &[], "User-agent: *\nDisallow: /in\n");
    let report = web.check("https://a.go.kr/", 10).unwrap();
    assert_eq!(report.pages, ["https://a.go.kr/", "https://a.go.kr/out"]);
    assert!(report.left.iter().any(|left| left.page.ends_with("/in") && left.why.contains("robots")));
    assert!(!web.asked.contains(&"https://a.go.kr/in".to_owned()));
    web.put("https://a.go.kr/robots.txt", 503, &[], "");
    assert_eq!(web.check("https://a.go.kr/", 10).err(), Some(Why::Robots));
}

#[test]
fn endless_pages_end() {
    let mut web = Made::default();
    for day in 0..300 {
        let next = format!(
            "<a href='/day?{}'>다음</a> <a href='https://b.go.kr/'>밖</a> <a href='/a.pdf'>글</a>",
            day + 1
        );
        web.html(&format!("https://a.go.kr/day?{day}"), &next);
    }
    let report = web.check("https://a.go.kr/day?0", 10).unwrap();
    assert_eq!((report.pages.len(), report.more), (10, true));
    assert!(web.asked.iter().all(|url| !url.contains("b.go.kr") && !url.contains("pdf")));
    // A server that leads everything back costs no more than a bound.
    let mut all = String::new();
    for n in 0..500 {
        all.push_str(&format!("<a href='/x/{n}'>x</a>"));
        web.leads(&format!("https://c.go.kr/x/{n}"), "/");
    }
    web.html("https://c.go.kr/", &all);
    web.asked.clear();
    assert_eq!(web.check("https://c.go.kr/", 10).unwrap().pages.len(), 1);
    assert!(web.asked.len() < 100, "{}", web.asked.len());
    // Time ends it too, and what was read is told.
    web.asked.clear();
    web.patience = Some(5);
    let report = web.check("https://a.go.kr/day?0", 200).unwrap();
    assert!(report.pages.len() < 8 && report.more);
    assert!(report.left.iter().any(|left| left.why.contains("time")));
}

/// One thing over and over, opened and never closed: it is read in a time that has a bound, and no stack overflows.
#[test]
fn pages_that_nest_without_end_are_read() {
    for piece in [
        "<div>",
        "<b>",
        "<input id=a>",
        "<label for=a>",
        "<table><tr><td>",
        "<a href='/x' aria-labelledby=a>",
        "<ul><li>",
        "글 ",
    ] {
        let page = piece.repeat(60_000 / piece.len());
        let started = std::time::Instant::now();
        let report = with("https://a.go.kr/", &SAFE, &page);
        assert!(report.not_met() > 0);
        assert!(started.elapsed().as_secs() < 30, "{piece}: {:?}", started.elapsed());
    }
}
