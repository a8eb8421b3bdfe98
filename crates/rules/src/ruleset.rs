//! A service's rules: dated conditions, amounts and the lines of a bill, each with its article; and the decision they give.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use maru_kernel::{Both, both};

use crate::Fault;
use crate::eval::{Expr, Outcome, Scope, Wish};
use crate::fault::Lines;
use crate::lexer::is_dotted_name;
use crate::parameters::Parameters;
use crate::parser::{PARAMETERS, is_free_name};
use crate::toml_text::{Period, Source, Table, first_overlap};
use crate::value::{Answer, Facts, Value, nfc};

/// More entries than any law has; a bound on what one file may cost.
const MAX_ENTRIES: usize = 2_000;
mod batch;
mod lines;
mod never;
mod zones;

pub use batch::{Crowd, Hinge, Hinging, Hits, Meaning};
pub use lines::LineColumn;

const KINDS: [&str; 4] = ["let", "condition", "line", "amount"];

/// The rules of one service, parsed once and decided as often as needed. The default has none: everybody may.
#[derive(Debug, Clone, Default)]
pub struct RuleSet {
    /// Grouped by name, a name before those that use it.
    lets: Vec<(String, Vec<Entry<Written>>)>,
    /// For each let those it stands on, by their places.
    below: Vec<BTreeSet<usize>>,
    meanings: Vec<Meaning>,
    conditions: Vec<Entry<Condition>>,
    /// For each condition the lets that its `when` stands on, by their places, a let before those that use it.
    needs: Vec<Vec<usize>>,
    /// The conditions by their places, those that stand on least first.
    order: Vec<usize>,
    lines: Vec<Entry<(Written, i8)>>,
    /// For each line the lets that it stands on.
    line_needs: Vec<Vec<usize>>,
    amounts: Vec<Entry<Written>>,
    /// For each amount the lets that it stands on.
    amount_needs: Vec<Vec<usize>>,
    /// To place what goes wrong while deciding.
    source: Lines,
}

/// What every kind of entry has.
#[derive(Debug, Clone)]
struct Entry<T> {
    id: String,
    article: String,
    from: Date,
    until: Option<Date>,
    line: usize,
    at: Range<usize>,
    body: T,
}

impl<T> Entry<T> {
    fn in_force(&self, on: Date) -> bool {
        self.from <= on && self.until.is_none_or(|until| on <= until)
    }
}

#[derive(Debug, Clone)]
struct Condition {
    when: Written,
    value: Option<Written>,
    limit: Option<Written>,
}

/// An expression and where in the file it was written.
#[derive(Debug, Clone)]
struct Written {
    expr: Expr,
    text: Arc<str>,
    at: Range<usize>,
    /// Where its own text begins, when it stands in the file letter for letter.
    start: Option<usize>,
}

impl Written {
    fn place(&self, fault: Fault) -> Fault {
        let at = match self.start {
            Some(start) => start + fault.at.start..start + fault.at.end,
            None => self.at.clone(),
        };
        Fault { at, ..fault }
    }
}

/// What the rules say of one person on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub answer: Answer,
    /// Whole won, only when yes.
    pub amount: Option<i64>,
    /// The `from` of the newest entry in force on that date.
    pub version: Option<Date>,
    /// One for each condition in force, in the file's order.
    pub reasons: Vec<Reason>,
    /// The amount as a bill: each line in force, with its value.
    pub lines: Vec<Line>,
    /// The facts whose absence keeps the answer (or, when yes, the amount) unknown.
    pub missing: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    pub id: String,
    pub article: String,
    pub answer: Answer,
    /// What was looked at, when the rule names it and it is known.
    pub value: Option<Value>,
    /// What it was held against, when the rule names it and it is known.
    pub limit: Option<Value>,
    /// Every fact the condition, and the lets it uses, looked at.
    pub facts: Vec<(String, Option<Value>)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub id: String,
    pub article: String,
    pub value: Option<Value>,
    pub sign: i8,
}

impl RuleSet {
    /// Reads rules.toml. Every fault it can find is in the list, each with its line.
    pub fn parse(text: &str) -> Result<RuleSet, Vec<Fault>> {
        let mut faults = Vec::new();
        let source = Source::of(text);
        let Some(file) = source.document(&mut faults) else { return Err(faults) };
        let top = Table::top(&source, &file);
        top.only(&KINDS, &mut faults);
        if KINDS.iter().map(|kind| top.count(kind)).sum::<usize>() > MAX_ENTRIES {
            return Err(vec![Fault::at(
                0..0,
                both!("항목이 {MAX_ENTRIES}개보다 많습니다", "more than {MAX_ENTRIES} entries"),
            )]);
        }

        let lets = entries(&top, "let", true, &["value"], &mut faults, |table, faults| {
            written(table, "value", faults)
        });
        let conditions =
            entries(&top, "condition", true, &["when", "value", "limit"], &mut faults, |table, faults| {
                let when = written(table, "when", faults);
                let optional = |key, faults: &mut _| table.get(key).and_then(|_| written(table, key, faults));
                let (value, limit) = (optional("value", faults), optional("limit", faults));
                Some(Condition { when: when?, value, limit })
            });
        let lines = entries(&top, "line", true, &["value", "sign"], &mut faults, |table, faults| {
            let sign = sign(table, faults);
            Some((written(table, "value", faults)?, sign?))
        });
        let amounts = entries(&top, "amount", false, &["value"], &mut faults, |table, faults| {
            written(table, "value", faults)
        });
        if top.get("condition").is_none() {
            faults.push(Fault::at(
                0..0,
                both!(
                    "[[condition]]이 없습니다. 누구나 받는 서비스라면 `when = 'true'`로 쓰세요",
                    "no [[condition]]: a service open to all says so with `when = 'true'`"
                ),
            ));
        }

        let lets = by_name(lets, &mut faults);
        no_forward_use(&lets, &source.lines, &mut faults);
        faults.sort_by_key(|fault| (fault.line, fault.at.start));
        if faults.is_empty() {
            let below = below(&lets);
            let conditions_need =
                conditions.iter().map(|entry| needs(&lets, &below, &entry.body.when)).collect::<Vec<_>>();
            let line_needs = lines.iter().map(|entry| needs(&lets, &below, &entry.body.0)).collect();
            let amount_needs = amounts.iter().map(|entry| needs(&lets, &below, &entry.body)).collect();
            let mut order: Vec<usize> = (0..conditions.len()).collect();
            order.sort_by_key(|place| {
                let height = conditions.get(*place).map_or(0, |entry| entry.body.when.expr.root().height());
                (conditions_need.get(*place).map_or(0, Vec::len), height)
            });
            let needs = conditions_need;
            let meanings = batch::meanings(&lets, &below);
            Ok(RuleSet {
                lets,
                below,
                meanings,
                conditions,
                needs,
                order,
                lines,
                line_needs,
                amounts,
                amount_needs,
                source: source.lines,
            })
        } else {
            Err(faults)
        }
    }

    /// The facts and `매개.…` parameters it may read; its own lets are not among them.
    pub fn names(&self) -> BTreeSet<String> {
        let lets: BTreeSet<&str> = self.lets.iter().map(|(name, _)| name.as_str()).collect();
        self.expressions().flat_map(|written| written.expr.root().names(|name| lets.contains(name))).collect()
    }

    /// Every whole number written in it, and of the parameters it names on a day: between two of them what is only compared does not
    /// make a difference.
    pub fn turning_points(&self, parameters: &Parameters, on: Date) -> BTreeSet<i64> {
        let mut found = BTreeSet::new();
        for written in self.expressions() {
            written.expr.root().whole_numbers(&mut found);
        }
        for name in self.names() {
            match parameters.at(&name, on) {
                Some(Value::Number(number)) => found.extend(number.to_i64()),
                Some(Value::List(list)) => found.extend(list.iter().filter_map(|value| match value {
                    Value::Number(number) => number.to_i64(),
                    _ => None,
                })),
                _ => {}
            }
        }
        found
    }

    /// What each condition in force on a day stands on, as one text: its own, that of the lets it uses, the parameters they name. Where
    /// two days or two versions agree in it, the same facts give the same answer, but for what the day itself changes.
    pub fn grounds(&self, parameters: &Parameters, on: Date) -> Vec<(String, String)> {
        let is_let = |name: &str| self.lets.iter().any(|(id, _)| id == name);
        let mut all: Vec<(String, String)> = Vec::new();
        for (entry, needs) in self.conditions.iter().zip(&self.needs).filter(|(entry, _)| entry.in_force(on))
        {
            let lets =
                needs.iter().filter_map(|place| self.lets.get(*place)).filter_map(|(name, entries)| {
                    let in_force = entries.iter().find(|entry| entry.in_force(on));
                    in_force.map(|entry| (name.as_str(), &entry.body))
                });
            let mut text = String::new();
            let mut names = BTreeSet::new();
            for (name, written) in lets.chain([("", &entry.body.when)]) {
                names.extend(
                    written.expr.root().names(is_let).into_iter().filter(|n| n.starts_with(PARAMETERS)),
                );
                text.push_str(&format!("{name} = {}\n", written.text));
            }
            for name in names {
                let value = parameters.at(&name, on).map(Value::to_json).unwrap_or_default();
                text.push_str(&format!("{name} = {value}\n"));
            }
            // Entries of one id that hold on one day are one condition to whoever reads a reason.
            match all.iter_mut().find(|(id, _)| *id == entry.id) {
                Some((_, before)) => before.push_str(&text),
                None => all.push((entry.id.clone(), text)),
            }
        }
        all
    }

    fn expressions(&self) -> impl Iterator<Item = &Written> {
        let lets = self.lets.iter().flat_map(|(_, entries)| entries).map(|entry| &entry.body);
        let conditions = self.conditions.iter().flat_map(|entry| {
            let Condition { when, value, limit } = &entry.body;
            std::iter::once(when).chain(value).chain(limit)
        });
        let lines = self.lines.iter().map(|entry| &entry.body.0);
        lets.chain(conditions).chain(lines).chain(self.amounts.iter().map(|entry| &entry.body))
    }

    /// The answer of `decide` alone, worked out only as far as it takes: for whoever asks what would be.
    pub fn answer(&self, facts: &Facts, parameters: &Parameters, on: Date) -> Answer {
        Somebody::new(facts, parameters, on).answer(self)
    }

    pub fn decide(&self, facts: &Facts, parameters: &Parameters, on: Date) -> Decision {
        self.work_out(facts, parameters, on, None)
    }

    /// Decides, and says what went wrong with types, parameters and amounts on the way: for whoever checks a pack.
    pub fn check(&self, facts: &Facts, parameters: &Parameters, on: Date) -> (Decision, Vec<Fault>) {
        let mut faults = Vec::new();
        let decision = self.work_out(facts, parameters, on, Some(&mut faults));
        faults.sort_by_key(|fault| (fault.line, fault.at.start));
        (decision, faults)
    }

    fn work_out(
        &self,
        facts: &Facts,
        parameters: &Parameters,
        on: Date,
        faults: Option<&mut Vec<Fault>>,
    ) -> Decision {
        let mut work = Work::new(self, facts, parameters, on, faults);
        // In order, each once: a let finds those it uses already worked out.
        for entries in &self.lets {
            let outcome = work.work_out(entries, on);
            work.scope.define(&entries.0, outcome);
        }

        let mut reasons = Vec::new();
        let mut missing = Vec::new();
        for entry in self.conditions.iter().filter(|entry| entry.in_force(on)) {
            work.saw(entry);
            let (reason, absent) = work.reason(entry);
            if reason.answer == Answer::Unknown {
                missing.extend(absent);
            }
            reasons.push(reason);
        }
        // Where no condition is in force, the service does not say who qualifies: not known, rather than everyone.
        let answers = reasons.iter().map(|reason| reason.answer);
        let answer = answers.reduce(Answer::and).unwrap_or(Answer::Unknown);
        if answer == Answer::No {
            missing.clear();
        }

        let mut lines = Vec::new();
        for entry in self.lines.iter().filter(|entry| entry.in_force(on)) {
            work.saw(entry);
            let (written, sign) = &entry.body;
            let value = known(work.run(written).value);
            lines.push(Line { id: entry.id.clone(), article: entry.article.clone(), value, sign: *sign });
        }

        let mut amount = None;
        if let Some(entry) = self.amounts.iter().find(|entry| entry.in_force(on)) {
            work.saw(entry);
            if answer == Answer::Yes {
                let outcome = work.run(&entry.body);
                amount = work.whole_won(entry, &outcome.value);
                if outcome.value.is_unknown() {
                    missing.extend(outcome.absent);
                }
            }
        }
        let mut once = BTreeSet::new();
        missing.retain(|name| once.insert(name.clone()));
        Decision { answer, amount, version: work.version, reasons, lines, missing }
    }
}

/// One person of whom many rules are asked on one day: a let that several of them have is worked out once.
pub struct Somebody<'a> {
    facts: &'a Facts,
    parameters: &'a Parameters,
    on: Date,
    lets: HashMap<&'a Meaning, Option<Arc<Outcome>>>,
}

impl<'a> Somebody<'a> {
    pub fn new(facts: &'a Facts, parameters: &'a Parameters, on: Date) -> Somebody<'a> {
        Somebody { facts, parameters, on, lets: HashMap::new() }
    }

    /// See [`RuleSet::answer`].
    pub fn answer(&mut self, rules: &'a RuleSet) -> Answer {
        let mut work = Work::new(rules, self.facts, self.parameters, self.on, None);
        work.wish = Wish::Value;
        let mut done = vec![false; rules.lets.len()];
        let mut answer = None;
        // One *no* settles it, so what is cheap to ask is asked first.
        for place in &rules.order {
            let (Some(entry), Some(needs)) = (rules.conditions.get(*place), rules.needs.get(*place)) else {
                continue;
            };
            if !entry.in_force(self.on) {
                continue;
            }
            for need in needs {
                if let Some(done) = done.get_mut(*need)
                    && !std::mem::replace(done, true)
                {
                    self.define(&mut work, *need);
                }
            }
            let one = work.answer(&entry.body.when).0;
            if one == Answer::No {
                return Answer::No;
            }
            answer = Some(answer.map_or(one, |sum: Answer| sum.and(one)));
        }
        answer.unwrap_or(Answer::Unknown)
    }

    /// Gives a let its value, worked out now or for rules before these.
    fn define(&mut self, work: &mut Work<'a, '_>, place: usize) {
        let rules = work.rules;
        let (Some(entries), Some(meaning)) = (rules.lets.get(place), rules.meanings.get(place)) else {
            return;
        };
        let outcome = self.lets.entry(meaning).or_insert_with(|| work.work_out(entries, self.on));
        work.scope.define(&entries.0, outcome.clone());
    }
}

/// One decision in the making.
struct Work<'a, 'f> {
    rules: &'a RuleSet,
    scope: Scope<'a>,
    faults: Option<&'f mut Vec<Fault>>,
    wish: Wish,
    version: Option<Date>,
}

impl<'a, 'f> Work<'a, 'f> {
    fn new(
        rules: &'a RuleSet,
        facts: &'a Facts,
        parameters: &'a Parameters,
        on: Date,
        faults: Option<&'f mut Vec<Fault>>,
    ) -> Work<'a, 'f> {
        let wish = if faults.is_some() { Wish::Faults } else { Wish::Facts };
        Work { rules, scope: Scope::new(facts, parameters, on), faults, wish, version: None }
    }

    /// What a let gives on a day; nothing when none of its entries is in force.
    fn work_out(&mut self, (_, entries): &(String, Vec<Entry<Written>>), on: Date) -> Option<Arc<Outcome>> {
        let entry = entries.iter().find(|entry| entry.in_force(on))?;
        self.saw(entry);
        Some(Arc::new(self.run(&entry.body)))
    }

    fn saw<T>(&mut self, entry: &Entry<T>) {
        self.version = self.version.max(Some(entry.from));
    }

    fn run(&mut self, written: &Written) -> Outcome {
        let mut outcome = written.expr.run(&self.scope, self.wish);
        for fault in std::mem::take(&mut outcome.faults) {
            self.fault(written.place(fault));
        }
        outcome
    }

    fn fault(&mut self, fault: Fault) {
        if let Some(faults) = &mut self.faults {
            faults.push(Fault { line: self.rules.source.line_of(fault.at.start), ..fault });
        }
    }

    /// What a condition says, and how it came about.
    fn answer(&mut self, when: &Written) -> (Answer, Outcome) {
        let decided = self.run(when);
        let answer = match decided.value {
            Value::Bool(b) => Answer::of(Some(b)),
            Value::Unknown => Answer::Unknown,
            ref other => {
                let Both { ko, en } = other.kind();
                let why = both!(
                    "조건은 참이나 거짓이어야 하는데 {ko}입니다",
                    "a condition is true or false, not {en}"
                );
                self.fault(Fault::at(when.at.clone(), why));
                Answer::Unknown
            }
        };
        (answer, decided)
    }

    fn reason(&mut self, entry: &Entry<Condition>) -> (Reason, Vec<String>) {
        let Condition { when, value, limit } = &entry.body;
        let (answer, decided) = self.answer(when);
        let mut facts = decided.looked;
        let mut shown = |written: &Option<Written>| {
            let outcome = self.run(written.as_ref()?);
            for (name, value) in outcome.looked {
                if facts.iter().all(|(seen, _)| *seen != name) {
                    facts.push((name, value));
                }
            }
            known(outcome.value)
        };
        let (value, limit) = (shown(value), shown(limit));
        let reason =
            Reason { id: entry.id.clone(), article: entry.article.clone(), answer, value, limit, facts };
        (reason, decided.absent)
    }

    /// An amount of money, or nothing for what is none.
    fn whole_won(&mut self, entry: &Entry<Written>, value: &Value) -> Option<i64> {
        let amount = match value {
            Value::Unknown => return None,
            Value::Number(n) => n.to_i64().filter(|n| *n >= 0),
            _ => None,
        };
        if amount.is_none() {
            self.fault(Fault::at(
                entry.body.at.clone(),
                both!(
                    "금액은 0 이상의 원 단위 정수여야 하는데 {value}입니다",
                    "an amount is whole won, not negative; this is {value}"
                ),
            ));
        }
        amount
    }
}

/// For each let those it stands on, theirs included. Lets only use those before them.
fn below(lets: &[(String, Vec<Entry<Written>>)]) -> Vec<BTreeSet<usize>> {
    let mut below: Vec<BTreeSet<usize>> = Vec::with_capacity(lets.len());
    for (_, entries) in lets {
        let all = entries.iter().flat_map(|entry| needs(lets, &below, &entry.body)).collect();
        below.push(all);
    }
    below
}

/// The lets that an expression stands on, by their places, a let before those that use it.
fn needs(lets: &[(String, Vec<Entry<Written>>)], below: &[BTreeSet<usize>], written: &Written) -> Vec<usize> {
    let place = |name: &str| lets.iter().position(|(id, _)| id == name);
    let is_let = |name: &str| place(name).is_some();
    let mut all = BTreeSet::new();
    for one in written.expr.root().lets(&is_let).filter_map(place) {
        all.extend(below.get(one).into_iter().flatten());
        all.insert(one);
    }
    all.into_iter().collect()
}

fn known(value: Value) -> Option<Value> {
    if value.is_unknown() { None } else { Some(value) }
}

/// Reads every `[[kind]]`, and refuses two of one id on one day.
fn entries<T>(
    top: &Table<'_>,
    kind: &str,
    with_id: bool,
    keys: &[&str],
    faults: &mut Vec<Fault>,
    body: impl Fn(&Table<'_>, &mut Vec<Fault>) -> Option<T>,
) -> Vec<Entry<T>> {
    let mut read = Vec::new();
    // `label` and `note` are for readers of the file
    let mut known_keys = vec!["id", "article", "from", "until", "label", "note"];
    known_keys.extend(keys);
    for table in top.tables(kind, faults) {
        table.only(&known_keys, faults);
        let id = if with_id {
            table.required("id", faults)
        } else {
            table.text("id", faults).or(Some(String::new()))
        };
        let article = table.required("article", faults);
        let from = table.required_date("from", faults);
        let until = table.date("until", faults);
        let body = body(&table, faults);
        let (Some(id), Some(article), Some(from), Some(body)) = (id, article, from, body) else { continue };
        if until.is_some_and(|until| until < from) {
            table.fault(both!("`until`이 `from`보다 앞섭니다", "`until` is before `from`"), faults);
            continue;
        }
        let id = nfc(&id).into_owned();
        read.push(Entry { id, article, from, until, line: table.line(), at: table.at(), body });
    }
    // There is one amount, whatever it is called.
    let mut periods: BTreeMap<&str, Vec<Period>> = BTreeMap::new();
    for entry in &read {
        let key = if with_id { entry.id.as_str() } else { "" };
        periods.entry(key).or_default().push(Period {
            from: entry.from,
            until: entry.until,
            line: entry.line,
        });
    }
    for (id, periods) in periods {
        if let Some((line, with)) = first_overlap(periods) {
            let (ko, en) = if with_id {
                (format!("`{id}`"), format!("`{id}`"))
            } else {
                (format!("이 {kind}"), format!("this {kind}"))
            };
            let at = read.iter().find(|entry| entry.line == line).map_or(0..0, |entry| entry.at.clone());
            let message = both!(
                "{ko}의 기간이 {with}번째 줄 항목의 기간과 겹칩니다. 그 항목에 `until`을 쓰세요",
                "{en} overlaps in time with the entry on line {with}: give that one an `until`"
            );
            faults.push(Fault { line, at, message });
        }
    }
    read
}

fn written(table: &Table<'_>, key: &str, faults: &mut Vec<Fault>) -> Option<Written> {
    table.must_have(key, faults);
    let (text, at) = table.spanned(key, faults)?;
    // Past the quotes; an escaped text does not stand in the file as it is read, and is placed as a whole.
    let quoted = table.source().text.get(at.clone()).unwrap_or("");
    let start = quoted.find(text).map(|inside| at.start + inside);
    match Expr::parse(text) {
        Ok(expr) => Some(Written { expr, text: text.into(), at, start }),
        Err(fault) => {
            let at = match start {
                Some(start) => start + fault.at.start..start + fault.at.end,
                None => at,
            };
            table.fault_at(at, fault.message, faults);
            None
        }
    }
}

fn sign(table: &Table<'_>, faults: &mut Vec<Fault>) -> Option<i8> {
    table.must_have("sign", faults);
    let value = table.get("sign")?;
    let sign = match value.get_ref() {
        toml::de::DeValue::Integer(n) => n.as_str().parse().ok().filter(|sign| (-1..=1).contains(sign)),
        _ => None,
    };
    if sign.is_none() {
        table.fault_at(
            value.span(),
            both!("`sign`은 1, -1, 0 가운데 하나입니다", "`sign` is 1, -1 or 0"),
            faults,
        );
    }
    sign
}

fn by_name(entries: Vec<Entry<Written>>, faults: &mut Vec<Fault>) -> Vec<(String, Vec<Entry<Written>>)> {
    let mut lets: Vec<(String, Vec<Entry<Written>>)> = Vec::new();
    for entry in entries {
        let first = entry.id.split('.').next().unwrap_or("");
        if !is_dotted_name(&entry.id) || !is_free_name(first) {
            let id = &entry.id;
            let message = both!(
                "`{id}`은(는) 이름이 될 수 없습니다. 글자, 숫자, `_`만 쓰고 FEEL의 낱말이나 `{PARAMETERS}`은(는) 쓰지 마세요",
                "`{id}` cannot be a name (letters, digits and `_`; not a word of FEEL, not `{PARAMETERS}`)"
            );
            faults.push(Fault { line: entry.line, at: entry.at.clone(), message });
        }
        match lets.iter_mut().find(|(name, _)| *name == entry.id) {
            Some((_, same)) => same.push(entry),
            None => lets.push((entry.id.clone(), vec![entry])),
        }
    }
    lets
}

/// A let may use only names that first appear before its own: so none can use itself, however roundabout.
fn no_forward_use(lets: &[(String, Vec<Entry<Written>>)], lines: &Lines, faults: &mut Vec<Fault>) {
    let order: BTreeMap<&str, usize> =
        lets.iter().enumerate().map(|(i, (name, _))| (name.as_str(), i)).collect();
    for (mine, (_, entries)) in lets.iter().enumerate() {
        for entry in entries {
            let mut paths = Vec::new();
            entry.body.expr.root().free_paths(&mut paths);
            for (path, _) in &paths {
                let found = path.prefixes().find_map(|(_, name)| order.get_key_value(name));
                if let Some((name, theirs)) = found
                    && *theirs >= mine
                {
                    let message = both!(
                        "`{name}`을(를) 정하기 전에 썼습니다. [[let]]을 위로 옮기세요",
                        "`{name}` is used before it is defined: move its [[let]] up"
                    );
                    faults.push(Fault::at(entry.body.at.clone(), message).on(lines));
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;
    use serde_json::json;

    const LIVELIHOOD: &str = r#"
[[let]]
id = "선정기준"
article = "국민기초생활 보장법 제8조제2항"
from = "2024-01-01"
value = 'round half up(매개.기준중위소득[가구원수] * 0.32, 0)'

[[condition]]
id = "income"
article = "국민기초생활 보장법 제8조제2항"
from = "2021-01-01"
when = '소득인정액 <= 선정기준'
value = '소득인정액'
limit = '선정기준'

[[condition]]
id = "support"
article = "국민기초생활 보장법 제8조의2"
from = "2021-01-01"
until = "2021-09-30"
when = 'not(부양의무자)'
note = "생계급여 부양의무자 기준 폐지"

[[condition]]
id = "region"
article = "같은 법 제3조"
from = "2021-01-01"
when = '국내거주 or 특례'

[[line]]
id = "standard"
article = "같은 법 제8조"
from = "2021-01-01"
sign = 1
value = '선정기준'

[[line]]
id = "income"
article = "같은 법 제8조"
from = "2021-01-01"
sign = -1
value = '소득인정액'

[[amount]]
article = "같은 법 제9조"
from = "2021-01-01"
value = '선정기준 - 소득인정액'
"#;

    fn parameters() -> Parameters {
        let file = r#"
            [[parameter]]
            name = "기준중위소득"
            article = "국민기초생활 보장법 제6조의2"
            [[parameter.value]]
            from = "2021-01-01"
            value = [1827831, 3088079]
            [[parameter.value]]
            from = "2026-01-01"
            value = [2564238, 4199292]
        "#;
        Parameters::parse(file).unwrap()
    }

    fn decide(text: &str, facts: serde_json::Value, on: Date) -> (Decision, Vec<Fault>) {
        let rules = RuleSet::parse(text).unwrap_or_else(|faults| panic!("{faults:?}"));
        let facts = Facts::from_json(&facts).unwrap();
        let (decision, faults) = rules.check(&facts, &parameters(), on);
        assert_eq!(rules.decide(&facts, &parameters(), on), decision, "checking changes nothing");
        (decision, faults)
    }

    fn number(n: i64) -> Option<Value> {
        Some(Value::from(n))
    }

    #[test]
    fn yes_with_an_amount_its_lines_and_reasons() {
        let facts = json!({ "가구원수": 1, "소득인정액": 100_000, "국내거주": true });
        let (decision, faults) = decide(LIVELIHOOD, facts, date(2026, 7, 1));
        assert_eq!(faults, []);
        assert_eq!((decision.answer, decision.amount), (Answer::Yes, Some(720_556)));
        assert_eq!(decision.version, Some(date(2024, 1, 1)));
        assert_eq!(decision.missing, Vec::<String>::new());
        let [income, region] = &decision.reasons[..] else { panic!("{:?}", decision.reasons) };
        assert_eq!((income.id.as_str(), income.answer), ("income", Answer::Yes));
        assert_eq!(income.article, "국민기초생활 보장법 제8조제2항");
        assert_eq!((income.value.clone(), income.limit.clone()), (number(100_000), number(820_556)));
        let looked = [("소득인정액".to_owned(), number(100_000)), ("가구원수".to_owned(), number(1))];
        assert_eq!(income.facts, looked, "what the let looked at too");
        assert_eq!((region.value.clone(), region.limit.clone()), (None, None));
        assert_eq!(region.facts, [("국내거주".to_owned(), Some(Value::Bool(true)))]);
        let lines: Vec<_> =
            decision.lines.iter().map(|line| (line.id.as_str(), line.value.clone(), line.sign)).collect();
        assert_eq!(lines, [("standard", number(820_556), 1), ("income", number(100_000), -1)]);
    }

    #[test]
    fn one_no_settles_it() {
        let facts = json!({ "가구원수": 1, "소득인정액": 900_000 });
        let (decision, _) = decide(LIVELIHOOD, facts, date(2026, 7, 1));
        assert_eq!((decision.answer, decision.amount), (Answer::No, None));
        assert_eq!(decision.reasons[1].answer, Answer::Unknown);
        assert_eq!(decision.missing, Vec::<String>::new(), "nothing that is missing could matter");
    }

    #[test]
    fn what_is_missing_is_named_once() {
        let (decision, faults) = decide(LIVELIHOOD, json!({ "소득인정액": 1 }), date(2026, 7, 1));
        assert_eq!((decision.answer, faults), (Answer::Unknown, vec![]));
        assert_eq!(decision.missing, ["가구원수", "국내거주", "특례"]);
        assert_eq!(decision.reasons[0].facts[1], ("가구원수".to_owned(), None));
        assert_eq!(decision.reasons[0].limit, None);
        let (decision, _) =
            decide(LIVELIHOOD, json!({ "소득인정액": 1, "가구원수": 1, "특례": true }), date(2026, 7, 1));
        assert_eq!(decision.answer, Answer::Yes);
        assert_eq!(decision.missing, Vec::<String>::new());
    }

    #[test]
    fn dates_choose_the_entries() {
        let facts = json!({ "가구원수": 1, "소득인정액": 1, "국내거주": true, "부양의무자": true });
        let before = decide(LIVELIHOOD, facts.clone(), date(2020, 12, 31)).0;
        assert_eq!((before.answer, before.version, before.reasons.len()), (Answer::Unknown, None, 0));
        // The threshold in this file begins in 2024: before that it is unknown, not zero.
        let (early, faults) = decide(LIVELIHOOD, facts.clone(), date(2021, 9, 30));
        assert_eq!((early.answer, early.reasons.len()), (Answer::No, 3));
        assert!(
            faults
                .iter()
                .any(|fault| fault.line == 12 && fault.message.en.contains("`선정기준` is not in force")),
            "{faults:?}"
        );
        let (later, _) = decide(LIVELIHOOD, facts.clone(), date(2021, 10, 1));
        assert_eq!(
            (later.answer, later.reasons.len(), later.version),
            (Answer::Unknown, 2, Some(date(2021, 1, 1)))
        );
        let (last_year, _) = decide(LIVELIHOOD, facts, date(2025, 12, 31));
        assert_eq!(last_year.amount, Some(584_905), "last year's median income");
    }

    #[test]
    fn an_amount_is_whole_and_not_negative() {
        let rules = |amount: &str| {
            format!(
                "[[condition]]\nid = \"c\"\narticle = \"a\"\nfrom = \"2020-01-01\"\nwhen = 'true'\n[[amount]]\narticle = \"a\"\nfrom = \"2020-01-01\"\nvalue = '{amount}'\n"
            )
        };
        for (amount, paid, fault) in [
            ("10", Some(10), false),
            ("0", Some(0), false),
            ("0.5 * 2", Some(1), false),
            ("0.5", None, true),
            ("-1", None, true),
            ("\"글\"", None, true),
            ("10 ** 30", None, true),
            ("없는것", None, false),
        ] {
            let (decision, faults) = decide(&rules(amount), json!({}), date(2026, 1, 1));
            assert_eq!((decision.answer, decision.amount), (Answer::Yes, paid), "{amount}");
            assert_eq!(
                faults.iter().any(|f| f.line == 9 && f.message.en.contains("whole won")),
                fault,
                "{amount} {faults:?}"
            );
            assert_eq!(decision.missing, if amount == "없는것" { vec!["없는것"] } else { vec![] });
        }
    }

    #[test]
    fn lets_are_worked_out_in_order_and_shadow_facts() {
        let text = r#"
[[let]]
id = "가"
article = "a"
from = "2020-01-01"
until = "2025-12-31"
value = '1'
[[let]]
id = "가구.나"
article = "a"
from = "2020-01-01"
value = '가 + 1'
[[let]]
id = "가"
article = "a"
from = "2026-01-01"
value = '10'
[[let]]
id = "아이들"
article = "a"
from = "2020-01-01"
value = '가구원[관계 = "자녀"]'
[[condition]]
id = "c"
article = "a"
from = "2020-01-01"
when = '가구.나 = 11 and some x in 아이들 satisfies x.나이 < 6'
"#;
        let members = json!([{ "관계": "자녀", "나이": null }]);
        let (decision, faults) =
            decide(text, json!({ "가": 99, "가구": { "나": 5 }, "가구원": members }), date(2026, 1, 1));
        assert_eq!((decision.answer, faults), (Answer::Unknown, vec![]));
        assert_eq!(decision.missing, ["가구원.나이"], "a let's items still come from a fact");
        assert_eq!(
            decision.reasons[0].facts.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
            ["가구원"]
        );
        assert_eq!(decision.version, Some(date(2026, 1, 1)));
        let (decision, _) = decide(text, json!({ "가구원": members }), date(2025, 12, 31));
        assert_eq!(decision.answer, Answer::No);
        let names = RuleSet::parse(text).unwrap().names();
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["가구원"]);
    }

    #[test]
    fn names_are_facts_and_parameters() {
        let names = RuleSet::parse(LIVELIHOOD).unwrap().names();
        let expected = ["가구원수", "국내거주", "매개.기준중위소득", "부양의무자", "소득인정액", "특례"];
        assert_eq!(names.into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn faults_name_their_lines_and_all_of_them() {
        let condition = |more: &str| {
            format!(
                "[[condition]]\nid = \"c\"\narticle = \"a\"\nfrom = \"2020-01-01\"\nwhen = 'true'\n{more}"
            )
        };
        let line =
            |value: &str| format!("[[let]]\nid = \"{value}\"\narticle = \"a\"\nfrom = \"2020-01-01\"\n");
        for (text, at, part) in [
            (condition("").replace("'true'", "'반올림(1) > 0'"), 5, "no function `반올림`"),
            (condition("").replace("'true'", "'''\n나이 >= 65\nand 반올림(1)'''"), 7, "no function `반올림`"),
            (condition("").replace("'true'", "\"이름 = \\\"가\\\" and\""), 5, "the end"),
            (condition("").replace("article = \"a\"\n", ""), 1, "`article` is missing"),
            (condition("").replace("\"a\"", "\" \""), 3, "`article` is empty"),
            (condition("").replace("from = \"2020-01-01\"\n", ""), 1, "`from` is missing"),
            (condition("").replace("2020-01-01", "2020-1-1"), 4, "not a date"),
            (condition("").replace("when = 'true'", ""), 1, "`when` is missing"),
            (condition("").replace("'true'", "true"), 5, "must be text"),
            (condition("untill = \"2021-01-01\"\n"), 6, "`untill` is not one of"),
            (condition("until = \"2019-12-31\"\n"), 1, "before"),
            (
                condition("until = \"2020-06-01\"\n") + &condition(""),
                7,
                "overlaps in time with the entry on line 1",
            ),
            (condition("") + &condition("").replace("2020", "2021"), 6, "overlaps"),
            (condition("value = 'a b'\n"), 6, "no spaces"),
            (condition("") + &line("매개") + "value = '1'\n", 6, "cannot be a name"),
            (condition("") + &line("가 나") + "value = '1'\n", 6, "cannot be a name"),
            (condition("") + &line("가") + "value = '가 + 1'\n", 10, "before it is defined"),
            (
                condition("") + &line("가") + "value = '나'\n" + &line("나") + "value = '1'\n",
                10,
                "before it is defined",
            ),
            (
                condition("")
                    + "[[line]]\nid = \"l\"\narticle = \"a\"\nfrom = \"2020-01-01\"\nsign = 2\nvalue = '1'\n",
                10,
                "`sign`",
            ),
            (
                condition("")
                    + "[[amount]]\narticle = \"a\"\nfrom = \"2020-01-01\"\nvalue = '1'\n[[amount]]\narticle = \"a\"\nfrom = \"2021-01-01\"\nvalue = '1'\n",
                10,
                "this amount overlaps",
            ),
            (condition("") + "[[rule]]\n", 6, "`rule` is not one of"),
            (condition("") + "let = 3\n", 6, "`let` is not one of"),
            ("let = 3\n".to_owned() + &condition(""), 1, "[[let]]"),
            ("[[condition]\n".to_owned(), 1, ""),
            (String::new(), 1, "no [[condition]]"),
        ] {
            let faults = RuleSet::parse(&text).map(|_| ()).unwrap_err();
            assert!(
                faults.iter().any(|fault| fault.line == at && fault.message.en.contains(part)),
                "{text}\n{faults:?}"
            );
        }
        let two = condition("").replace("'true'", "'1 +'")
            + &condition("").replace("\"c\"", "\"d\"").replace("'true'", "'f()'");
        assert_eq!(
            RuleSet::parse(&two).unwrap_err().iter().map(|fault| fault.line).collect::<Vec<_>>(),
            [5, 10]
        );
        assert_eq!(&two[RuleSet::parse(&two).unwrap_err()[1].at.clone()], "f");
    }

    #[test]
    fn a_bad_type_is_unknown_and_a_fault_on_its_line() {
        let text = "[[condition]]\nid = \"c\"\narticle = \"a\"\nfrom = \"2020-01-01\"\nwhen = '''\n나이\n>= \"65\"'''\n";
        let (decision, faults) = decide(text, json!({ "나이": 70 }), date(2026, 1, 1));
        assert_eq!(decision.answer, Answer::Unknown);
        assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [6]);
        assert_eq!(&text[faults[0].at.clone()], "나이\n>= \"65\"");
        let (decision, faults) =
            decide(&text.replace(">= \"65\"", "+ 1"), json!({ "나이": 70 }), date(2026, 1, 1));
        assert_eq!(decision.answer, Answer::Unknown);
        assert!(faults[0].message.en.contains("true or false, not a number"));
    }

    #[test]
    fn a_decision_survives_json() {
        let facts = json!({ "가구원수": 1, "소득인정액": 100_000.5, "국내거주": true });
        let (decision, _) = decide(LIVELIHOOD, facts, date(2026, 7, 1));
        let text = serde_json::to_string(&decision).unwrap();
        assert!(text.contains("\"answer\":\"yes\""), "{text}");
        assert_eq!(serde_json::from_str::<Decision>(&text).unwrap(), decision);
    }

    #[test]
    fn a_hostile_file_is_refused_quickly() {
        let entry = "[[let]]\nid = \"가\"\narticle = \"a\"\nfrom = \"2020-01-01\"\nvalue = '1'\n";
        assert!(RuleSet::parse(&entry.repeat(20_000)).is_err());
        // Each let wraps the one before it as deep as an expression may: no value may nest without bound.
        let mut nested = String::new();
        for i in 1..200 {
            let (open, close) = ("[".repeat(20), "]".repeat(20));
            nested += &format!(
                "[[let]]\nid = \"가{i}\"\narticle = \"a\"\nfrom = \"2020-01-01\"\nvalue = '{open}가{}{close}'\n",
                i - 1
            );
        }
        nested +=
            "[[condition]]\nid = \"c\"\narticle = \"a\"\nfrom = \"2020-01-01\"\nwhen = 'count(가199) = 1'\n";
        let (decision, faults) = decide(&nested, json!({ "가0": 1 }), date(2026, 1, 1));
        assert_eq!(decision.answer, Answer::Yes, "a list of one, whatever it holds");
        assert!(faults.iter().any(|fault| fault.message.en.contains("nested")));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn learning_never_overturns_a_decision(
            values in (0_i64..4, 0_i64..1_500_000, any::<bool>(), any::<bool>(), any::<bool>()),
            known in any::<[bool; 5]>(),
            year in 2020_i16..2028,
        ) {
            let rules = RuleSet::parse(LIVELIHOOD).unwrap();
            let (size, income, here, special, kin) = values;
            let all: [(&str, Value); 5] = [
                ("가구원수", size.into()), ("소득인정액", income.into()),
                ("국내거주", here.into()), ("특례", special.into()), ("부양의무자", kin.into()),
            ];
            let on = date(year, 6, 1);
            let mut facts: Facts = all.iter().zip(known).filter(|(_, known)| *known).map(|(pair, _)| pair.clone()).collect();
            let mut before = rules.decide(&facts, &parameters(), on);
            for (name, value) in all {
                if before.answer == Answer::Unknown {
                    prop_assert_eq!(before.amount, None);
                    prop_assert!(before.missing.iter().all(|name| facts.get(name).is_none()));
                }
                facts.insert(name, value);
                let after = rules.decide(&facts, &parameters(), on);
                prop_assert!(before.answer == Answer::Unknown || before.answer == after.answer);
                prop_assert!(before.amount.is_none() || before.amount == after.amount);
                for (was, is) in before.reasons.iter().zip(&after.reasons) {
                    prop_assert!(was.answer == Answer::Unknown || was.answer == is.answer);
                }
                before = after;
            }
        }

        #[test]
        fn parse_never_panics(text in "\\PC{0,200}", cut in 0_usize..2000, junk in "\\PC{0,5}") {
            let _ = (RuleSet::parse(&text), Parameters::parse(&text));
            let at = LIVELIHOOD.char_indices().map(|(i, _)| i).nth(cut).unwrap_or(0);
            let mut broken = LIVELIHOOD.to_owned();
            broken.insert_str(at, &junk);
            let _ = (RuleSet::parse(&broken), RuleSet::parse(&LIVELIHOOD[..at]));
        }
    }

    /// Not a test of speed but a way to see it: `cargo test --release -p maru-rules -- --ignored --nocapture measure`.
    #[test]
    #[ignore = "prints timings"]
    fn measure() {
        let rules = RuleSet::parse(LIVELIHOOD).unwrap();
        let parameters = parameters();
        let facts =
            Facts::from_json(&json!({ "가구원수": 1, "소득인정액": 100_000, "국내거주": true })).unwrap();
        let (rounds, start) = (20_000_u32, std::time::Instant::now());
        for _ in 0..rounds {
            std::hint::black_box(rules.decide(std::hint::black_box(&facts), &parameters, date(2026, 7, 1)));
        }
        println!("decide: {:?}", start.elapsed() / rounds);
    }

    #[test]
    fn grounds_change_with_what_a_condition_stands_on_and_with_nothing_else() {
        let text = r#"
            [[let]]
            id = "한도"
            article = "법 제1조"
            from = "2025-01-01"
            value = '매개.한도 * 2'
            [[condition]]
            id = "age"
            article = "법 제1조"
            from = "2025-01-01"
            when = '나이 >= 65'
            [[condition]]
            id = "income"
            article = "법 제2조"
            from = "2025-01-01"
            when = '소득 <= 한도'
        "#;
        let parameters = |amount: u32| {
            Parameters::parse(&format!(
                "[[parameter]]\nname = \"한도\"\narticle = \"법\"\n[[parameter.value]]\nfrom = \"2025-01-01\"\nvalue = {amount}\n\
                 [[parameter.value]]\nfrom = \"2026-01-01\"\nvalue = 300\n"
            ))
            .unwrap()
        };
        let of = |text: &str, amount, on: &str| {
            RuleSet::parse(text).unwrap().grounds(&parameters(amount), on.parse().unwrap())
        };
        let first = of(text, 100, "2025-06-01");
        assert_eq!(first.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["age", "income"]);
        assert_eq!(first, of(text, 100, "2025-07-01"), "a day changes nothing");
        assert_eq!(
            first,
            of(&text.replace("법 제2조", "법 제3조"), 100, "2025-06-01"),
            "an article decides nothing"
        );
        for other in [
            of(text, 101, "2025-06-01"),
            of(text, 100, "2026-01-01"),
            of(&text.replace("* 2", "* 3"), 100, "2025-06-01"),
        ] {
            assert_eq!(first[0], other[0], "age names no parameter");
            assert_ne!(first[1], other[1]);
        }
    }
}
