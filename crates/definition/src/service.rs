//! Services written in depth.

use std::collections::BTreeMap;

use maru_kernel::{Date, Lang, both};
use maru_rules::RuleSet;
use serde::{Deserialize, Serialize};

use crate::{
    fault::Fault,
    files::Files,
    form::{FieldKind, Form, FormField},
    lasts::{Lasts, WrittenLasts},
    pack::sha256,
    written::{RulesText, shared},
};

#[derive(Debug, Clone)]
pub struct Service {
    pub id: String,
    pub kind: ServiceKind,
    pub source_id: Option<String>,
    pub owner: String,
    pub field: String,
    pub law: Vec<String>,
    pub url: String,
    pub unit_kind: String,
    /// Which unit of that kind a case goes to.
    pub to: To,
    /// How its cases go: one of the pack's charts.
    pub chart: String,
    pub pays: Pays,
    pub period: Period,
    /// Without: the law gives no objection against its answer.
    pub objection: Option<Objection>,
    pub steps: Vec<String>,
    pub evidence: Vec<Evidence>,
    /// Kinds of units without whose reply nothing is granted.
    pub consults: Vec<String>,
    /// Nothing is decided without an approval line.
    pub approval: bool,
    /// Everybody sees what was reported where, not by whom, and may join it.
    pub near: bool,
    /// The article by which it is given to members who did not apply.
    pub without_application: Option<String>,
    /// Until when what was granted holds; without: nothing ends it by itself.
    pub lasts: Option<Lasts>,
    pub rules: RuleSet,
    pub form: Form,
    pub letters: Letters,
    /// The newest `from` of its rules, or its own.
    pub version: Date,
    /// Of all its files.
    pub hash: String,
    pub(crate) texts: [ServiceText; 2],
    /// It can no longer be filed for; cases that run go on by it.
    pub ended: bool,
    /// Its folder in the pack.
    pub(crate) folder: String,
    pub(crate) entries: RuleEntries,
    pub(crate) rules_text: RulesText,
    /// What of `shared/` its rules use.
    pub(crate) uses: Vec<String>,
}

/// What a service is to the one who files it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServiceKind {
    /// Its conditions say who gets it.
    #[default]
    Benefit,
    /// Anybody may file it; an official answers.
    Petition,
    /// Anybody may file it; an official grants or refuses.
    Permit,
}

impl ServiceKind {
    pub fn as_str(self) -> &'static str {
        match self {
            ServiceKind::Benefit => "benefit",
            ServiceKind::Petition => "petition",
            ServiceKind::Permit => "permit",
        }
    }
}

/// Which unit a case goes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum To {
    /// The one where the applicant lives.
    #[default]
    Home,
    /// The one responsible for the place that the form asks for.
    Place,
    /// The one that words and place speak for; the applicant's own when none is clear.
    Words,
    /// The one that decided what it objects to.
    Objected,
}

/// What the amount is per.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pays {
    Month,
    Year,
    Once,
    None,
}

impl Pays {
    pub fn as_str(self) -> &'static str {
        match self {
            Pays::Month => "month",
            Pays::Year => "year",
            Pays::Once => "once",
            Pays::None => "none",
        }
    }

    /// "매달", "each month"; nothing when nothing is paid.
    pub fn text(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Pays::Month, Lang::Ko) => "매달",
            (Pays::Month, Lang::En) => "each month",
            (Pays::Year, Lang::Ko) => "해마다",
            (Pays::Year, Lang::En) => "each year",
            (Pays::Once, Lang::Ko) => "한 번",
            (Pays::Once, Lang::En) => "once",
            (Pays::None, _) => "",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    #[serde(default)]
    pub days: u32,
    /// Working hours instead of days: `즉시` is three.
    #[serde(default)]
    pub hours: u32,
    pub article: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objection {
    pub days: u32,
    pub article: String,
}

/// What is drawn from a register, on consent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    pub register: String,
    pub fields: Vec<String>,
}

/// Templates by kind and language.
#[derive(Debug, Clone, Default)]
pub struct Letters(BTreeMap<String, [Option<String>; 2]>);

impl Letters {
    /// What every benefit writes in its own words.
    pub const KINDS: [&'static str; 3] = ["received", "granted", "refused"];

    /// What stands in a folder.
    pub(crate) fn read(files: &Files, folder: &str) -> Letters {
        let mut letters: BTreeMap<String, [Option<String>; 2]> = BTreeMap::new();
        for (path, text) in files.under(folder) {
            let name = path.rsplit('/').next().unwrap_or_default();
            for (lang, place) in [(Lang::Ko, 0), (Lang::En, 1)] {
                if let Some(kind) = name.strip_suffix(&format!(".{}.txt", lang.tag()))
                    && let Some(slot) = letters.entry(kind.to_owned()).or_default().get_mut(place)
                {
                    *slot = Some(text.to_owned());
                }
            }
        }
        Letters(letters)
    }

    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub fn get(&self, kind: &str, lang: Lang) -> Option<&str> {
        let [ko, en] = self.0.get(kind)?;
        match lang {
            Lang::Ko => ko.as_deref(),
            Lang::En => en.as_deref(),
        }
    }
}

/// A service's words in one language.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceText {
    pub name: String,
    pub summary: String,
    pub gives: String,
    pub method: String,
    pub decides: String,
    pub period: String,
    #[serde(default)]
    pub objection: String,
    /// What follows when what was granted ends, and what there is to do.
    #[serde(default)]
    pub lasts: String,
    #[serde(rename = "step", default)]
    pub steps: BTreeMap<String, String>,
    #[serde(rename = "evidence", default)]
    pub(crate) evidences: BTreeMap<String, Label>,
    #[serde(rename = "condition", default)]
    pub conditions: BTreeMap<String, ConditionText>,
    #[serde(rename = "line", default)]
    pub(crate) lines: BTreeMap<String, Label>,
    #[serde(rename = "page", default)]
    pub pages: BTreeMap<String, PageText>,
    #[serde(rename = "field", default)]
    pub fields: BTreeMap<String, FieldText>,
    #[serde(rename = "choice", default)]
    pub choices: BTreeMap<String, BTreeMap<String, String>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Label {
    pub(crate) label: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConditionText {
    pub label: String,
    /// The threshold in words.
    pub detail: String,
    /// The sentence for a refusal.
    pub no: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageText {
    pub short: String,
    pub title: String,
    pub hint: Option<String>,
    pub why: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldText {
    pub label: String,
    pub hint: Option<String>,
}

// What a text lacks is shown empty or by its id; the check refuses such a pack before it gets that far.
static NO_CONDITION: ConditionText =
    ConditionText { label: String::new(), detail: String::new(), no: String::new() };
static NO_PAGE: PageText = PageText { short: String::new(), title: String::new(), hint: None, why: None };
static NO_FIELD: FieldText = FieldText { label: String::new(), hint: None };

impl ServiceText {
    pub fn condition(&self, id: &str) -> &ConditionText {
        self.conditions.get(id).unwrap_or(&NO_CONDITION)
    }
    pub fn line<'a>(&'a self, id: &'a str) -> &'a str {
        self.lines.get(id).map_or(id, |l| &l.label)
    }
    pub fn page(&self, id: &str) -> &PageText {
        self.pages.get(id).unwrap_or(&NO_PAGE)
    }
    pub fn field(&self, id: &str) -> &FieldText {
        self.fields.get(id).unwrap_or(&NO_FIELD)
    }
    pub fn choice<'a>(&'a self, field: &str, value: &'a str) -> &'a str {
        self.choices.get(field).and_then(|c| c.get(value)).map_or(value, String::as_str)
    }
    pub fn step<'a>(&'a self, id: &'a str) -> &'a str {
        self.steps.get(id).map_or(id, String::as_str)
    }
    pub fn evidence<'a>(&'a self, register: &'a str) -> &'a str {
        self.evidences.get(register).map_or(register, |l| &l.label)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    #[serde(default)]
    kind: ServiceKind,
    /// Since when it goes like this, where no rule says so.
    from: Option<String>,
    source_id: Option<String>,
    owner: String,
    field: String,
    law: Vec<String>,
    url: String,
    unit_kind: String,
    #[serde(default)]
    to: To,
    chart: String,
    pays: Pays,
    period: Period,
    objection: Option<Objection>,
    #[serde(default)]
    steps: Vec<String>,
    #[serde(default)]
    evidence: Vec<Evidence>,
    #[serde(default)]
    consults: Vec<String>,
    #[serde(default)]
    near: bool,
    #[serde(default)]
    approval: bool,
    without_application: Option<String>,
    lasts: Option<WrittenLasts>,
    /// Files of `shared/` whose lets its rules may use.
    #[serde(default)]
    uses: Vec<String>,
}

/// The entries of rules.toml as the check and the texts need them; what they mean is the rules room's.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct RuleEntries {
    #[serde(rename = "let", default)]
    pub(crate) lets: Vec<RuleEntry>,
    #[serde(rename = "condition", default)]
    pub(crate) conditions: Vec<RuleEntry>,
    #[serde(rename = "line", default)]
    pub(crate) lines: Vec<RuleEntry>,
    #[serde(rename = "amount", default)]
    pub(crate) amounts: Vec<RuleEntry>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RuleEntry {
    #[serde(default)]
    pub(crate) id: String,
    pub(crate) from: Option<String>,
}

impl RuleEntry {
    pub(crate) fn first(&self) -> Option<Date> {
        self.from.as_ref()?.parse().ok()
    }
}

impl RuleEntries {
    fn dates(&self) -> impl Iterator<Item = Date> {
        let all = [&self.lets, &self.conditions, &self.lines, &self.amounts];
        all.into_iter().flatten().filter_map(RuleEntry::first)
    }
}

/// All that says what a service is: its folder, and the shared rules it uses.
pub(crate) fn files_of<'a>(
    files: &'a Files,
    folder: &'a str,
    uses: &'a [String],
) -> impl Iterator<Item = (&'a str, &'a str)> {
    files.under(folder).chain(shared_files(files, uses))
}

/// Those of the shared files that are there.
fn shared_files<'a>(files: &'a Files, uses: &'a [String]) -> impl Iterator<Item = (&'a str, &'a str)> {
    uses.iter().filter_map(|name| files.iter().find(|(path, _)| *path == shared(name)))
}

impl Service {
    pub fn text(&self, lang: Lang) -> &ServiceText {
        let [ko, en] = &self.texts;
        match lang {
            Lang::Ko => ko,
            Lang::En => en,
        }
    }

    /// Anybody may have it: there is nothing to qualify for.
    pub fn asks_nothing(&self) -> bool {
        self.entries.conditions.is_empty()
    }

    /// The field that says where it is about.
    pub fn place(&self) -> Option<&FormField> {
        self.form.fields().find(|field| field.kind == FieldKind::Place)
    }

    pub(crate) fn file(&self, name: &str) -> String {
        format!("{}/{name}", self.folder)
    }

    pub(crate) fn read(files: &Files, folder: &str, faults: &mut Vec<Fault>) -> Option<Service> {
        let file = |name: &str| format!("{folder}/{name}");
        let written = files.toml::<Written>(&file("service.toml"), faults);
        let rules_file = file("rules.toml");
        let uses = written.as_ref().map(|w| w.uses.clone()).unwrap_or_default();
        let rules_text = RulesText::of(files, folder, &uses, faults);
        // What anybody may file has no conditions, and then no such file.
        let anybody = written.as_ref().is_some_and(|w| w.kind != ServiceKind::Benefit)
            && files.get(&rules_file).is_none();
        let entries = if anybody {
            Some(RuleEntries::default())
        } else {
            files.toml::<RuleEntries>(&rules_file, faults)
        };
        let parse = || if anybody { Ok(RuleSet::default()) } else { RuleSet::parse(&rules_text.text) };
        let rules = entries.is_some().then(parse).and_then(|read| match read {
            Ok(rules) => Some(rules),
            Err(wrong) => {
                let todo = || {
                    both!(
                        "crates/rules/README.md에 있는 대로 쓰세요",
                        "write it as crates/rules/README.md tells"
                    )
                };
                faults.extend(wrong.into_iter().map(|f| {
                    let (file, line) = rules_text.place(f.line);
                    Fault::new(file, line, f.message, todo())
                }));
                None
            }
        });
        let form = Form::read_file(files, &file("form.toml"), faults);
        let ko = files.toml::<ServiceText>(&file("text.ko.toml"), faults);
        let en = files.toml::<ServiceText>(&file("text.en.toml"), faults);
        let letters = Letters::read(files, &file("letters"));
        let parts: Vec<&str> = files_of(files, folder, &uses).flat_map(|(path, text)| [path, text]).collect();
        let hash = sha256(&parts);
        let shared: Vec<RuleEntries> = shared_files(files, &uses)
            .filter_map(|(file, _)| files.toml::<RuleEntries>(file, faults))
            .collect();
        let (written, entries, rules, ko, en) = (written?, entries?, rules?, ko?, en?);
        let service_file = file("service.toml");
        let text = files.get(&service_file).unwrap_or_default();
        let lasts = written.lasts.and_then(|lasts| Lasts::read(lasts, &service_file, text, faults));
        Some(Service {
            version: entries
                .dates()
                .chain(shared.iter().flat_map(RuleEntries::dates))
                .chain(written.from.as_deref().and_then(|d| d.parse().ok()))
                .max()
                .unwrap_or(Date::ZERO),
            id: written.id,
            kind: written.kind,
            source_id: written.source_id,
            owner: written.owner,
            field: written.field,
            law: written.law,
            url: written.url,
            unit_kind: written.unit_kind,
            to: written.to,
            chart: written.chart,
            pays: written.pays,
            period: written.period,
            objection: written.objection,
            steps: written.steps,
            evidence: written.evidence,
            consults: written.consults,
            near: written.near,
            approval: written.approval,
            without_application: written.without_application,
            lasts,
            rules,
            form,
            letters,
            hash,
            texts: [ko, en],
            ended: false,
            folder: folder.to_owned(),
            entries,
            rules_text,
            uses,
        })
    }
}
