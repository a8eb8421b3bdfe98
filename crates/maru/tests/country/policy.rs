//! Analysts see the law over a made population, and move a number of it. Nobody else does.

use std::{collections::BTreeSet, sync::Arc};

use crate::common::{Answer, Browser, Country, country, post};
use axum::http::{Method, StatusCode};
use maru_kernel::Lang;
use maru_policy::{Progress, Screening, Which, people, with_entry};
use maru_rules::Ratio;

const PAGES: [&str; 5] = [
    "/policy",
    "/policy/assumptions",
    "/policy/livelihood-benefit",
    "/policy/livelihood-benefit/turn?parameter=%EC%83%9D%EA%B3%84%EA%B8%89%EC%97%AC_%EB%B9%84%EC%9C%A8&number=0.35",
    "/policy/no-such-service",
];
/// 생계급여_비율
const SHARE: &str = "%EC%83%9D%EA%B3%84%EA%B8%89%EC%97%AC_%EB%B9%84%EC%9C%A8";

#[tokio::test]
async fn nobody_but_an_analyst_sees_it() {
    let country = country().await;
    for path in PAGES {
        assert_eq!(country.browser().get(path).await.status, StatusCode::SEE_OTHER, "{path}");
        let api = format!("/api/v1{path}");
        if path != "/policy/assumptions" {
            assert_eq!(country.call(Method::GET, &api, None, "").await.status, StatusCode::UNAUTHORIZED);
        }
    }
    for user in ["maru", "haneul", "saebyeok", "sarang", "sebom", "onnuri"] {
        let mut browser = country.signed_in(user).await;
        let token = country.token(user).await;
        for path in PAGES {
            assert_eq!(browser.get(path).await.status, StatusCode::FORBIDDEN, "{user} {path}");
            if path != "/policy/assumptions" {
                let told = country.call(Method::GET, &format!("/api/v1{path}"), Some(&token), "").await;
                assert_eq!(told.status, StatusCode::FORBIDDEN, "{user} {path}");
            }
        }
    }
    // An analyst sees nothing else of the administration, and nobody's case.
    let mut narae = country.signed_in("narae").await;
    assert_eq!(narae.get("/admin").await.location.as_deref(), Some("/policy"));
    for path in ["/admin/officials", "/admin/log", "/admin/services", "/desk", "/audit", "/desk/load"] {
        assert_eq!(narae.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
}

/// Comes again until it is made.
pub async fn shown(browser: &mut Browser<'_>, path: &str) -> Answer {
    for _ in 0..150 {
        let answer = browser.get(path).await;
        if answer.status != StatusCode::ACCEPTED {
            return answer;
        }
        assert!(answer.body.contains("<progress"), "how far it is: {}", answer.body);
    }
    panic!("{path} is never made")
}

/// The addresses on a page that lead to pages of this room.
fn links(page: &str) -> BTreeSet<String> {
    let parts = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    parts.filter(|link| link.starts_with("/policy")).map(|link| link.replace("&amp;", "&")).collect()
}

#[tokio::test]
async fn what_it_shows_is_what_was_counted_and_a_moved_number_says_for_whom() {
    let country = country().await;
    let on = country.app.now().date();
    let nation = country.app.definitions.nation();
    let marginals = people::marginals(&nation.pack).unwrap();
    let provinces: BTreeSet<&str> =
        marginals.areas().iter().filter_map(|area| area.name.split(' ').next()).collect();
    let provinces = provinces.len();
    let population = people::of(&nation.pack, 5_000, 1, on).unwrap();
    let screening = Screening::new(Arc::new(nation), Arc::new(marginals), Arc::new(population), on);
    let screened = screening.run(2, &Progress::default(), Vec::new(), None);
    let counts: Vec<_> = screened.counts(&screening).into_iter().filter(|count| count.deep).collect();

    let mut narae = country.signed_in("narae").await;
    let list = shown(&mut narae, "/policy").await;
    assert_eq!(list.status, StatusCode::OK, "{}", list.body);
    let token = country.token("narae").await;
    let api = async |path: &str| country.call(Method::GET, &format!("/api/v1{path}"), Some(&token), "").await;
    let told = api("/policy").await.json();
    assert_eq!(told["population"]["persons"], 5_000);
    let services = told["services"].as_array().unwrap();
    assert_eq!(services.len(), counts.len());
    assert!(counts.iter().any(|count| count.yes > 0 && count.won.is_some_and(|won| won > 0)));
    for count in &counts {
        let id = screening.id(count.service);
        let one = services.iter().find(|one| one["id"] == id).unwrap();
        assert_eq!(
            (one["yes"].as_u64(), one["unknown"].as_u64()),
            (Some(count.yes), Some(count.unknown)),
            "{id}"
        );
        assert_eq!(one["won"].as_i64(), count.won, "{id}");
        assert!(list.body.contains(screening.name(count.service, Lang::Ko)), "{id}");
        let whole = api(&format!("/policy/{id}")).await.json();
        for by in ["places", "ages", "incomes"] {
            let sum = |what: &str| -> u64 {
                let rows = whole["by"][by].as_array().unwrap();
                rows.iter().map(|row| row["counts"][what].as_u64().unwrap()).sum()
            };
            assert_eq!(
                (sum("people"), sum("yes"), sum("unknown")),
                (5_000, count.yes, count.unknown),
                "{id} {by}"
            );
        }
        assert_eq!(whole["by"]["places"].as_array().unwrap().len(), provinces, "{id}");
    }

    // Every address that a page offers is there, in both languages.
    let service = shown(&mut narae, "/policy/livelihood-benefit").await;
    assert!(service.body.contains("0.32"), "the number in force: {}", service.body);
    let mut seen = links(&list.body);
    seen.extend(links(&service.body));
    assert!(seen.len() > 30, "{seen:?}");
    for lang in ["en", "ko"] {
        narae.get(&format!("/language/{lang}")).await;
        for link in &seen {
            assert_eq!(shown(&mut narae, link).await.status, StatusCode::OK, "{link}");
        }
    }

    let path = format!("/policy/livelihood-benefit/turn?parameter={SHARE}&number=");
    let moved = shown(&mut narae, &format!("{path}35%25")).await;
    assert_eq!(moved.status, StatusCode::OK);
    let Some(Which::Deep(place)) = screening.find("livelihood-benefit") else { panic!("not in depth") };
    let turning = screening.turning(place, "생계급여_비율", 2, &Progress::default()).unwrap();
    let now = screening.nation.pack.parameters.at("생계급여_비율", on).unwrap();
    let value = with_entry(now, None, Ratio::parse("0.35").unwrap()).unwrap();
    let effect = screening.turn(&turning, value, 2).unwrap();
    assert!(effect.all.gain > 0 && effect.all.more > 0 && effect.all.won_after > effect.all.won_before);
    let told = api(&format!("{path}0.35")).await.json();
    let won = |n: i64| maru_kernel::Won(n).to_string();
    for (name, number) in [
        ("before", i64::try_from(effect.all.before).unwrap()),
        ("after", i64::try_from(effect.all.after).unwrap()),
        ("gain", i64::try_from(effect.all.gain).unwrap()),
        ("lose", i64::try_from(effect.all.lose).unwrap()),
        ("more", i64::try_from(effect.all.more).unwrap()),
        ("less", i64::try_from(effect.all.less).unwrap()),
        ("won_before", effect.all.won_before),
        ("won_after", effect.all.won_after),
    ] {
        assert_eq!(told["all"][name], number, "{name}");
        assert!(
            moved.body.contains(&format!(">{}<", won(number))) || name == "before",
            "{name}: {}",
            moved.body
        );
        for by in ["places", "ages", "incomes"] {
            let rows = told["by"][by].as_array().unwrap();
            let sum: i64 = rows.iter().map(|row| row["counts"][name].as_i64().unwrap()).sum();
            assert_eq!(sum, number, "{name} by {by}");
        }
    }
    assert_eq!(told["was"], "0.32");

    // What can't be meant is said, and the form stays as it was.
    for (bad, why, field) in [
        ("number=", "숫자를 0.35나", "number"),
        ("number=%EB%A7%8E%EC%9D%B4", "숫자를 0.35나", "number"),
        ("number=-1", "0 이상이어야", "number"),
        ("number=1000000000000001", "1,000,000,000,000,000", "number"),
        ("entry=3&number=0.35", "그런 칸이 없습니다", "entry"),
    ] {
        let path = format!("/policy/livelihood-benefit/turn?parameter={SHARE}&{bad}");
        let page = narae.get(&path).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
        assert!(page.body.contains(why) && page.body.contains("role=\"alert\""), "{bad}: {}", page.body);
        assert_eq!(page.body.contains("name=\"number\""), field == "number", "{bad}");
        let told = api(&path).await;
        assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
        assert_eq!(told.json()["errors"][0]["field"], field, "{bad}");
    }
    let other = "/policy/livelihood-benefit/turn?parameter=no&number=1";
    assert_eq!(narae.get(other).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(api(other).await.json()["errors"][0]["field"], "parameter");
    for path in ["/policy/no-such-service", "/policy/no-such-service/turn?parameter=a&number=1"] {
        assert_eq!(narae.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(api(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

/// Everybody by the law in force and by a draft: nothing changed changes nothing, and one number changed is what turning it says.
#[tokio::test]
async fn a_draft_over_the_population_is_what_asking_everybody_twice_gives() {
    let country = country().await;
    let on = country.app.now().date();
    let nation = country.app.definitions.nation();
    let marginals = people::marginals(&nation.pack).unwrap();
    let population = people::of(&nation.pack, 2_000, 1, on).unwrap();
    let screening = Screening::new(Arc::new(nation), Arc::new(marginals), Arc::new(population), on);
    let screened = screening.run(2, &Progress::default(), Vec::new(), None);
    let parameters = &screening.nation.pack.parameters;
    let idle = Progress::default();
    let mut reached = 0;
    for count in screened.counts(&screening).into_iter().filter(|count| count.deep) {
        let id = screening.id(count.service);
        let Some(service) = screening.in_force(id) else { continue };
        let law = (&service.rules, parameters);
        let same = screening.drafted(Some(law), law, on, 2, &idle).unwrap();
        let all = same.effect.all;
        assert_eq!(
            (all.before, all.after, same.unknown_after),
            (count.yes, count.yes, count.unknown),
            "{id}"
        );
        assert_eq!((all.gain, all.lose, all.more, all.less), (0, 0, 0, 0), "{id}");
        assert_eq!((same.persons, same.unknown_before), (2_000, same.unknown_after), "{id}");
        let new = screening.drafted(None, law, on, 2, &idle).unwrap().effect.all;
        assert_eq!((new.before, new.gain, new.won_before), (0, count.yes, 0), "{id}");
        assert_eq!(new.won_after, count.won.unwrap_or(0), "{id}");
        reached += u64::from(count.yes > 0);
    }
    assert!(reached > 10, "{reached}");
    let Some(Which::Deep(place)) = screening.find("livelihood-benefit") else { panic!("not in depth") };
    let turning = screening.turning(place, "생계급여_비율", 2, &idle).unwrap();
    let value =
        with_entry(parameters.at("생계급여_비율", on).unwrap(), None, Ratio::parse("0.35").unwrap()).unwrap();
    let turned = screening.turn(&turning, value.clone(), 2).unwrap();
    let moved = parameters.with("생계급여_비율", on, value).unwrap();
    let service = screening.in_force("livelihood-benefit").unwrap();
    let before = (&service.rules, parameters);
    let drafted = screening.drafted(Some(before), (&service.rules, &moved), on, 2, &idle).unwrap().effect;
    assert!(turned.all.gain > 0);
    assert_eq!((drafted.all, &drafted.areas, &drafted.cells), (turned.all, &turned.areas, &turned.cells));
}

/// How often a draft was held against the population.
async fn runs(country: &Country) -> usize {
    let sql = "SELECT id FROM store_event WHERE kind = 'policy.draft-screened'";
    country.app.store.query(sql, Vec::new()).await.unwrap().len()
}

#[tokio::test]
async fn who_writes_a_service_sees_whom_it_changes_what_for() {
    let country = country().await;
    let path = "/admin/services/winter-heating";
    let population = format!("{path}/population");
    let mut sarang = country.signed_in("sarang").await;
    sarang.get("/admin/services/new").await;
    let fields = [("owner", "suwon"), ("id", "winter-heating")];
    post(&mut sarang, StatusCode::SEE_OTHER, "/admin/services/new", &fields).await;
    assert_eq!(country.browser().get(&population).await.status, StatusCode::SEE_OTHER);
    for user in ["maru", "haneul", "narae"] {
        let mut other = country.signed_in(user).await;
        assert_eq!(other.get(&population).await.status, StatusCode::FORBIDDEN, "{user}");
        other.get("/me/password").await;
        post(&mut other, StatusCode::FORBIDDEN, &population, &[]).await;
    }
    assert!(sarang.get(path).await.body.contains(&population), "the draft leads there");
    let page = shown(&mut sarang, &population).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(page.body.contains("아직 보지 않았습니다"), "{}", page.body);
    assert_eq!(runs(&country).await, 0, "looking at the button asks nobody");

    let draft = country.app.definitions.draft("winter-heating").await.unwrap().unwrap();
    let tried = country.app.definitions.tried(&draft);
    let on = country.app.now().date();
    let nation = country.app.definitions.nation();
    let marginals = people::marginals(&nation.pack).unwrap();
    let made = people::of(&nation.pack, 5_000, 1, on).unwrap();
    let screening = Screening::new(Arc::new(nation), Arc::new(marginals), Arc::new(made), on);
    let rules = &tried.service.as_ref().unwrap().rules;
    let law = (rules, &tried.pack.parameters);
    let drafted = screening.drafted(None, law, on, 2, &Progress::default()).unwrap();
    let all = drafted.effect.all;
    assert!(all.gain > 0, "{all:?}");
    let answer = sarang.post(&population, &[("on", "")]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    for number in [i64::try_from(all.gain).unwrap(), all.won_after] {
        assert!(
            answer.body.contains(&format!(">{}<", maru_kernel::Won(number))),
            "{number}: {}",
            answer.body
        );
    }
    assert_eq!(runs(&country).await, 1, "one run, one entry");
    assert!(!answer.body.contains("한 해로 치면"), "paid once: {}", answer.body);
    let proof = country.app.ports.ledger.proof("service/winter-heating").await.unwrap().unwrap();
    assert!(proof.right && proof.entry.contains("policy.draft-screened"), "{}", proof.entry);
    assert!(!proof.entry.contains("나이"), "nobody's data: {}", proof.entry);

    let wrong = sarang.post(&population, &[("on", "내일")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wrong.body);
    assert_eq!(runs(&country).await, 1);
    // Before its rules begin nobody qualifies, and that is not a no.
    let early = sarang.post(&population, &[("on", "1999-01-01")]).await;
    assert!(early.body.contains("아직 알 수 없습니다"), "{}", early.body);

    // A draft that can't be read is not asked about.
    sarang.get(path).await;
    let bad = [("file", "rules.toml"), ("text", "when ="), ("version", "1")];
    post(&mut sarang, StatusCode::SEE_OTHER, path, &bad).await;
    let unready = sarang.get(&population).await;
    assert!(unready.body.contains("아직 물을 수 없습니다"), "{}", unready.body);
    assert!(!unready.body.contains("name=\"on\""), "{}", unready.body);
    assert_eq!(sarang.post(&population, &[("on", "")]).await.status, StatusCode::OK);
    assert_eq!(runs(&country).await, 2, "and nothing is entered");
}
