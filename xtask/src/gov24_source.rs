//! The catalogue as gathered in `../shared/data/gov24`, and its rows as the official API words them.

use crate::Outcome;
use serde_json::{Map, Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// The 46 yes-flags, in the order of `ja_codes.csv`. The two ages (JA0110, JA0111) are numbers and stand apart.
pub const FLAGS: [&str; 46] = [
    "JA0101", "JA0102", "JA0201", "JA0202", "JA0203", "JA0204", "JA0205", "JA0301", "JA0302", "JA0303",
    "JA0313", "JA0314", "JA0315", "JA0316", "JA0317", "JA0318", "JA0319", "JA0320", "JA0322", "JA0326",
    "JA0327", "JA0328", "JA0329", "JA0330", "JA0401", "JA0402", "JA0403", "JA0404", "JA0410", "JA0411",
    "JA0412", "JA0413", "JA0414", "JA1101", "JA1102", "JA1103", "JA1201", "JA1202", "JA1299", "JA2101",
    "JA2102", "JA2103", "JA2201", "JA2202", "JA2203", "JA2299",
];

pub const SERVICES: &str = "services_20260710.jsonl.gz";
const RAW: &str = "service_list_raw_329_202509.jsonl.gz";
const CODES: &str = "ja_codes.csv";
pub const DETAIL_ADDRESS: &str = "https://www.gov.kr/portal/rcvfvrSvc/dtlEx/";

/// Where the data lies unless told otherwise.
pub fn usual_folder() -> PathBuf {
    crate::shared().join("data/gov24")
}

/// The three lists of the official API, row by row.
pub struct Lists {
    pub service_list: Vec<Value>,
    pub service_detail: Vec<Value>,
    pub support_conditions: Vec<Value>,
}

/// Rows of the derived file, as they are.
pub fn services(folder: &Path) -> Outcome<Vec<Value>> {
    check_codes(folder)?;
    lines(&folder.join(SERVICES))
}

/// All three lists from the derived file, or with `raw` the untouched `serviceList` objects and what belongs to them.
pub fn lists(folder: &Path, raw: bool) -> Outcome<Lists> {
    let rows = services(folder)?;
    if !raw {
        return Ok(Lists {
            service_list: rows.iter().map(list_row).collect(),
            service_detail: rows.iter().map(detail_row).collect(),
            support_conditions: rows.iter().map(condition_row).collect(),
        });
    }
    let service_list = lines(&folder.join(RAW))?;
    let ids: std::collections::BTreeSet<&str> =
        service_list.iter().filter_map(|row| row.get("서비스ID")?.as_str()).collect();
    Ok(Lists {
        service_detail: service_list.iter().map(detail_of_raw).collect(),
        support_conditions: rows
            .iter()
            .filter(|row| ids.contains(text(row, "service_id")))
            .map(condition_row)
            .collect(),
        service_list,
    })
}

/// A made-up, tiny catalogue: for tests on a machine without the real data.
pub fn made_up(count: usize) -> Lists {
    let rows: Vec<Value> = (1..=count)
        .map(|n| {
            json!({
                "service_id": format!("TEST{n:08}"), "name": format!("시험 서비스 {n}"),
                "summary": "시험에만 쓰는 서비스", "field": "생활안정",
                "agency": if n % 2 == 0 { "경기도 수원시" } else { "보건복지부" },
                "agency_type": if n % 2 == 0 { "시군구" } else { "중앙행정기관" },
                "target": "누구나", "criteria": "", "content": "시험", "method": "방문신청", "deadline": "상시신청",
                "receiving_org": "", "phone": "", "url": format!("{DETAIL_ADDRESS}TEST{n:08}"), "views": n,
                "age_from": 0, "age_to": 120, "ja": ["JA0101", "JA0102"],
            })
        })
        .collect();
    Lists {
        service_list: rows.iter().map(list_row).collect(),
        service_detail: rows.iter().map(detail_row).collect(),
        support_conditions: rows.iter().map(condition_row).collect(),
    }
}

pub fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn lines(path: &Path) -> Outcome<Vec<Value>> {
    let file = std::fs::File::open(path).map_err(|e| format!("{}: {e}", path.display()))?;
    BufReader::new(flate2::read::GzDecoder::new(file))
        .lines()
        .enumerate()
        .map(|(index, line)| {
            let line = line.map_err(|e| format!("{}: {e}", path.display()))?;
            serde_json::from_str(&line).map_err(|e| format!("{}:{}: {e}", path.display(), index + 1))
        })
        .collect()
}

/// `FLAGS` is written down here and in the data: they must agree.
fn check_codes(folder: &Path) -> Outcome {
    let path = folder.join(CODES);
    let table = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let found: Vec<&str> = table
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').next())
        .filter(|code| !matches!(*code, "JA0110" | "JA0111"))
        .collect();
    if found == FLAGS {
        Ok(())
    } else {
        Err(format!("{}: the codes are not those this program knows", path.display()))
    }
}

/// The official API leaves an empty text out as null.
fn or_null(row: &Value, key: &str) -> Value {
    match text(row, key) {
        "" => Value::Null,
        found => Value::from(found),
    }
}

fn list_row(row: &Value) -> Value {
    json!({
        "등록일시": null,
        "부서명": null,
        "사용자구분": null,
        "상세조회URL": or_null(row, "url"),
        "서비스ID": text(row, "service_id"),
        "서비스명": text(row, "name"),
        "서비스목적요약": or_null(row, "summary"),
        "서비스분야": or_null(row, "field"),
        "선정기준": or_null(row, "criteria"),
        "소관기관명": text(row, "agency"),
        "소관기관유형": text(row, "agency_type"),
        "소관기관코드": null,
        "수정일시": "20260710000000",
        "신청기한": or_null(row, "deadline"),
        "신청방법": or_null(row, "method"),
        "전화문의": or_null(row, "phone"),
        "접수기관": or_null(row, "receiving_org"),
        "조회수": row.get("views").cloned().unwrap_or(Value::Null),
        "지원내용": or_null(row, "content"),
        "지원대상": or_null(row, "target"),
        "지원유형": null,
    })
}

fn detail_row(row: &Value) -> Value {
    json!({
        "공무원확인구비서류": null,
        "구비서류": null,
        "문의처": or_null(row, "phone"),
        "법령": null,
        "본인확인필요구비서류": null,
        "서비스ID": text(row, "service_id"),
        "서비스명": text(row, "name"),
        "서비스목적": or_null(row, "summary"),
        "선정기준": or_null(row, "criteria"),
        "소관기관명": text(row, "agency"),
        "수정일시": "20260710000000",
        "신청기한": or_null(row, "deadline"),
        "신청방법": or_null(row, "method"),
        "온라인신청사이트URL": null,
        "자치법규": null,
        "접수기관명": or_null(row, "receiving_org"),
        "지원내용": or_null(row, "content"),
        "지원대상": or_null(row, "target"),
        "지원유형": null,
        "행정규칙": null,
    })
}

fn detail_of_raw(row: &Value) -> Value {
    let mut detail = Map::new();
    for (ours, theirs) in [
        ("서비스ID", "서비스ID"),
        ("서비스명", "서비스명"),
        ("서비스목적", "서비스목적요약"),
        ("선정기준", "선정기준"),
        ("소관기관명", "소관기관명"),
        ("수정일시", "수정일시"),
        ("신청기한", "신청기한"),
        ("신청방법", "신청방법"),
        ("문의처", "전화문의"),
        ("접수기관명", "접수기관"),
        ("지원내용", "지원내용"),
        ("지원대상", "지원대상"),
        ("지원유형", "지원유형"),
    ] {
        detail.insert(ours.to_owned(), row.get(theirs).cloned().unwrap_or(Value::Null));
    }
    for absent in [
        "공무원확인구비서류",
        "구비서류",
        "법령",
        "본인확인필요구비서류",
        "온라인신청사이트URL",
        "자치법규",
        "행정규칙",
    ] {
        detail.insert(absent.to_owned(), Value::Null);
    }
    Value::Object(detail)
}

fn condition_row(row: &Value) -> Value {
    let flags: Vec<&str> = row
        .get("ja")
        .and_then(Value::as_array)
        .map(|codes| codes.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let mut condition = Map::new();
    condition.insert("서비스ID".to_owned(), Value::from(text(row, "service_id")));
    condition.insert("서비스명".to_owned(), Value::from(text(row, "name")));
    for code in FLAGS {
        let value = if flags.contains(&code) { Value::from("Y") } else { Value::Null };
        condition.insert(code.to_owned(), value);
    }
    condition.insert("JA0110".to_owned(), row.get("age_from").cloned().unwrap_or(Value::Null));
    condition.insert("JA0111".to_owned(), row.get("age_to").cloned().unwrap_or(Value::Null));
    Value::Object(condition)
}
