//! The official wire format: a page of a list, and what its rows say. Rows are read tolerantly; what can't be read is said.

use serde_json::{Map, Value as Json};
use unicode_normalization::UnicodeNormalization;

use crate::{
    catalogue::entry_id,
    gov24::{self, Ages},
};

/// One page of one list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Page {
    pub(crate) total: usize,
    pub(crate) per_page: usize,
    pub(crate) rows: Vec<Json>,
}

/// No text of the list is longer; what is, is cut.
const LONGEST: usize = 20_000;

impl Page {
    /// Reads a page, or says why it is none: cut off in the middle, mistyped, or an answer that is no list.
    pub(crate) fn read(bytes: &[u8]) -> Result<Page, String> {
        let json: Json = serde_json::from_slice(bytes).map_err(|e| {
            if e.is_eof() { "it is cut off in the middle".to_owned() } else { format!("it is no JSON ({e})") }
        })?;
        let Json::Object(mut page) = json else { return Err("it is no object".into()) };
        let count = |page: &Map<String, Json>, name: &str| page.get(name).and_then(whole);
        let rows = match page.remove("data") {
            Some(Json::Array(rows)) => rows,
            Some(_) => return Err("its `data` is no list".into()),
            None => return Err(refusal(&page).unwrap_or_else(|| "it has no `data`".into())),
        };
        // matchCount counts what was asked for; without a condition it is the same as totalCount.
        let total = count(&page, "matchCount")
            .or_else(|| count(&page, "totalCount"))
            .ok_or("it does not say how many rows there are")?;
        if let Some(current) = count(&page, "currentCount")
            && current != rows.len()
        {
            return Err(format!("it says {current} rows and has {}", rows.len()));
        }
        let per_page = count(&page, "perPage").filter(|n| *n > 0).unwrap_or(rows.len().max(1));
        Ok(Page { total, per_page, rows })
    }
}

/// What the service answers instead of a page: `{"code": -4, "msg": "…"}`.
pub(crate) fn refusal(answer: &Map<String, Json>) -> Option<String> {
    let told = answer.get("msg").or_else(|| answer.get("message")).and_then(Json::as_str)?;
    Some(format!("the source answers: {}", clean(told).chars().take(200).collect::<String>()))
}

fn whole(json: &Json) -> Option<usize> {
    match json {
        Json::Number(n) => n.as_u64().and_then(|n| usize::try_from(n).ok()),
        Json::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// NFC, no control characters but line breaks, no blanks around, not without end.
pub(crate) fn clean(text: &str) -> String {
    let text: String = text
        .replace("\r\n", "\n")
        .replace('\t', " ")
        .nfc()
        .filter(|c| *c == '\n' || !c.is_control())
        .collect();
    let text = text.trim();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => text.get(..end).unwrap_or_default().trim_end().to_owned(),
        None => text.to_owned(),
    }
}

/// A text, or a number written as one; empty when there is none.
fn text(row: &Map<String, Json>, key: &str) -> String {
    match row.get(key) {
        Some(Json::String(text)) => clean(text),
        Some(Json::Number(n)) => n.to_string(),
        _ => String::new(),
    }
}

/// A row's own id; for messages, too.
pub(crate) fn id_of(row: &Json) -> Result<String, String> {
    let Json::Object(row) = row else { return Err("the row is no object".into()) };
    let id = match row.get("서비스ID") {
        Some(Json::String(id)) => id.trim().to_owned(),
        // Ids of digits lose their quotes in some tools, and their leading zeros with them: only a whole one can be trusted.
        Some(Json::Number(n)) if n.to_string().len() == 12 => n.to_string(),
        Some(Json::Null) | None => String::new(),
        Some(_) => return Err("the id is no text".into()),
    };
    entry_id(&id).map(|_| id)
}

/// What `serviceList` says of a service.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) agency: String,
    pub(crate) agency_kind: String,
    pub(crate) field: String,
    pub(crate) url: String,
    pub(crate) texts: Vec<(&'static str, String)>,
}

const LIST_TEXTS: [(&str, &str); 8] = [
    ("summary", "서비스목적요약"),
    ("target", "지원대상"),
    ("criteria", "선정기준"),
    ("content", "지원내용"),
    ("method", "신청방법"),
    ("deadline", "신청기한"),
    ("receiving_org", "접수기관"),
    ("phone", "전화문의"),
];
/// The detail's words win over the list's, where it has any.
const DETAIL_TEXTS: [(&str, &str); 11] = [
    ("summary", "서비스목적"),
    ("target", "지원대상"),
    ("criteria", "선정기준"),
    ("content", "지원내용"),
    ("method", "신청방법"),
    ("deadline", "신청기한"),
    ("receiving_org", "접수기관명"),
    ("phone", "문의처"),
    ("documents", "구비서류"),
    ("law", "법령"),
    ("online_url", "온라인신청사이트URL"),
];
/// The order in which texts are kept and shown.
pub(crate) const TEXTS: [&str; 11] = [
    "summary",
    "target",
    "criteria",
    "content",
    "method",
    "deadline",
    "receiving_org",
    "phone",
    "documents",
    "law",
    "online_url",
];

fn texts(row: &Map<String, Json>, names: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let found = names.iter().map(|(key, name)| (*key, text(row, name)));
    found.filter(|(key, text)| !text.is_empty() && (*key != "online_url" || is_address(text))).collect()
}

pub(crate) fn is_address(text: &str) -> bool {
    let plain = !text.chars().any(|c| c.is_whitespace() || matches!(c, '"' | '<' | '>'));
    plain && (text.starts_with("https://") || text.starts_with("http://"))
}

impl Listed {
    pub(crate) fn read(row: &Json) -> Result<Listed, String> {
        let Json::Object(row) = row else { return Err("the row is no object".into()) };
        let name = match row.get("서비스명") {
            Some(Json::String(name)) => clean(name).split_whitespace().collect::<Vec<_>>().join(" "),
            Some(Json::Null) | None => String::new(),
            Some(_) => return Err("the name is no text".into()),
        };
        if name.is_empty() {
            return Err("it has no name".into());
        }
        Ok(Listed {
            name: name.chars().take(300).collect(),
            agency: text(row, "소관기관명"),
            agency_kind: text(row, "소관기관유형"),
            field: text(row, "서비스분야"),
            url: Some(text(row, "상세조회URL")).filter(|url| is_address(url)).unwrap_or_default(),
            texts: texts(row, &LIST_TEXTS),
        })
    }
}

pub(crate) fn detail(row: &Json) -> Vec<(&'static str, String)> {
    match row {
        Json::Object(row) => texts(row, &DETAIL_TEXTS),
        _ => Vec::new(),
    }
}

/// What `supportConditions` says of a service. What can't be read is None, and said in `wrong`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Conditions {
    pub(crate) ages: Option<Ages>,
    pub(crate) flags: Option<u64>,
    pub(crate) wrong: Vec<String>,
}

impl Conditions {
    pub(crate) fn read(row: &Json) -> Conditions {
        let mut read = Conditions::default();
        let Json::Object(row) = row else { return read };
        let (mut set, mut readable) = (0_u64, true);
        for (bit, (code, ..)) in gov24::FLAGS.iter().enumerate() {
            match row.get(*code).map(yes) {
                None | Some(Some(false)) => {}
                Some(Some(true)) => set |= 1 << bit,
                Some(None) => {
                    readable = false;
                    read.wrong
                        .push(format!("{code} is neither Y nor empty; its conditions are taken as unknown"));
                }
            }
        }
        read.flags = readable.then_some(set);
        match (age(row.get("JA0110")), age(row.get("JA0111"))) {
            (Ok(from), Ok(to)) => {
                read.ages = Ages::read(from, to);
                if read.ages.is_none() {
                    let shown = |age: Option<u32>| age.map(|a| a.to_string()).unwrap_or_default();
                    read.wrong.push(format!(
                        "ages {}–{} are the wrong way round and taken as unknown",
                        shown(from),
                        shown(to)
                    ));
                }
            }
            (from, to) => {
                let code = if from.is_err() { "JA0110" } else { "JA0111" };
                let found = from.err().or(to.err()).unwrap_or_default();
                read.wrong.push(format!("{code} is no age ({found}); its ages are taken as unknown"));
            }
        }
        read
    }
}

fn yes(json: &Json) -> Option<bool> {
    match json {
        Json::Null => Some(false),
        Json::Bool(b) => Some(*b),
        Json::String(text) => match text.trim() {
            "Y" | "y" => Some(true),
            "" | "N" | "n" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn age(json: Option<&Json>) -> Result<Option<u32>, String> {
    let shown = |json: &Json| json.to_string().chars().take(40).collect::<String>();
    match json {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => {
            let digits = text.trim().trim_end_matches('세').trim();
            if digits.is_empty() && text.trim().is_empty() {
                return Ok(None);
            }
            digits.parse::<u32>().map(Some).map_err(|_| text.chars().take(40).collect())
        }
        Some(json @ Json::Number(n)) => {
            let age = n.as_u64().ok_or_else(|| shown(json))?;
            Ok(Some(u32::try_from(age).unwrap_or(u32::MAX)))
        }
        Some(json) => Err(shown(json)),
    }
}
