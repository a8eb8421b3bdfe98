//! A notice worked out again.

use std::{process::ExitCode, sync::Arc};

use maru::wire;
use maru_kernel::Result;
use maru_message::Post;
use maru_rules::{Answer, Decision};
use maru_store::Place;
use maru_web::Settings;

fn said(answer: Answer) -> &'static str {
    match answer {
        Answer::Yes => "yes",
        Answer::No => "no",
        Answer::Unknown => "not yet known",
    }
}

fn show(title: &str, decision: &Decision) {
    let amount = decision.amount.map(|won| format!(", {won} won")).unwrap_or_default();
    println!("  {title}: {}{amount}", said(decision.answer));
    for reason in &decision.reasons {
        println!("    {} {} ({})", said(reason.answer), reason.id, reason.article);
    }
}

pub async fn replay(notice: &str, reason: &str, place: &Place) -> Result<ExitCode> {
    let clock = Arc::new(wire::Running::from(None));
    let wired = wire::wire(place, Post::None, Settings::default(), clock).await?;
    let replay = maru_guidance::replay(&wired.app, notice, reason).await?;
    println!("notice of {}, as of {}", replay.at.rfc3339(), replay.on);
    for item in &replay.items {
        println!("{}: {}", item.service, if item.same() { "same" } else { "different" });
        show("told", &item.told);
        match &item.now {
            Some(now) if !item.same() => show("worked out again", now),
            Some(_) => {}
            None => println!("  the service of that day is not to be found"),
        }
        if !item.version {
            println!("  the rules are not those of the version that was told of");
        }
    }
    if !replay.sealed {
        println!("what is kept of the notice is not what the ledger committed to");
    }
    println!("{}", if replay.same() { "same" } else { "different" });
    Ok(if replay.same() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
