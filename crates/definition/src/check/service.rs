//! Services written in depth: whatever they name is there, in both languages.

use std::collections::{BTreeMap, BTreeSet};

use maru_kernel::{Both, Date, Lang, both};

use maru_rules::PARAMETERS;

use super::{Check, FAR, PARAMETER_FILE, falls, quoted};
use crate::{
    FactKind, Fault, FieldKind, FormField, Letters, Service, ServiceKind, To, register::TODAY,
    service::RuleEntries, written::shared,
};

/// The names a letter may use.
const LETTER: [&str; 36] = [
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
    "ends_on",
    "ended",
    "lasts_text",
    "again_url",
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
                let id = &service.id;
                let what = both!("{id}이(가) {other}에도 있습니다", "{id} is in {other}, too");
                let todo = both!("서비스마다 다른 id를 쓰세요", "give each service its own id");
                self.at(&file, &["id"], what, todo);
            }
            if let Some(source) = &service.source_id
                && let Some(other) = sources.insert(source, &service.id)
            {
                let what = both!(
                    "{source}은(는) {other}(으)로 이미 써 있습니다",
                    "{source} is already written in depth, as {other}"
                );
                let todo = both!("목록 하나에 서비스 하나입니다", "one entry, one service");
                self.at(&file, &["source_id"], what, todo);
            }
            if only.is_some_and(|id| id != service.id) {
                continue;
            }
            self.head(service, &file);
            self.course(service);
            self.parameters(&service.file(PARAMETER_FILE));
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
            let Service { folder, owner, id, .. } = service;
            let what = both!(
                "폴더 {folder}이(가) 기관과 id에 맞지 않습니다",
                "the folder {folder} is not the owner's and the id's"
            );
            let todo = both!("services/{owner}/{id}에 두세요", "put it in services/{owner}/{id}");
            self.at(file, &["id"], what, todo);
        }
        if !named {
            let owner = &service.owner;
            let what = both!("{owner}(이)라는 기관이 없습니다", "no agency {owner}");
            self.at(file, &["owner"], what, of_agencies());
        }
        if pack.unit_kind(&service.unit_kind).is_none() {
            self.at(file, &["unit_kind"], no_unit_kind(&service.unit_kind), of_agencies());
        }
        if service.law.is_empty() || service.law.iter().any(|law| law.trim().is_empty()) {
            let todo = both!("근거 법률을 쓰세요", "name the acts it rests on");
            self.at(file, &["law"], both!("법률이 없습니다", "no law is named"), todo);
        }
        let objection = service.objection.as_ref().map(|o| ("objection", &o.article, o.days));
        let period = ("period", &service.period.article, service.period.days.max(service.period.hours));
        for (key, article, length) in std::iter::once(period).chain(objection) {
            if article.trim().is_empty() {
                let what = both!("{key}에 조문이 없습니다", "{key} has no article");
                self.at(file, &[key], what, both!("정한 조문을 쓰세요", "name the article that sets it"));
            }
            if length == 0 {
                let what = both!("{key}에 날수가 없습니다", "{key} has no days");
                self.at(file, &[key], what, both!("며칠인지 쓰세요", "write how many"));
            }
        }
        if service.version == Date::ZERO {
            let what = both!("언제부터 이렇게 하는지 없습니다", "nothing says since when it goes like this");
            let todo = both!("from = \"2026-01-01\"처럼 쓰세요", "write from = \"2026-01-01\"");
            self.at(file, &[], what, todo);
        }
        if service.period.days > 0 && service.period.hours > 0 {
            let what = both!("period에 days와 hours가 함께 있습니다", "period has days and hours");
            self.at(file, &["period"], what, both!("둘 가운데 하나만 쓰세요", "write one of them"));
        }
        if service.objection.is_none() && service.kind != ServiceKind::Petition {
            let what = both!(
                "결정에 대한 이의신청이 써 있지 않습니다",
                "nothing is said of objections against its decision"
            );
            let todo =
                both!("objection = {{ days, article }}을 쓰세요", "write objection = {{ days, article }}");
            self.at(file, &[], what, todo);
        }
        if service.kind != ServiceKind::Petition
            && let Some(chart) = pack.chart(&service.chart)
            && !chart.verbs.iter().any(|verb| verb.id == "grant")
        {
            let chart = &service.chart;
            let what =
                both!("{chart} 절차로는 결정해 드릴 수 없습니다", "what goes by {chart} is never granted");
            let todo = both!(
                "다른 절차를 쓰거나 kind = \"petition\"으로 쓰세요",
                "name another chart, or write kind = \"petition\""
            );
            self.at(file, &["chart"], what, todo);
        }
        if service.to == To::Place && service.place().is_none() {
            let what = both!(
                "곳에 따라 보내는데 어디인지 묻지 않습니다",
                "it goes where its place is, and asks for no place"
            );
            self.at(file, &["to"], what, ask_for_a_place());
        }
        if service.near && service.place().is_none() {
            let what = both!(
                "가까운 신고를 보여 주는데 어디인지 묻지 않습니다",
                "it shows what was reported where, and asks for no place"
            );
            self.at(file, &["near"], what, ask_for_a_place());
        }
        for kind in service.consults.iter().filter(|kind| pack.unit_kind(kind).is_none()) {
            self.at(file, &["consults", kind], no_unit_kind(kind), of_agencies());
        }
        if let Some(article) = &service.without_application {
            if article.trim().is_empty() {
                let what = both!(
                    "신청 없이 드려도 된다는 조문이 없습니다",
                    "no article lets it be given without an application"
                );
                let todo = both!("조문을 쓰거나 그 줄을 지우세요", "name the article, or take the line out");
                self.at(file, &["without_application"], what, todo);
            }
            let benefit = service.kind == ServiceKind::Benefit && !service.asks_nothing();
            if !benefit || service.approval || !service.consults.is_empty() || service.to != To::Home {
                let what = both!(
                    "신청 없이 드리는 것은 사는 곳에서 규칙만으로 정하는 급여뿐입니다",
                    "only a benefit that rules alone decide, where somebody lives, is given without an application"
                );
                let todo = both!(
                    "without_application을 지우거나 kind, to, approval, consults를 지우세요",
                    "take out without_application, or kind, to, approval or consults"
                );
                self.at(file, &["without_application"], what, todo);
            }
        }
        self.lasts(service, file);
        if !service.url.starts_with("https://") && !service.url.starts_with("http://") {
            let what = both!("url이 주소가 아닙니다", "the url is no address");
            self.at(file, &["url"], what, both!("https://로 시작하세요", "begin it with https://"));
        }
        for evidence in &service.evidence {
            let id = quoted(&evidence.register);
            let Some(register) = pack.register(&evidence.register) else {
                let register = &evidence.register;
                let what = both!("{register}(이)라는 등록부가 없습니다", "no register {register}");
                let todo = both!("registers.toml에 있는 것을 쓰세요", "use one of registers.toml");
                self.at(file, &["[[evidence]]", &id], what, todo);
                continue;
            };
            for field in evidence.fields.iter().filter(|field| register.field(field).is_none()) {
                let register = &evidence.register;
                let what = both!("{register}에 {field} 항목이 없습니다", "{register} has no field {field}");
                let todo = both!(
                    "registers.toml에 있는 항목만 쓰세요",
                    "draw only fields that registers.toml names"
                );
                self.at(file, &[&id, &quoted(field)], what, todo);
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
                self.of_pack(
                    &file,
                    &["[[condition]]"],
                    "only lets can be shared",
                    "write it in each service's rules.toml",
                );
            }
            if !used {
                self.of_pack(
                    &file,
                    &[],
                    "no service uses it",
                    "name it in `uses` of a service.toml, or delete it",
                );
            }
        }
    }

    /// How long what is granted holds: a day that the case can tell, an article, days ahead, and words.
    fn lasts(&mut self, service: &Service, file: &str) {
        let Some(lasts) = &service.lasts else { return };
        for name in self.unknown_names(lasts.until.names(), |name| name == TODAY || self.knows_fact(name)) {
            let what =
                both!("lasts에 쓴 {name}은(는) 사실이 아닙니다", "`lasts` reads {name}, which is no fact");
            let todo = both!(
                "facts.toml의 사실과 오늘, 매개.…만 쓰세요",
                "use facts of facts.toml, 오늘 and 매개.…"
            );
            self.at(file, &["until"], what, todo);
        }
        if lasts.article.trim().is_empty() {
            let what = both!("lasts에 조문이 없습니다", "`lasts` names no article");
            self.at(file, &["lasts"], what, both!("근거 조문을 쓰세요", "name the article it rests on"));
        }
        if !falls(&lasts.ahead) {
            let what = both!(
                "ahead가 큰 수부터 줄어드는 날수가 아닙니다",
                "`ahead` is not a falling number of days"
            );
            let todo =
                both!("{FAR}에서 1까지, 긴 것부터 쓰세요", "write days from {FAR} to 1, the longest first");
            self.at(file, &["ahead"], what, todo);
        }
    }

    fn rules(&mut self, service: &Service) {
        let file = service.file("rules.toml");
        for name in self.unknown_names(service.rules.names(), |name| self.knows_fact(name)) {
            let what = both!(
                "{name}은(는) 사실도, 매개변수도, 위에서 정한 [[let]]도 아닙니다",
                "{name} is no fact, no parameter and no let above"
            );
            let todo = both!(
                "이름을 고치세요. 사실은 facts.toml, 매개변수는 parameters.toml에 있습니다",
                "add it to facts.toml or parameters.toml, or correct the name"
            );
            let holds = |file: &&String| self.pack.files.get(file).is_some_and(|text| text.contains(&name));
            let shared: Vec<String> = service.uses.iter().map(|name| shared(name)).collect();
            let file = std::iter::once(&file).chain(&shared).find(holds).unwrap_or(&file).clone();
            self.at(&file, &[&name], what, todo);
        }
        for name in service.rules.names() {
            let Some(path) = name.strip_prefix(PARAMETERS).and_then(|rest| rest.strip_prefix('.')) else {
                continue;
            };
            if !self.pack.may_read(service, path) {
                let what =
                    both!("{name}은(는) 다른 서비스만 쓰는 값입니다", "{name} is another service's own");
                let todo = both!(
                    "이 서비스의 parameters.toml에 다른 이름으로 쓰거나 나라의 값을 쓰세요",
                    "write one of another name in this service's parameters.toml, or read one of the country"
                );
                self.at(&file, &[&name], what, todo);
            }
        }
        if service.entries.conditions.is_empty() && service.kind == ServiceKind::Benefit {
            let todo = both!(
                "[[condition]]을 조문과 함께 하나는 쓰세요",
                "write at least one [[condition]], with its article"
            );
            self.at(&file, &[], both!("조건이 없습니다", "there is no condition"), todo);
        }
    }

    fn form(&mut self, service: &Service) {
        let file = service.file("form.toml");
        let pages = &service.form.pages;
        self.ids(&file, "page", pages.iter().map(|p| p.id.as_str()));
        self.ids(&file, "field", pages.iter().flat_map(|p| &p.fields).map(|f| f.id.as_str()));
        for page in pages {
            if page.fields.is_empty() {
                let id = &page.id;
                let what = both!("쪽 {id}이(가) 아무것도 묻지 않습니다", "page {id} asks nothing");
                let todo =
                    both!("[[page.field]]를 넣거나 쪽을 지우세요", "add a [[page.field]], or take it out");
                self.at(&file, &[&quoted(id)], what, todo);
            }
            let whens = page.when.iter().map(|when| (&page.id, when));
            for (id, when) in
                whens.chain(page.fields.iter().filter_map(|f| f.when.as_ref().map(|w| (&f.id, w))))
            {
                let unknown: Vec<String> =
                    when.names().into_iter().filter(|name| !self.knows_fact(name)).collect();
                for name in unknown {
                    let what = both!(
                        "{id}의 `when`에 쓴 {name}은(는) 사실이 아닙니다",
                        "`when` of {id} reads {name}, which is no fact"
                    );
                    let todo = both!("facts.toml에 있는 사실만 쓰세요", "use facts of facts.toml only");
                    self.at(&file, &[&quoted(id), "when"], what, todo);
                }
            }
            page.fields.iter().for_each(|field| self.field(&file, field));
        }
    }

    fn field(&mut self, file: &str, field: &FormField) {
        let (id, field_id, fact_name) = (quoted(&field.id), &field.id, &field.fact);
        let Some(fact) = self.pack.fact(&field.fact) else {
            let what = both!(
                "{field_id}이(가) 묻는 {fact_name}은(는) 사실이 아닙니다",
                "{field_id} answers {fact_name}, which is no fact"
            );
            let todo = both!("facts.toml에 있는 것을 쓰세요", "add it to facts.toml");
            return self.at(file, &[&id, "fact"], what, todo);
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
            let what = both!(
                "{field_id}(으)로 {fact_name}을(를) 물을 수 없습니다. kind가 서로 맞지 않습니다",
                "{field_id} can't answer {fact_name}: their kinds don't fit"
            );
            let todo =
                both!("둘 가운데 하나의 kind를 바꾸세요", "change the kind of the field or of the fact");
            self.at(file, &[&id, "kind"], what, todo);
        }
        if (field.kind == FieldKind::Choice) == field.choices.is_empty() {
            let what = both!(
                "{field_id}: choices는 kind가 \"choice\"일 때만, 그때는 꼭 씁니다",
                "{field_id}: choices belong to kind \"choice\", and only to it"
            );
            let todo = both!("choices를 넣거나 kind를 바꾸세요", "add choices, or change the kind");
            self.at(file, &[&id], what, todo);
        }
        if fact.kind == FactKind::Choice {
            for choice in field.choices.iter().filter(|c| fact.choices.iter().all(|known| known.value != **c))
            {
                let what = both!(
                    "{fact_name}에는 {choice}(이)라는 답이 없습니다",
                    "{choice} is no choice of {fact_name}"
                );
                let todo = both!("사실에 있는 답을 쓰세요", "use the fact's own choices");
                self.at(file, &[&id, &quoted(choice)], what, todo);
            }
        }
        if field.min.zip(field.max).is_some_and(|(min, max)| min > max) {
            let what = both!("{field_id}: min이 max보다 큽니다", "{field_id}: min is above max");
            self.at(file, &[&id, "min"], what, both!("둘을 바꾸세요", "swap them"));
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
                    let name = path.join(".");
                    let what = both!("{name}이(가) 비어 있습니다", "{name} is empty");
                    self.text_fault(&file, path, what, both!("글을 쓰세요", "write the text"));
                }
            }
            for path in needed.iter().filter(|path| !found.contains_key(*path)) {
                let name = path.join(".");
                let what = both!("{name}이(가) 없습니다", "{name} is missing");
                let todo = both!("이 언어로도 쓰세요", "add it, in this language too");
                self.text_fault(&file, path, what, todo);
            }
            keys.push((file, found));
        }
        if let [(ko_file, ko), (en_file, en)] = keys.as_slice() {
            for (mine, my_file, theirs) in [(ko, ko_file, en_file), (en, en_file, ko_file)] {
                let other = if std::ptr::eq(mine, ko) { en } else { ko };
                for path in mine.keys().filter(|path| !other.contains_key(*path) && !needed.contains(*path)) {
                    let name = path.join(".");
                    let what = both!("{name}이(가) {theirs}에는 없습니다", "{name} is not in {theirs}");
                    let todo = both!("그 파일에 넣거나 여기서 지우세요", "add it there, or take it out here");
                    self.text_fault(my_file, path, what, todo);
                }
            }
        }
    }

    fn text_fault(&mut self, file: &str, path: &[String], what: Both, todo: Both) {
        let (heading, key) = match path {
            [all @ .., key] if !all.is_empty() => (format!("[{}]", all.join(".")), key.clone()),
            _ => (String::new(), path.join(".")),
        };
        // The line of the key, or of its table when the key is not there.
        let line = match self.pack.files.line(file, &[&heading, &key]) {
            0 => self.pack.files.line(file, &[&heading]),
            line => line,
        };
        self.faults.push(Fault::new(file, line, what, todo));
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
                        both!("이 안내문이 없습니다", "there is no such letter"),
                        both!(
                            "제목, 빈 줄, 본문 차례로 쓰세요",
                            "write it: a subject, an empty line, the text"
                        ),
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
            let todo =
                both!("첫 줄에 제목을 쓰고 다음 줄을 비우세요", "first line the subject, then an empty line");
            self.faults.push(Fault::new(file, 1, both!("제목이 없습니다", "no subject"), todo));
        }
        let (mut loops, mut ifs) = (0_i32, 0_i32);
        for (number, line) in (1..).zip(text.lines()) {
            let mut fault = |what: Both, todo: Both| self.faults.push(Fault::new(file, number, what, todo));
            for tag in between(line, "{{", "}}") {
                let names: Vec<&str> = tag.split('.').map(str::trim).collect();
                let good = match names.as_slice() {
                    ["reason", field] => REASON.contains(field),
                    [name] => LETTER.contains(name) && !matches!(*name, "reason" | "loop"),
                    _ => false,
                };
                if !good {
                    let tag = tag.trim();
                    fault(
                        both!("안내문에 {tag}은(는) 쓸 수 없습니다", "a letter has no {tag}"),
                        both!("packs/README.md에 있는 이름을 쓰세요", "use the names packs/README.md lists"),
                    );
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
                            both!("안내문에서 {tag}은(는) 할 수 없습니다", "a letter can't {tag}"),
                            both!(
                                "`for reason in reasons`와 `if note`만 됩니다",
                                "only `for reason in reasons` and `if note`"
                            ),
                        ),
                    },
                }
            }
        }
        if loops != 0 || ifs != 0 {
            let what = both!("닫지 않은 표시가 있습니다", "a tag is not closed");
            let todo = both!("endfor나 endif로 닫으세요", "close it with endfor or endif");
            self.faults.push(Fault::new(file, 0, what, todo));
        }
    }
}

fn of_agencies() -> Both {
    both!("agencies.toml에 있는 것을 쓰세요", "add it to agencies.toml, or name one that is there")
}

fn no_unit_kind(kind: &str) -> Both {
    both!("{kind}(이)라는 부서 종류가 없습니다", "no unit kind {kind}")
}

fn ask_for_a_place() -> Both {
    both!("form.toml에서 kind가 place인 항목으로 물으세요", "ask for it in form.toml: a field of kind place")
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
    if service.lasts.is_some() {
        add(&["lasts"]);
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
