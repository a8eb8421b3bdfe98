//! A `.dmn` file as a model: what goes in, what is decided, and by which logic. Reading keeps where each thing stands.

use std::fmt;

use maru_rules::Expr;
use roxmltree::{Document, Node, ParsingOptions};

use crate::names::{Names, quoted};

/// The largest file that is read, and the most elements in it.
const MAX_FILE: usize = 4 * 1024 * 1024;
const MAX_NODES: u32 = 400_000;
/// How deep boxed expressions may stand in one another.
const MAX_DEPTH: usize = 32;

/// Where something stands in the file; both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    pub line: u32,
    pub column: u32,
}

/// What cannot be read, evaluated or taken over: where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub place: Place,
    pub message: String,
}

impl Refusal {
    pub(crate) fn at(place: Place, message: impl Into<String>) -> Refusal {
        Refusal { place, message: message.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.place.line, self.place.column, self.message)
    }
}

impl std::error::Error for Refusal {}

#[derive(Debug)]
pub struct Model {
    pub name: String,
    pub inputs: Vec<Input>,
    pub decisions: Vec<Decision>,
    pub functions: Vec<Function>,
    pub types: Vec<Type>,
    pub names: Names,
    /// Models it says it needs; what they hold is not known here.
    pub imports: Vec<Place>,
}

#[derive(Debug)]
pub struct Input {
    pub name: String,
    pub kind: Option<String>,
    pub place: Place,
}

#[derive(Debug)]
pub struct Decision {
    pub id: String,
    pub name: String,
    pub kind: Option<String>,
    /// Ids of the decisions it stands on.
    pub needs: Vec<String>,
    pub logic: Option<Boxed>,
    pub place: Place,
}

/// A business knowledge model, called by a boxed invocation.
#[derive(Debug)]
pub struct Function {
    pub name: String,
    pub kind: Option<String>,
    pub parameters: Vec<(String, Option<String>)>,
    pub body: Option<Boxed>,
    pub place: Place,
}

/// An item definition.
#[derive(Debug)]
pub struct Type {
    pub name: String,
    pub of: Option<String>,
    pub is_list: bool,
    pub allowed: Option<Tests>,
    pub fields: Vec<Type>,
}

#[derive(Debug)]
pub struct Boxed {
    pub place: Place,
    pub kind: Option<String>,
    pub logic: Logic,
}

#[derive(Debug)]
pub enum Logic {
    Literal(Text),
    /// Entries in order; the one without a name is the result.
    Context(Vec<(Option<String>, Boxed)>),
    List(Vec<Boxed>),
    Relation(Vec<String>, Vec<Vec<Boxed>>),
    Table(Table),
    Invocation(String, Vec<(String, Boxed)>),
    If(Box<Boxed>, Box<Boxed>, Box<Boxed>),
    Each(Each, String, Box<Boxed>, Box<Boxed>),
    Filter(Box<Boxed>, Box<Boxed>),
    /// Something we do not take over, by its name in the file.
    Other(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Each {
    For,
    Some,
    Every,
}

/// An expression as it was written, with our names in it, and read if it can be.
#[derive(Debug, Clone)]
pub struct Text {
    pub ours: String,
    pub expr: Result<Expr, String>,
    pub place: Place,
}

impl Text {
    pub(crate) fn new(ours: String, place: Place) -> Text {
        let expr = Expr::parse(&ours).map_err(|fault| fault.message.en);
        Text { ours, expr, place }
    }
}

/// What one value is held against: an entry of a table, or the values a type allows.
#[derive(Debug, Clone)]
pub struct Tests {
    /// No part: anything will do.
    pub parts: Vec<String>,
    pub negated: bool,
    /// The same as a condition on [`SUBJECT`].
    pub condition: Text,
}

/// What the tests call the value they look at.
pub(crate) const SUBJECT: &str = "_이값";

impl Tests {
    fn new(ours: &str, place: Place) -> Tests {
        let text = ours.trim();
        let inside = text
            .strip_prefix("not")
            .and_then(|rest| rest.trim_start().strip_prefix('('))
            .and_then(|rest| rest.strip_suffix(')'))
            .filter(|inside| is_balanced(inside));
        let negated = inside.is_some();
        let text = inside.unwrap_or(text);
        let parts: Vec<String> = if text == "-" || text.is_empty() { Vec::new() } else { parts(text) };
        let condition = Text::new(condition(SUBJECT, &parts, negated), place);
        Tests { parts, negated, condition }
    }

    pub fn is_any(&self) -> bool {
        self.parts.is_empty()
    }

    /// The tests as a condition on what `subject` names.
    pub fn on(&self, subject: &str) -> String {
        condition(subject, &self.parts, self.negated)
    }
}

fn condition(subject: &str, parts: &[String], negated: bool) -> String {
    let one = |part: &String| match with_subject(part, subject) {
        Some(said) => format!("({said})"),
        None if ["<", ">"].iter().any(|sign| part.starts_with(sign)) => format!("{subject} {part}"),
        None if is_constant(part) => format!("{subject} = {part}"),
        None => format!("{subject} in ({part})"),
    };
    let whole = match parts {
        [] => "true".to_owned(),
        [part] => match is_range(part) {
            true => format!("{subject} in {part}"),
            false => one(part),
        },
        _ if parts.iter().all(|part| with_subject(part, subject).is_none()) => {
            format!("{subject} in ({})", parts.join(", "))
        }
        _ => parts.iter().map(one).collect::<Vec<_>>().join(" or "),
    };
    if negated { format!("not({whole})") } else { whole }
}

/// A number, a text in quotes, true or false.
fn is_constant(part: &str) -> bool {
    let number = part.strip_prefix('-').unwrap_or(part);
    matches!(part, "true" | "false")
        || (part.starts_with('"') && quoted(part) == part.len())
        || (number.starts_with(|c: char| c.is_ascii_digit())
            && number.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

/// Whether the whole of it is one range.
fn is_range(part: &str) -> bool {
    part.starts_with(['[', '(', ']'])
        && part.ends_with([']', ')', '['])
        && part.contains("..")
        && part
            .get(1..part.len().saturating_sub(1))
            .is_some_and(|inside| !inside.contains(['[', ']', '(', ')', ',']))
}

/// The text with its `?` replaced, if it has one outside quotes.
fn with_subject(text: &str, subject: &str) -> Option<String> {
    let mut out = String::new();
    let mut found = false;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if first == '"' { quoted(rest) } else { first.len_utf8() };
        let (taken, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        found |= taken == "?";
        out.push_str(if taken == "?" { subject } else { taken });
        rest = after;
    }
    found.then_some(out)
}

/// The parts between commas that stand in no brackets.
fn parts(text: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut open = 0_i32;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if first == '"' { quoted(rest) } else { first.len_utf8() };
        let (taken, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        match first {
            '(' | '{' | '[' => open += 1,
            // `]1..2[` is a range too, so a bracket may close before it opens
            ')' | '}' | ']' => open -= 1,
            _ => {}
        }
        if first == ',' && open == 0 {
            found.push(String::new());
        } else if let Some(part) = found.last_mut() {
            part.push_str(taken);
        }
        rest = after;
    }
    found.into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

fn is_balanced(text: &str) -> bool {
    let mut open = 0_i32;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if first == '"' { quoted(rest) } else { first.len_utf8() };
        match first {
            '(' => open += 1,
            ')' => open -= 1,
            _ => {}
        }
        if open < 0 {
            return false;
        }
        rest = rest.get(length..).unwrap_or("");
    }
    open == 0
}

#[derive(Debug)]
pub struct Table {
    pub place: Place,
    pub policy: Policy,
    pub inputs: Vec<Column>,
    pub outputs: Vec<Output>,
    pub rules: Vec<Rule>,
}

/// What a table answers when several of its rules hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    Unique,
    Any,
    Priority,
    First,
    RuleOrder,
    OutputOrder,
    Collect,
    Sum,
    Least,
    Most,
    Count,
}

impl Policy {
    /// Whether the answer is a list, an entry a rule.
    pub fn is_list(self) -> bool {
        matches!(self, Policy::RuleOrder | Policy::OutputOrder | Policy::Collect)
    }
}

#[derive(Debug)]
pub struct Column {
    pub expression: Text,
    pub kind: Option<String>,
    pub allowed: Option<Tests>,
    pub place: Place,
}

#[derive(Debug)]
pub struct Output {
    pub name: Option<String>,
    pub kind: Option<String>,
    /// The values it may have, the weightiest first.
    pub values: Vec<String>,
    pub default: Option<Text>,
    pub place: Place,
}

#[derive(Debug)]
pub struct Rule {
    pub tests: Vec<Tests>,
    pub outputs: Vec<Text>,
    pub place: Place,
}

impl Model {
    /// Reads DMN 1.1 to 1.5 as XML. Parts it does not know become refusals only when they are needed.
    pub fn read(xml: &str) -> Result<Model, Refusal> {
        if xml.len() > MAX_FILE {
            return Err(Refusal::at(
                Place::default(),
                format!("longer than {MAX_FILE} bytes: split the model"),
            ));
        }
        let options = ParsingOptions { nodes_limit: MAX_NODES, ..ParsingOptions::default() };
        let document = Document::parse_with_options(xml, options).map_err(|error| {
            let at = error.pos();
            Refusal::at(
                Place { line: at.row, column: at.col },
                format!("this is not well-formed XML ({error})"),
            )
        })?;
        let root = document.root_element();
        if root.tag_name().name() != "definitions" {
            let found = root.tag_name().name();
            return Err(Refusal::at(
                place(root),
                format!("a DMN file begins with `definitions`, not `{found}`"),
            ));
        }
        Reader { names: Names::of(declared(root)) }.model(root)
    }

    /// A decision by its name, as the file or as ours has it.
    pub fn decision(&self, name: &str) -> Option<&Decision> {
        let ours = self.names.ours(name);
        self.decisions
            .iter()
            .find(|decision| decision.name == name || self.names.ours(&decision.name) == ours)
    }
}

/// Every name that expressions may say.
fn declared(root: Node) -> Vec<String> {
    const NAMED: [&str; 14] = [
        "inputData",
        "decision",
        "businessKnowledgeModel",
        "variable",
        "itemComponent",
        "parameter",
        "formalParameter",
        "column",
        "decisionService",
        "output",
        "itemDefinition",
        "informationItem",
        "contextEntry",
        "binding",
    ];
    let elements = root.descendants().filter(|node| NAMED.contains(&node.tag_name().name()));
    let iterators = root.descendants().filter_map(|node| node.attribute("iteratorVariable"));
    elements.filter_map(|node| node.attribute("name")).chain(iterators).map(str::to_owned).collect()
}

struct Reader {
    names: Names,
}

impl Reader {
    fn model(self, root: Node) -> Result<Model, Refusal> {
        let mut model = Model {
            name: root.attribute("name").unwrap_or_default().to_owned(),
            inputs: Vec::new(),
            decisions: Vec::new(),
            functions: Vec::new(),
            types: Vec::new(),
            names: Names::default(),
            imports: Vec::new(),
        };
        for node in root.children().filter(Node::is_element) {
            match node.tag_name().name() {
                "import" => model.imports.push(place(node)),
                "inputData" => {
                    let kind = child(node, "variable").and_then(kind);
                    model.inputs.push(Input { name: name(node), kind, place: place(node) });
                }
                "itemDefinition" => model.types.push(self.item(node, 0)?),
                "decision" => model.decisions.push(self.decision(node)?),
                "businessKnowledgeModel" => model.functions.push(self.function(node)?),
                _ => {}
            }
        }
        model.names = self.names;
        Ok(model)
    }

    fn decision(&self, node: Node) -> Result<Decision, Refusal> {
        let needs = children(node, "informationRequirement")
            .filter_map(|requirement| child(requirement, "requiredDecision"))
            .filter_map(|required| required.attribute("href"))
            .map(|href| href.rsplit('#').next().unwrap_or(href).to_owned());
        Ok(Decision {
            id: node.attribute("id").unwrap_or_default().to_owned(),
            name: name(node),
            kind: child(node, "variable").and_then(kind),
            needs: needs.collect(),
            logic: self.logic_in(node, 0)?,
            place: place(node),
        })
    }

    fn function(&self, node: Node) -> Result<Function, Refusal> {
        let logic = child(node, "encapsulatedLogic");
        let parameters = logic.into_iter().flat_map(|logic| children(logic, "formalParameter"));
        let parameters = parameters.map(|one| (self.names.ours(&name(one)), kind(one))).collect();
        let external = logic.and_then(|logic| logic.attribute("kind")).filter(|kind| *kind != "FEEL");
        let body = match (external, logic) {
            (Some(kind), Some(logic)) => Some(Boxed {
                place: place(logic),
                kind: None,
                logic: Logic::Other(format!("a function written in {kind}")),
            }),
            (None, Some(logic)) => self.logic_in(logic, 0)?,
            _ => None,
        };
        let kind = logic.and_then(kind).or_else(|| child(node, "variable").and_then(self::kind));
        Ok(Function { name: name(node), kind, parameters, body, place: place(node) })
    }

    fn item(&self, node: Node, depth: usize) -> Result<Type, Refusal> {
        if depth > MAX_DEPTH {
            return Err(Refusal::at(place(node), format!("types nested more than {MAX_DEPTH} deep")));
        }
        let fields = children(node, "itemComponent").map(|field| self.item(field, depth + 1));
        let of = child(node, "typeRef")
            .map(text_of)
            .or_else(|| child(node, "functionItem").map(|_| "function".to_owned()));
        Ok(Type {
            name: self.names.ours(&name(node)),
            of,
            is_list: node.attribute("isCollection") == Some("true"),
            allowed: child(node, "allowedValues").and_then(|allowed| self.tests_in(allowed)),
            fields: fields.collect::<Result<_, _>>()?,
        })
    }

    /// The expression among an element's children, if there is one.
    fn logic_in(&self, node: Node, depth: usize) -> Result<Option<Boxed>, Refusal> {
        const BOXED: [&str; 12] = [
            "literalExpression",
            "context",
            "list",
            "relation",
            "decisionTable",
            "invocation",
            "functionDefinition",
            "conditional",
            "for",
            "some",
            "every",
            "filter",
        ];
        let found = node.children().find(|child| BOXED.contains(&child.tag_name().name()));
        found.map(|found| self.boxed(found, depth)).transpose()
    }

    fn part(&self, node: Node, of: &str, depth: usize) -> Result<Box<Boxed>, Refusal> {
        let part = child(node, of).map(|part| self.logic_in(part, depth)).transpose()?.flatten();
        part.map(Box::new).ok_or_else(|| {
            Refusal::at(place(node), format!("`{}` has no expression in `{of}`", node.tag_name().name()))
        })
    }

    fn boxed(&self, node: Node, depth: usize) -> Result<Boxed, Refusal> {
        if depth > MAX_DEPTH {
            return Err(Refusal::at(place(node), format!("expressions nested more than {MAX_DEPTH} deep")));
        }
        let depth = depth + 1;
        let variable = || self.names.ours(node.attribute("iteratorVariable").unwrap_or_default());
        let logic = match node.tag_name().name() {
            "literalExpression" => {
                if node
                    .attribute("expressionLanguage")
                    .is_some_and(|language| !language.to_lowercase().contains("feel"))
                {
                    Logic::Other("an expression in another language than FEEL".to_owned())
                } else {
                    Logic::Literal(self.text(node))
                }
            }
            "context" => {
                let entries = children(node, "contextEntry").map(|entry| {
                    let logic = self
                        .logic_in(entry, depth)?
                        .ok_or_else(|| Refusal::at(place(entry), "this entry has no expression"))?;
                    let variable = child(entry, "variable");
                    let logic = Boxed { kind: variable.and_then(kind).or(logic.kind), ..logic };
                    Ok((variable.map(|variable| self.names.ours(&name(variable))), logic))
                });
                Logic::Context(entries.collect::<Result<_, _>>()?)
            }
            "list" => Logic::List(self.all_in(node, depth)?),
            "relation" => {
                let columns = children(node, "column").map(|column| self.names.ours(&name(column)));
                let rows = children(node, "row").map(|row| self.all_in(row, depth));
                Logic::Relation(columns.collect(), rows.collect::<Result<_, _>>()?)
            }
            "decisionTable" => Logic::Table(self.table(node)?),
            "invocation" => {
                let called = child(node, "literalExpression").map(|called| self.text(called).ours);
                let bindings = children(node, "binding").map(|binding| {
                    let parameter = child(binding, "parameter").map(name).unwrap_or_default();
                    let logic = self
                        .logic_in(binding, depth)?
                        .ok_or_else(|| Refusal::at(place(binding), "this parameter has no expression"))?;
                    Ok((self.names.ours(&parameter), logic))
                });
                Logic::Invocation(called.unwrap_or_default(), bindings.collect::<Result<_, _>>()?)
            }
            "conditional" => Logic::If(
                self.part(node, "if", depth)?,
                self.part(node, "then", depth)?,
                self.part(node, "else", depth)?,
            ),
            "for" => Logic::Each(
                Each::For,
                variable(),
                self.part(node, "in", depth)?,
                self.part(node, "return", depth)?,
            ),
            kind @ ("some" | "every") => {
                let each = if kind == "some" { Each::Some } else { Each::Every };
                Logic::Each(
                    each,
                    variable(),
                    self.part(node, "in", depth)?,
                    self.part(node, "satisfies", depth)?,
                )
            }
            "filter" => Logic::Filter(self.part(node, "in", depth)?, self.part(node, "match", depth)?),
            "functionDefinition" => Logic::Other("a function written by the author".to_owned()),
            other => Logic::Other(format!("`{other}`")),
        };
        Ok(Boxed { place: place(node), kind: kind(node), logic })
    }

    fn all_in(&self, node: Node, depth: usize) -> Result<Vec<Boxed>, Refusal> {
        let skipped = ["description", "extensionElements", "column"];
        node.children()
            .filter(|child| child.is_element() && !skipped.contains(&child.tag_name().name()))
            .map(|child| self.boxed(child, depth))
            .collect()
    }

    fn table(&self, node: Node) -> Result<Table, Refusal> {
        let aggregation = node.attribute("aggregation");
        let policy = match (node.attribute("hitPolicy").unwrap_or("UNIQUE"), aggregation) {
            ("UNIQUE", _) => Policy::Unique,
            ("ANY", _) => Policy::Any,
            ("PRIORITY", _) => Policy::Priority,
            ("FIRST", _) => Policy::First,
            ("RULE ORDER", _) => Policy::RuleOrder,
            ("OUTPUT ORDER", _) => Policy::OutputOrder,
            ("COLLECT", None) => Policy::Collect,
            ("COLLECT", Some("SUM")) => Policy::Sum,
            ("COLLECT", Some("MIN")) => Policy::Least,
            ("COLLECT", Some("MAX")) => Policy::Most,
            ("COLLECT", Some("COUNT")) => Policy::Count,
            (other, _) => {
                return Err(Refusal::at(
                    place(node),
                    format!(
                        "`{other}` is no hit policy: use UNIQUE, ANY, PRIORITY, FIRST, RULE ORDER, OUTPUT ORDER or COLLECT"
                    ),
                ));
            }
        };
        let inputs: Vec<Column> = children(node, "input")
            .map(|input| {
                let expression = child(input, "inputExpression").ok_or_else(|| {
                    Refusal::at(place(input), "this input has no expression: say what it looks at")
                })?;
                Ok(Column {
                    expression: self.text(expression),
                    kind: kind(expression),
                    allowed: child(input, "inputValues").and_then(|values| self.tests_in(values)),
                    place: place(input),
                })
            })
            .collect::<Result<_, _>>()?;
        let outputs: Vec<Output> = children(node, "output")
            .map(|output| Output {
                name: output.attribute("name").map(|name| self.names.ours(name)),
                kind: kind(output),
                values: child(output, "outputValues")
                    .and_then(|values| self.tests_in(values))
                    .map(|tests| tests.parts)
                    .unwrap_or_default(),
                default: child(output, "defaultOutputEntry").map(|entry| self.text(entry)),
                place: place(output),
            })
            .collect();
        if outputs.is_empty() {
            return Err(Refusal::at(place(node), "this table has no output: add one"));
        }
        let mut rules = Vec::new();
        for rule in children(node, "rule") {
            let tests: Vec<Tests> = children(rule, "inputEntry").map(|entry| self.tests(entry)).collect();
            let results: Vec<Text> = children(rule, "outputEntry").map(|entry| self.text(entry)).collect();
            if tests.len() != inputs.len() || results.len() != outputs.len() {
                return Err(Refusal::at(
                    place(rule),
                    format!(
                        "this rule has {} and {} entries, the table {} inputs and {} outputs: give each its entry",
                        tests.len(),
                        results.len(),
                        inputs.len(),
                        outputs.len()
                    ),
                ));
            }
            rules.push(Rule { tests, outputs: results, place: place(rule) });
        }
        Ok(Table { place: place(node), policy, inputs, outputs, rules })
    }

    fn text(&self, node: Node) -> Text {
        let (text, place) = written(node);
        Text::new(self.names.rewrite(text.trim()), place)
    }

    fn tests(&self, node: Node) -> Tests {
        let (text, place) = written(node);
        Tests::new(&self.names.rewrite(&text), place)
    }

    fn tests_in(&self, node: Node) -> Option<Tests> {
        Some(self.tests(node)).filter(|tests| !tests.is_any())
    }
}

/// What stands in the `text` of an element, and where.
fn written(node: Node) -> (String, Place) {
    child(node, "text").map_or_else(|| (String::new(), place(node)), |text| (text_of(text), place(text)))
}

fn text_of(node: Node) -> String {
    node.descendants()
        .filter(Node::is_text)
        .filter_map(|text| text.text())
        .collect::<String>()
        .trim()
        .to_owned()
}

fn child<'a, 'd>(node: Node<'a, 'd>, name: &str) -> Option<Node<'a, 'd>> {
    node.children().find(|child| child.tag_name().name() == name)
}

fn children<'a, 'd>(node: Node<'a, 'd>, name: &'static str) -> impl Iterator<Item = Node<'a, 'd>> {
    node.children().filter(move |child| child.tag_name().name() == name)
}

fn name(node: Node) -> String {
    node.attribute("name").unwrap_or_default().trim().to_owned()
}

fn kind(node: Node) -> Option<String> {
    node.attribute("typeRef").map(str::to_owned)
}

pub(crate) fn place(node: Node) -> Place {
    let at = node.document().text_pos_at(node.range().start);
    Place { line: at.row, column: at.col }
}
