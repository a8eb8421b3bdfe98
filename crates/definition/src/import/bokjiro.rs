//! The list of 복지로: one line a service (`services_*.jsonl`), and longer texts of some (`details_*.jsonl`). It has no conditions in codes.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
};

use maru_kernel::{At, Error};
use serde_json::{Map, Value as Json, json};

use super::{
    Failure, Import, Progress, Report, Withdrawing,
    apply::{self, Incoming},
    assemble::Ready,
    lines::{self, Lines},
    plain,
    wire::is_address,
};
use crate::{
    Deadline, Definitions, List,
    catalogue::{Brief, tables},
    gov24::Ages,
    region::Regions,
    suggest::{self, Suggestion},
};

/// The order in which texts are kept and shown.
const TEXTS: [&str; 11] = [
    "summary",
    "target",
    "criteria",
    "content",
    "method",
    "provision",
    "cycle",
    "department",
    "phone",
    "documents",
    "law",
];
/// What the list says with a word of its own, and where it goes.
const FIELDS: [(&str, &str); 15] = [
    ("서민금융", "생활안정"),
    ("생활지원", "생활안정"),
    ("에너지", "생활안정"),
    ("교육", "보육·교육"),
    ("보육", "보육·교육"),
    ("임신·출산", "임신·출산"),
    ("신체건강", "보건·의료"),
    ("정신건강", "보건·의료"),
    ("안전·위기", "행정·안전"),
    ("법률", "행정·안전"),
    ("주거", "주거·자립"),
    ("문화·여가", "문화·환경"),
    ("일자리", "고용·창업"),
    ("보호·돌봄", "보호·돌봄"),
    ("입양·위탁", "보호·돌봄"),
];
/// Of a service whose themes say nothing.
const OTHER: &str = "생활안정";
/// What stands for tags that the publisher gave rather than words that were counted.
const GIVEN: &str = "공식";

/// Imports the list of 복지로 from a folder or a file, and reloads the index.
pub async fn bokjiro(
    definitions: &Definitions,
    from: &Path,
    withdrawing: Withdrawing,
    now: At,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report, Failure> {
    let source = from.canonicalize().unwrap_or_else(|_| from.to_owned()).display().to_string();
    let (list, details) = files(from)?;
    let read = move || -> Result<(Lines, Option<Lines>), Failure> {
        Ok((lines::read(&list)?, details.as_deref().map(lines::read).transpose()?))
    };
    let (list, details) = tokio::task::spawn_blocking(read).await.map_err(Error::internal)??;
    progress(Progress { step: "services", done: list.rows.len(), of: list.rows.len() });
    let mut reading = Reading {
        regions: &definitions.pack().regions,
        report: Report::default(),
        spoilt: HashSet::new(),
        nameless: !list.clean,
    };
    reading.report.complete = list.whole;
    let whole = details.as_ref().is_some_and(|details| details.whole && details.clean);
    // What is known of a service in length stays when the longer texts were not all read.
    let kept = if whole { HashMap::new() } else { kept(definitions).await? };
    reading.report.unusable.extend(list.unusable);
    let details = reading.details(details);
    let ready = reading.services(list.rows, &details, &kept)?;
    if ready.is_empty() {
        return Err(Failure::new(
            format!("{source} holds no service at all"),
            "give services_….jsonl (or .jsonl.gz), or the folder that holds it; nothing was changed",
        ));
    }
    let id = format!("bokjiro-{}-{}", now.micros(), tables::imports(definitions.store()).await?);
    let Reading { report, spoilt, nameless, .. } = reading;
    let incoming = Incoming { list: List::Bokjiro, ready, spoilt, report, nameless };
    let import = Import { id: &id, source: &source, withdrawing, now };
    let report = apply::apply(definitions, &import, incoming, progress).await?;
    definitions.reload().await?;
    Ok(report)
}

fn files(from: &Path) -> Result<(PathBuf, Option<PathBuf>), Failure> {
    if !from.is_dir() {
        return Ok((from.to_owned(), None));
    }
    let list = lines::one(from, "services_")?.ok_or_else(|| {
        Failure::new(
            format!("{} has no services_….jsonl", from.display()),
            "put the list of 복지로 there, or give it itself to --from",
        )
    })?;
    Ok((list, lines::one(from, "details_")?))
}

/// The longer texts as they are kept, by the row's id.
async fn kept(definitions: &Definitions) -> Result<HashMap<String, Map<String, Json>>, Failure> {
    let mut found = HashMap::new();
    for row in tables::bodies(definitions.store(), List::Bokjiro.kind()).await? {
        let body: Map<String, Json> = serde_json::from_str(row.text("body")?).map_err(Error::internal)?;
        let long = body.get("long").and_then(Json::as_array).cloned().unwrap_or_default();
        let texts = long
            .iter()
            .filter_map(Json::as_str)
            .filter_map(|key| Some((key.to_owned(), body.get(key)?.clone())));
        found.insert(row.string("id")?, texts.collect());
    }
    Ok(found)
}

/// Longer texts by the list's id.
type Details = HashMap<String, Map<String, Json>>;

struct Reading<'a> {
    regions: &'a Regions,
    report: Report,
    spoilt: HashSet<String>,
    nameless: bool,
}

impl Reading<'_> {
    fn tell(&mut self, place: &str, what: impl Into<String>) {
        self.report.unusable.push((place.to_owned(), what.into()));
    }

    fn details(&mut self, read: Option<Lines>) -> Details {
        let mut details = Details::new();
        let Some(read) = read else { return details };
        self.report.unusable.extend(read.unusable);
        for (place, row) in read.rows {
            let id = match row
                .get("id")
                .and_then(Json::as_str)
                .map(|id| (id.trim(), List::Bokjiro.id(id.trim())))
            {
                Some((id, Ok(_))) => id.to_ascii_lowercase(),
                _ => {
                    self.tell(&place, "the text has no id that can be used — correct it; it was left out");
                    continue;
                }
            };
            if details.contains_key(&id) {
                self.tell(&place, format!("{id} has two texts; the first one is taken — leave one"));
                continue;
            }
            let texts = self.long_texts(&place, &row);
            details.insert(id, texts);
        }
        details
    }

    /// A text of a row, plain; what had to be made plain is told.
    fn text(&mut self, place: &str, key: &str, text: &str) -> String {
        let read = plain::read(text);
        if read.marked {
            self.tell(place, format!("{key} holds HTML; its words were kept, its marks left out — ask the source for plain text"));
        }
        if read.decomposed {
            self.tell(place, format!("{key} is written in separate letters (NFD); they were put together — save the file as NFC"));
        }
        read.text
    }

    fn long_texts(&mut self, place: &str, row: &Map<String, Json>) -> Map<String, Json> {
        let mut texts = Map::new();
        let mut keep = |key: &str, text: String| {
            if !text.is_empty() {
                texts.insert(key.to_owned(), Json::from(text));
            }
        };
        for key in ["target", "criteria", "content"] {
            keep(key, self.text(place, key, row.get(key).and_then(Json::as_str).unwrap_or_default()));
        }
        for (key, list) in
            [("method", "apply"), ("law", "laws"), ("phone", "contacts"), ("documents", "forms")]
        {
            let parts = row.get(list).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
            let mut words: Vec<String> = Vec::new();
            for part in parts {
                let (name, link) =
                    (part.get("name").and_then(Json::as_str), part.get("link").and_then(Json::as_str));
                let name = self.text(place, list, part.as_str().or(name).unwrap_or_default());
                let link = link.map(str::trim).filter(|link| is_address(link)).map(|link| format!(" {link}"));
                let word = format!("{name}{}", link.unwrap_or_default());
                if !word.is_empty() && !words.contains(&word) {
                    words.push(word);
                }
            }
            keep(key, words.join("\n"));
        }
        texts
    }

    fn services(
        &mut self,
        rows: Vec<(String, Map<String, Json>)>,
        details: &Details,
        kept: &HashMap<String, Map<String, Json>>,
    ) -> Result<Vec<Ready>, Failure> {
        let mut seen: HashSet<String> = HashSet::new();
        let mut ready = Vec::new();
        for (place, row) in rows {
            self.report.read += 1;
            let source_id = row.get("id").and_then(Json::as_str).unwrap_or_default().trim().to_owned();
            let id = match List::Bokjiro.id(&source_id) {
                Ok(id) => id,
                Err(why) => {
                    self.nameless = true;
                    self.tell(&place, format!("{why} — give the service its id; nothing is withdrawn"));
                    continue;
                }
            };
            let lower = source_id.to_ascii_lowercase();
            if seen.contains(&lower) {
                self.tell(
                    &place,
                    format!("{source_id} is in the list twice; the first one is taken — leave one"),
                );
                continue;
            }
            let name = self.text(&place, "name", row.get("name").and_then(Json::as_str).unwrap_or_default());
            let name: String =
                name.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect();
            if name.is_empty() {
                self.spoilt.insert(lower);
                self.tell(
                    &place,
                    format!("{source_id} has no name — give it one; what was known of it stays"),
                );
                continue;
            }
            self.spoilt.remove(&lower);
            let long = details.get(&lower).or_else(|| kept.get(&id)).filter(|texts| !texts.is_empty());
            ready.push(self.service(&place, id, source_id, name, &row, long)?);
            seen.insert(lower);
        }
        // A text without a service is told once the list is known.
        let mut strangers: Vec<&String> =
            details.keys().filter(|id| !seen.contains(*id) && !self.spoilt.contains(*id)).collect();
        strangers.sort();
        for id in strangers {
            self.report
                .unusable
                .push(("details".into(), format!("{id} is not in the list — its text was left out")));
        }
        Ok(ready)
    }

    fn service(
        &mut self,
        place: &str,
        id: String,
        source_id: String,
        name: String,
        row: &Map<String, Json>,
        long: Option<&Map<String, Json>>,
    ) -> Result<Ready, Failure> {
        let mut word = |key: &str| {
            let text = row.get(key).and_then(Json::as_str).unwrap_or_default();
            self.text(place, key, text)
        };
        let (summary, method, cycle, provision) =
            (word("benefit"), word("how_to_apply"), word("cycle"), word("provision"));
        let (whole, ministry, contact, url) =
            (word("agency"), word("ministry"), word("contact"), word("source_url"));
        let (agency, kind, department) = agency(self.regions, &whole, &ministry);
        let short = [
            ("summary", summary),
            ("method", method),
            ("cycle", cycle),
            ("provision", provision),
            ("department", department),
            ("phone", contact),
        ];
        let mut texts: HashMap<&str, String> =
            short.into_iter().filter(|(_, text)| !text.is_empty()).collect();
        // The longer text's words win over the list's, where it has any.
        let long_keys: Vec<&str> =
            TEXTS.into_iter().filter(|key| long.is_some_and(|l| l.contains_key(*key))).collect();
        for key in &long_keys {
            if let Some(text) = long.and_then(|l| l.get(*key)).and_then(Json::as_str) {
                texts.insert(key, text.to_owned());
            }
        }
        let words = |key: &str| {
            if key == "name" { name.clone() } else { texts.get(key).cloned().unwrap_or_default() }
        };
        let given = row.get("confidence").and_then(Json::as_str).is_some_and(|told| told.contains(GIVEN));
        let tags: Vec<String> = if given { list_of(row, "tags") } else { Vec::new() };
        let suggestions: Vec<Suggestion> = suggest::suggest(&words, &tags);
        let themes = list_of(row, "themes");
        let field = themes.iter().find_map(|theme| FIELDS.iter().find(|(named, _)| named == theme));
        let brief = Brief {
            source_id,
            agency,
            agency_kind: kind.into(),
            field: field.map_or(OTHER, |(_, field)| field).into(),
            ages: Ages::read(None, None),
            flags: None,
            deadline: Deadline::Unstated,
            url: if is_address(&url) { url } else { String::new() },
            summary: texts.get("summary").cloned().unwrap_or_default(),
            suggests: suggestions.iter().map(|s| s.key.as_str()).collect::<Vec<_>>().join(" "),
            name,
        };
        let mut body: Map<String, Json> = TEXTS
            .iter()
            .filter_map(|key| texts.get(key).map(|text| ((*key).to_owned(), Json::from(text.as_str()))))
            .collect();
        if !long_keys.is_empty() {
            body.insert("long".into(), json!(long_keys));
        }
        if !suggestions.is_empty() {
            body.insert("suggestions".into(), serde_json::to_value(suggestions).map_err(Error::internal)?);
        }
        Ok(Ready { id, brief, body: Json::Object(body).to_string(), conditions_missing: false })
    }
}

fn list_of(row: &Map<String, Json>, key: &str) -> Vec<String> {
    let words = row.get(key).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    words.iter().filter_map(Json::as_str).map(|word| plain::read(word).text).collect()
}

/// Of `부산광역시 연제구 복지교육국 복지정책과` the body whose service it is, its kind, and the department: the shortest beginning that names the
/// same region. A ministry is named apart.
fn agency(regions: &Regions, whole: &str, ministry: &str) -> (String, &'static str, String) {
    if !ministry.is_empty() {
        let department = whole.strip_prefix(ministry).unwrap_or(whole).trim();
        return (ministry.to_owned(), "중앙행정기관", department.to_owned());
    }
    let words: Vec<&str> = whole.split_whitespace().collect();
    let Some(region) = regions.find(whole) else { return (whole.to_owned(), "", String::new()) };
    let named = (1..=words.len()).find_map(|count| {
        let (front, rest) = words.split_at_checked(count)?;
        let front = front.join(" ");
        let same = regions.find(&front).is_some_and(|found| found.code == region.code);
        same.then(|| (front, rest.join(" ")))
    });
    let (name, department) = named.unwrap_or_else(|| (whole.to_owned(), String::new()));
    (name, if region.parent.is_some() { "시군구" } else { "광역시도" }, department)
}
