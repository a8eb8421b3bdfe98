use std::sync::OnceLock;

use maru_definition::Pack;
use proptest::prelude::*;

use super::*;

fn calendar() -> &'static Calendar {
    static CALENDAR: OnceLock<Calendar> = OnceLock::new();
    CALENDAR.get_or_init(|| Pack::embedded().unwrap().calendar)
}

fn at(text: &str) -> At {
    At::parse(&format!("{text}+09:00")).unwrap()
}

fn clock(received: &str, period: &str) -> Clock {
    Clock::new(at(received), period.parse().unwrap())
}

fn on(clock: &Clock) -> String {
    clock.reckon(calendar(), &Hours::default()).due_on.map(|d| d.to_string()).unwrap_or_default()
}

fn due_at(clock: &Clock) -> String {
    clock.reckon(calendar(), &Hours::default()).due_at.map(|at| at.rfc3339()).unwrap_or_default()
}

/// Worked out independently.
#[test]
fn counts_as_the_statute_says() {
    for (received, period, expected) in [
        ("2026-09-23T14:05:00", "P7D", "2026-10-06"),
        ("2026-09-23T14:05:00", "P14D", "2026-10-16"),
        ("2026-10-07T10:12:00", "P30D", "2026-11-18"),
        // Received on a Saturday: Monday is the first day.
        ("2026-11-21T10:00:00", "P6D", "2026-11-30"),
        // Late in the evening is still that day.
        ("2026-09-23T23:59:00", "P7D", "2026-10-06"),
        // The end of February is a Saturday, then Sunday, then the substitute of a holiday.
        ("2026-01-31T10:00:00", "P1M", "2026-03-03"),
        ("2026-03-10T10:00:00", "P1M", "2026-04-09"),
        // The day before a year later is a Sunday.
        ("2025-01-13T10:00:00", "P1Y", "2026-01-12"),
        ("2026-11-25T10:00:00", "P1W", "2026-12-01"),
    ] {
        assert_eq!(on(&clock(received, period)), expected, "{received} {period}");
    }
    for (received, period, expected) in [
        ("2026-09-23T16:00:00", "PT3H", "2026-09-28T10:00:00+09:00"),
        ("2026-09-23T16:00:00", "P3D", "2026-09-30T16:00:00+09:00"),
        ("2026-02-13T17:30:00", "PT8H", "2026-02-19T17:30:00+09:00"),
        // Full at closing time is due at closing time; at lunch, at lunch.
        ("2026-11-25T10:00:00", "PT2H", "2026-11-25T12:00:00+09:00"),
        ("2026-11-25T15:00:00", "PT3H", "2026-11-25T18:00:00+09:00"),
        ("2026-11-25T12:30:00", "PT1H", "2026-11-25T14:00:00+09:00"),
        ("2026-11-25T20:00:00", "PT1H", "2026-11-26T10:00:00+09:00"),
    ] {
        assert_eq!(due_at(&clock(received, period)), expected, "{received} {period}");
    }
}

#[test]
fn a_person_has_the_civil_count() {
    let civil =
        |received: &str, period: &str| on(&Clock { counting: Counting::Civil, ..clock(received, period) });
    // The first day does not count; the tenth is a Saturday, so Monday.
    assert_eq!(civil("2026-11-25T10:00:00", "P10D"), "2026-12-07");
    assert_eq!(civil("2026-11-25T10:00:00", "P7D"), "2026-12-02");
    assert_eq!(civil("2026-01-30T10:00:00", "P1M"), "2026-03-03");
    assert_eq!(civil("2026-11-25T10:00:00", "P60D"), "2027-01-25");
}

#[test]
fn a_supplement_takes_both_its_days() {
    let mut clock = clock("2026-11-02T10:00:00", "P7D");
    assert_eq!(on(&clock), "2026-11-10");
    clock.pause(Why::Supplement, at("2026-11-04T17:00:00"));
    assert!(clock.is_paused() && on(&clock).is_empty());
    assert!(clock.reckon(calendar(), &Hours::default()).paused);
    clock.resume(Why::Supplement, at("2026-11-06T09:30:00"));
    // The 4th, 5th and 6th are left out.
    assert_eq!(on(&clock), "2026-11-13");
    let reckoned = clock.reckon(calendar(), &Hours::default());
    assert!(clauses(&clock, &reckoned).contains(&Clause::Paused(Why::Supplement, 3)));
    // Asked and answered on one day.
    let mut short = self::clock("2026-11-02T10:00:00", "P7D");
    short.pause(Why::Supplement, at("2026-11-04T09:00:00"));
    short.resume(Why::Supplement, at("2026-11-04T10:00:00"));
    assert_eq!(on(&short), "2026-11-11");
}

#[test]
fn other_pauses_take_the_time_they_took() {
    let mut clock = clock("2026-11-25T09:00:00", "PT3H");
    clock.pauses.push(Pause {
        why: Why::SharedData,
        from: at("2026-11-25T10:00:00"),
        to: Some(at("2026-11-25T11:00:00")),
    });
    assert_eq!(due_at(&clock), "2026-11-25T14:00:00+09:00");
    // Of days, only one that it took whole.
    let mut days = self::clock("2026-11-02T10:00:00", "P7D");
    days.pauses.push(Pause {
        why: Why::Expert,
        from: at("2026-11-03T10:00:00"),
        to: Some(at("2026-11-05T09:00:00")),
    });
    assert_eq!(on(&days), "2026-11-11");
}

#[test]
fn a_pause_that_begins_when_all_is_over_changes_nothing() {
    let mut clock = clock("2026-11-02T10:00:00", "P7D");
    clock.pause(Why::Supplement, at("2026-11-20T10:00:00"));
    assert_eq!(on(&clock), "2026-11-10");
}

#[test]
fn an_extension_counts_on() {
    let mut clock = clock("2026-11-02T10:00:00", "P7D");
    clock.extensions = vec![7];
    assert_eq!((on(&clock).as_str(), clock.wrong()), ("2026-11-19", None));
    clock.extensions = vec![8];
    assert_eq!(clock.wrong(), Some(Wrong::ExtensionBeyondPeriod));
    clock.extensions = vec![1, 1, 1];
    assert_eq!(clock.wrong(), Some(Wrong::TooManyExtensions));
    // Three days extended by three are still hours.
    let mut hours = self::clock("2026-11-02T10:00:00", "P3D");
    hours.extensions = vec![3];
    assert_eq!(due_at(&hours), "2026-11-10T10:00:00+09:00");
}

#[test]
fn outside_the_calendar_there_is_no_date() {
    for (received, period) in [
        ("2027-12-20T09:00:00", "P30D"),
        ("2010-01-04T09:00:00", "P6D"),
        ("2010-01-04T09:00:00", "P10Y"),
        ("2027-12-31T17:00:00", "PT3H"),
        ("2026-11-25T17:00:00", "P9999Y"),
    ] {
        let reckoned = clock(received, period).reckon(calendar(), &Hours::default());
        assert_eq!((reckoned.due_on, reckoned.paused), (None, false), "{received} {period}");
    }
}

#[test]
fn periods_read_as_they_are_written() {
    for text in ["PT3H", "P7D", "P2W", "P1M", "P1Y"] {
        assert_eq!(text.parse::<Period>().unwrap().to_string(), text);
    }
    for text in [
        "", "P", "7", "P7", "PD", "P0D", "P-1D", "P+1D", "P7DT3H", "PT7D", "P3H", "P1.5D", "P99999D", "p7d",
        "P７D",
    ] {
        assert!(text.parse::<Period>().is_err(), "{text}");
    }
}

prop_compose! {
    fn moment()(day in 0_i64..3_200, second in 0_i64..86_400) -> At {
        At::start_of(jiff::civil::date(2018, 3, 1)).plus_days(day).plus_seconds(second)
    }
}

prop_compose! {
    fn length()(n in 1_u32..40, unit in prop_oneof![Just(Unit::Hours), Just(Unit::Days), Just(Unit::Weeks)]) -> Period {
        Period { n, unit }
    }
}

proptest! {
    /// What is received later is never due earlier, whatever was paused.
    #[test]
    fn later_is_never_sooner(received in moment(), later in 0_i64..10_000_000, period in length(),
        pause in proptest::option::of((0_i64..4_000_000, 0_i64..2_000_000))) {
        let calendar = calendar();
        let pauses: Vec<Pause> = pause.into_iter().map(|(after, lasts)| {
            let from = received.plus_seconds(after);
            Pause { why: Why::Hearing, from, to: Some(from.plus_seconds(lasts)) }
        }).collect();
        let one = Clock { pauses: pauses.clone(), ..Clock::new(received, period) };
        let other = Clock { received: received.plus_seconds(later), ..one.clone() };
        let (one, other) = (one.reckon(calendar, &Hours::default()), other.reckon(calendar, &Hours::default()));
        if let (Some(a), Some(b)) = (one.due_on, other.due_on) {
            prop_assert!(a <= b);
        }
        if let (Some(a), Some(b)) = (one.due_at, other.due_at) {
            prop_assert!(a <= b);
        }
    }

    /// A clock is due on a working day, in working time, and never before it was received.
    #[test]
    fn due_when_somebody_works(received in moment(), period in length()) {
        let calendar = calendar();
        let hours = Hours::default();
        let reckoned = Clock::new(received, period).reckon(calendar, &hours);
        if let Some(on) = reckoned.due_on {
            prop_assert_eq!(calendar.is_working_day(on), Some(true));
            prop_assert!(on >= received.date());
            prop_assert_eq!(reckoned.days.last().map(|d| d.date), Some(on));
        }
        if let Some(due) = reckoned.due_at {
            prop_assert!(due > received);
            prop_assert!(hours.of(due.date()).iter().any(|(from, to)| due > *from && due <= *to));
        }
    }

    /// A pause and an extension never make a clock due sooner.
    #[test]
    fn more_time_is_never_less(received in moment(), n in 6_u32..40, more in 1_u32..6, after in 0_i64..3_000_000, lasts in 0_i64..1_000_000) {
        let calendar = calendar();
        let plain = Clock::new(received, Period::days(n));
        let on = |clock: &Clock| clock.due_on(calendar, &Hours::default());
        let extended = Clock { extensions: vec![more], ..plain.clone() };
        let from = received.plus_seconds(after);
        let paused = Clock {
            pauses: vec![Pause { why: Why::Supplement, from, to: Some(from.plus_seconds(lasts)) }],
            ..plain.clone()
        };
        if let (Some(plain), Some(extended)) = (on(&plain), on(&extended)) {
            prop_assert!(extended > plain);
        }
        if let (Some(plain), Some(paused)) = (on(&plain), on(&paused)) {
            prop_assert!(paused >= plain);
        }
    }
}
