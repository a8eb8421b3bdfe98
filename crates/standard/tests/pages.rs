//! Each rule finds the page that was made to be bad and lets the one that was made to be good pass.

#![allow(clippy::unwrap_used, clippy::panic)]

mod made;

use std::{collections::BTreeSet, path::PathBuf};

use made::{Made, SAFE, rules};
use maru_standard::{Lang, List, RULES, Verdict, tell};

/// What is about a site as a whole, its headers or its weight: tried in `service.rs`.
const OF_THE_SITE: [&str; 21] = [
    "charset",
    "cookie",
    "cookie-readable",
    "frameable",
    "heavy",
    "loopback",
    "mixed-content",
    "no-contact",
    "no-csp",
    "no-english",
    "no-hsts",
    "no-korean",
    "no-nosniff",
    "no-operator",
    "no-privacy",
    "not-https",
    "operator-unseen",
    "plain-stays",
    "unread-script",
    "weak-csp",
    "weight-unknown",
];

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/pages").join(name)
}

fn pages(name: &str) -> Vec<String> {
    let mut all: Vec<String> = std::fs::read_dir(folder(name))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".html"))
        .collect();
    all.sort();
    all
}

fn expected(page: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(folder("bad").join(page)).unwrap();
    let Some((_, rest)) = text.split_once("name=\"expects\" content=\"") else { return BTreeSet::new() };
    rest.split('"').next().unwrap().split(' ').map(str::to_owned).collect()
}

#[test]
fn each_bad_page_is_found_for_what_it_was_made_for_and_nothing_else() {
    let mut tried = BTreeSet::new();
    let mut wrong = Vec::new();
    for page in pages("bad") {
        let expected = expected(&page);
        tried.extend(expected.clone());
        let report =
            Made::folder(&folder("bad"), &[]).check(&format!("http://localhost:1/{page}"), 1).unwrap();
        let found: BTreeSet<String> = rules(&report)
            .into_iter()
            .filter(|rule| !OF_THE_SITE.contains(rule) || expected.contains(*rule))
            .map(str::to_owned)
            .collect();
        let expected: BTreeSet<String> = expected.into_iter().filter(|rule| rule != "same-title").collect();
        if found != expected {
            let missed: Vec<_> = expected.difference(&found).collect();
            let more: Vec<_> = found.difference(&expected).collect();
            wrong.push(format!("{page}: missed {missed:?}, found besides {more:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    tried.extend(OF_THE_SITE.map(str::to_owned));
    let all: BTreeSet<String> = RULES.iter().map(|rule| rule.id.to_owned()).collect();
    assert_eq!(tried, all);
}

#[test]
fn the_good_site_fails_nothing() {
    let mut web = Made::folder(&folder("good"), &SAFE);
    let report = web.check("http://localhost:1/index.html", 40).unwrap();
    assert_eq!(report.pages.len(), pages("good").len() - 1, "all but the one in a frame: {:?}", report.pages);
    assert_eq!(report.not_met(), 0, "{}", tell(&report, Lang::En));
    let left: Vec<_> =
        rules(&report).into_iter().filter(|rule| !matches!(*rule, "loopback" | "weight-unknown")).collect();
    assert!(left.is_empty(), "{left:?}\n{}", tell(&report, Lang::En));
    let met = |list, number| report.item(list, number).unwrap().verdict;
    assert_eq!(met(List::Kwcag, "7.1.1"), Verdict::Met);
    assert_eq!(met(List::Kwcag, "8.1.1"), Verdict::Met);
    assert_eq!(met(List::Service, "7.3"), Verdict::Met);
    // What no program can tell is never counted as met.
    assert_eq!(met(List::Wcag, "1.1.1"), Verdict::Person);
    assert_eq!(met(List::Wcag, "1.4.3"), Verdict::Person);
    assert_eq!(met(List::Service, "7.1"), Verdict::Person);
}

#[test]
fn the_bad_site_is_told_the_same_twice_and_in_both_languages() {
    let mut once = Made::folder(&folder("bad"), &[]);
    let mut twice = Made::folder(&folder("bad"), &[]);
    let report = once.check("http://localhost:1/index.html", 40).unwrap();
    let again = twice.check("http://localhost:1/index.html", 40).unwrap();
    assert!(rules(&report).contains(&"same-title"));
    assert_eq!(serde_json::to_string(&report).unwrap(), serde_json::to_string(&again).unwrap());
    assert_eq!(tell(&report, Lang::Ko), tell(&again, Lang::Ko));
    let (ko, en) = (tell(&report, Lang::Ko), tell(&report, Lang::En));
    assert!(ko.contains("5.1.1 적절한 대체 텍스트 제공") && ko.contains("alt를 적으세요"), "{ko}");
    assert!(en.contains("5.1.1 Text alternatives") && en.contains("pictures.html:15"), "{en}");
    for list in [List::Kwcag, List::Wcag, List::Service] {
        let all = [Verdict::Met, Verdict::NotMet, Verdict::Person];
        assert_eq!(all.map(|v| report.count(list, v)).iter().sum::<usize>(), list.items().len());
    }
}

/// Where nothing of a kind is there and nothing can bring it, the item is met; a script makes it undecided.
#[test]
fn absence_counts_only_where_no_script_could_end_it() {
    let plain = "<!DOCTYPE html><html lang=ko><head><title>글</title></head><body><main><h1>글</h1><p>글만 있습니다</p></main></body></html>";
    for (page, verdict) in [
        (plain.to_owned(), Verdict::Met),
        (plain.replace("</main>", "</main><script>x()</script>"), Verdict::Person),
        (plain.replace("</main>", "</main><iframe title=a src=b></iframe>"), Verdict::Person),
        (plain.replace("</main>", "</main><img alt='' src=b>"), Verdict::Person),
        (plain.replace("</main>", "</main><img src=b>"), Verdict::NotMet),
    ] {
        let report =
            Made::default().html("http://localhost:1/", &page).check("http://localhost:1/", 1).unwrap();
        assert_eq!(report.item(List::Kwcag, "5.1.1").unwrap().verdict, verdict, "{page}");
    }
}

/// Colours and sizes in the markup are sure only as far as no style sheet can say otherwise.
#[test]
fn a_sheet_makes_colours_and_sizes_unsure() {
    let finds = |body: &str, rule: &str| {
        let page = format!("<!DOCTYPE html><html lang=ko><title>글</title>{body}");
        let report =
            Made::default().html("http://localhost:1/", &page).check("http://localhost:1/", 1).unwrap();
        rules(&report).contains(&rule)
    };
    let outer = "<div style='color:#bbb;background:#fff'><p>글</p></div>";
    assert!(finds(outer, "color-contrast"));
    assert!(!finds(&format!("<style>p {{ color: black }}</style>{outer}"), "color-contrast"));
    assert!(!finds(&format!("<link rel=stylesheet href=gone.css>{outer}"), "color-contrast"));
    let own = "<p style='color:#bbb;background:#fff'>글</p>";
    assert!(finds(&format!("<style>p {{ color: black }}</style>{own}"), "color-contrast"));
    assert!(!finds(&format!("<style>p {{ color: black !important }}</style>{own}"), "color-contrast"));
    let small = "<button style='width:10px;height:10px'>x</button>";
    assert!(finds(small, "target-size"));
    assert!(!finds(&format!("<style>button {{ min-width: 44px }}</style>{small}"), "target-size"));
    let bare = "<style>input:focus { outline: none }</style>";
    assert!(finds(bare, "focus-outline"));
    let marked = format!("{bare}<style>.field:focus {{ border-color: blue }}</style>");
    assert!(!finds(&marked, "focus-outline") && finds(&marked, "focus-outline-somewhere"));
}
