use maru_web::ports::LineStep;
use proptest::prelude::*;

use super::*;

fn who(id: &str) -> Who {
    Who { id: id.into(), name: Both::new(id, id) }
}

fn wish(person: &str, kind: LineKind, beside: bool) -> LineStep {
    LineStep { person: person.into(), kind, beside, decides_for: None }
}

fn document(line: &[LineStep]) -> Document {
    let steps = line.iter().zip(positions(line)).zip(1..).map(|((wish, position), place)| Step {
        place,
        position,
        kind: wish.kind,
        who: who(&wish.person),
        decides_for: None,
        mark: Mark::Planned,
        signed_by: None,
        mandate: None,
        at: None,
        comment: String::new(),
        reported: None,
    });
    let round = Round {
        drafter: None,
        count: 1,
        title: "제목".into(),
        body: "본문".into(),
        recipient: None,
        submitted_at: None,
        ended_at: None,
        outcome: None,
        steps: steps.collect(),
    };
    Document {
        id: "d".into(),
        unit: "u".into(),
        drafter: who("drafter"),
        case: None,
        state: State::Draft,
        version: 1,
        drafted_at: At::EPOCH,
        number: None,
        completed_at: None,
        seal: None,
        received: None,
        round,
        past: Vec::new(),
    }
}

fn key(answer: Result<()>) -> String {
    match answer {
        Ok(()) => "right".into(),
        Err(Error::Invalid(problems)) => problems[0].key.clone(),
        Err(other) => other.to_string(),
    }
}

#[test]
fn a_line_that_can_not_go_is_refused() {
    use LineKind::*;
    let check = |line: &[LineStep]| key(check_line("me", line));
    assert_eq!(check(&[]), "work-line-empty");
    assert_eq!(check(&[wish("a", Review, false)]), "work-line-no-approver");
    assert_eq!(check(&[wish("a", Approve, false), wish("b", Review, false)]), "work-line-last");
    assert_eq!(check(&[wish("a", Approve, false), wish("b", Approve, false)]), "work-line-approvers");
    assert_eq!(check(&[wish("a", Review, false), wish("a", Approve, false)]), "work-line-loops");
    assert_eq!(check(&[wish("me", Approve, false)]), "work-line-drafter");
    let mut many: Vec<LineStep> = (0..20).map(|n| wish(&format!("p{n}"), Cosign, true)).collect();
    many.push(wish("a", Approve, false));
    assert_eq!(check(&many), "work-line-long");
    assert_eq!(check(&many[1..]), "right");
    let for_somebody =
        |for_whom: &str, kind| LineStep { decides_for: Some(for_whom.into()), ..wish("a", kind, false) };
    assert_eq!(check(&[for_somebody("head", Approve)]), "right");
    assert_eq!(check(&[for_somebody("me", Approve)]), "work-line-drafter");
    assert_eq!(check(&[for_somebody("a", Approve)]), "work-line-loops");
    assert_eq!(check(&[for_somebody("head", Review), wish("b", Approve, false)]), "work-line-decides");
}

#[test]
fn who_is_added_stands_before_the_approver() {
    use LineKind::*;
    let mut line = Vec::new();
    add(&mut line, wish("boss", Approve, false));
    add(&mut line, wish("a", Review, false));
    add(&mut line, wish("b", Cosign, true));
    add(&mut line, wish("c", Cosign, true));
    let names: Vec<&str> = line.iter().map(|step| step.person.as_str()).collect();
    assert_eq!(names, ["a", "b", "c", "boss"]);
    assert_eq!(positions(&line), [1, 2, 2, 3]);
}

#[test]
fn deputies_stand_in_one_for_the_other_but_never_in_a_circle() {
    let edge = |away: &str, deputy: &str| Edge {
        mandate: format!("{away}-{deputy}"),
        away: away.into(),
        deputy: deputy.into(),
    };
    let away = |me, edges: &[Edge]| -> Vec<String> {
        stands_in_for(me, edges).into_iter().map(|edge| edge.away.clone()).collect()
    };
    let chain = [edge("a", "b"), edge("b", "c"), edge("x", "y")];
    assert_eq!(away("c", &chain), ["b", "a"]);
    assert_eq!(away("b", &chain), ["a"]);
    assert!(away("a", &chain).is_empty());
    let circle = [edge("a", "b"), edge("b", "a")];
    assert!(away("a", &circle).is_empty() && away("b", &circle).is_empty());
    assert!(loops("c", "a", &chain) && loops("a", "a", &[]) && !loops("a", "c", &chain));
}

#[test]
fn what_a_deputy_signed_is_acknowledged_once_and_by_nobody_else() {
    let mut document = document(&[wish("boss", LineKind::Approve, false)]);
    let now = At::from_micros(5);
    document.submit(now).unwrap();
    let by = who("deputy");
    let signing = Signing { place: 1, by: &by, mandate: Some("m".into()), comment: "" };
    assert!(document.sign(&signing, now).unwrap());
    assert_eq!(document.acknowledge(1, 1, "deputy", now), Err(Error::NotFound));
    let before = document.clone();
    document.acknowledge(1, 1, "boss", now).unwrap();
    assert!(document.acknowledge(1, 1, "boss", now).is_err());
    document.round.steps[0].reported = None;
    assert_eq!(document, before, "nothing else has changed");
}

fn lines() -> impl Strategy<Value = Vec<LineStep>> {
    prop::collection::vec((any::<bool>(), any::<bool>()), 0..6).prop_map(|steps| {
        let kinds = steps
            .into_iter()
            .map(|(cosign, beside)| (if cosign { LineKind::Cosign } else { LineKind::Review }, beside));
        let kinds = kinds.chain([(LineKind::Approve, false)]);
        kinds.enumerate().map(|(n, (kind, beside))| wish(&format!("p{n}"), kind, beside)).collect()
    })
}

proptest! {
    /// Whatever anybody tries: no step is skipped, none is signed twice, and nothing is completed without its approver.
    #[test]
    fn random_walks_keep_the_line(line in lines(), tries in prop::collection::vec((0_u8..8, 1_i64..8), 1..60)) {
        let mut document = document(&line);
        let mut at = 0;
        for (verb, place) in tries {
            at += 1;
            let now = At::from_micros(at);
            let before = document.clone();
            let by = who(&format!("p{}", place - 1));
            let signing = Signing { place, by: &by, mandate: None, comment: "" };
            let done = match verb {
                0 => document.submit(now).is_ok(),
                1 => document.recall(now).is_ok(),
                2 => document.reject(&signing, now).is_ok(),
                _ => document.sign(&signing, now).is_ok(),
            };
            let waited = before.round.waiting().any(|step| step.place == place);
            if !done {
                // A refused submission may have been looked at: nothing of it is kept by an action.
                prop_assert!(before.state == document.state && before.past.len() == document.past.len());
                document = before;
                continue;
            }
            match verb {
                0 => prop_assert!(before.state.is_open()),
                1 => prop_assert!(before.round.steps.iter().all(|step| step.mark != Mark::Signed)),
                _ => {
                    prop_assert!(waited, "only who it waits for signs, and once");
                    let position = before.round.steps.iter().find(|s| s.place == place).unwrap().position;
                    let earlier = before.round.steps.iter().filter(|s| s.position < position);
                    prop_assert!(earlier.into_iter().all(|s| s.mark == Mark::Signed), "no step is skipped");
                }
            }
            let completed = document.state == State::Completed;
            prop_assert_eq!(completed, document.round.steps.iter().all(|step| step.mark == Mark::Signed));
            if completed {
                let last = document.round.steps.last().unwrap();
                prop_assert!(last.kind == LineKind::Approve && last.mark == Mark::Signed && last.at == Some(now));
                prop_assert!(document.round.waiting().next().is_none());
            }
            if document.state == State::Running {
                let mut waiting = document.round.waiting().map(|step| step.position);
                let first = waiting.next();
                prop_assert!(first.is_some() && waiting.all(|position| Some(position) == first));
            }
            for round in &document.past {
                prop_assert!(round.outcome.is_some() && round.waiting().next().is_none());
            }
        }
    }
}
