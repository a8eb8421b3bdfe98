//! The catalogue of two lists: how fast the second one is imported, how long the whole takes to be read anew with its search, and how fast
//! 13,000 services are searched.

use std::{fmt::Write, time::Instant};

use maru::wire;
use maru_definition::{
    Definitions, Searcher,
    import::{self, Withdrawing},
};
use maru_kernel::{At, Error, Result};
use maru_message::Post;
use maru_store::Place as Kept;
use serde_json::json;

use crate::{Place, figure, quantile, rate, thousands};

/// As many as 복지로 has.
const SERVICES: usize = 5_000;
const SEARCHES: usize = 5_000;
const WHO: [&str; 6] = ["청년", "어르신", "장애인", "다자녀 가정", "한부모 가정", "농업인"];
const WHAT: [&str; 8] = [
    "주거비 지원",
    "난방비 지원",
    "건강검진",
    "교통비",
    "돌봄 서비스",
    "출산 축하금",
    "장학금",
    "보청기 구입비",
];

/// A made-up service of the size of a real one, in one of the regions.
fn line(n: usize, agency: &str) -> String {
    let word = |words: &[&'static str], n: usize| words.get(n % words.len()).copied().unwrap_or_default();
    let (who, what) = (word(&WHO, n), word(&WHAT, n / WHO.len()));
    json!({
        "id": format!("WLF8{n:07}"), "name": format!("{who} {what} {n}"), "tags": [], "themes": ["생활지원"],
        "benefit": format!("{agency}에 사는 만 {}세 이상 {who}에게 {what}을(를) 드려 생활의 부담을 덜고 지역에서 오래 살도록 돕습니다", n % 60),
        "how_to_apply": "방문 — 읍면동 행정복지센터", "agency": format!("{agency} 복지국 시험과"), "contact": "",
        "source_url": format!("https://www.bokjiro.go.kr/x?wlfareInfoId=WLF8{n:07}"), "confidence": "공식", "cycle": "월", "provision": "현금지급",
    })
    .to_string()
}

pub fn run(place: &Place) -> Result<()> {
    tokio::runtime::Runtime::new().map_err(Error::internal)?.block_on(measure(place))
}

async fn measure(place: &Place) -> Result<()> {
    let kept = Kept::from(&place.folder.join("catalogue"));
    let store = wire::open_store(&kept, &wire::rooms(Post::None)).await?;
    let now = At::parse("2026-11-02T09:00:00+09:00").unwrap_or_default();
    let definitions = Definitions::open(store, wire::pack()?, now).await?;
    let pack = definitions.pack();
    let agencies: Vec<&str> =
        pack.regions.iter().filter(|r| r.parent.is_some()).map(|r| r.name.as_str()).collect();
    let count = SERVICES / place.less;
    let mut text = String::new();
    for n in 0..count {
        let agency = agencies.get(n % agencies.len().max(1)).copied().unwrap_or_default();
        writeln!(text, "{}", line(n, agency)).map_err(Error::internal)?;
    }
    let list = place.folder.join("services_1.jsonl");
    std::fs::write(&list, text).map_err(Error::internal)?;

    let started = Instant::now();
    let report = import::bokjiro(&definitions, &list, Withdrawing::Asks, now, &mut |_| ()).await?;
    if report.new != count {
        return Err(Error::internal(format!("not all were imported: {report}")));
    }
    figure(
        format!("a list of {} services imported, read to served", thousands(count as f64)),
        format!("{}/s", thousands(rate(count, started))),
        "≥ 5,000/s",
    );
    let started = Instant::now();
    let again =
        import::bokjiro(&definitions, &list, Withdrawing::Asks, now.plus_days(1), &mut |_| ()).await?;
    if again.unchanged != count {
        return Err(Error::internal(format!("the same list changed something: {again}")));
    }
    figure(
        "the same list again, nothing changed",
        format!("{}/s", thousands(rate(count, started))),
        "≥ 5,000/s",
    );

    let searcher = Searcher { on: now.date(), ..Searcher::default() };
    let started = Instant::now();
    definitions.reload().await?;
    definitions.search("청년", 20, &searcher)?;
    let total = thousands(definitions.len() as f64);
    figure(
        format!("{total} services read anew, with their search"),
        format!("{:.2} s", started.elapsed().as_secs_f64()),
        "≤ 5 s",
    );

    let names: Vec<String> = definitions.entries().iter().map(|entry| entry.name.ko.clone()).collect();
    let mut took = Vec::new();
    for n in 0..SEARCHES / place.less {
        // Names from all over the list, and the first words of them, as people type.
        let name =
            names.get(n.wrapping_mul(7919) % names.len().max(1)).map(String::as_str).unwrap_or_default();
        let asked: String = name.split_whitespace().take(1 + n % 4).collect::<Vec<_>>().join(" ");
        let started = Instant::now();
        definitions.search(&asked, 20, &searcher)?;
        took.push(started.elapsed().as_secs_f64() * 1_000.0);
    }
    took.sort_by(f64::total_cmp);
    let at = |of: f64| quantile(&took, of);
    figure(
        format!("a search among {total} services: p50 / p99 / longest"),
        format!("{:.1} / {:.1} / {:.1} ms", at(0.5), at(0.99), at(1.0)),
        "p99 ≤ 20 ms",
    );
    Ok(())
}
