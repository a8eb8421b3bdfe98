//! Test cases in the form of the DMN TCK: inputs, and what decisions must come to. What fails says why.

use std::collections::BTreeMap;

use jiff::civil::Date;
use maru_rules::{Ratio, Value};
use roxmltree::{Document, Node};

use crate::evaluate::{Evaluation, renamed};
use crate::model::{Boxed, Logic, Model, Place, Refusal};

/// One result a test case asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub case: String,
    pub decision: String,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Passes,
    /// Not passing, by the kind of reason, with the particulars.
    Fails(Why, String),
}

/// Kinds of reasons, the more telling ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    Imports,
    Services,
    Foreign,
    Functions,
    Instance,
    Times,
    Patterns,
    Irrational,
    Ranges,
    Named,
    Null,
    RefusedWhenRead,
    Contexts,
    Loops,
    Names,
    Size,
    Strict,
    Other,
}

impl Why {
    /// In the words of the table; whether it is by design stands with each.
    pub fn words(self) -> &'static str {
        match self {
            Why::Imports => "models that import others",
            Why::Services => "decision services",
            Why::Foreign => "functions in other languages",
            Why::Functions => "functions defined by authors, or passed as values",
            Why::Instance => "types as values (`instance of`)",
            Why::Times => "times of day, zones, and durations as values",
            Why::Patterns => "regular expressions",
            Why::Irrational => "numbers without an exact form in our bounds (roots, logarithms, long powers)",
            Why::Ranges => "ranges as values",
            Why::Named => "arguments by name",
            Why::Null => {
                "what is `null` or missing is *not yet known*: it is not compared, skipped, or taken for false"
            }
            Why::RefusedWhenRead => "refused when read, where DMN says `null` when run",
            Why::Contexts => "contexts built or taken apart by functions, and keys that are no names",
            Why::Loops => "several lists in one loop, `partial`",
            Why::Names => "names with spaces that no element declares",
            Why::Strict => "an argument that does not fit (a scale of 2.5) is a fault, not bent to fit",
            Why::Size => "numbers or lists beyond our bounds",
            Why::Other => "not taken over",
        }
    }
}

/// The file of the model that a test file is about.
pub fn model_of(cases: &str) -> Option<String> {
    let document = Document::parse(cases).ok()?;
    let name = named(document.root_element(), "modelName").next()?.text()?.trim().to_owned();
    Some(name)
}

/// Runs every case of a test file against its model.
pub fn run(cases: &str, model: &Result<Model, Refusal>, on: Date) -> Result<Vec<Asked>, Refusal> {
    let document = Document::parse(cases).map_err(|error| {
        let at = error.pos();
        Refusal {
            place: Place { line: at.row, column: at.col },
            message: format!("this is not well-formed XML ({error})"),
        }
    })?;
    let mut asked = Vec::new();
    for case in named(document.root_element(), "testCase") {
        let id = case.attribute("id").unwrap_or_default().to_owned();
        for result in named(case, "resultNode") {
            let decision = result.attribute("name").unwrap_or_default().to_owned();
            let outcome = match model {
                Err(refusal) => Outcome::Fails(Why::Other, refusal.to_string()),
                Ok(model) => one(case, result, &decision, model, on),
            };
            asked.push(Asked { case: id.clone(), decision, outcome });
        }
    }
    Ok(asked)
}

fn named<'a, 'd>(node: Node<'a, 'd>, name: &'static str) -> impl Iterator<Item = Node<'a, 'd>> {
    node.children().filter(move |child| child.tag_name().name() == name)
}

fn one(case: Node, result: Node, decision: &str, model: &Model, on: Date) -> Outcome {
    let fails = |why, message: &str| Outcome::Fails(why, message.to_owned());
    if result.attribute("type").or(case.attribute("type")) == Some("decisionService")
        || case.attribute("invocableName").is_some()
    {
        return fails(Why::Services, "a decision service is asked");
    }
    if !model.imports.is_empty() {
        return fails(Why::Imports, "the model imports another");
    }
    let mut inputs = Vec::new();
    for input in named(case, "inputNode") {
        match value(input) {
            Ok(value) => inputs.push((input.attribute("name").unwrap_or_default().to_owned(), value)),
            Err(why) => return fails(why, "an input is of a kind we do not have"),
        }
    }
    let expected = match named(result, "expected").next().map(value).unwrap_or(Ok(Value::Unknown)) {
        Ok(expected) => renamed(expected, model),
        Err(why) => return fails(why, "the result is of a kind we do not have"),
    };
    let source = source(model, decision);
    match Evaluation::new(model, inputs, on).decide(decision) {
        Ok(found) if close(&found, &expected) => Outcome::Passes,
        Ok(found) => Outcome::Fails(
            why(&source, Ok(&found), &expected),
            format!("expected {expected}, found {found}; {source}"),
        ),
        Err(refusal) => Outcome::Fails(
            why(&source, Err(&refusal), &expected),
            format!("expected {expected}; {refusal}; {source}"),
        ),
    }
}

/// All that a decision, and those it stands on, say.
fn source(model: &Model, name: &str) -> String {
    let mut texts = Vec::new();
    let mut open: Vec<&str> = model.decision(name).map(|decision| decision.id.as_str()).into_iter().collect();
    let mut seen: Vec<&str> = Vec::new();
    while let Some(id) = open.pop() {
        if seen.contains(&id) {
            continue;
        }
        seen.push(id);
        if let Some(decision) = model.decisions.iter().find(|decision| decision.id == id) {
            open.extend(decision.needs.iter().map(String::as_str));
            if let Some(logic) = &decision.logic {
                said(logic, model, &mut texts, 0);
            }
        }
    }
    texts.join(" ; ")
}

fn said(boxed: &Boxed, model: &Model, texts: &mut Vec<String>, depth: usize) {
    if depth > 40 {
        return;
    }
    let mut more = |inner: &Boxed| said(inner, model, texts, depth + 1);
    match &boxed.logic {
        Logic::Literal(text) => texts.push(text.ours.clone()),
        Logic::Context(entries) => entries.iter().for_each(|(_, entry)| more(entry)),
        Logic::List(items) => items.iter().for_each(more),
        Logic::Relation(_, rows) => rows.iter().flatten().for_each(more),
        Logic::Invocation(called, bindings) => {
            bindings.iter().for_each(|(_, argument)| more(argument));
            let function =
                model.functions.iter().find(|function| model.names.ours(&function.name) == *called);
            function.and_then(|function| function.body.as_ref()).into_iter().for_each(more);
        }
        Logic::If(a, b, c) => [a, b, c].into_iter().for_each(|inner| more(inner)),
        Logic::Each(_, _, a, b) | Logic::Filter(a, b) => [a, b].into_iter().for_each(|inner| more(inner)),
        Logic::Table(table) => {
            texts.extend(table.inputs.iter().map(|input| input.expression.ours.clone()));
            for rule in &table.rules {
                texts.extend(rule.tests.iter().map(|tests| tests.condition.ours.clone()));
                texts.extend(rule.outputs.iter().map(|output| output.ours.clone()));
            }
        }
        Logic::Other(what) => texts.push(what.clone()),
    }
}

/// What kept a case from passing, as far as its text and the refusal tell.
fn why(source: &str, found: Result<&Value, &Refusal>, expected: &Value) -> Why {
    let says = |words: &[&str]| words.iter().any(|word| source.contains(word));
    let (refusal, unknown) = match found {
        Ok(found) => (None, found != expected && has_unknown(found)),
        Err(refusal) => (Some(refusal), false),
    };
    let message = refusal.map(|refusal| refusal.message.as_str()).unwrap_or_default();
    let told = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if told(&["a function written in"]) || says(&["external"]) {
        Why::Foreign
    } else if says(&["function(", "function (", "sort("])
        || told(&["a function written by the author", "no business knowledge model"])
    {
        Why::Functions
    } else if says(&["instance of"]) {
        Why::Instance
    } else if says(&["time(", "time (", "duration(", "@\"", "now(", ".time", "hour", ".weekday"]) {
        Why::Times
    } else if says(&["matches(", "replace(", "split("]) {
        Why::Patterns
    } else if says(&["sqrt(", "exp(", "log(", "stddev("]) || (says(&["**"]) && refusal.is_none()) {
        Why::Irrational
    } else if told(&[
        "range",
        "only follow `in`",
        "found `<`",
        "found `<=`",
        "found `>`",
        "found `>=`",
        "found `=`",
        "found `!=`",
        "found `]`",
    ]) || RELATIONS.iter().any(|relation| source.contains(relation))
    {
        Why::Ranges
    } else if says(&["partial"]) || told(&["one variable over one list"]) {
        Why::Loops
    } else if says(&["context(", "context put(", "context merge(", "get entries("])
        || (says(&["{"]) && told(&["expected `:`", "no meaning"]))
    {
        Why::Contexts
    } else if told(&["found `:`"]) {
        Why::Named
    } else if says(&["999999999", "6176"]) {
        Why::Size
    } else if refusal.is_some() && expected.is_unknown() {
        Why::RefusedWhenRead
    } else if told(&["no function"]) {
        Why::Functions
    } else if told(&["side by side"]) {
        Why::Names
    } else if told(&["too large", "longer than"]) {
        Why::Size
    } else if unknown && says(&["decimal(", "substring("]) {
        Why::Strict
    } else if unknown {
        Why::Null
    } else {
        Why::Other
    }
}

/// What intervals may be asked of one another.
const RELATIONS: [&str; 14] = [
    " before(",
    "before([",
    " after(",
    "after([",
    "meets(",
    "met by(",
    "overlaps",
    "finishes(",
    "finished by(",
    "starts(",
    "started by(",
    "includes(",
    "during(",
    "coincides(",
];

fn has_unknown(value: &Value) -> bool {
    match value {
        Value::Unknown => true,
        Value::List(items) => items.iter().any(has_unknown),
        Value::Context(fields) => fields.values().any(has_unknown),
        _ => false,
    }
}

fn value(node: Node) -> Result<Value, Why> {
    let is_nil = |node: Node| {
        node.attributes().any(|attribute| attribute.name() == "nil" && attribute.value() == "true")
    };
    if is_nil(node) {
        return Ok(Value::Unknown);
    }
    let mut fields = BTreeMap::new();
    for child in node.children().filter(Node::is_element) {
        match child.tag_name().name() {
            "value" if is_nil(child) => return Ok(Value::Unknown),
            "value" => return single(child),
            "list" if is_nil(child) => return Ok(Value::Unknown),
            "list" => return named(child, "item").map(value).collect::<Result<_, _>>().map(Value::List),
            "component" => {
                fields.insert(child.attribute("name").unwrap_or_default().to_owned(), value(child)?);
            }
            _ => {}
        }
    }
    Ok(if fields.is_empty() { Value::Unknown } else { Value::Context(fields) })
}

fn single(node: Node) -> Result<Value, Why> {
    let text = node.text().unwrap_or_default();
    let kind =
        node.attributes().find(|attribute| attribute.name() == "type").map(|attribute| attribute.value());
    match kind.map(|kind| kind.rsplit(':').next().unwrap_or(kind)) {
        Some("string") => Ok(Value::from(text)),
        Some("decimal" | "double" | "integer" | "int" | "long" | "float") => {
            Ratio::parse(text.trim()).map(Value::Number).ok_or(Why::Size)
        }
        Some("boolean") => Ok(Value::Bool(text.trim() == "true")),
        Some("date") => text.trim().parse::<Date>().map(Value::Date).map_err(|_| Why::Times),
        Some(_) => Err(Why::Times),
        None => Ok(text.trim().parse::<Date>().map_or_else(|_| Value::from(text), Value::Date)),
    }
}

/// Equal, an unknown being a `null`; numbers to eight decimals, for the cases write fractions so.
fn close(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let gap = a.checked_sub(b).and_then(|gap| gap.checked_abs());
            a == b || gap.zip(Ratio::new(1, 100_000_000)).is_some_and(|(gap, least)| gap < least)
        }
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| close(a, b)),
        (Value::Context(a), Value::Context(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| close(a, b)))
        }
        (a, b) => a == b,
    }
}
