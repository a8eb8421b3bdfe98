//! A model's decision from its inputs, as DMN has it: what is unknown is `null`, and a rule whose tests are not all true does not hold.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::civil::Date;
use maru_rules::{Expr, Facts, MAX_LIST, Parameters, Scope, Value};

use crate::model::{
    Boxed, Decision, Each, Logic, Model, Output, Place, Policy, Refusal, Rule, SUBJECT, Table, Tests, Text,
    Type,
};

/// How deep decisions and functions may stand on one another.
const MAX_DEPTH: usize = 64;
/// How many boxed expressions one decision may take.
const MAX_STEPS: usize = 1_000_000;

/// One evaluation: the inputs, and the decisions already made.
pub struct Evaluation<'m> {
    model: &'m Model,
    on: Date,
    inputs: Facts,
    made: BTreeMap<&'m str, Value>,
    parameters: Parameters,
    steps: usize,
}

impl<'m> Evaluation<'m> {
    /// The inputs are by the model's names; what is absent is unknown.
    pub fn new(
        model: &'m Model,
        inputs: impl IntoIterator<Item = (String, Value)>,
        on: Date,
    ) -> Evaluation<'m> {
        let mut evaluation = Evaluation {
            model,
            on,
            inputs: Facts::new(),
            made: BTreeMap::new(),
            parameters: Parameters::default(),
            steps: MAX_STEPS,
        };
        for (name, value) in inputs {
            let kind =
                model.inputs.iter().find(|input| input.name == name).and_then(|input| input.kind.as_deref());
            let value = evaluation.conform(renamed(value, model), kind, 0);
            evaluation.inputs.insert(model.names.ours(&name), value);
        }
        evaluation
    }

    /// What a decision comes to, by its name.
    pub fn decide(&mut self, name: &str) -> Result<Value, Refusal> {
        let decision = self.model.decision(name);
        let decision = decision
            .ok_or_else(|| Refusal::at(Place::default(), format!("the model has no decision `{name}`")))?;
        self.decision(decision, 0)
    }

    fn decision(&mut self, decision: &'m Decision, depth: usize) -> Result<Value, Refusal> {
        if let Some(value) = self.made.get(decision.id.as_str()) {
            return Ok(value.clone());
        }
        self.deeper(depth, decision.place)?;
        let mut names = self.inputs.clone();
        for id in &decision.needs {
            let Some(needed) = self.model.decisions.iter().find(|other| other.id == *id) else { continue };
            let value = self.decision(needed, depth + 1)?;
            names.insert(self.model.names.ours(&needed.name), value);
        }
        let value = match &decision.logic {
            Some(logic) => self.boxed(logic, &names, depth + 1)?,
            None => Value::Unknown,
        };
        let value = self.conform(value, decision.kind.as_deref(), 0);
        self.made.insert(&decision.id, value.clone());
        Ok(value)
    }

    fn deeper(&mut self, depth: usize, place: Place) -> Result<(), Refusal> {
        if depth > MAX_DEPTH {
            return Err(Refusal::at(place, format!("stands on itself, or is more than {MAX_DEPTH} deep")));
        }
        self.steps = self.steps.saturating_sub(1);
        if self.steps == 0 {
            return Err(Refusal::at(place, format!("takes more than {MAX_STEPS} steps")));
        }
        Ok(())
    }

    fn boxed(&mut self, boxed: &'m Boxed, names: &Facts, depth: usize) -> Result<Value, Refusal> {
        self.deeper(depth, boxed.place)?;
        let depth = depth + 1;
        let value = match &boxed.logic {
            Logic::Literal(text) => self.text(text, names)?,
            Logic::Context(entries) => {
                let mut names = names.clone();
                let mut context = BTreeMap::new();
                let mut result = None;
                for (name, entry) in entries {
                    let value = self.boxed(entry, &names, depth)?;
                    match name {
                        Some(name) => {
                            names.insert(name, value.clone());
                            context.insert(name.clone(), value);
                        }
                        None => result = Some(value),
                    }
                }
                result.unwrap_or(Value::Context(context))
            }
            Logic::List(items) => Value::List(
                items.iter().map(|item| self.boxed(item, names, depth)).collect::<Result<_, _>>()?,
            ),
            Logic::Relation(columns, rows) => {
                let mut list = Vec::new();
                for row in rows {
                    let mut context = BTreeMap::new();
                    for (column, cell) in columns.iter().zip(row) {
                        context.insert(column.clone(), self.boxed(cell, names, depth)?);
                    }
                    list.push(Value::Context(context));
                }
                Value::List(list)
            }
            Logic::Table(table) => self.table(table, names)?,
            Logic::Invocation(called, bindings) => {
                self.invoke(boxed.place, called, bindings, names, depth)?
            }
            Logic::If(condition, yes, no) => match self.boxed(condition, names, depth)? {
                Value::Bool(true) => self.boxed(yes, names, depth)?,
                Value::Bool(false) | Value::Unknown => self.boxed(no, names, depth)?,
                _ => Value::Unknown,
            },
            Logic::Each(each, variable, list, body) => {
                self.each(*each, variable, list, body, names, depth)?
            }
            Logic::Filter(list, condition) => self.filter(list, condition, names, depth)?,
            Logic::Other(what) => {
                return Err(Refusal::at(
                    boxed.place,
                    format!("{what} is not taken over: write the logic as a table or an expression"),
                ));
            }
        };
        Ok(self.conform(value, boxed.kind.as_deref(), 0))
    }

    fn text(&self, text: &Text, names: &Facts) -> Result<Value, Refusal> {
        let expr = text.expr.as_ref().map_err(|why| Refusal::at(text.place, why.clone()))?;
        Ok(self.eval(expr, names))
    }

    fn eval(&self, expr: &Expr, names: &Facts) -> Value {
        expr.eval(&Scope::new(names, &self.parameters, self.on))
    }

    fn invoke(
        &mut self,
        place: Place,
        called: &str,
        bindings: &'m [(String, Boxed)],
        names: &Facts,
        depth: usize,
    ) -> Result<Value, Refusal> {
        let model = self.model;
        let function = model.functions.iter().find(|function| model.names.ours(&function.name) == called);
        let function = function.ok_or_else(|| {
            Refusal::at(place, format!("`{called}` is no business knowledge model of this file"))
        })?;
        let mut given = Facts::new();
        for (parameter, argument) in bindings {
            let kind = function
                .parameters
                .iter()
                .find(|(name, _)| name == parameter)
                .and_then(|(_, kind)| kind.as_deref());
            let value = self.boxed(argument, names, depth)?;
            given.insert(parameter, self.conform(value, kind, 0));
        }
        let body = function.body.as_ref();
        let body =
            body.ok_or_else(|| Refusal::at(function.place, "this business knowledge model has no logic"))?;
        let value = self.boxed(body, &given, depth)?;
        Ok(self.conform(value, function.kind.as_deref(), 0))
    }

    fn each(
        &mut self,
        each: Each,
        variable: &str,
        list: &'m Boxed,
        body: &'m Boxed,
        names: &Facts,
        depth: usize,
    ) -> Result<Value, Refusal> {
        let items = match self.boxed(list, names, depth)? {
            Value::List(items) => items,
            _ => return Ok(Value::Unknown),
        };
        let mut names = names.clone();
        let mut out = Vec::new();
        for item in items {
            names.insert(variable, item);
            out.push(self.boxed(body, &names, depth)?);
        }
        let settles = each == Each::Some;
        let is_truth = |value: &Value| matches!(value, Value::Bool(_) | Value::Unknown);
        Ok(match each {
            Each::For => Value::List(out),
            _ if !out.iter().all(is_truth) => Value::Unknown,
            _ if out.contains(&Value::Bool(settles)) => Value::Bool(settles),
            _ if out.contains(&Value::Unknown) => Value::Unknown,
            _ => Value::Bool(!settles),
        })
    }

    fn filter(
        &mut self,
        list: &'m Boxed,
        condition: &'m Boxed,
        names: &Facts,
        depth: usize,
    ) -> Result<Value, Refusal> {
        let items = match self.boxed(list, names, depth)? {
            Value::List(items) => items,
            Value::Unknown => return Ok(Value::Unknown),
            one => vec![one],
        };
        let mut kept = Vec::new();
        for item in items {
            let mut names = names.clone();
            if let Value::Context(fields) = &item {
                for (name, field) in fields {
                    names.insert(name, field.clone());
                }
            }
            names.insert("item", item.clone());
            match self.boxed(condition, &names, depth)? {
                Value::Bool(true) => kept.push(item),
                Value::Bool(false) | Value::Unknown => {}
                _ => return Ok(Value::Unknown),
            }
        }
        Ok(Value::List(kept))
    }

    fn holds(&self, tests: &Tests, subject: &Value, names: &mut Facts) -> Result<bool, Refusal> {
        if tests.is_any() && !tests.negated {
            return Ok(true);
        }
        names.insert(SUBJECT, subject.clone());
        Ok(self.text(&tests.condition, names)? == Value::Bool(true))
    }

    fn table(&mut self, table: &'m Table, names: &Facts) -> Result<Value, Refusal> {
        let mut subjects = Vec::new();
        let mut names = names.clone();
        for input in &table.inputs {
            let value = self.text(&input.expression, &names)?;
            let value = self.conform(value, input.kind.as_deref(), 0);
            if let Some(allowed) = &input.allowed
                && !value.is_unknown()
                && !self.holds(allowed, &value, &mut names)?
            {
                return Ok(Value::Unknown);
            }
            subjects.push(value);
        }
        let mut hits: Vec<&'m Rule> = Vec::new();
        for rule in &table.rules {
            let mut all = true;
            for (tests, subject) in rule.tests.iter().zip(&subjects) {
                if !self.holds(tests, subject, &mut names)? {
                    all = false;
                    break;
                }
            }
            if all {
                hits.push(rule);
                if table.policy == Policy::First {
                    break;
                }
            }
        }
        names.remove(SUBJECT);
        if hits.is_empty() {
            return self.default(table, &names);
        }
        if matches!(table.policy, Policy::Priority | Policy::OutputOrder) {
            let mut ranked = Vec::new();
            for rule in hits {
                ranked.push((self.rank(table, rule, &names)?, rule));
            }
            ranked.sort_by_key(|(rank, _)| rank.clone());
            hits = ranked.into_iter().map(|(_, rule)| rule).collect();
        }
        let mut answers = Vec::new();
        for rule in hits {
            answers.push(self.answer(table, &rule.outputs.iter().map(Some).collect::<Vec<_>>(), &names)?);
        }
        Ok(combined(table.policy, answers))
    }

    fn default(&self, table: &'m Table, names: &Facts) -> Result<Value, Refusal> {
        if table.outputs.iter().all(|output| output.default.is_none()) {
            return Ok(if table.policy == Policy::Count { Value::from(0) } else { Value::Unknown });
        }
        let defaults: Vec<Option<&Text>> =
            table.outputs.iter().map(|output| output.default.as_ref()).collect();
        self.answer(table, &defaults, names)
    }

    /// One value, or a context of several by their outputs' names.
    fn answer(&self, table: &Table, entries: &[Option<&Text>], names: &Facts) -> Result<Value, Refusal> {
        let mut context = BTreeMap::new();
        for (output, entry) in table.outputs.iter().zip(entries) {
            let value = entry.map_or(Ok(Value::Unknown), |entry| self.text(entry, names))?;
            let value = self.conform(value, output.kind.as_deref(), 0);
            if table.outputs.len() == 1 {
                return Ok(value);
            }
            context.insert(output.name.clone().unwrap_or_default(), value);
        }
        Ok(Value::Context(context))
    }

    /// How far down its outputs stand in the lists of values, output by output.
    fn rank(&self, table: &Table, rule: &Rule, names: &Facts) -> Result<Vec<usize>, Refusal> {
        let mut rank = Vec::new();
        for (output, entry) in table.outputs.iter().zip(&rule.outputs) {
            if !output.values.is_empty() {
                rank.push(self.place_of(output, &self.text(entry, names)?));
            }
        }
        Ok(rank)
    }

    fn place_of(&self, output: &Output, value: &Value) -> usize {
        let nothing = Facts::new();
        let is = |text: &String| Expr::parse(text).is_ok_and(|expr| self.eval(&expr, &nothing) == *value);
        output.values.iter().position(is).unwrap_or(output.values.len())
    }

    /// The value as its type has it; unknown when it is of another. One thing is a list of itself where a list is due, and the other way.
    fn conform(&self, value: Value, kind: Option<&str>, depth: usize) -> Value {
        let Some(kind) = kind.map(|kind| kind.rsplit(':').next().unwrap_or(kind).trim()) else {
            return value;
        };
        if let Some(own) = self.model.types.iter().find(|own| own.name == self.model.names.ours(kind)) {
            return self.conform_to(value, own, depth);
        }
        let fits = |value: &Value| match kind.to_lowercase().as_str() {
            "number" => matches!(value, Value::Number(_)),
            "string" => matches!(value, Value::Text(_)),
            "boolean" => matches!(value, Value::Bool(_)),
            "date" => matches!(value, Value::Date(_)),
            _ => true,
        };
        match value {
            Value::Unknown => Value::Unknown,
            Value::List(mut items) if items.len() == 1 && !fits(&Value::List(Vec::new())) => {
                items.pop().filter(fits).unwrap_or(Value::Unknown)
            }
            value if fits(&value) => value,
            _ => Value::Unknown,
        }
    }

    fn conform_to(&self, value: Value, own: &Type, depth: usize) -> Value {
        if depth > MAX_DEPTH || value.is_unknown() {
            return Value::Unknown;
        }
        if own.is_list {
            let items = match value {
                Value::List(items) if items.len() <= MAX_LIST => items,
                Value::List(_) => return Value::Unknown,
                one => vec![one],
            };
            let known: Vec<bool> = items.iter().map(|item| !item.is_unknown()).collect();
            let items: Vec<Value> =
                items.into_iter().map(|item| self.conform_one(item, own, depth)).collect();
            let lost = items.iter().zip(known).any(|(item, known)| known && item.is_unknown());
            return if lost { Value::Unknown } else { Value::List(items) };
        }
        match value {
            Value::List(mut items) if items.len() == 1 && self.is_single(own, depth) => {
                items.pop().map_or(Value::Unknown, |one| self.conform_one(one, own, depth))
            }
            value => self.conform_one(value, own, depth),
        }
    }

    /// Whether a type is of one thing, not of a list by way of another type.
    fn is_single(&self, own: &Type, depth: usize) -> bool {
        let next = own
            .of
            .as_deref()
            .and_then(|of| self.model.types.iter().find(|other| other.name == self.model.names.ours(of)));
        depth < MAX_DEPTH && next.is_none_or(|next| !next.is_list && self.is_single(next, depth + 1))
    }

    fn conform_one(&self, value: Value, own: &Type, depth: usize) -> Value {
        let value = if own.fields.is_empty() {
            self.conform(value, own.of.as_deref(), depth + 1)
        } else {
            let Value::Context(mut fields) = value else { return Value::Unknown };
            for field in &own.fields {
                if let Some(found) = fields.remove(&field.name) {
                    let known = !found.is_unknown();
                    let found = self.conform_to(found, field, depth + 1);
                    if known && found.is_unknown() {
                        return Value::Unknown;
                    }
                    fields.insert(field.name.clone(), found);
                } else {
                    return Value::Unknown;
                }
            }
            Value::Context(fields)
        };
        match &own.allowed {
            Some(allowed) if !value.is_unknown() => {
                let holds = self.holds(allowed, &value, &mut Facts::new());
                if holds == Ok(false) { Value::Unknown } else { value }
            }
            _ => value,
        }
    }
}

fn combined(policy: Policy, mut answers: Vec<Value>) -> Value {
    match policy {
        Policy::RuleOrder | Policy::OutputOrder | Policy::Collect => Value::List(answers),
        Policy::Count => i64::try_from(answers.len()).map_or(Value::Unknown, Value::from),
        Policy::First | Policy::Priority => answers.swap_remove(0),
        Policy::Unique if answers.len() > 1 => Value::Unknown,
        Policy::Any if answers.windows(2).any(|pair| pair.first() != pair.last()) => Value::Unknown,
        Policy::Unique | Policy::Any => answers.swap_remove(0),
        Policy::Sum | Policy::Least | Policy::Most => {
            let mut numbers = Vec::new();
            for answer in answers {
                let Value::Number(number) = answer else { return Value::Unknown };
                numbers.push(number);
            }
            let found = match policy {
                Policy::Sum => numbers
                    .into_iter()
                    .try_fold(maru_rules::Ratio::ZERO, |sum, number| sum.checked_add(&number)),
                Policy::Most => numbers.into_iter().max(),
                _ => numbers.into_iter().max_by_key(|number| Reverse(*number)),
            };
            found.map_or(Value::Unknown, Value::Number)
        }
    }
}

/// A value whose fields have our names.
pub(crate) fn renamed(value: Value, model: &Model) -> Value {
    match value {
        Value::List(items) => Value::List(items.into_iter().map(|item| renamed(item, model)).collect()),
        Value::Context(fields) => Value::Context(
            fields
                .into_iter()
                .map(|(name, field)| (model.names.ours(&name), renamed(field, model)))
                .collect(),
        ),
        other => other,
    }
}
