//! Makes the catalogue that ships with the project: facts only, no sentence of its source.

use crate::gov24_source::{DETAIL_ADDRESS, FLAGS, services, text, usual_folder};
use crate::{Outcome, root};
use serde_json::Value;
use std::fmt::Write as _;

const SNAPSHOT: &str = "2026-07-10";

pub fn run(arguments: &[String]) -> Outcome {
    if !arguments.is_empty() {
        return Err("catalogue takes no arguments".to_owned());
    }
    let rows = services(&usual_folder())?;
    let folder = root().join("packs/kr/catalogue");
    std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let table = table(&rows)?;
    for (name, content) in [("gov24.tsv", &table), ("gov24.toml", &about(rows.len()))] {
        let path = folder.join(name);
        std::fs::write(&path, content).map_err(|e| format!("{}: {e}", path.display()))?;
        println!("packs/kr/catalogue/{name}: {} bytes", content.len());
    }
    let dated =
        table.lines().filter(|line| line.split('\t').nth(8).is_some_and(|d| d.starts_with("20"))).count();
    let always = table.lines().filter(|line| line.split('\t').nth(8) == Some("always")).count();
    println!("{} services, {always} open always, {dated} with a last day", rows.len());
    Ok(())
}

fn table(rows: &[Value]) -> Outcome<String> {
    let mut out = String::new();
    out.push_str(
        "# Made by `cargo xtask catalogue`; not to be edited by hand. Source and licence: gov24.toml.\n",
    );
    out.push_str(
        "# flags: 16 hexadecimal digits, a set of the codes below; bit 0 (value 1) is the first of them.\n# ",
    );
    out.push_str(&FLAGS.join(" "));
    out.push_str(
        "\n# age_to 120 or more: no upper bound. deadline: last day, `always`, or empty (not one date).\n",
    );
    out.push_str("# url_id: empty when the service's page is ");
    out.push_str(DETAIL_ADDRESS);
    out.push_str("{source_id}\n");
    out.push_str("source_id\tname\tagency\tagency_type\tfield\tage_from\tage_to\tflags\tdeadline\turl_id\n");
    for row in rows {
        let id = text(row, "service_id");
        let address = text(row, "url");
        let page = address.strip_prefix(DETAIL_ADDRESS).unwrap_or(address);
        let mut cells = vec![id.to_owned()];
        cells.extend(["name", "agency", "agency_type", "field"].map(|key| plain(text(row, key))));
        for key in ["age_from", "age_to"] {
            let age =
                row.get(key).and_then(Value::as_u64).ok_or_else(|| format!("{id}: {key} is not a number"))?;
            cells.push(age.to_string());
        }
        cells.push(format!("{:016x}", bits(row)?));
        cells.push(deadline(text(row, "deadline")));
        cells.push(if page == id { String::new() } else { page.to_owned() });
        writeln!(out, "{}", cells.join("\t")).map_err(|e| e.to_string())?;
    }
    Ok(out)
}

/// One line, no tab, single spaces.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn bits(row: &Value) -> Outcome<u64> {
    let codes = row.get("ja").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    codes.iter().try_fold(0, |sum, code| {
        let code = code.as_str().unwrap_or_default();
        let place =
            FLAGS.iter().position(|flag| *flag == code).ok_or_else(|| format!("unknown code {code}"))?;
        Ok(sum | 1_u64 << place)
    })
}

/// The last day on which one may apply, if the text says nothing else: one full date, or a span of two.
/// `always` for 상시신청. Every other wording stays with its source.
pub fn deadline(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if text == "상시신청" {
        return "always".to_owned();
    }
    let text = text.strip_suffix("까지").unwrap_or(&text);
    let (first, last) = match text.split_once('~') {
        Some(("", last)) => (None, last),
        Some((first, last)) => match date(first) {
            Some(first) => (Some(first), last),
            None => return String::new(),
        },
        None => (None, text),
    };
    match date(last) {
        Some(last) if first.is_none_or(|first| first <= last) => {
            format!("{:04}-{:02}-{:02}", last.0, last.1, last.2)
        }
        _ => String::new(),
    }
}

/// `2026-12-01`, `2026.12.01.`, `2026.12.1.(화)`.
fn date(text: &str) -> Option<(u16, u8, u8)> {
    let text = match text.split_once('(') {
        Some((date, rest)) => {
            let day = rest.strip_suffix(')').or_else(|| rest.strip_suffix(")."))?;
            ["월", "화", "수", "목", "금", "토", "일"].contains(&day).then_some(date)?
        }
        None => text,
    };
    let text = text.strip_suffix('.').unwrap_or(text);
    let mark = if text.contains('-') { '-' } else { '.' };
    let parts: Vec<&str> = text.split(mark).collect();
    let [year, month, day] = parts.as_slice() else { return None };
    if year.len() != 4 || month.len() > 2 || day.len() > 2 {
        return None;
    }
    let (year, month, day) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        2 => 28 + u8::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (1..=longest).contains(&day).then_some((year, month, day))
}

fn about(count: usize) -> String {
    format!(
        r#"# Made by `cargo xtask catalogue`. `maru import gov24` renews it in full, with texts, from the official source.
file = "gov24.tsv"
snapshot = "{SNAPSHOT}"
count = {count}
address = "{DETAIL_ADDRESS}"                # of a service's own page, followed by its id

[source]
name = {{ ko = "대한민국 공공서비스(혜택) 정보", en = "Public services (benefits) of the Republic of Korea" }}
owner = {{ ko = "행정안전부", en = "Ministry of the Interior and Safety" }}
dataset = "data.go.kr 15113968"
licence = {{ ko = "이용허락범위 제한 없음 (공공데이터포털에 보통 이렇게 적혀 있음. 배포 전에 포털에서 다시 확인)", en = "No restriction on use, as generally stated for it; to be re-checked on the portal before redistribution" }}
holds = {{ ko = "사실만: 번호, 이름, 기관, 분야, 지원조건 코드, 마지막 신청일. 설명 문장은 옮기지 않음", en = "Facts only: id, name, agency, field, condition codes, last day to apply. No sentence of the source is copied" }}

[coverage]
age_from = 19
age_to = 34
percent = 75
note = {{ ko = "19–34살이 대상에 드는 서비스만 담았습니다. 전국 목록의 약 75 %입니다.", en = "Holds the services open to someone aged 19 to 34, about 75 % of the national list." }}
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_a_date_only_when_the_text_says_nothing_else() {
        for (text, last_day) in [
            ("상시신청", "always"),
            ("2026.12.01.", "2026-12-01"),
            ("2026-12-01", "2026-12-01"),
            ("2026. 2. 6.까지", "2026-02-06"),
            ("2025.6.9(월) ~ 2025.12.31(수)", "2025-12-31"),
            ("2026.01.15.~2025.12.15.", ""),
            ("2026.02.30", ""),
            ("2026. 2. 19.~3. 12.", ""),
            ("2026-09-15~2026-09-29(미확정,변동가능)", ""),
            ("2025-07-14 ~ 예산소진 시까지", ""),
            ("", ""),
        ] {
            assert_eq!(deadline(text), last_day, "{text}");
        }
    }

    #[test]
    fn flags_are_bits_in_the_order_of_the_codes() {
        let row = serde_json::json!({ "ja": ["JA0101", "JA0201", "JA2299"] });
        assert_eq!(bits(&row), Ok(1 | 1 << 2 | 1 << 45));
        assert!(bits(&serde_json::json!({ "ja": ["JA9999"] })).is_err());
    }
}
