//! What `maru check` refuses, each with file, line and what to do.

mod cases;
mod chart;
mod demo;
mod reminder;
mod service;

pub use cases::RanCase;

use std::collections::{BTreeMap, BTreeSet};

use maru_kernel::{Both, Lang, both};
use maru_rules::{Domain, Expr, PARAMETERS};
use unicode_normalization::is_nfc;

use crate::{
    FactDef, FactKind, Fault, Pack, Register, Service, catalogue, gov24,
    pack::{CATALOGUE, PARAMETERS as PARAMETER_FILE},
    register,
};

/// Nobody is told more than so many days ahead.
const FAR: i64 = 400;

/// Whether these are numbers of days ahead, the longest first.
fn falls(ahead: &[i64]) -> bool {
    !ahead.is_empty()
        && ahead.iter().all(|days| (1..=FAR).contains(days))
        && ahead.is_sorted_by(|one, next| one > next)
}

/// The pack under examination, and what was found.
pub(crate) struct Check<'a> {
    pack: &'a Pack,
    faults: Vec<Fault>,
    cases: Vec<RanCase>,
}

/// What of the services' rules can never be true, or of one service's: no fault, but surely not meant.
pub(crate) fn warnings(pack: &Pack, only: Option<&str>) -> Vec<Fault> {
    let facts: BTreeMap<String, Domain> =
        pack.facts.iter().map(|fact| (fact.name.clone(), fact.domain())).collect();
    let mut found = Vec::new();
    for service in pack.services.iter().filter(|service| only.is_none_or(|id| id == service.id)) {
        for fault in service.rules.never(&facts, &pack.parameters) {
            let (file, line) = service.rules_text.place(fault.line);
            let (at, Both { ko, en }) = (service.rules_text.character(fault.at.start), fault.message);
            let what = both!("{at}번째 글자, {ko}", "character {at}: {en}");
            found.push(Fault::new(
                file,
                line,
                what,
                both!("고치거나 지우세요", "correct it, or take it out"),
            ));
        }
    }
    // What services share is said once.
    found.sort();
    found.dedup();
    found
}

pub(crate) fn run(pack: &Pack) -> (usize, Vec<Fault>) {
    let mut check = Check { pack, faults: Vec::new(), cases: Vec::new() };
    check.files();
    check.plain_under("");
    check.facts();
    check.agencies();
    check.registers();
    check.reminders();
    check.parameters(PARAMETER_FILE);
    check.calendar();
    check.services(None);
    check.charts();
    check.catalogue();
    check.demo();
    let (cases, faults) = check.done();
    (cases.len(), faults)
}

/// One service of a pack alone: how its cases went, and what is wrong with it.
pub(crate) fn one(pack: &Pack, id: &str) -> (Vec<RanCase>, Vec<Fault>) {
    let mut check = Check { pack, faults: Vec::new(), cases: Vec::new() };
    check.files_under("services/");
    check.services(Some(id));
    check.done()
}

/// How plainly one service is written. What was published is served all the same when the list of hard words grows.
pub(crate) fn plain(pack: &Pack, service: &Service) -> Vec<Fault> {
    let mut check = Check { pack, faults: Vec::new(), cases: Vec::new() };
    check.plain_under(&service.folder);
    check.done().1
}

impl Check<'_> {
    fn done(mut self) -> (Vec<RanCase>, Vec<Fault>) {
        self.faults.sort();
        self.faults.dedup();
        (self.cases, self.faults)
    }

    /// A fault on the line where the needles are found one after the other.
    fn at(&mut self, file: &str, needles: &[&str], what: Both, todo: Both) {
        let line = self.pack.files.line(file, needles);
        self.faults.push(Fault::new(file, line, what, todo));
    }

    /// The same of a file that only whoever keeps the pack writes.
    fn of_pack(&mut self, file: &str, needles: &[&str], what: impl Into<String>, todo: impl Into<String>) {
        let line = self.pack.files.line(file, needles);
        self.faults.push(Fault::of_pack(file, line, what, todo));
    }

    /// A text must exist in both languages.
    fn both(&mut self, file: &str, needles: &[&str], text: &Both, whose: &str) {
        for (lang, text) in [("ko", &text.ko), ("en", &text.en)] {
            if text.trim().is_empty() {
                self.of_pack(
                    file,
                    needles,
                    format!("{whose} has no text in {lang}"),
                    format!("write it in {lang}"),
                );
            }
        }
    }

    /// Ids that must be safe and there once.
    fn ids<'b>(&mut self, file: &str, kind: &str, ids: impl Iterator<Item = &'b str>) {
        let mut seen = BTreeSet::new();
        for id in ids {
            let safe = maru_kernel::Id::<()>::parse(id).is_ok();
            if !safe {
                self.at(
                    file,
                    &[&quoted(id)],
                    both!("{id:?}은(는) 쓸 수 없는 id입니다", "{id:?} is no id"),
                    both!(
                        "영문 소문자, 숫자, 붙임표로 64자까지 쓰세요",
                        "use a–z, 0–9 and hyphens, at most 64"
                    ),
                );
            }
            if !seen.insert(id) {
                self.at(
                    file,
                    &[&quoted(id), &quoted(id)],
                    both!("id {id}이(가) 두 번 있습니다", "{kind} {id} is there twice"),
                    both!("id를 서로 다르게 쓰세요", "give each its own id"),
                );
            }
        }
    }

    fn files(&mut self) {
        self.files_under("");
    }

    fn files_under(&mut self, folder: &str) {
        // The catalogue is as its source wrote it; its rows are normalised when they are read.
        for (path, text) in self
            .pack
            .files
            .iter()
            .filter(|(path, _)| path.starts_with(folder) && !path.starts_with("catalogue/"))
        {
            if let Some(line) = text.lines().position(|line| !is_nfc(line)) {
                let what =
                    both!("한글이 풀어져 있습니다 (NFC가 아님)", "Korean in decomposed form (not NFC)");
                let todo = both!(
                    "NFC로 저장하세요. 대부분의 편집기가 그렇게 합니다",
                    "save it in NFC, as most editors do"
                );
                self.faults.push(Fault::new(path, line + 1, what, todo));
            }
        }
    }

    /// What people read: texts, letters and beginnings of answers.
    fn plain_under(&mut self, folder: &str) {
        let pack = self.pack;
        for lang in Lang::ALL {
            let ends = [format!(".{}.toml", lang.tag()), format!(".{}.txt", lang.tag())];
            let read = |path: &str| path.starts_with(folder) && ends.iter().any(|end| path.ends_with(end));
            for (path, text) in pack.files.iter().filter(|(path, _)| read(path)) {
                for (line, number) in text.lines().zip(1_usize..) {
                    let line = line.trim_start();
                    let said = match line.split_once(" = ") {
                        Some((_, said)) if path.ends_with(".toml") => said,
                        _ => line,
                    };
                    if line.starts_with('#') || line.starts_with('[') {
                        continue;
                    }
                    for (what, todo) in pack.plain.faults(lang, said) {
                        self.faults.push(Fault::new(path, number, what, todo));
                    }
                }
            }
        }
    }

    fn facts(&mut self) {
        const FILE: &str = "facts.toml";
        let mut names = BTreeSet::new();
        let mut codes = BTreeMap::new();
        for fact in &self.pack.facts {
            let name = quoted(&fact.name);
            let place: [&str; 1] = [&name];
            if !names.insert(&fact.name) {
                self.of_pack(
                    FILE,
                    &[&name, &name],
                    format!("{} is there twice", fact.name),
                    "a name means one thing",
                );
            }
            let readable =
                Expr::parse(&fact.name).is_ok_and(|expr| expr.names() == BTreeSet::from([fact.name.clone()]));
            if !readable {
                let what = format!("FEEL can't read the name {}", fact.name);
                self.of_pack(FILE, &place, what, "use letters, digits, _ and dots; don't begin with a digit");
            }
            self.both(FILE, &[&name, "label"], &fact.label, &format!("the label of {}", fact.name));
            for (key, text) in [("unit", &fact.unit), ("question", &fact.question), ("why", &fact.why)] {
                if let Some(text) = text {
                    self.both(FILE, &[&name, key], text, &format!("{key} of {}", fact.name));
                }
            }
            if fact.question.is_some() && fact.why.is_none() {
                let what = format!("{} is asked without saying why", fact.name);
                self.of_pack(FILE, &place, what, "add `why`: one plain sentence");
            }
            if (fact.kind == FactKind::Choice) == fact.choices.is_empty() {
                let what = format!("{}: choices belong to kind \"choice\", and only to it", fact.name);
                self.of_pack(FILE, &place, what, "add [[fact.choice]] or change the kind");
            }
            for choice in &fact.choices {
                self.both(
                    FILE,
                    &[&name, &quoted(&choice.value)],
                    &choice.label,
                    &format!("choice {}", choice.value),
                );
            }
            if fact.min.zip(fact.max).is_some_and(|(min, max)| min > max) {
                self.of_pack(FILE, &[&name, "min"], format!("{}: min is above max", fact.name), "swap them");
            }
            self.group(FILE, &name, fact);
            for code in &fact.codes {
                if let Some(other) = codes.insert(code, &fact.name) {
                    let what = format!("{code} already stands for {other}");
                    self.of_pack(FILE, &[&name, code], what, "a code stands for one fact");
                }
            }
        }
    }

    fn group(&mut self, file: &str, name: &str, fact: &FactDef) {
        let Some(group) = fact.group.as_deref() else { return };
        if !gov24::GROUPS.contains(&group) || group == "unread" {
            let todo = "use sex, age, income, person, household or region, or leave it out";
            return self.of_pack(
                file,
                &[name, "group"],
                format!("{group} is no group of the catalogue"),
                todo,
            );
        }
        let ages = ["JA0110", "JA0111"];
        let choices = fact.choices.iter().filter_map(|c| c.code.as_ref());
        for code in fact.codes.iter().chain(choices) {
            let of = gov24::option_of(code).and_then(|(group, _)| gov24::GROUPS.get(group));
            if of != Some(&group) && !(group == "age" && ages.contains(&code.as_str())) {
                let what = format!("{code} is no code of group {group}");
                self.of_pack(file, &[name, code], what, "see the codes in crates/definition/src/gov24.rs");
            }
        }
    }

    fn agencies(&mut self) {
        const FILE: &str = "agencies.toml";
        let pack = self.pack;
        self.both("pack.toml", &["name"], &pack.name, "the country");
        for field in &pack.fields {
            self.both("pack.toml", &["field", &field.ko], field, "a field of the catalogue");
        }
        self.ids(FILE, "agency", pack.agencies.iter().map(|a| a.id.as_str()));
        self.ids(FILE, "unit kind", pack.unit_kinds.iter().map(|u| u.id.as_str()));
        let agencies = pack.agencies.iter().map(|a| (&a.id, &a.name));
        for (id, name) in agencies.chain(pack.unit_kinds.iter().map(|u| (&u.id, &u.name))) {
            self.both(FILE, &[&quoted(id)], name, &format!("the name of {id}"));
        }
    }

    /// Names an expression reads that are neither parameters nor fit `known`.
    fn unknown_names(&self, names: BTreeSet<String>, known: impl Fn(&str) -> bool) -> Vec<String> {
        let parameter = |name: &str| name.strip_prefix(PARAMETERS).is_some_and(|rest| rest.starts_with('.'));
        let fits =
            |name: &String| if parameter(name) { self.pack.parameters.knows(name) } else { known(name) };
        names.into_iter().filter(|name| !fits(name)).collect()
    }

    /// A fact of the dictionary, or something inside one.
    fn knows_fact(&self, name: &str) -> bool {
        self.pack
            .facts
            .iter()
            .any(|f| name.strip_prefix(&f.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
    }

    fn registers(&mut self) {
        let file = register::FILE;
        let pack = self.pack;
        self.ids(file, "register", pack.registers.iter().map(|r| r.id.as_str()));
        for register in &pack.registers {
            let id = quoted(&register.id);
            self.both(file, &[&id], &register.name, &format!("the name of {}", register.id));
            if pack.agency(&register.owner).is_none() {
                let what = format!("{}: no agency {}", register.id, register.owner);
                self.of_pack(
                    file,
                    &[&id, "owner"],
                    what,
                    "add it to agencies.toml, or name one that is there",
                );
            }
            if register.law.trim().is_empty() {
                self.of_pack(
                    file,
                    &[&id, "law"],
                    format!("{} has no article", register.id),
                    "name the law it is kept by",
                );
            }
            let mut fields = BTreeSet::new();
            for field in &register.fields {
                let name = quoted(&field.name);
                self.both(file, &[&id, &name], &field.label, &format!("the label of {}", field.name));
                if !fields.insert(field.name.as_str()) {
                    self.of_pack(
                        file,
                        &[&id, &name, &name],
                        format!("{} is there twice", field.name),
                        "name each field once",
                    );
                }
            }
            self.gives(register, &id, &fields);
        }
    }

    fn gives(&mut self, register: &Register, id: &str, fields: &BTreeSet<&str>) {
        for gives in &register.gives {
            let fact = quoted(&gives.fact);
            let place: [&str; 3] = [id, "gives", &fact];
            if self.pack.fact(&gives.fact).is_none() {
                let what = format!("{} gives {}, which is no fact", register.id, gives.fact);
                self.of_pack(register::FILE, &place, what, "add it to facts.toml, or give one that is there");
            }
            for expr in std::iter::once(&gives.value).chain(&gives.otherwise) {
                let known = |name: &str| {
                    name == register::TODAY || fields.contains(name.split('.').next().unwrap_or(name))
                };
                for name in self.unknown_names(expr.names(), known) {
                    let what = format!("{} reads {name}, which is no field of {}", gives.fact, register.id);
                    self.of_pack(
                        register::FILE,
                        &place,
                        what,
                        "use the register's own fields, 오늘 and 매개.…",
                    );
                }
            }
        }
    }

    /// A file of parameters: what the rules' room doesn't look at.
    fn parameters(&mut self, file: &str) {
        let Some(table) = self.pack.files.get(file).and_then(|text| text.parse::<toml::Table>().ok()) else {
            return;
        };
        let filled = |table: &toml::Value, key: &str| {
            table.get(key).and_then(toml::Value::as_str).is_some_and(|text| !text.trim().is_empty())
        };
        let entries = table.get("parameter").and_then(toml::Value::as_array).cloned().unwrap_or_default();
        for parameter in entries {
            let bare = parameter.get("name").and_then(toml::Value::as_str).unwrap_or_default();
            let name = quoted(bare);
            let without = |key: &str| both!("{name}에 {key}이(가) 없습니다", "{name} has no {key}");
            for lang in ["ko", "en"] {
                if !parameter.get("label").is_some_and(|label| filled(label, lang)) {
                    let what = both!("{name}에 {lang} 이름이 없습니다", "{name} has no label in {lang}");
                    let todo = both!(
                        "label = {{ ko = \"…\", en = \"…\" }}로 쓰세요",
                        "write label = {{ ko = \"…\", en = \"…\" }}"
                    );
                    self.at(file, &[&name], what, todo);
                }
            }
            for key in ["article", "unit"] {
                if !filled(&parameter, key) {
                    let todo = both!("{key} = \"…\"을(를) 쓰세요", "write {key} = \"…\"");
                    self.at(file, &[&name], without(key), todo);
                }
            }
            let owner = self.pack.parameter_owner(bare).unwrap_or_default();
            if self.pack.agency(owner).is_none() {
                let what = both!("{name}의 기관이 없습니다", "{name} belongs to no agency");
                let todo =
                    both!("owner에 agencies.toml의 id를 쓰세요", "name an agency of agencies.toml as owner");
                self.at(file, &[&name], what, todo);
            }
            for value in parameter.get("value").and_then(toml::Value::as_array).cloned().unwrap_or_default() {
                let from = value.get("from").and_then(toml::Value::as_str).unwrap_or_default().to_owned();
                if !filled(&value, "source") {
                    let what =
                        both!("{name}의 {from} 값에 source가 없습니다", "{name} from {from} has no source");
                    let todo = both!("알린 고시를 쓰세요", "name the notice it was announced in");
                    self.at(file, &[&name, &from], what, todo);
                }
            }
        }
    }

    fn calendar(&mut self) {
        const FILE: &str = "calendar.toml";
        let pack = self.pack;
        if pack.calendar.source().trim().is_empty() {
            self.of_pack(FILE, &["source"], "the calendar has no source", "say where the holidays are from");
        }
        for agency in pack.calendar.agencies_with_hours().filter(|id| pack.agency(id).is_none()) {
            let what = format!("hours of {agency}, which is no agency");
            self.of_pack(FILE, &["hours"], what, "name an agency of agencies.toml");
        }
        for (date, name) in pack.calendar.holidays() {
            self.both(FILE, &[&date.to_string()], name, &format!("the holiday of {date}"));
        }
    }

    fn catalogue(&mut self) {
        let pack = self.pack;
        let Some(shipped) = &pack.catalogue else { return };
        let Some((_, file, text)) = pack.shipped_rows() else {
            let what = format!("there is no catalogue/{}", shipped.file);
            return self.of_pack(CATALOGUE, &["file"], what, "make it with `cargo xtask catalogue`");
        };
        let (mut rows, mut seen) = (0, BTreeMap::new());
        for (line, row) in catalogue::shipped_lines(text) {
            rows += 1;
            let todo = "make the file anew with `cargo xtask catalogue`";
            match catalogue::Brief::read(row) {
                Ok(brief) => {
                    if let Some(first) = seen.insert(brief.source_id.to_ascii_lowercase(), line) {
                        let what = format!("{} is on line {first}, too", brief.source_id);
                        self.faults.push(Fault::of_pack(&file, line, what, todo));
                    }
                }
                Err(what) => self.faults.push(Fault::of_pack(&file, line, what, todo)),
            }
        }
        if rows != shipped.count {
            let what = format!("{file} has {rows} services, not {}", shipped.count);
            self.of_pack(CATALOGUE, &["count"], what, "make both files anew with `cargo xtask catalogue`");
        }
        let (source, coverage) = (&shipped.source, &shipped.coverage);
        let texts = [
            ("name", &source.name),
            ("owner", &source.owner),
            ("licence", &source.licence),
            ("holds", &source.contents),
            ("note", &coverage.note),
        ];
        for (key, text) in texts {
            self.both(CATALOGUE, &[key], text, key);
        }
        if shipped.as_of().is_none() {
            self.of_pack(
                CATALOGUE,
                &["snapshot"],
                format!("{} is no day", shipped.snapshot),
                "write it as 2026-07-10",
            );
        }
        if coverage.percent > 100 || coverage.age_from > coverage.age_to {
            self.of_pack(
                CATALOGUE,
                &["[coverage]"],
                "the coverage can't be",
                "correct percent, age_from and age_to",
            );
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}
