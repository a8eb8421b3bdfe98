//! Services written in depth: whatever they name is there, in both languages.

use std::collections::{BTreeMap, BTreeSet};

use maru_kernel::{Date, Lang};

use super::{Check, quoted};
use crate::{
    FactKind, Fault, FieldKind, FormField, Letters, Service, ServiceKind, To, service::RuleEntries,
    written::shared,
};

/// The names a letter may use.
const LETTER: [&str; 32] = [
    "services",
    "count",
    "notice_url",
    "applicant",
    "service",
    "receipt",
    "received_on",
    "due_on",
    "decided_on",
    "amount",
    "pays_text",
    "reasons",
    "note",
    "basis",
    "officer",
    "unit",
    "contact",
    "objection_until",
    "objection_text",
    "case_url",
    "said",
    "until",
    "waits",
    "extended",
    "more",
    "due_then",
    "objectable",
    "assigned",
    "next_on",
    "desk_url",
    "reason",
    "loop",
];
const REASON: [&str; 3] = ["label", "article", "text"];

impl Check<'_> {
    /// All of them, or one.
    pub(super) fn services(&mut self, only: Option<&str>) {
        let pack = self.pack;
        let mut ids = BTreeMap::new();
        let mut sources = BTreeMap::new();
        for service in &pack.services {
            let file = service.file("service.toml");
            if let Some(other) = ids.insert(&service.id, &service.folder) {
                let what = format!("{} is in {other}, too", service.id);
                self.at(&file, &["id"], what, "give each service its own id");
            }
            if let Some(source) = &service.source_id
                && let Some(other) = sources.insert(source, &service.id)
            {
                let what = format!("{source} is already written in depth, as {other}");
                self.at(&file, &["source_id"], what, "one entry, one service");
            }
            if only.is_some_and(|id| id != service.id) {
                continue;
            }
            self.head(service, &file);
            self.course(service);
            self.rules(service);
            self.form(service);
            self.texts(service);
            self.letters(service);
            self.run_cases(service);
        }
        if only.is_none() {
            self.shared();
        }
    }

    fn head(&mut self, service: &Service, file: &str) {
        let pack = self.pack;
        self.ids(file, "service", std::iter::once(service.id.as_str()));
        let named = pack.agency(&service.owner).is_some();
        if service.folder != format!("services/{}/{}", service.owner, service.id) {
            let todo = format!("put it in services/{}/{}", service.owner, service.id);
            self.at(
                file,
                &["id"],
                format!("the folder {} is not the owner's and the id's", service.folder),
                todo,
            );
        }
        if !named {
            let what = format!("no agency {}", service.owner);
            self.at(file, &["owner"], what, "add it to agencies.toml, or name one that is there");
        }
        if pack.unit_kind(&service.unit_kind).is_none() {
            let what = format!("no unit kind {}", service.unit_kind);
            self.at(file, &["unit_kind"], what, "add it to agencies.toml, or name one that is there");
        }
        if service.law.is_empty() || service.law.iter().any(|law| law.trim().is_empty()) {
            self.at(file, &["law"], "no law is named", "name the acts it rests on");
        }
        let objection = service.objection.as_ref().map(|o| ("objection", &o.article, o.days));
        let period = ("period", &service.period.article, service.period.days.max(service.period.hours));
        for (key, article, length) in std::iter::once(period).chain(objection) {
            if article.trim().is_empty() {
                self.at(file, &[key], format!("{key} has no article"), "name the article that sets it");
            }
            if length == 0 {
                self.at(file, &[key], format!("{key} has no days"), "write how many");
            }
        }
        if service.version == Date::ZERO {
            let todo = "write from = \"2026-01-01\"";
            self.at(file, &[], "nothing says since when it goes like this", todo);
        }
        if service.period.days > 0 && service.period.hours > 0 {
            self.at(file, &["period"], "period has days and hours", "write one of them");
        }
        if service.objection.is_none() && service.kind != ServiceKind::Petition {
            let todo = "write objection = { days, article }";
            self.at(file, &[], "nothing is said of objections against its decision", todo);
        }
        if service.kind != ServiceKind::Petition
            && let Some(chart) = pack.chart(&service.chart)
            && !chart.verbs.iter().any(|verb| verb.id == "grant")
        {
            let what = format!("what goes by {} is never granted", service.chart);
            self.at(file, &["chart"], what, "name another chart, or write kind = \"petition\"");
        }
        if service.to == To::Place && service.place().is_none() {
            let todo = "ask for it in form.toml: a field of kind place";
            self.at(file, &["to"], "it goes where its place is, and asks for no place", todo);
        }
        if service.near && service.place().is_none() {
            let todo = "ask for it in form.toml: a field of kind place";
            self.at(file, &["near"], "it shows what was reported where, and asks for no place", todo);
        }
        for kind in service.consults.iter().filter(|kind| pack.unit_kind(kind).is_none()) {
            let what = format!("no unit kind {kind}");
            self.at(file, &["consults", kind], what, "add it to agencies.toml, or name one that is there");
        }
        if let Some(article) = &service.without_application {
            if article.trim().is_empty() {
                let todo = "name the article, or take the line out";
                self.at(
                    file,
                    &["without_application"],
                    "no article lets it be given without an application",
                    todo,
                );
            }
            let benefit = service.kind == ServiceKind::Benefit && !service.asks_nothing();
            if !benefit || service.approval || !service.consults.is_empty() || service.to != To::Home {
                let what = "only a benefit that rules alone decide, where somebody lives, is given without an application";
                let todo = "take out without_application, or kind, to, approval or consults";
                self.at(file, &["without_application"], what, todo);
            }
        }
        if !service.url.starts_with("https://") && !service.url.starts_with("http://") {
            self.at(file, &["url"], "the url is no address", "begin it with https://");
        }
        for evidence in &service.evidence {
            let id = quoted(&evidence.register);
            let Some(register) = pack.register(&evidence.register) else {
                let what = format!("no register {}", evidence.register);
                self.at(file, &["[[evidence]]", &id], what, "use one of registers.toml");
                continue;
            };
            for field in evidence.fields.iter().filter(|field| register.field(field).is_none()) {
                let what = format!("{} has no field {field}", evidence.register);
                self.at(file, &[&id, &quoted(field)], what, "draw only fields that registers.toml names");
            }
        }
    }

    /// What services share is lets, and somebody uses it.
    fn shared(&mut self) {
        let used =
            |file: &str| self.pack.services.iter().any(|s| s.uses.iter().any(|name| shared(name) == file));
        let found: Vec<(String, bool)> =
            self.pack.files.under("shared").map(|(file, _)| (file.to_owned(), used(file))).collect();
        for (file, used) in found {
            let mut faults = Vec::new();
            let entries = self.pack.files.toml::<RuleEntries>(&file, &mut faults).unwrap_or_default();
            if [&entries.conditions, &entries.lines, &entries.amounts].iter().any(|list| !list.is_empty()) {
                self.at(
                    &file,
                    &["[[condition]]"],
                    "only lets can be shared",
                    "write it in each service's rules.toml",
                );
            }
            if !used {
                self.at(
                    &file,
                    &[],
                    "no service uses it",
                    "name it in `uses` of a service.toml, or delete it",
                );
            }
        }
    }

    fn rules(&mut self, service: &Service) {
        let file = service.file("rules.toml");
        for name in self.unknown_names(service.rules.names(), |name| self.knows_fact(name)) {
            let what = format!("{name} is no fact, no parameter and no let above");
            let holds = |file: &&String| self.pack.files.get(file).is_some_and(|text| text.contains(&name));
            let shared: Vec<String> = service.uses.iter().map(|name| shared(name)).collect();
            let file = std::iter::once(&file).chain(&shared).find(holds).unwrap_or(&file).clone();
            self.at(&file, &[&name], what, "add it to facts.toml or parameters.toml, or correct the name");
        }
        if service.entries.conditions.is_empty() && service.kind == ServiceKind::Benefit {
            self.at(
                &file,
                &[],
                "there is no condition",
                "write at least one [[condition]], with its article",
            );
        }
    }

    fn form(&mut self, service: &Service) {
        let file = service.file("form.toml");
        let pages = &service.form.pages;
        self.ids(&file, "page", pages.iter().map(|p| p.id.as_str()));
        self.ids(&file, "field", pages.iter().flat_map(|p| &p.fields).map(|f| f.id.as_str()));
        for page in pages {
            if page.fields.is_empty() {
                let what = format!("page {} asks nothing", page.id);
                self.at(&file, &[&quoted(&page.id)], what, "add a [[page.field]], or take it out");
            }
            let whens = page.when.iter().map(|when| (&page.id, when));
            for (id, when) in
                whens.chain(page.fields.iter().filter_map(|f| f.when.as_ref().map(|w| (&f.id, w))))
            {
                let unknown: Vec<String> =
                    when.names().into_iter().filter(|name| !self.knows_fact(name)).collect();
                for name in unknown {
                    let what = format!("`when` of {id} reads {name}, which is no fact");
                    self.at(&file, &[&quoted(id), "when"], what, "use facts of facts.toml only");
                }
            }
            page.fields.iter().for_each(|field| self.field(&file, field));
        }
    }

    fn field(&mut self, file: &str, field: &FormField) {
        let id = quoted(&field.id);
        let Some(fact) = self.pack.fact(&field.fact) else {
            let what = format!("{} answers {}, which is no fact", field.id, field.fact);
            return self.at(file, &[&id, "fact"], what, "add it to facts.toml");
        };
        let fits = match field.kind {
            FieldKind::Choice => matches!(fact.kind, FactKind::Choice | FactKind::Text),
            FieldKind::YesNo | FieldKind::Consent => fact.kind == FactKind::Boolean,
            FieldKind::Text => matches!(fact.kind, FactKind::Text | FactKind::Region),
            FieldKind::Digits | FieldKind::Long | FieldKind::Place | FieldKind::Position => {
                fact.kind == FactKind::Text
            }
            FieldKind::Money | FieldKind::Number => fact.kind == FactKind::Number,
            FieldKind::Date => fact.kind == FactKind::Date,
        };
        if !fits {
            let what = format!("{} can't answer {}: their kinds don't fit", field.id, field.fact);
            self.at(file, &[&id, "kind"], what, "change the kind of the field or of the fact");
        }
        if (field.kind == FieldKind::Choice) == field.choices.is_empty() {
            let what = format!("{}: choices belong to kind \"choice\", and only to it", field.id);
            self.at(file, &[&id], what, "add choices, or change the kind");
        }
        if fact.kind == FactKind::Choice {
            for choice in field.choices.iter().filter(|c| fact.choices.iter().all(|known| known.value != **c))
            {
                let what = format!("{choice} is no choice of {}", field.fact);
                self.at(file, &[&id, &quoted(choice)], what, "use the fact's own choices");
            }
        }
        if field.min.zip(field.max).is_some_and(|(min, max)| min > max) {
            self.at(file, &[&id, "min"], format!("{}: min is above max", field.id), "swap them");
        }
    }

    fn texts(&mut self, service: &Service) {
        let needed = needed(service);
        let mut keys = Vec::new();
        for lang in Lang::ALL {
            let file = service.file(&format!("text.{}.toml", lang.tag()));
            let table =
                self.pack.files.get(&file).and_then(|t| t.parse::<toml::Table>().ok()).unwrap_or_default();
            let mut found = BTreeMap::new();
            flatten(&toml::Value::Table(table), &mut Vec::new(), &mut found);
            for (path, text) in &found {
                if text.trim().is_empty() {
                    self.text_fault(&file, path, "is empty", "write the text");
                }
            }
            for path in needed.iter().filter(|path| !found.contains_key(*path)) {
                self.text_fault(&file, path, "is missing", "add it, in this language too");
            }
            keys.push((file, found));
        }
        if let [(ko_file, ko), (en_file, en)] = keys.as_slice() {
            for (mine, my_file, theirs) in [(ko, ko_file, en_file), (en, en_file, ko_file)] {
                let other = if std::ptr::eq(mine, ko) { en } else { ko };
                for path in mine.keys().filter(|path| !other.contains_key(*path) && !needed.contains(*path)) {
                    self.text_fault(
                        my_file,
                        path,
                        &format!("is not in {theirs}"),
                        "add it there, or take it out here",
                    );
                }
            }
        }
    }

    fn text_fault(&mut self, file: &str, path: &[String], what: &str, todo: &str) {
        let (heading, key) = match path {
            [all @ .., key] if !all.is_empty() => (format!("[{}]", all.join(".")), key.clone()),
            _ => (String::new(), path.join(".")),
        };
        // The line of the key, or of its table when the key is not there.
        let line = match self.pack.files.line(file, &[&heading, &key]) {
            0 => self.pack.files.line(file, &[&heading]),
            line => line,
        };
        self.faults.push(Fault::new(file, line, format!("{} {what}", path.join(".")), todo));
    }

    fn letters(&mut self, service: &Service) {
        for kind in Letters::KINDS {
            for lang in Lang::ALL {
                let file = service.file(&format!("letters/{kind}.{}.txt", lang.tag()));
                match service.letters.get(kind, lang) {
                    // Petitions and permits may leave it to the pack's.
                    None if service.kind != ServiceKind::Benefit => {}
                    None => self.at(
                        &file,
                        &[],
                        "there is no such letter",
                        "write it: a subject, an empty line, the text",
                    ),
                    Some(text) => self.letter(&file, text),
                }
            }
        }
    }

    pub(super) fn letter(&mut self, file: &str, text: &str) {
        let mut lines = text.lines();
        if lines.next().is_none_or(|subject| subject.trim().is_empty())
            || lines.next().is_none_or(|l| !l.is_empty())
        {
            self.faults.push(Fault::new(file, 1, "no subject", "first line the subject, then an empty line"));
        }
        let (mut loops, mut ifs) = (0_i32, 0_i32);
        for (number, line) in (1..).zip(text.lines()) {
            let mut fault = |what: String, todo: &str| self.faults.push(Fault::new(file, number, what, todo));
            for tag in between(line, "{{", "}}") {
                let names: Vec<&str> = tag.split('.').map(str::trim).collect();
                let good = match names.as_slice() {
                    ["reason", field] => REASON.contains(field),
                    [name] => LETTER.contains(name) && !matches!(*name, "reason" | "loop"),
                    _ => false,
                };
                if !good {
                    fault(format!("a letter has no {}", tag.trim()), "use the names packs/README.md lists");
                }
            }
            for tag in between(line, "{%", "%}") {
                match tag.trim().trim_matches('-').trim() {
                    "for reason in reasons" => loops += 1,
                    "endfor" => loops -= 1,
                    "endif" => ifs -= 1,
                    "else" => {}
                    tag => match tag.strip_prefix("if ") {
                        Some(name) if LETTER.contains(&name.trim()) => ifs += 1,
                        _ => fault(
                            format!("a letter can't {tag}"),
                            "only `for reason in reasons` and `if note`",
                        ),
                    },
                }
            }
        }
        if loops != 0 || ifs != 0 {
            self.faults.push(Fault::new(file, 0, "a tag is not closed", "close it with endfor or endif"));
        }
    }
}

fn between<'a>(line: &'a str, open: &'a str, close: &'a str) -> impl Iterator<Item = &'a str> {
    line.split(open).skip(1).map(move |rest| rest.split(close).next().unwrap_or_default())
}

/// The texts a service must have, by their path.
fn needed(service: &Service) -> BTreeSet<Vec<String>> {
    let mut paths = BTreeSet::new();
    let mut add =
        |path: &[&str]| paths.insert(path.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>());
    for key in ["name", "summary", "gives", "method", "decides", "period"] {
        add(&[key]);
    }
    if service.objection.is_some() {
        add(&["objection"]);
    }
    for step in &service.steps {
        add(&["step", step]);
    }
    for evidence in &service.evidence {
        add(&["evidence", &evidence.register, "label"]);
    }
    for condition in &service.entries.conditions {
        for key in ["label", "detail", "no"] {
            add(&["condition", &condition.id, key]);
        }
    }
    for line in &service.entries.lines {
        add(&["line", &line.id, "label"]);
    }
    for page in &service.form.pages {
        for key in ["short", "title", "why"] {
            add(&["page", &page.id, key]);
        }
        for field in &page.fields {
            add(&["field", &field.id, "label"]);
            for choice in &field.choices {
                add(&["choice", &field.id, choice]);
            }
        }
    }
    paths
}

fn flatten(value: &toml::Value, path: &mut Vec<String>, found: &mut BTreeMap<Vec<String>, String>) {
    match value {
        toml::Value::Table(table) => {
            for (key, inner) in table {
                path.push(key.clone());
                flatten(inner, path, found);
                path.pop();
            }
        }
        toml::Value::String(text) => drop(found.insert(path.clone(), text.clone())),
        other => drop(found.insert(path.clone(), other.to_string())),
    }
}
