//! A decision and those it stands on as entries of `rules.toml`: every table a let, the decision itself a condition or an amount.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::civil::date;
use maru_rules::{Expr, Facts, Parameters, RuleSet, Scope, Value};

use crate::model::{Decision, Logic, Model, Output, Place, Policy, Refusal, Rule, Table, Tests, Text, Type};
use crate::names::{is_dotted, is_plain};

/// An expression longer than this is cut into several lets; what may stand in one is bounded by the rules.
const MAX_TEXT: usize = 8 * 1024;
/// As many `else if` one after another, for they nest.
const MAX_CHAIN: usize = 40;

/// What the importer cannot know: left empty, it stays to be filled, and `maru check` says so.
#[derive(Debug, Clone, Default)]
pub struct Legal {
    pub article: String,
    /// The first day it holds, yyyy-mm-dd.
    pub from: String,
}

/// Entries for `rules.toml`, in order.
#[derive(Debug)]
pub struct Taken {
    entries: Vec<Entry>,
    /// The decision's value is this let.
    pub value: String,
    /// Names it reads: facts of the pack, or yet to be.
    pub facts: BTreeSet<String>,
    origin: String,
}

#[derive(Debug)]
struct Entry {
    kind: &'static str,
    id: String,
    label: String,
    key: &'static str,
    text: String,
}

impl Taken {
    /// As text to be put at the end of a `rules.toml`.
    pub fn toml(&self, legal: &Legal) -> String {
        let mut out = format!(
            "# {}: 조문(article)과 시행일(from)이 비어 있으면 채웁니다. Fill what is empty of article and from.\n",
            self.origin
        );
        for entry in &self.entries {
            let _ = write!(out, "\n[[{}]]\n", entry.kind);
            if !entry.id.is_empty() {
                let _ = writeln!(out, "id = {}", quoted(&entry.id));
            }
            if !entry.label.is_empty() {
                let _ = writeln!(out, "label = {}", quoted(&entry.label));
            }
            let _ = writeln!(out, "article = {}", quoted(&legal.article));
            let _ = writeln!(out, "from = {}", quoted(&legal.from));
            let _ = writeln!(out, "{} = {}", entry.key, literal(&entry.text));
        }
        out
    }

    /// How many articles and days are left to fill.
    pub fn to_fill(&self, legal: &Legal) -> usize {
        let empty = usize::from(legal.article.is_empty()) + usize::from(legal.from.is_empty());
        empty * self.entries.len()
    }

    /// A `rules.toml` with these entries at its end, or why they do not fit into it.
    pub fn added_to(&self, rules: &str, legal: &Legal) -> Result<String, Vec<String>> {
        let join = |legal: &Legal| {
            let gap = if rules.is_empty() || rules.ends_with("\n\n") {
                ""
            } else if rules.ends_with('\n') {
                "\n"
            } else {
                "\n\n"
            };
            format!("{rules}{gap}{}", self.toml(legal))
        };
        let faults = |text: &str| RuleSet::parse(text).err().unwrap_or_default();
        let before: BTreeSet<String> = faults(rules).into_iter().map(|fault| fault.message.en).collect();
        // as if all were filled in: only what is otherwise wrong counts
        let filled =
            |text: &str, instead: &str| if text.is_empty() { instead.to_owned() } else { text.to_owned() };
        let whole = Legal { article: filled(&legal.article, "-"), from: filled(&legal.from, "2000-01-01") };
        let new: Vec<String> = faults(&join(&whole))
            .into_iter()
            .filter(|fault| {
                !before.contains(&fault.message.en) && !fault.message.en.starts_with("no [[condition]]")
            })
            .map(|fault| fault.to_string())
            .collect();
        if new.is_empty() { Ok(join(legal)) } else { Err(new) }
    }
}

/// TOML's text in double quotes.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// FEEL has texts in double quotes, so TOML's single ones leave it as it is.
fn literal(text: &str) -> String {
    let control = |c: char| c.is_control() && c != '\n' && c != '\t';
    if !text.contains(['\'', '\n']) && !text.contains(control) {
        format!("'{text}'")
    } else if !text.contains("''") && !text.ends_with('\'') && !text.contains(control) {
        format!("'''\n{text}'''")
    } else {
        quoted(text)
    }
}

/// Takes a decision over, the only one with a table if none is named. All that cannot be is in the list.
pub fn take_over(model: &Model, name: Option<&str>, origin: &str) -> Result<Taken, Vec<Refusal>> {
    let decision = chosen(model, name).map_err(|refusal| vec![refusal])?;
    if let Some(import) = model.imports.first() {
        let message = "the model imports another: put what it uses of it into this file";
        return Err(vec![Refusal::at(*import, message)]);
    }
    let mut work =
        Work { model, entries: Vec::new(), taken: BTreeSet::new(), done: Vec::new(), refusals: Vec::new() };
    work.decision(decision, 0);
    work.finish(decision);
    if !work.refusals.is_empty() {
        work.refusals.sort_by_key(|refusal| (refusal.place.line, refusal.place.column));
        return Err(work.refusals);
    }
    let lets: BTreeSet<&str> =
        work.entries.iter().filter(|entry| entry.kind == "let").map(|entry| entry.id.as_str()).collect();
    let names =
        work.entries.iter().filter_map(|entry| Expr::parse(&entry.text).ok()).flat_map(|expr| expr.names());
    let facts = names
        .filter(|name| !lets.iter().any(|known| name == known || name.starts_with(&format!("{known}."))))
        .collect();
    let value = model.names.ours(&decision.name);
    Ok(Taken { facts, value, origin: format!("{origin}, {}", decision.name), entries: work.entries })
}

fn chosen<'m>(model: &'m Model, name: Option<&str>) -> Result<&'m Decision, Refusal> {
    let named = |decisions: &[&Decision]| {
        decisions.iter().map(|decision| format!("`{}`", decision.name)).collect::<Vec<_>>().join(", ")
    };
    if let Some(name) = name {
        let all: Vec<&Decision> = model.decisions.iter().collect();
        return model.decision(name).ok_or_else(|| {
            Refusal::at(Place::default(), format!("there is no decision `{name}`: choose of {}", named(&all)))
        });
    }
    let tables: Vec<&Decision> = model
        .decisions
        .iter()
        .filter(|decision| {
            decision.logic.as_ref().is_some_and(|logic| matches!(logic.logic, Logic::Table(_)))
        })
        .collect();
    match tables.as_slice() {
        [one] => Ok(*one),
        [] => Err(Refusal::at(Place::default(), "the file has no decision table to take over")),
        [_, second, ..] => Err(Refusal::at(
            second.place,
            format!("several decisions have tables: name one with --decision, of {}", named(&tables)),
        )),
    }
}

struct Work<'m> {
    model: &'m Model,
    entries: Vec<Entry>,
    /// Ids of lets.
    taken: BTreeSet<String>,
    done: Vec<&'m str>,
    refusals: Vec<Refusal>,
}

impl<'m> Work<'m> {
    fn refuse(&mut self, place: Place, message: impl Into<String>) {
        let refusal = Refusal::at(place, message);
        if !self.refusals.contains(&refusal) {
            self.refusals.push(refusal);
        }
    }

    fn define(&mut self, id: &str, label: &str, text: String, place: Place) {
        if let Err(fault) = Expr::parse(&text) {
            self.refuse(place, format!("`{id}` cannot be written as a rule: {}", fault.message.en));
        }
        if !self.taken.insert(id.to_owned()) {
            self.refuse(place, format!("two things would be called `{id}`: rename one"));
        }
        self.entries.push(Entry {
            kind: "let",
            id: id.to_owned(),
            label: label.to_owned(),
            key: "value",
            text,
        });
    }

    fn decision(&mut self, decision: &'m Decision, depth: usize) {
        if self.done.contains(&decision.id.as_str()) {
            return;
        }
        self.done.push(&decision.id);
        if depth > 32 {
            return self.refuse(decision.place, "more than 32 decisions stand on one another");
        }
        let model = self.model;
        for needed in
            decision.needs.iter().filter_map(|id| model.decisions.iter().find(|other| other.id == *id))
        {
            self.decision(needed, depth + 1);
        }
        let name = model.names.ours(&decision.name);
        if !is_plain(&name) {
            return self.refuse(decision.place, "the decision needs a name of letters and digits");
        }
        match decision.logic.as_ref().map(|boxed| (&boxed.logic, boxed.place)) {
            Some((Logic::Literal(text), _)) => {
                if let Some(text) = self.text(text) {
                    self.define(&name, &decision.name, text, decision.place);
                }
            }
            Some((Logic::Table(table), _)) => self.table(decision, &name, table),
            Some((other, place)) => {
                let what = match other {
                    Logic::Context(_) => "a boxed context",
                    Logic::List(_) => "a boxed list",
                    Logic::Relation(..) => "a relation",
                    Logic::Invocation(..) => "an invocation of a business knowledge model",
                    Logic::If(..) => "a boxed conditional",
                    Logic::Each(..) | Logic::Filter(..) => "a boxed loop or filter",
                    Logic::Other(what) => what.as_str(),
                    Logic::Literal(_) | Logic::Table(_) => "this",
                };
                self.refuse(
                    place,
                    format!("{what} is not taken over: make it a decision table or one expression"),
                );
            }
            None => self
                .refuse(decision.place, "this decision has no logic: give it a table, or make it an input"),
        }
    }

    /// An expression that our language can read.
    fn text(&mut self, text: &Text) -> Option<String> {
        if text.ours.is_empty() {
            self.refuse(text.place, "an expression is missing here");
            return None;
        }
        match &text.expr {
            Ok(_) => Some(text.ours.clone()),
            Err(why) => {
                self.refuse(text.place, format!("`{}`: {why}", text.ours));
                None
            }
        }
    }

    /// What a rule's tests ask, joined; `true` when they ask nothing.
    fn condition(&mut self, rule: &Rule, subjects: &[String]) -> String {
        let mut parts = Vec::new();
        for (tests, subject) in rule.tests.iter().zip(subjects) {
            if tests.is_any() && !tests.negated {
                continue;
            }
            if let Err(why) = &tests.condition.expr {
                self.refuse(tests.condition.place, format!("`{}`: {why}", tests.parts.join(", ")));
            }
            let said = tests.on(subject);
            parts.push(if tests.parts.len() > 1 && said.contains(" or ") {
                format!("({said})")
            } else {
                said
            });
        }
        if parts.is_empty() { "true".to_owned() } else { parts.join(" and ") }
    }

    fn table(&mut self, decision: &Decision, name: &str, table: &'m Table) {
        let mut subjects = Vec::new();
        for (n, input) in (1..).zip(&table.inputs) {
            let Some(text) = self.text(&input.expression) else {
                subjects.push("null".to_owned());
                continue;
            };
            if is_dotted(&text) {
                subjects.push(text);
            } else {
                let id = format!("{name}_{n}");
                self.define(&id, &text, text.clone(), input.place);
                subjects.push(id);
            }
        }
        let rules = self.ordered(table);
        if table.rules.is_empty() {
            return self.refuse(table.place, "this table has no rules");
        }
        if matches!(table.policy, Policy::Unique | Policy::Any) {
            self.no_overlap(table);
        }
        let conditions: Vec<String> = rules.iter().map(|rule| self.condition(rule, &subjects)).collect();
        let mut columns: Vec<Vec<String>> = Vec::new();
        for (n, _) in table.outputs.iter().enumerate() {
            let entries = rules.iter().filter_map(|rule| rule.outputs.get(n));
            columns
                .push(entries.map(|entry| self.text(entry).unwrap_or_else(|| "null".to_owned())).collect());
        }
        let defaults: Vec<String> = table
            .outputs
            .iter()
            .map(|output| {
                output.default.as_ref().and_then(|text| self.text(text)).unwrap_or_else(|| "null".to_owned())
            })
            .collect();
        match (columns.as_slice(), defaults.as_slice()) {
            ([column], [default]) => self.single(decision, name, table, &conditions, column, default),
            _ if table.policy.is_list() || is_sum(table.policy) => self.refuse(
                table.place,
                "a list of several outputs has no place in rules: split the table, one output each",
            ),
            _ => self.several(decision, name, table, &conditions, &columns, &defaults),
        }
    }

    fn single(
        &mut self,
        decision: &Decision,
        name: &str,
        table: &Table,
        conditions: &[String],
        column: &[String],
        default: &str,
    ) {
        if !table.policy.is_list() && !is_sum(table.policy) {
            return self.chain(name, &decision.name, conditions, column, default, table.place);
        }
        let hits = format!("{name}_hits");
        let parts: Vec<String> = conditions
            .iter()
            .zip(column)
            .map(|(condition, output)| match condition.as_str() {
                "true" => format!("[{output}]"),
                _ => format!("if {condition} then [{output}] else []"),
            })
            .collect();
        self.joined(&hits, parts, ", ", |inside| format!("concatenate({inside})"), table.place);
        let function = match table.policy {
            Policy::Sum => "sum",
            Policy::Least => "min",
            Policy::Most => "max",
            Policy::Count => "count",
            _ => "",
        };
        let none = if table.policy == Policy::Count && default == "null" { "0" } else { default };
        let value = if function.is_empty() { hits.clone() } else { format!("{function}({hits})") };
        self.define(
            name,
            &decision.name,
            format!("if count({hits}) = 0 then {none} else {value}"),
            table.place,
        );
    }

    /// The number of the rule that holds, and each output by it.
    fn several(
        &mut self,
        decision: &Decision,
        name: &str,
        table: &Table,
        conditions: &[String],
        columns: &[Vec<String>],
        defaults: &[String],
    ) {
        let rule = format!("{name}_rule");
        let numbers: Vec<String> = (1..=conditions.len()).map(|n| n.to_string()).collect();
        self.chain(&rule, &format!("{}: rule", decision.name), conditions, &numbers, "0", table.place);
        let mut fields = Vec::new();
        for ((output, column), default) in table.outputs.iter().zip(columns).zip(defaults) {
            let Some(field) = output.name.clone().filter(|field| is_plain(field)) else {
                self.refuse(output.place, "this output needs a name of letters and digits");
                continue;
            };
            let id = format!("{name}_{field}");
            let list = format!("[{}][{rule}]", column.join(", "));
            self.define(&id, &field, format!("if {rule} = 0 then {default} else {list}"), output.place);
            fields.push(format!("{field}: {id}"));
        }
        // no rule, no default: nothing, rather than a context of nothings
        let all = format!("{{{}}}", fields.join(", "));
        let has_default = table.outputs.iter().any(|output| output.default.is_some());
        let value = if has_default { all } else { format!("if {rule} = 0 then null else {all}") };
        self.define(name, &decision.name, value, table.place);
    }

    /// `if … then … else if …`, cut into several lets where it would nest too deep.
    fn chain(
        &mut self,
        id: &str,
        label: &str,
        conditions: &[String],
        outputs: &[String],
        default: &str,
        place: Place,
    ) {
        let mut rest = default.to_owned();
        let (mut length, mut size, mut cut) = (0, 0, 1);
        for (condition, output) in conditions.iter().zip(outputs).rev() {
            if condition == "true" {
                // nothing after it is ever reached
                rest.clone_from(output);
                (length, size) = (0, output.len());
                continue;
            }
            size += condition.len() + output.len() + 20;
            if length == MAX_CHAIN || size > MAX_TEXT {
                cut += 1;
                let part = format!("{id}_part{cut}");
                self.define(&part, "", std::mem::replace(&mut rest, part.clone()), place);
                (length, size) = (0, condition.len() + output.len());
            }
            rest = format!("if {condition} then {output} else {rest}");
            length += 1;
        }
        self.define(id, label, rest, place);
    }

    /// Parts in a row, in several lets where they would be too long.
    fn joined(
        &mut self,
        id: &str,
        parts: Vec<String>,
        between: &str,
        whole: impl Fn(&str) -> String,
        place: Place,
    ) {
        let mut groups: Vec<Vec<String>> = vec![Vec::new()];
        let mut size = 0;
        for part in parts {
            size += part.len();
            if size > MAX_TEXT {
                groups.push(Vec::new());
                size = part.len();
            }
            if let Some(group) = groups.last_mut() {
                group.push(part);
            }
        }
        if let [group] = groups.as_slice() {
            return self.define(id, "", whole(&group.join(between)), place);
        }
        let mut ids = Vec::new();
        for (n, group) in (1..).zip(&groups) {
            let part = format!("{id}_part{n}");
            self.define(&part, "", whole(&group.join(between)), place);
            ids.push(part);
        }
        self.define(id, "", whole(&ids.join(between)), place);
    }

    /// The rules in the order in which the first that holds decides.
    fn ordered(&mut self, table: &'m Table) -> Vec<&'m Rule> {
        let mut rules: Vec<&Rule> = table.rules.iter().collect();
        if matches!(table.policy, Policy::Priority | Policy::OutputOrder) {
            let mut ranked: Vec<(Vec<usize>, &Rule)> = Vec::new();
            for rule in rules {
                let mut rank = Vec::new();
                for (output, entry) in
                    table.outputs.iter().zip(&rule.outputs).filter(|(output, _)| !output.values.is_empty())
                {
                    match constant(&entry.ours) {
                        Some(value) => rank.push(weight(output, &value)),
                        None => self.refuse(
                            entry.place,
                            "by priority, an output is one of the listed values, not an expression",
                        ),
                    }
                }
                ranked.push((rank, rule));
            }
            if table.outputs.iter().all(|output| output.values.is_empty()) {
                self.refuse(
                    table.place,
                    "by priority, the outputs need their values listed, the weightiest first",
                );
            }
            ranked.sort_by(|a, b| a.0.cmp(&b.0));
            rules = ranked.into_iter().map(|(_, rule)| rule).collect();
        }
        rules
    }

    /// Two rules that hold at once make such a table's answer nothing; as rules of law the first would decide.
    fn no_overlap(&mut self, table: &Table) {
        for (n, rule) in table.rules.iter().enumerate() {
            for (m, before) in table.rules.iter().enumerate().take(n) {
                let said =
                    |rule: &Rule| rule.outputs.iter().map(|output| output.ours.clone()).collect::<Vec<_>>();
                let alike = table.policy == Policy::Any && said(rule) == said(before);
                if !alike && !rule.tests.iter().zip(&before.tests).any(|(a, b)| apart(a, b)) {
                    let what = if table.policy == Policy::Unique {
                        "ANY (if they agree) or FIRST (the upper one decides)"
                    } else {
                        "FIRST (the upper one decides)"
                    };
                    self.refuse(
                        rule.place,
                        format!(
                            "rule {} and rule {} may hold at once: narrow one, or make the hit policy {what}",
                            m + 1,
                            n + 1
                        ),
                    );
                }
            }
        }
    }

    /// The decision itself: a truth is a condition, a number an amount for whom some rule holds.
    fn finish(&mut self, decision: &'m Decision) {
        let name = self.model.names.ours(&decision.name);
        let Some(Logic::Table(table)) = decision.logic.as_ref().map(|boxed| &boxed.logic) else {
            if kind_of(self.model, decision.kind.as_deref()) == Some("boolean") {
                self.entry("condition", &name, &decision.name, "when", name.clone());
            }
            return;
        };
        let [output] = table.outputs.as_slice() else { return };
        let entries = table
            .rules
            .iter()
            .filter_map(|rule| rule.outputs.first())
            .filter_map(|entry| constant(&entry.ours));
        let written: Vec<Value> = entries.collect();
        let kind = kind_of(self.model, output.kind.as_deref())
            .or_else(|| kind_of(self.model, decision.kind.as_deref()))
            .or_else(|| match written.first() {
                Some(Value::Bool(_)) => Some("boolean"),
                Some(Value::Number(_)) => Some("number"),
                _ => None,
            });
        if table.policy.is_list() {
            return;
        }
        let kind = if is_sum(table.policy) { Some("number") } else { kind };
        match kind {
            Some("boolean") => self.entry("condition", &name, &decision.name, "when", name.clone()),
            Some("number") => {
                let applies = if output.default.is_some() || table.policy == Policy::Count {
                    "true".to_owned()
                } else if is_sum(table.policy) {
                    format!("count({name}_hits) > 0")
                } else {
                    let subjects: Vec<String> = self.subjects(&name, table);
                    let conditions: Vec<String> =
                        table.rules.iter().map(|rule| self.condition(rule, &subjects)).collect();
                    if conditions.iter().any(|condition| condition == "true") {
                        "true".to_owned()
                    } else {
                        let id = format!("{name}_applies");
                        let parts =
                            conditions.into_iter().map(|condition| format!("({condition})")).collect();
                        self.joined(&id, parts, " or ", str::to_owned, table.place);
                        id
                    }
                };
                self.entry("condition", &name, &decision.name, "when", applies);
                self.entry("amount", "", "", "value", name.clone());
            }
            _ => {}
        }
    }

    fn subjects(&self, name: &str, table: &Table) -> Vec<String> {
        let texts = (1..).zip(&table.inputs);
        let subject = |(n, input): (i32, &crate::model::Column)| {
            let text = &input.expression.ours;
            if is_dotted(text) { text.clone() } else { format!("{name}_{n}") }
        };
        texts.map(subject).collect()
    }

    fn entry(&mut self, kind: &'static str, id: &str, label: &str, key: &'static str, text: String) {
        self.entries.push(Entry { kind, id: id.to_owned(), label: label.to_owned(), key, text });
    }
}

fn is_sum(policy: Policy) -> bool {
    matches!(policy, Policy::Sum | Policy::Least | Policy::Most | Policy::Count)
}

/// `number`, `boolean` … behind a type's name.
fn kind_of<'m>(model: &'m Model, kind: Option<&'m str>) -> Option<&'m str> {
    let mut kind = kind?;
    for _ in 0..16 {
        kind = kind.rsplit(':').next().unwrap_or(kind);
        match model.types.iter().find(|own: &&Type| own.name == model.names.ours(kind)) {
            Some(own) if own.is_list => return None,
            Some(own) => kind = own.of.as_deref()?,
            None => return Some(kind),
        }
    }
    None
}

/// What an expression without names comes to.
fn constant(text: &str) -> Option<Value> {
    let expr = Expr::parse(text).ok().filter(|expr| expr.names().is_empty())?;
    if text.contains("today") {
        return None;
    }
    let value = expr.eval(&Scope::new(&Facts::new(), &Parameters::default(), date(2000, 1, 1)));
    Some(value).filter(|value| !value.is_unknown())
}

fn weight(output: &Output, value: &Value) -> usize {
    let is = |text: &String| constant(text).as_ref() == Some(value);
    output.values.iter().position(is).unwrap_or(output.values.len())
}

/// Values from one end to the other; an end is left out when open, and there is none when it has no limit.
#[derive(Debug)]
struct Span {
    low: Option<(Value, bool)>,
    high: Option<(Value, bool)>,
}

/// Whether it is sure that no value passes both.
fn apart(a: &Tests, b: &Tests) -> bool {
    if a.is_any() || b.is_any() {
        return false;
    }
    let spans = |tests: &Tests| tests.parts.iter().map(|part| span(part)).collect::<Option<Vec<Span>>>();
    let (Some(x), Some(y)) = (spans(a), spans(b)) else { return false };
    match (a.negated, b.negated) {
        (false, false) => x.iter().all(|x| y.iter().all(|y| is_apart(x, y))),
        (true, false) => y.iter().all(|y| x.iter().any(|x| is_same_point(x, y))),
        (false, true) => x.iter().all(|x| y.iter().any(|y| is_same_point(x, y))),
        (true, true) => false,
    }
}

fn span(part: &str) -> Option<Span> {
    for (sign, is_low, open) in
        [("<=", false, false), (">=", true, false), ("<", false, true), (">", true, true)]
    {
        if let Some(rest) = part.strip_prefix(sign) {
            let end = Some((constant(rest)?, open));
            return Some(if is_low { Span { low: end, high: None } } else { Span { low: None, high: end } });
        }
    }
    if let Some((low, high)) = part.split_once("..") {
        let (low_open, low) = (!low.starts_with('['), low.strip_prefix(['[', '(', ']'])?);
        let (high_open, high) = (!high.ends_with(']'), high.strip_suffix([']', ')', '['])?);
        return Some(Span {
            low: Some((constant(low)?, low_open)),
            high: Some((constant(high)?, high_open)),
        });
    }
    let point = constant(part)?;
    let plain = matches!(point, Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Date(_));
    plain.then(|| Span { low: Some((point.clone(), false)), high: Some((point, false)) })
}

fn is_apart(a: &Span, b: &Span) -> bool {
    let ends_before = |a: &Span, b: &Span| match (&a.high, &b.low) {
        (Some((high, high_open)), Some((low, low_open))) => match compare(high, low) {
            Some(Ordering::Less) => true,
            Some(Ordering::Equal) => *high_open || *low_open,
            _ => false,
        },
        _ => false,
    };
    ends_before(a, b) || ends_before(b, a)
}

fn is_same_point(a: &Span, b: &Span) -> bool {
    let point = |span: &Span| match (&span.low, &span.high) {
        (Some((low, false)), Some((high, false))) if low == high => Some(low.clone()),
        _ => None,
    };
    point(a).is_some_and(|a| point(b) == Some(a))
}

fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Number(a), Value::Number(b)) => Some(a.cmp(b)),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Evaluation;
    use jiff::civil::Date;
    use proptest::prelude::*;

    const ON: Date = date(2026, 7, 1);

    fn fixture(name: &str) -> Model {
        let path = format!("{}/fixtures/{name}/{name}.dmn", env!("CARGO_MANIFEST_DIR"));
        Model::read(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    fn legal() -> Legal {
        Legal { article: "보기법 제1조".to_owned(), from: "2020-01-01".to_owned() }
    }

    fn rules_of(taken: &Taken) -> RuleSet {
        let probe = format!(
            "\n[[condition]]\nid = \"언제나\"\narticle = \"-\"\nfrom = \"2020-01-01\"\nwhen = 'true'\n\
             [[line]]\nid = \"값\"\narticle = \"-\"\nfrom = \"2020-01-01\"\nsign = 0\nvalue = '{}'\n",
            taken.value
        );
        let text = taken.toml(&legal()) + &probe;
        RuleSet::parse(&text).unwrap_or_else(|faults| panic!("{faults:?}\n{text}"))
    }

    /// What the rules say the decision's value is.
    fn value_of(rules: &RuleSet, facts: &Facts) -> Value {
        let decision = rules.decide(facts, &Parameters::default(), ON);
        decision.lines.first().and_then(|line| line.value.clone()).unwrap_or(Value::Unknown)
    }

    fn facts(pairs: &[(&str, Value)]) -> Facts {
        pairs.iter().map(|(name, value)| (*name, value.clone())).collect()
    }

    #[test]
    fn a_table_of_amounts() {
        let taken = take_over(&fixture("heating-first"), None, "heating-first.dmn").unwrap();
        let text = taken.toml(&legal());
        assert!(text.contains("나이 >= 80 and 소득인정액 <= 2000000"), "{text}");
        assert!(
            text.contains("나이 in [65..80) and 소득인정액 <= 2000000 and 가구유형 in (\"단독\", \"부부\")"),
            "{text}"
        );
        assert_eq!(
            taken.facts.iter().map(String::as_str).collect::<Vec<_>>(),
            ["가구유형", "나이", "소득인정액"]
        );
        let rules = RuleSet::parse(&text).unwrap();
        for (age, income, kind, answer, amount) in [
            (80, 2_000_000, "단독", "yes", Some(200_000)),
            (65, 2_000_000, "단독", "yes", Some(120_000)),
            (64, 600_000, "단독", "no", None),
        ] {
            let facts =
                facts(&[("나이", age.into()), ("소득인정액", income.into()), ("가구유형", kind.into())]);
            let decision = rules.decide(&facts, &Parameters::default(), ON);
            assert_eq!((decision.answer.as_str(), decision.amount), (answer, amount));
        }
        // what is not known is asked for, unless it does not matter
        let decision = rules.decide(
            &facts(&[("나이", 64.into()), ("소득인정액", 400_000.into())]),
            &Parameters::default(),
            ON,
        );
        assert_eq!(
            (decision.answer.as_str(), decision.missing.as_slice()),
            ("unknown", &["가구유형".to_owned()][..])
        );
        let decision = rules.decide(&facts(&[("소득인정액", 3_000_000.into())]), &Parameters::default(), ON);
        assert_eq!(decision.answer.as_str(), "no");
    }

    #[test]
    fn what_is_left_to_fill_is_said_by_the_check() {
        let taken = take_over(&fixture("eligible-unique"), None, "eligible-unique.dmn").unwrap();
        let empty = Legal::default();
        assert_eq!(taken.to_fill(&empty), 6);
        let faults = RuleSet::parse(&taken.toml(&empty)).unwrap_err();
        assert_eq!(faults.len(), 6, "{faults:?}");
        assert!(
            faults
                .iter()
                .all(|fault| fault.message.en.contains("empty") || fault.message.en.contains("from")),
            "{faults:?}"
        );
        let rules = "[[let]]\nid = \"지원대상\"\narticle = \"가\"\nfrom = \"2020-01-01\"\nvalue = 'true'\n";
        let whole = taken.added_to("", &empty).unwrap();
        assert!(
            whole.contains("id = \"지원대상\"\nlabel = \"지원 대상\"\narticle = \"\"\nfrom = \"\"\n"),
            "{whole}"
        );
        let why = taken.added_to(rules, &legal()).unwrap_err();
        assert!(why.iter().any(|why| why.contains("지원대상")), "{why:?}");
    }

    #[test]
    fn several_decisions_and_outputs() {
        let model = fixture("two-outputs-any");
        // 1. and 2. overlap and agree; 3. says household 2 and income from 500,000, so nothing else
        let taken = take_over(&model, Some("Monthly fee"), "two-outputs-any.dmn").unwrap();
        let rules = rules_of(&taken);
        for (size, income, fee) in [(1, 400_000, Some(0)), (3, 999_999, Some(49_990)), (3, 400_000, None)] {
            let given = facts(&[("householdsize", size.into()), ("monthlyincome", income.into())]);
            assert_eq!(value_of(&rules, &given), fee.map_or(Value::Unknown, Value::from), "{size} {income}");
        }
        let why = take_over(&fixture("grade-priority"), None, "-").unwrap_err();
        assert!(why[0].message.contains("`우선 등급`, `등급 순서`"), "{why:?}");
        let why = take_over(&fixture("boxed"), Some("내역"), "-").unwrap_err();
        assert_eq!(why.len(), 3, "{why:?}");
        assert!(
            why.iter().all(|why| why.place.line > 1 && why.message.contains("is not taken over")),
            "{why:?}"
        );
    }

    /// A model of one table over two numbers, a text and a truth.
    fn one_table(policy: &str, rules: &[([String; 4], String)], default: &str, kind: &str) -> String {
        let (policy, aggregation) = policy.split_once('+').unwrap_or((policy, ""));
        let mut xml = format!(
            "<definitions xmlns=\"https://www.omg.org/spec/DMN/20230324/MODEL/\" name=\"표\">\n<decision id=\"d\" name=\"결 정\"><variable name=\"결 정\"/>\n<decisionTable hitPolicy=\"{policy}\"{aggregation}>\n"
        );
        for (input, kind) in
            [("첫째 수", "number"), ("둘째 수 + 1", "number"), ("글", "string"), ("참인 것", "boolean")]
        {
            let _ = writeln!(
                xml,
                "<input><inputExpression typeRef=\"{kind}\"><text>{input}</text></inputExpression></input>"
            );
        }
        let values = if kind == "string" { "\"다\", \"가\", \"나\"" } else { "3, 1, 2" };
        let _ = writeln!(
            xml,
            "<output typeRef=\"{kind}\"><outputValues><text>{values}</text></outputValues>{default}</output>"
        );
        for (tests, output) in rules {
            xml.push_str("<rule>");
            for test in tests {
                let _ = write!(xml, "<inputEntry><text>{}</text></inputEntry>", test.replace('<', "&lt;"));
            }
            let _ = writeln!(xml, "<outputEntry><text>{output}</text></outputEntry></rule>");
        }
        let inputs = ["첫째 수", "둘째 수", "글", "참인 것"];
        let inputs: String = inputs
            .iter()
            .map(|name| format!("<inputData name=\"{name}\"><variable name=\"{name}\"/></inputData>\n"))
            .collect();
        xml + "</decisionTable></decision>\n" + &inputs + "</definitions>"
    }

    fn number_test() -> impl Strategy<Value = String> {
        let n = || -1_i64..5;
        prop_oneof![
            3 => Just("-".to_owned()),
            2 => n().prop_map(|n| n.to_string()),
            2 => (n(), prop::sample::select(vec!["<", "<=", ">", ">="])).prop_map(|(n, sign)| format!("{sign} {n}")),
            2 => (n(), n(), prop::sample::select(vec!["[)", "(]", "[]", "()", "]["])).prop_map(|(a, b, ends)| {
                let (open, close) = ends.split_at(1);
                format!("{open}{a}..{b}{close}")
            }),
            1 => (n(), n()).prop_map(|(a, b)| format!("{a}, > {b}")),
            1 => (n(), n()).prop_map(|(a, b)| format!("not({a}, {b})")),
            1 => n().prop_map(|n| format!("? * 2 > {n}")),
            1 => n().prop_map(|n| format!("[{n}..3], ? = 0")),
            1 => Just("둘째 수".to_owned()),
        ]
    }

    fn text_test() -> impl Strategy<Value = String> {
        prop::sample::select(vec![
            "-",
            "-",
            "",
            "\"가\"",
            "\"나\", \"다\"",
            "not(\"가\")",
            "contains(?, \"가\")",
            "\"첫째 수\"",
        ])
        .prop_map(str::to_owned)
    }

    fn bool_test() -> impl Strategy<Value = String> {
        prop::sample::select(vec!["-", "-", "true", "false", "not(true)"]).prop_map(str::to_owned)
    }

    fn rule() -> impl Strategy<Value = ([String; 4], usize)> {
        (number_test(), number_test(), text_test(), bool_test(), 0_usize..3)
            .prop_map(|(a, b, c, d, output)| ([a, b, c, d], output))
    }

    fn input() -> impl Strategy<Value = [Value; 4]> {
        let number = || (-2_i64..6).prop_map(Value::from);
        (
            number(),
            number(),
            prop::sample::select(vec!["가", "나", "가나", "첫째 수"]).prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
        )
            .prop_map(|(a, b, c, d)| [a, b, c, d])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1500))]

        #[test]
        fn what_is_taken_over_says_the_same(
            policy in prop::sample::select(vec![
                "UNIQUE", "ANY", "PRIORITY", "FIRST", "RULE ORDER", "OUTPUT ORDER", "COLLECT",
                "COLLECT+ aggregation=\"SUM\"", "COLLECT+ aggregation=\"MIN\"", "COLLECT+ aggregation=\"MAX\"", "COLLECT+ aggregation=\"COUNT\"",
            ]),
            rules in prop::collection::vec(rule(), 1..7),
            has_default in any::<bool>(),
            texts in any::<bool>(),
            inputs in prop::collection::vec((input(), any::<[bool; 4]>()), 1..8),
        ) {
            let sums = policy.contains("SUM") || policy.contains("MIN") || policy.contains("MAX");
            let texts = texts && !sums;
            let outputs = if texts { ["\"가\"", "\"나\"", "\"다\""] } else { ["1", "2", "3"] };
            let rules: Vec<([String; 4], String)> = rules.into_iter().map(|(tests, output)| (tests, outputs[output].to_owned())).collect();
            let default = if has_default { format!("<defaultOutputEntry><text>{}</text></defaultOutputEntry>", outputs[0]) } else { String::new() };
            let xml = one_table(policy, &rules, &default, if texts && !policy.contains("COUNT") { "string" } else if policy.contains("COUNT") { "Any" } else { "number" });
            let model = Model::read(&xml).unwrap();
            let names = ["첫째 수", "둘째 수", "글", "참인 것"];
            let evaluated = |values: &[Value; 4]| {
                let given = names.iter().zip(values).map(|(name, value)| ((*name).to_owned(), value.clone()));
                Evaluation::new(&model, given, ON).decide("결 정").unwrap()
            };
            let taken = match take_over(&model, None, "표.dmn") {
                Ok(taken) => taken,
                Err(refusals) => {
                    // only what may hold twice is refused of these
                    prop_assert!(matches!(policy, "UNIQUE" | "ANY"));
                    prop_assert!(refusals.iter().all(|refusal| refusal.message.contains("may hold at once")), "{refusals:?}");
                    return Ok(());
                }
            };
            let rules = rules_of(&taken);
            let known = |values: &[Value; 4], mask: &[bool; 4]| -> Facts {
                let pairs = names.iter().zip(values).zip(mask).filter(|(_, known)| **known);
                pairs.map(|((name, value), _)| (model.names.ours(name), value.clone())).collect()
            };
            for (values, mask) in &inputs {
                let whole = evaluated(values);
                prop_assert_eq!(value_of(&rules, &known(values, &[true; 4])), whole.clone(), "{}\n{}", xml, taken.toml(&legal()));
                // with less known, the same or not yet known
                let less = value_of(&rules, &known(values, mask));
                prop_assert!(less.is_unknown() || less == whole, "{less} {whole}\n{xml}");
            }
        }

        #[test]
        fn reading_never_panics(xml in "(<definitions>|<decision name=\"가\">|<decisionTable>|<input>|<text>가|</text>|</input>|<rule>|</rule>|</decision>|\\PC){0,30}") {
            let _ = Model::read(&xml).map(|model| take_over(&model, None, "-").is_ok());
        }
    }

    #[test]
    fn long_tables_are_cut() {
        let rules: Vec<([String; 4], String)> = (0..300)
            .map(|n| {
                ([n.to_string(), "-".to_owned(), "-".to_owned(), "-".to_owned()], (n % 3 + 1).to_string())
            })
            .collect();
        for policy in ["UNIQUE", "FIRST", "PRIORITY", "COLLECT", "COLLECT+ aggregation=\"SUM\""] {
            let model = Model::read(&one_table(policy, &rules, "", "number")).unwrap();
            let rules = rules_of(&take_over(&model, None, "표.dmn").unwrap());
            for (n, output) in [(0, 1), (41, 3), (299, 3)] {
                let is = Value::from(output);
                let is = if policy == "COLLECT" { Value::List(vec![is]) } else { is };
                let given = facts(&[("첫째수", n.into()), ("둘째수", 0.into())]);
                assert_eq!(value_of(&rules, &given), is, "{policy} {n}");
            }
        }
    }
}
