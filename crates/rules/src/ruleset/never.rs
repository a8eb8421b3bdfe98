//! What of a service's rules can never be true, and where it stands.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use jiff::civil::Date;

use maru_kernel::{Both, Lang, both};

use super::{Entry, RuleSet, Written};
use crate::Fault;
use crate::never::{Domain, Known, Part, Period};
use crate::parameters::Parameters;
use crate::parser::{Each, Function, Kind, Node, PARAMETERS, Test};

/// What was found of one place: in how many periods, of how many, since when, and why.
struct Found {
    since: Date,
    periods: usize,
    why: Both,
    /// That it holds in one period is enough to say so.
    once: bool,
}

type Place = (usize, usize, usize);

/// An entry's expression, in a list of all.
struct One<'a> {
    written: &'a Written,
    from: Date,
    until: Option<Date>,
    is_condition: bool,
}

impl<'a> One<'a> {
    fn of<T>(entry: &'a Entry<T>, written: &'a Written, is_condition: bool) -> One<'a> {
        One { written, from: entry.from, until: entry.until, is_condition }
    }

    fn in_force(&self, on: Date) -> bool {
        self.from <= on && self.until.is_none_or(|until| on <= until)
    }

    fn part(&self) -> Part<'a> {
        Part { node: self.written.expr.root(), text: &self.written.text }
    }
}

impl RuleSet {
    /// What can never be true, whatever the facts: a condition, a part of one, a range, or all conditions of a day together. Each with its
    /// place; all of it is surely so, not all that is so is found.
    pub fn never(&self, facts: &BTreeMap<String, Domain>, parameters: &Parameters) -> Vec<Fault> {
        let all = self.written_ones();
        let days = self.turns(parameters);
        let mut found: BTreeMap<Place, Found> = BTreeMap::new();
        let mut periods = vec![0_usize; all.len()];
        for (place, from) in days.iter().enumerate() {
            let until = days.get(place + 1).and_then(|next| next.yesterday().ok());
            let lets = self.lets.iter().map(|(name, entries)| {
                let body = entries.iter().find(|entry| entry.in_force(*from)).map(|entry| &entry.body);
                (name.as_str(), body.map(|written| (written.expr.root(), &*written.text)))
            });
            let period = Period::new(facts, parameters, (*from, until), lets.collect());
            let mut look = Look { period, beginning: Known::default(), found: Vec::new() };
            look.beginning = look.period.beginning();
            let mut open = Vec::new();
            for (one, counted) in periods.iter_mut().enumerate() {
                let Some(entry) = all.get(one).filter(|entry| entry.in_force(*from)) else { continue };
                *counted += 1;
                let before = look.found.len();
                look.visit(one, entry.part());
                let whole = look.found.get(before..).is_some_and(|found| found.iter().any(|f| f.whole));
                if entry.is_condition && !whole {
                    open.push((one, entry.part()));
                }
            }
            let parts: Vec<Part<'_>> = open.iter().map(|(_, part)| *part).collect();
            if let Err(place) = look.period.all_true(&look.beginning, &parts)
                && let Some((one, part)) = open.get(place)
            {
                let shown = shown(*part, &part.node.at);
                let why = both!(
                    "{shown}: 앞의 조건들과 함께 참일 수 없어 아무도 해당하지 않습니다",
                    "{shown} can never be true together with the conditions before it, so that nobody ever qualifies"
                );
                look.found.push(Said { one: *one, at: part.node.at.clone(), why, once: true, whole: true });
            }
            if look.period.gave_up() {
                return Vec::new();
            }
            for said in look.found {
                let place = (said.one, said.at.start, said.at.end);
                let fresh = Found { since: *from, periods: 0, why: said.why, once: said.once };
                found.entry(place).or_insert(fresh).periods += 1;
            }
        }
        let mut faults: Vec<Fault> = found
            .into_iter()
            .filter_map(|((one, start, end), found)| {
                let (entry, periods) = (all.get(one)?, periods.get(one)?);
                let always = found.periods == *periods;
                if !always && !found.once {
                    return None;
                }
                let Both { ko, en } = found.why;
                let since = found.since;
                let why = if always {
                    Both { ko, en }
                } else {
                    both!("{ko} ({since}부터)", "{en} (from {since} on)")
                };
                let placed = entry.written.place(Fault::at(start..end, why));
                Some(Fault { line: self.source.line_of(placed.at.start), ..placed })
            })
            .collect();
        faults.sort_by_key(|fault| (fault.line, fault.at.start));
        faults
    }

    fn written_ones(&self) -> Vec<One<'_>> {
        let lets = self.lets.iter().flat_map(|(_, entries)| entries);
        let lets = lets.map(|entry| One::of(entry, &entry.body, false));
        let conditions = self.conditions.iter().map(|entry| One::of(entry, &entry.body.when, true));
        let lines = self.lines.iter().map(|entry| One::of(entry, &entry.body.0, false));
        let amounts = self.amounts.iter().map(|entry| One::of(entry, &entry.body, false));
        lets.chain(conditions).chain(lines).chain(amounts).collect()
    }

    /// The days on which an entry, or a parameter it may read, begins or has ended.
    fn turns(&self, parameters: &Parameters) -> Vec<Date> {
        let mut days = BTreeSet::new();
        for one in self.written_ones() {
            days.insert(one.from);
            days.extend(one.until.and_then(|until| until.tomorrow().ok()));
        }
        for name in self.names().iter().filter(|name| name.starts_with(PARAMETERS)) {
            days.extend(parameters.turns(name));
        }
        days.into_iter().collect()
    }
}

struct Said {
    one: usize,
    at: Range<usize>,
    why: Both,
    once: bool,
    /// The entry's whole expression.
    whole: bool,
}

struct Look<'a> {
    period: Period<'a>,
    beginning: Known,
    found: Vec<Said>,
}

/// How many characters of a rule are repeated.
const QUOTED: usize = 60;

/// A part in its own words.
fn shown(part: Part<'_>, at: &Range<usize>) -> String {
    let text = part.text.get(at.clone()).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= QUOTED {
        return format!("`{text}`");
    }
    let begin: String = text.chars().take(QUOTED).collect();
    format!("`{begin} …`")
}

impl<'a> Look<'a> {
    fn never(&mut self, part: Part<'a>) -> bool {
        self.period.all_true(&self.beginning, &[part]).is_err()
    }

    fn say(&mut self, one: usize, part: Part<'a>, at: Range<usize>, why: Both, whole: bool) {
        let (shown, Both { ko, en }) = (shown(part, &at), why);
        let why = both!("{shown}: {ko}", "{shown} {en}");
        self.found.push(Said { one, why, at, once: whole, whole });
    }

    fn visit(&mut self, one: usize, root: Part<'a>) {
        self.part(one, root, root.node);
    }

    /// Whatever in it is true or false and can never be true; the smallest part that shows it.
    fn part(&mut self, one: usize, root: Part<'a>, node: &'a Node) {
        let part = Part { node, ..root };
        let truth = matches!(
            node.kind,
            Kind::And(_)
                | Kind::Or(_)
                | Kind::Compare(..)
                | Kind::Between(..)
                | Kind::In(..)
                | Kind::Each(Each::Some | Each::Every, ..)
                | Kind::Call(Function::Not, _)
        );
        let is_root = std::ptr::eq(root.node, node);
        if (truth || is_root) && reads_facts(node) && self.never(part) && self.may_be_truth(part) {
            return self.blame(one, root, part);
        }
        match &node.kind {
            Kind::Each(_, name, list, body) => self.in_list(one, root, list, (name, false), body),
            Kind::Filter { list, condition, bare } => {
                self.in_list(one, root, list, ("item", *bare), condition);
            }
            // Names in it mean something else.
            Kind::Context(_) => {}
            Kind::In(value, tests) => {
                self.part(one, root, value);
                for test in tests {
                    let ends = test_nodes(test);
                    if let Some(at) = span(&ends)
                        && self.period.never_in(&self.beginning, Part { node: value, ..root }, test)
                        && ends.iter().all(|node| !reads_parameters(node))
                    {
                        let why = self.why_test(Part { node: value, ..root }, test);
                        self.say(one, root, at, why, false);
                    }
                }
            }
            _ => node.children().into_iter().for_each(|child| self.part(one, root, child)),
        }
    }

    /// A list, and what is asked of each of its items.
    fn in_list(
        &mut self,
        one: usize,
        root: Part<'a>,
        list: &'a Node,
        (name, bare): (&'a str, bool),
        body: &'a Node,
    ) {
        self.part(one, root, list);
        if !reads_facts(list) {
            return;
        }
        let part = Part { node: list, ..root };
        let Some(known) = self.period.enter(self.beginning.clone(), part, name, bare) else { return };
        let outer = std::mem::replace(&mut self.beginning, known);
        self.part(one, root, body);
        self.beginning = outer;
        self.period.leave();
    }

    /// What is asked of items, wherever in a part there is a list.
    fn lists(&mut self, one: usize, root: Part<'a>, node: &'a Node) {
        match &node.kind {
            Kind::Each(_, name, list, body) => self.in_list(one, root, list, (name, false), body),
            Kind::Filter { .. } => self.part(one, root, node),
            Kind::Context(_) => {}
            _ => node.children().into_iter().for_each(|child| self.lists(one, root, child)),
        }
    }

    /// An expression that is no truth at all, such as an amount, is not one that is never true.
    fn may_be_truth(&mut self, part: Part<'a>) -> bool {
        match part.node.kind {
            Kind::And(_)
            | Kind::Or(_)
            | Kind::Compare(..)
            | Kind::Between(..)
            | Kind::In(..)
            | Kind::Each(Each::Some | Each::Every, ..) => true,
            _ => self.period.may_be_truth(&self.beginning, part),
        }
    }

    fn blame(&mut self, one: usize, root: Part<'a>, part: Part<'a>) {
        let whole = std::ptr::eq(root.node, part.node);
        let before = self.found.len();
        if let Kind::And(parts) = &part.node.kind {
            let parts: Vec<Part<'a>> = parts.iter().map(|node| Part { node, ..root }).collect();
            if let Some(alone) = parts.iter().find(|part| self.never(**part)) {
                self.blame(one, root, *alone);
            } else if let Err(place) = self.period.all_true(&self.beginning, &parts)
                && let Some(part) = parts.get(place)
            {
                let why = both!(
                    "다른 부분과 함께 참일 수 없습니다",
                    "can never be true together with the other parts"
                );
                self.say(one, root, part.node.at.clone(), why, false);
            }
        } else {
            // each alternative of an `or` has a reason of its own
            if !matches!(part.node.kind, Kind::Or(_)) {
                self.lists(one, root, part.node);
            }
            if self.found.len() == before {
                let why = self.why(part);
                self.say(one, root, part.node.at.clone(), why, false);
            }
        }
        if let Some(said) = self.found.get_mut(before..).and_then(<[Said]>::first_mut)
            && whole
        {
            (said.once, said.whole) = (true, true);
        }
    }

    fn why(&mut self, part: Part<'a>) -> Both {
        let of = |node| Part { node, ..part };
        let said: Vec<Both> = match &part.node.kind {
            Kind::Compare(_, left, right) => [left, right]
                .into_iter()
                .filter_map(|node| self.period.said(&self.beginning, of(node)))
                .collect(),
            Kind::Between(value, ..) => self.period.said(&self.beginning, of(value)).into_iter().collect(),
            Kind::In(value, tests) => match tests.as_slice() {
                [test] => return self.why_test(of(value), test),
                _ => self.period.said(&self.beginning, of(value)).into_iter().collect(),
            },
            _ => Vec::new(),
        };
        because(&said)
    }

    fn why_test(&mut self, value: Part<'a>, test: &'a Test) -> Both {
        if let Test::Range { low, high, .. } = test
            && let (Kind::Literal(low), Kind::Literal(high)) = (&low.kind, &high.kind)
            && crate::eval::order(low, high).is_some_and(std::cmp::Ordering::is_gt)
        {
            return both!(
                "범위가 시작하기 전에 끝나 담을 수 있는 것이 없습니다",
                "can never hold anything: the range ends before it begins"
            );
        }
        let said: Vec<Both> = self.period.said(&self.beginning, value).into_iter().collect();
        because(&said)
    }
}

fn because(said: &[Both]) -> Both {
    let joined = |lang| said.iter().map(|one| one.get(lang)).collect::<Vec<_>>().join(", ");
    let (ko, en) = (joined(Lang::Ko), joined(Lang::En));
    if said.is_empty() {
        both!("참일 수 없습니다", "can never be true")
    } else {
        both!("참일 수 없습니다. {ko}", "can never be true: {en}")
    }
}

fn test_nodes(test: &Test) -> Vec<&Node> {
    match test {
        Test::Is(node) | Test::Compare(_, node) => vec![node],
        Test::Range { low, high, .. } => vec![low, high],
    }
}

fn span(nodes: &[&Node]) -> Option<Range<usize>> {
    Some(nodes.first()?.at.start..nodes.last()?.at.end)
}

/// Whether it reads a fact or a let: what only reads parameters is a switch that the law may turn.
fn reads_facts(node: &Node) -> bool {
    let mut paths = Vec::new();
    node.free_paths(&mut paths);
    paths.is_empty() || paths.iter().any(|(path, bare)| !bare && path.first() != PARAMETERS)
}

fn reads_parameters(node: &Node) -> bool {
    let mut paths = Vec::new();
    node.free_paths(&mut paths);
    paths.iter().any(|(path, _)| path.first() == PARAMETERS)
}
