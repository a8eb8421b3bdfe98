//! What is asked: residents who don't exist answer by what is true of them, until nothing is left to ask.
#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by failing

use std::collections::BTreeSet;

use maru::wire;
use maru_definition::{Definitions, migrations};
use maru_kernel::At;
use maru_policy::people;
use maru_rules::{Answer, Facts};
use maru_store::Store;

#[tokio::test]
async fn questions_settle_what_can_be_settled_and_say_when_the_rest_does_not_matter() {
    let folder = std::env::temp_dir().join(format!("maru-asking-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let store = Store::open(&*folder, migrations(), Vec::new()).await.unwrap();
    let now = At::parse("2026-11-02T09:00:00+09:00").unwrap();
    let definitions = Definitions::open(store, wire::pack().unwrap(), now).await.unwrap();
    definitions.suppose(wire::people_alike);
    let (pack, on) = (definitions.pack(), now.date());
    let population = people::of(&pack, 5_120, 7, on).unwrap();
    for truth in people::every(&population, 640).unwrap() {
        let (mut known, mut asked, mut mattered) = (Facts::new(), BTreeSet::new(), true);
        while let Some(next) = definitions.guide(&known, on).next_question(&|fact| asked.contains(fact)) {
            assert!(next.facts.iter().all(|fact| known.get(fact).is_none()), "{next:?}");
            let together = definitions.asked_together(&next.fact);
            assert!(next.facts.iter().all(|fact| together.contains(fact)), "{next:?}");
            mattered = next.matters;
            for fact in &next.facts {
                if let Some(value) = truth.get(fact) {
                    known.insert(fact, value.clone());
                }
            }
            assert!(asked.insert(next.fact.clone()), "the same is not asked twice: {next:?}");
        }
        assert!(!mattered, "who has answered everything is told so before the end");
        // With everything answered that may be asked, all is known that the truth knows.
        let guidance = definitions.guide(&known, on);
        for service in pack.services.iter().filter(|service| !service.asks_nothing()) {
            let whole = service.rules.decide(&truth, &pack.parameters, on);
            let found = guidance.explain(&service.id).unwrap();
            assert_eq!(found.answer, whole.answer, "{}", service.id);
            if whole.answer == Answer::Yes {
                assert_eq!(found.amount.map(|won| won.0), whole.amount, "{}", service.id);
            }
        }
    }
    std::fs::remove_dir_all(&folder).ok();
}
