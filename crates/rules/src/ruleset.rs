//! A service's rules: dated conditions, amounts and the lines of a bill, each with its article; and the decision they give.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::Fault;
use crate::eval::{Expr, Outcome, Scope};
use crate::fault::Lines;
use crate::lexer::is_dotted_name;
use crate::parameters::Parameters;
use crate::parser::{PARAMETERS, is_free_name};
use crate::toml_text::{Period, Source, Table, first_overlap};
use crate::value::{Answer, Facts, Value, nfc};

/// More entries than any law has; a bound on what one file may cost.
const MAX_ENTRIES: usize = 2_000;
const KINDS: [&str; 4] = ["let", "condition", "line", "amount"];

/// The rules of one service, parsed once and decided as often as needed.
#[derive(Debug, Clone)]
pub struct RuleSet {
    /// Grouped by name, a name before those that use it.
    lets: Vec<(String, Vec<Entry<Written>>)>,
    conditions: Vec<Entry<Condition>>,
    lines: Vec<Entry<(Written, i8)>>,
    amounts: Vec<Entry<Written>>,
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
            return Err(vec![Fault::at(0..0, format!("more than {MAX_ENTRIES} entries"))]);
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
                "no [[condition]]: a service open to all says so with `when = 'true'`",
            ));
        }

        let lets = by_name(lets, &mut faults);
        no_forward_use(&lets, &source.lines, &mut faults);
        faults.sort_by_key(|fault| (fault.line, fault.at.start));
        if faults.is_empty() {
            Ok(RuleSet { lets, conditions, lines, amounts, source: source.lines })
        } else {
            Err(faults)
        }
    }

    /// The facts and `매개.…` parameters it may read; its own lets are not among them.
    pub fn names(&self) -> BTreeSet<String> {
        let lets: BTreeSet<&str> = self.lets.iter().map(|(name, _)| name.as_str()).collect();
        self.expressions().flat_map(|written| written.expr.root().names(|name| lets.contains(name))).collect()
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
        let mut work = Work { rules: self, scope: Scope::new(facts, parameters, on), faults, version: None };
        // In order, each once: a let finds those it uses already worked out.
        for (name, entries) in &self.lets {
            let entry = entries.iter().find(|entry| entry.in_force(on));
            let outcome = entry.map(|entry| {
                work.saw(entry);
                work.run(&entry.body)
            });
            work.scope.define(name, outcome);
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

/// One decision in the making.
struct Work<'a, 'f> {
    rules: &'a RuleSet,
    scope: Scope<'a>,
    faults: Option<&'f mut Vec<Fault>>,
    version: Option<Date>,
}

impl Work<'_, '_> {
    fn saw<T>(&mut self, entry: &Entry<T>) {
        self.version = self.version.max(Some(entry.from));
    }

    fn run(&mut self, written: &Written) -> Outcome {
        let mut outcome = written.expr.run(&self.scope, self.faults.is_some());
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

    fn reason(&mut self, entry: &Entry<Condition>) -> (Reason, Vec<String>) {
        let Condition { when, value, limit } = &entry.body;
        let decided = self.run(when);
        let answer = match decided.value {
            Value::Bool(b) => Answer::of(Some(b)),
            Value::Unknown => Answer::Unknown,
            ref other => {
                self.fault(Fault::at(
                    when.at.clone(),
                    format!("a condition is true or false, not {}", other.kind()),
                ));
                Answer::Unknown
            }
        };
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
                format!("an amount is whole won, not negative; this is {value}"),
            ));
        }
        amount
    }
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
            table.fault("`until` is before `from`", faults);
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
            let name = if with_id { format!("`{id}`") } else { format!("this {kind}") };
            let at = read.iter().find(|entry| entry.line == line).map_or(0..0, |entry| entry.at.clone());
            let message =
                format!("{name} overlaps in time with the entry on line {with}: give that one an `until`");
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
        Ok(expr) => Some(Written { expr, at, start }),
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
        table.fault_at(value.span(), "`sign` is 1, -1 or 0", faults);
    }
    sign
}

fn by_name(entries: Vec<Entry<Written>>, faults: &mut Vec<Fault>) -> Vec<(String, Vec<Entry<Written>>)> {
    let mut lets: Vec<(String, Vec<Entry<Written>>)> = Vec::new();
    for entry in entries {
        let first = entry.id.split('.').next().unwrap_or("");
        if !is_dotted_name(&entry.id) || !is_free_name(first) {
            let message = format!(
                "`{}` cannot be a name (letters, digits and `_`; not a word of FEEL, not `{PARAMETERS}`)",
                entry.id
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
                    let message = format!("`{name}` is used before it is defined: move its [[let]] up");
                    faults.push(Fault::at(entry.body.at.clone(), message).on(lines));
                    break;
                }
            }
        }
    }
}
