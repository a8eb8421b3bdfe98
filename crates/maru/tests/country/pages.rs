//! Every page as it is served, in both languages, held against what it was when somebody last looked at it.
//! A wanted change is taken over with `INSTA_UPDATE=always cargo test -p maru --test country pages`.

use crate::common::{Browser, country};

/// What differs from run to run gets a name of its own.
fn steady(page: &str) -> String {
    let mut out = String::with_capacity(page.len());
    let mut rest = page;
    while let Some((before, after)) = rest.split_once("name=\"csrf\" value=\"") {
        out.push_str(before);
        out.push_str("name=\"csrf\" value=\"SECRET");
        rest = after.split_once('"').map_or("", |(secret, _)| &after[secret.len()..]);
    }
    out.push_str(rest);
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut steady = String::with_capacity(out.len());
    let mut token = String::new();
    for c in out.chars().chain(['\n']) {
        if word(c) {
            token.push(c);
            continue;
        }
        let receipt = token.len() == 16 && token.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let bare = token.strip_prefix("case-").unwrap_or(&token);
        let id = bare.len() == 26 && bare.starts_with('0') && !bare.contains('-');
        let asset = token.starts_with("maru-") && token.len() == 17;
        steady.push_str(if receipt && token.contains('-') {
            "RECEIPT"
        } else if id {
            "ID"
        } else if asset {
            "maru-HASH"
        } else {
            &token
        });
        token.clear();
        steady.push(c);
    }
    steady
}

async fn look(browser: &mut Browser<'_>, path: &str, name: &str, lang: &str) {
    let answer = browser.get(path).await;
    assert!(answer.status.is_success() || answer.status.is_client_error(), "{path}: {}", answer.status);
    insta::assert_snapshot!(format!("{name}.{lang}"), steady(&answer.body));
}

async fn every_page(lang: &str) {
    let country = country().await;
    let mut anyone = country.browser();
    anyone.get(&format!("/language/{lang}")).await;
    look(&mut anyone, "/", "welcome", lang).await;
    look(&mut anyone, "/sign-in", "sign-in", lang).await;
    look(&mut anyone, "/services?q=%EC%9B%94%EC%84%B8", "find", lang).await;
    look(&mut anyone, "/services", "find-first", lang).await;
    look(&mut anyone, "/design", "design", lang).await;
    look(&mut anyone, "/services?q=zzzzqqqq", "find-nothing", lang).await;
    look(&mut anyone, "/nothing", "not-found", lang).await;
    look(&mut anyone, "/accessibility", "accessibility", lang).await;
    look(&mut anyone, "/privacy", "privacy", lang).await;

    let mut maru = country.signed_in("maru").await;
    maru.get(&format!("/language/{lang}")).await;
    look(&mut maru, "/", "home", lang).await;
    look(&mut maru, "/services/mine?answer=unknown", "mine", lang).await;
    look(&mut maru, "/services/livelihood-benefit", "service", lang).await;
    look(&mut maru, "/cases", "cases-none", lang).await;
    look(&mut maru, "/messages", "messages-none", lang).await;
    look(&mut maru, "/me", "me", lang).await;
    let form = maru.post("/services/livelihood-benefit/file", &[]).await.location.unwrap();
    look(&mut maru, &form, "form", lang).await;
    look(&mut maru, &format!("{form}/home"), "question", lang).await;
    let wrong = maru.post(&format!("{form}/home"), &[]).await;
    insta::assert_snapshot!(format!("question-wrong.{lang}"), steady(&wrong.body));
    for (page, fields) in [
        ("home", &[("home-kind", "자가")][..]),
        ("account", &[("bank", "우체국"), ("account-number", "110482109377")]),
        ("consent", &[("consent-finance", "yes")]),
    ] {
        maru.post(&format!("{form}/{page}"), fields).await;
    }
    let case = form.trim_end_matches("/form").to_owned();
    look(&mut maru, &format!("{case}/check"), "check", lang).await;
    maru.post(&format!("{case}/submit"), &[("confirmed", "yes")]).await;
    country.settle().await;
    look(&mut maru, &case, "case", lang).await;

    let mut haneul = country.signed_in("haneul").await;
    haneul.get(&format!("/language/{lang}")).await;
    look(&mut haneul, "/desk", "desk", lang).await;
    look(&mut haneul, &format!("/desk{case}"), "desk-case", lang).await;
    haneul.post(&format!("{case}/assign"), &[]).await;
    haneul.post(&format!("{case}/grant"), &[("note", "확인했습니다.")]).await;
    country.settle().await;
    look(&mut haneul, "/desk?state=decided", "desk-decided", lang).await;
    look(&mut maru, &case, "case-granted", lang).await;
    look(&mut maru, "/cases", "cases", lang).await;
    let messages = maru.get("/messages").await;
    insta::assert_snapshot!(format!("messages.{lang}"), steady(&messages.body));
    let link = messages.body.split("href=\"/messages/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    look(&mut maru, &format!("/messages/{link}"), "message", lang).await;
    look(&mut maru, "/me/accesses", "accesses", lang).await;
}

#[tokio::test]
async fn every_page_in_korean() {
    every_page("ko").await;
}

#[tokio::test]
async fn every_page_in_english() {
    every_page("en").await;
}

/// Texts of pages are as plain as those of packs, and their particles fit what is put in.
#[test]
fn what_pages_say_is_plain() {
    let pack = maru_definition::Pack::embedded().unwrap();
    let mut wrong = Vec::new();
    let mut lines = 0;
    for room in maru::wire::rooms(maru_message::Post::None) {
        for (lang, text) in maru_kernel::Lang::ALL.into_iter().zip(room.locales) {
            for line in text.lines().filter(|line| !line.starts_with('#')) {
                let said = line.split_once(" = ").map_or(line, |(_, said)| said);
                lines += 1;
                for (what, todo) in pack.plain.faults(lang, said) {
                    wrong.push(format!("{} {}: {line}: {} — {}", room.name, lang.tag(), what.en, todo.en));
                }
            }
        }
    }
    assert!(lines > 3_000, "{lines} lines");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
