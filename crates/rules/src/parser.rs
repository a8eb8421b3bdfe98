//! Tokens to a tree: a Pratt parser. The tree is bounded in height, so that walking it can never run out of stack.

use std::collections::BTreeSet;
use std::ops::Range;

use maru_kernel::{Both, both};

use crate::Fault;
use crate::fault::say::{not_a_date, too_long_a_list};
use crate::lexer::{Kind as T, Token, tokens};
use crate::value::{MAX_LIST, MAX_TEXT, Value, read_date};

/// How deep an expression may nest.
pub const MAX_DEPTH: usize = 64;
/// What `매개.…` begins with: a parameter, never a fact.
pub const PARAMETERS: &str = "매개";

#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub kind: Kind,
    pub at: Range<usize>,
    height: usize,
}

impl Node {
    /// A node that stands in no text.
    pub fn nowhere() -> Node {
        Node { kind: Kind::Literal(Value::Unknown), at: 0..0, height: 1 }
    }

    pub fn height(&self) -> usize {
        self.height
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Literal(Value),
    Path(Path),
    /// `.name` of something that is not itself a name.
    Field(Box<Node>, String),
    List(Vec<Node>),
    Context(Vec<(String, Node)>),
    Negate(Box<Node>),
    Arithmetic(Arithmetic, Box<Node>, Box<Node>),
    Compare(Compare, Box<Node>, Box<Node>),
    Between(Box<Node>, Box<Node>, Box<Node>),
    In(Box<Node>, Vec<Test>),
    /// Flat, so that a long chain is not a deep tree.
    And(Vec<Node>),
    Or(Vec<Node>),
    If(Box<Node>, Box<Node>, Box<Node>),
    Each(Each, String, Box<Node>, Box<Node>),
    /// `1..n`, only as what a loop goes over.
    Steps(Box<Node>, Box<Node>),
    /// A date so much later, or earlier.
    Shift(Box<Node>, Duration),
    Index(Box<Node>, Box<Node>),
    /// `bare`: the condition does not say `item`, so its bare names are fields of the item.
    Filter {
        list: Box<Node>,
        condition: Box<Node>,
        bare: bool,
    },
    Call(Function, Vec<Node>),
}

/// A dotted name. Where the name of a fact ends and its fields begin is known only when it is looked up.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    pub full: String,
    /// Where each segment ends in `full`.
    pub ends: Vec<usize>,
}

impl Path {
    fn new(segments: &[String]) -> Path {
        let mut path = Path { full: String::new(), ends: Vec::new() };
        for segment in segments {
            if !path.full.is_empty() {
                path.full.push('.');
            }
            path.full.push_str(segment);
            path.ends.push(path.full.len());
        }
        path
    }

    /// The first `count` segments.
    pub fn prefix(&self, count: usize) -> &str {
        let end = count.checked_sub(1).and_then(|i| self.ends.get(i)).copied().unwrap_or(0);
        self.full.get(..end).unwrap_or(&self.full)
    }

    pub fn first(&self) -> &str {
        self.prefix(1)
    }

    /// The segments after the first `count`.
    pub fn after(&self, count: usize) -> impl Iterator<Item = &str> {
        let rest = self.full.get(self.prefix(count).len()..).unwrap_or("");
        rest.split('.').filter(|segment| !segment.is_empty())
    }

    /// Every way to split it into a name and fields, the longest name first.
    pub fn prefixes(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..=self.ends.len()).rev().map(|count| (count, self.prefix(count)))
    }

    /// The name to report as looked at: `생년월일.year` looks at `생년월일`.
    pub fn fact(&self) -> &str {
        let count = self.ends.len();
        let part_of_date =
            matches!(self.after(count.saturating_sub(1)).next(), Some("year" | "month" | "day"));
        if count > 1 && part_of_date { self.prefix(count - 1) } else { &self.full }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compare {
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Each {
    Some,
    Every,
    For,
}

/// A written duration: whole months, or whole days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Duration {
    Months(i32),
    Days(i32),
}

impl Duration {
    /// Reads `P1Y6M` or `P14D`, a minus before it allowed. Both at once would leave open which comes first.
    fn parse(text: &str) -> Option<Duration> {
        let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let mut rest = rest.strip_prefix('P').filter(|rest| !rest.is_empty())?;
        let mut parts = [None; 3];
        for (part, letter) in parts.iter_mut().zip(['Y', 'M', 'D']) {
            if let Some((digits, after)) = rest.split_once(letter) {
                if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                    return None;
                }
                *part = Some(digits.parse::<i32>().ok()?);
                rest = after;
            }
        }
        if !rest.is_empty() {
            return None;
        }
        let sign = if negative { -1 } else { 1 };
        match parts {
            [None, None, Some(days)] => Some(Duration::Days(sign * days)),
            [years, months, None] => {
                let months = years.unwrap_or(0).checked_mul(12)?.checked_add(months.unwrap_or(0))?;
                Some(Duration::Months(sign * months))
            }
            _ => None,
        }
    }

    fn negated(self) -> Duration {
        match self {
            Duration::Months(months) => Duration::Months(-months),
            Duration::Days(days) => Duration::Days(-days),
        }
    }
}

/// One of the things `in` may ask.
#[derive(Debug, Clone)]
pub(crate) enum Test {
    Is(Node),
    Compare(Compare, Node),
    Range { low: Node, low_open: bool, high: Node, high_open: bool },
}

impl Test {
    fn nodes(&self) -> Vec<&Node> {
        match self {
            Test::Is(node) | Test::Compare(_, node) => vec![node],
            Test::Range { low, high, .. } => vec![low, high],
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Abs,
    All,
    Any,
    Append,
    Ceiling,
    Concatenate,
    Contains,
    Count,
    Date,
    DayOfWeek,
    DayOfYear,
    DaysBetween,
    Decimal,
    DistinctValues,
    EndsWith,
    Even,
    Flatten,
    Floor,
    GetValue,
    IndexOf,
    InsertBefore,
    ListContains,
    LowerCase,
    Max,
    Mean,
    Median,
    Min,
    Mode,
    Modulo,
    MonthOfYear,
    MonthsBetween,
    Not,
    Number,
    Odd,
    Product,
    Remove,
    Reverse,
    RoundDown,
    RoundHalfDown,
    RoundHalfUp,
    RoundUp,
    StartsWith,
    String,
    StringJoin,
    StringLength,
    Sublist,
    Substring,
    SubstringAfter,
    SubstringBefore,
    Sum,
    Today,
    Union,
    UpperCase,
    WeekOfYear,
    YearsBetween,
}

const MANY: usize = usize::MAX;

/// Every built-in: its name, and how many arguments it takes.
const FUNCTIONS: [(&str, Function, usize, usize); 55] = [
    ("abs", Function::Abs, 1, 1),
    ("all", Function::All, 1, MANY),
    ("any", Function::Any, 1, MANY),
    ("append", Function::Append, 2, MANY),
    ("ceiling", Function::Ceiling, 1, 2),
    ("concatenate", Function::Concatenate, 1, MANY),
    ("contains", Function::Contains, 2, 2),
    ("count", Function::Count, 1, 1),
    ("date", Function::Date, 1, 3),
    ("day of week", Function::DayOfWeek, 1, 1),
    ("day of year", Function::DayOfYear, 1, 1),
    ("days between", Function::DaysBetween, 2, 2),
    ("decimal", Function::Decimal, 2, 2),
    ("distinct values", Function::DistinctValues, 1, 1),
    ("ends with", Function::EndsWith, 2, 2),
    ("even", Function::Even, 1, 1),
    ("flatten", Function::Flatten, 1, 1),
    ("floor", Function::Floor, 1, 2),
    ("get value", Function::GetValue, 2, 2),
    ("index of", Function::IndexOf, 2, 2),
    ("insert before", Function::InsertBefore, 3, 3),
    ("list contains", Function::ListContains, 2, 2),
    ("lower case", Function::LowerCase, 1, 1),
    ("max", Function::Max, 1, MANY),
    ("mean", Function::Mean, 1, MANY),
    ("median", Function::Median, 1, MANY),
    ("min", Function::Min, 1, MANY),
    ("mode", Function::Mode, 1, MANY),
    ("modulo", Function::Modulo, 2, 2),
    ("month of year", Function::MonthOfYear, 1, 1),
    ("months between", Function::MonthsBetween, 2, 2),
    ("not", Function::Not, 1, 1),
    ("number", Function::Number, 1, 3),
    ("odd", Function::Odd, 1, 1),
    ("product", Function::Product, 1, MANY),
    ("remove", Function::Remove, 2, 2),
    ("reverse", Function::Reverse, 1, 1),
    ("round down", Function::RoundDown, 2, 2),
    ("round half down", Function::RoundHalfDown, 2, 2),
    ("round half up", Function::RoundHalfUp, 2, 2),
    ("round up", Function::RoundUp, 2, 2),
    ("starts with", Function::StartsWith, 2, 2),
    ("string", Function::String, 1, 1),
    ("string join", Function::StringJoin, 1, 2),
    ("string length", Function::StringLength, 1, 1),
    ("sublist", Function::Sublist, 2, 3),
    ("substring", Function::Substring, 2, 3),
    ("substring after", Function::SubstringAfter, 2, 2),
    ("substring before", Function::SubstringBefore, 2, 2),
    ("sum", Function::Sum, 1, MANY),
    ("today", Function::Today, 0, 0),
    ("union", Function::Union, 1, MANY),
    ("upper case", Function::UpperCase, 1, 1),
    ("week of year", Function::WeekOfYear, 1, 1),
    ("years between", Function::YearsBetween, 2, 2),
];

impl Function {
    pub fn name(self) -> &'static str {
        FUNCTIONS.iter().find(|(_, function, ..)| *function == self).map_or("", |(name, ..)| name)
    }
}

const KEYWORDS: [&str; 15] = [
    "and",
    "between",
    "else",
    "every",
    "false",
    "for",
    "if",
    "in",
    "null",
    "or",
    "return",
    "satisfies",
    "some",
    "then",
    "true",
];

/// Whether a `[[let]]` or a loop variable may have this name.
pub(crate) fn is_free_name(name: &str) -> bool {
    !KEYWORDS.contains(&name) && name != PARAMETERS && name != "item"
}

pub(crate) fn parse(text: &str) -> Result<Node, Fault> {
    if text.len() > MAX_TEXT {
        return Err(Fault::at(
            0..text.len(),
            both!("{MAX_TEXT}바이트보다 깁니다", "longer than {MAX_TEXT} bytes"),
        ));
    }
    let mut parser = Parser { tokens: tokens(text)?, next: 0, depth: 0, says_item: false };
    let node = parser.expression(0)?;
    match parser.peek() {
        Token { kind: T::End, .. } => Ok(node),
        token => Err(unexpected(token)),
    }
}

/// How tightly each infix operator holds its left side; `None` for what is not one.
fn power(token: &Token) -> Option<u8> {
    Some(match &token.kind {
        T::Word(word) => match word.as_str() {
            "or" => 1,
            "and" => 2,
            "between" | "in" => 3,
            _ => return None,
        },
        T::Sign("=" | "!=" | "<" | "<=" | ">" | ">=") => 3,
        T::Sign("+" | "-") => 4,
        T::Sign("*" | "/") => 5,
        T::Sign("**") => 6,
        _ => return None,
    })
}

const COMPARISON: u8 = 3;
const NEGATION: u8 = 7;

fn comparison(token: &Token) -> Option<Compare> {
    Some(match token.kind {
        T::Sign("=") => Compare::Equal,
        T::Sign("!=") => Compare::Unequal,
        T::Sign("<") => Compare::Less,
        T::Sign("<=") => Compare::AtMost,
        T::Sign(">") => Compare::More,
        T::Sign(">=") => Compare::AtLeast,
        _ => return None,
    })
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
    /// Whether the filter being read has named `item`.
    says_item: bool,
}

const END: &Token = &Token { kind: T::End, at: 0..0 };

impl Parser {
    fn peek(&self) -> &Token {
        self.ahead(0)
    }

    fn ahead(&self, by: usize) -> &Token {
        self.tokens.get(self.next + by).or(self.tokens.last()).unwrap_or(END)
    }

    fn take(&mut self) -> Token {
        let token = self.peek().clone();
        self.next += 1;
        token
    }

    fn accept(&mut self, sign: &str) -> bool {
        let found = self.peek().is(sign);
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Result<Token, Fault> {
        let token = self.take();
        if token.is(sign) { Ok(token) } else { Err(expected(&both!("`{sign}`", "`{sign}`"), &token)) }
    }

    fn expect_word(&mut self, word: &str) -> Result<(), Fault> {
        let token = self.take();
        if token.is_word(word) { Ok(()) } else { Err(expected(&both!("`{word}`", "`{word}`"), &token)) }
    }

    fn name(&mut self) -> Result<String, Fault> {
        match self.take() {
            Token { kind: T::Word(word), .. } if !KEYWORDS.contains(&word.as_str()) => Ok(word),
            token => Err(expected(&both!("이름", "a name"), &token)),
        }
    }

    fn expression(&mut self, least: u8) -> Result<Node, Fault> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(too_deep(self.peek().at.clone()));
        }
        let mut left = self.prefix()?;
        while let Some(power) = power(self.peek()).filter(|power| *power > least) {
            left = self.infix(left, power)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn infix(&mut self, left: Node, power: u8) -> Result<Node, Fault> {
        let operator = self.take();
        let at = left.at.clone();
        if let Some(compare) = comparison(&operator) {
            let right = self.expression(COMPARISON)?;
            self.no_chain()?;
            return node(at.start..right.at.end, Kind::Compare(compare, Box::new(left), Box::new(right)));
        }
        match &operator.kind {
            T::Word(word) if word == "between" => {
                let low = self.expression(COMPARISON)?;
                self.expect_word("and")?;
                let high = self.expression(COMPARISON)?;
                self.no_chain()?;
                node(at.start..high.at.end, Kind::Between(Box::new(left), Box::new(low), Box::new(high)))
            }
            T::Word(word) if word == "in" => {
                let tests = self.tests()?;
                self.no_chain()?;
                node(at.start..self.end_of_last(), Kind::In(Box::new(left), tests))
            }
            T::Word(word) => {
                let right = self.expression(power)?;
                let at = at.start..right.at.end;
                let is_and = word == "and";
                match left.kind {
                    Kind::And(mut parts) if is_and => {
                        parts.push(right);
                        node(at, Kind::And(parts))
                    }
                    Kind::Or(mut parts) if !is_and => {
                        parts.push(right);
                        node(at, Kind::Or(parts))
                    }
                    _ if is_and => node(at, Kind::And(vec![left, right])),
                    _ => node(at, Kind::Or(vec![left, right])),
                }
            }
            _ => {
                if let Some(duration) = self.duration(&operator)? {
                    return node(at.start..self.end_of_last(), Kind::Shift(Box::new(left), duration));
                }
                let right = self.expression(power)?;
                let arithmetic = match operator.kind {
                    T::Sign("+") => Arithmetic::Add,
                    T::Sign("-") => Arithmetic::Subtract,
                    T::Sign("*") => Arithmetic::Multiply,
                    T::Sign("/") => Arithmetic::Divide,
                    _ => Arithmetic::Power,
                };
                node(at.start..right.at.end, Kind::Arithmetic(arithmetic, Box::new(left), Box::new(right)))
            }
        }
    }

    /// What follows `+` or `-`, when it is `duration("…")`: how much later or earlier.
    fn duration(&mut self, operator: &Token) -> Result<Option<Duration>, Fault> {
        let sums = operator.is("+") || operator.is("-");
        if !sums || !self.peek().is_word("duration") || !self.ahead(1).is("(") {
            return Ok(None);
        }
        let (T::Text(text), true) = (&self.ahead(2).kind, self.ahead(3).is(")")) else {
            let at = self.ahead(2).at.clone();
            return Err(Fault::at(
                at,
                both!(
                    "기간은 duration(\"P6M\")처럼 글자 그대로 씁니다",
                    "a duration is written out, as in duration(\"P6M\")"
                ),
            ));
        };
        let duration = Duration::parse(text).ok_or_else(|| {
            let why = both!(
                "`{text}`은(는) 기간이 아닙니다. 해와 달은 P1Y6M, 날은 P14D처럼 쓰세요",
                "`{text}` is not a duration: write years and months as P1Y6M, or days as P14D"
            );
            Fault::at(self.ahead(2).at.clone(), why)
        })?;
        self.next += 4;
        if matches!(self.peek().kind, T::Sign("*" | "/" | "**" | "." | "[")) {
            return Err(unexpected(self.peek()));
        }
        Ok(Some(if operator.is("-") { duration.negated() } else { duration }))
    }

    /// `1 < a < 2` would compare a truth with a number: refused here, where the author can be told.
    fn no_chain(&self) -> Result<(), Fault> {
        let token = self.peek();
        if power(token) == Some(COMPARISON) {
            return Err(Fault::at(
                token.at.clone(),
                both!(
                    "비교는 이어 쓸 수 없습니다. `and`로 잇거나 `between`을 쓰세요",
                    "comparisons do not chain: join them with `and`, or use `between`"
                ),
            ));
        }
        Ok(())
    }

    fn end_of_last(&self) -> usize {
        self.next.checked_sub(1).and_then(|i| self.tokens.get(i)).map_or(0, |token| token.at.end)
    }

    /// What follows `in`: a range, a comparison, a list, or several of these in parentheses.
    fn tests(&mut self) -> Result<Vec<Test>, Fault> {
        if !self.accept("(") {
            return Ok(vec![self.test()?]);
        }
        // `(a..b]` opens like `(x, y)`: the second token that matters tells.
        if let Some(open) = comparison(self.peek()) {
            self.take();
            let first = Test::Compare(open, self.expression(COMPARISON)?);
            return self.more_tests(first);
        }
        if self.peek().is("[") || self.peek().is("]") {
            let first = self.test()?;
            return self.more_tests(first);
        }
        let first = self.expression(0)?;
        if self.accept("..") { Ok(vec![self.range(first, true)?]) } else { self.more_tests(Test::Is(first)) }
    }

    fn more_tests(&mut self, first: Test) -> Result<Vec<Test>, Fault> {
        let mut tests = vec![first];
        while self.accept(",") {
            tests.push(self.test()?);
        }
        self.expect(")")?;
        Ok(tests)
    }

    fn test(&mut self) -> Result<Test, Fault> {
        if let Some(compare) = comparison(self.peek()) {
            self.take();
            return Ok(Test::Compare(compare, self.expression(COMPARISON)?));
        }
        let opening = self.peek().clone();
        if opening.is("]") || (opening.is("(") && self.is_open_range()) {
            self.take();
            let low = self.expression(COMPARISON)?;
            self.expect("..")?;
            return self.range(low, true);
        }
        if opening.is("[") && !self.ahead(1).is("]") {
            self.take();
            let first = self.expression(0)?;
            if self.accept("..") {
                return self.range(first, false);
            }
            let list = self.rest_of_list(opening.at.start, vec![first])?;
            let list = self.postfix(list)?;
            return Ok(Test::Is(list));
        }
        Ok(Test::Is(self.expression(COMPARISON)?))
    }

    /// Whether the parenthesis ahead holds a `..` of its own.
    fn is_open_range(&self) -> bool {
        let mut inside = 0_usize;
        for token in self.tokens.get(self.next..).unwrap_or(&[]) {
            match token.kind {
                T::Sign("(" | "[" | "{") => inside += 1,
                T::Sign("..") if inside == 1 => return true,
                T::Sign(")" | "]" | "}") if inside <= 1 => return false,
                T::Sign(")" | "]" | "}") => inside -= 1,
                _ => {}
            }
        }
        false
    }

    /// After `low ..`: the high end and the closing bracket, of which `)` and `[` leave the end out.
    fn range(&mut self, low: Node, low_open: bool) -> Result<Test, Fault> {
        let high = self.expression(COMPARISON)?;
        let close = self.take();
        let high_open = match close.kind {
            T::Sign("]") => false,
            T::Sign(")" | "[") => true,
            _ => return Err(expected(&both!("`]`나 `)`", "`]` or `)`"), &close)),
        };
        Ok(Test::Range { low, low_open, high, high_open })
    }

    fn prefix(&mut self) -> Result<Node, Fault> {
        let token = self.take();
        let start = token.at.start;
        let primary = match &token.kind {
            T::Number(n) => node(token.at, Kind::Literal(Value::Number(*n)))?,
            T::Text(text) => node(token.at, Kind::Literal(Value::Text(text.clone())))?,
            T::Sign("-") => {
                let inner = self.expression(NEGATION)?;
                return node(start..inner.at.end, Kind::Negate(Box::new(inner)));
            }
            T::Sign("(") => {
                let inner = self.expression(0)?;
                let close = self.take();
                if close.is("..") || close.is(",") {
                    return Err(Fault::at(
                        close.at,
                        both!(
                            "범위나 여러 값은 `in` 뒤에만 씁니다",
                            "a range or several values may only follow `in`"
                        ),
                    ));
                }
                if !close.is(")") {
                    return Err(expected(&both!("`)`", "`)`"), &close));
                }
                inner
            }
            T::Sign("[") => {
                if self.accept("]") {
                    node(start..self.end_of_last(), Kind::List(Vec::new()))?
                } else {
                    let first = self.expression(0)?;
                    if self.peek().is("..") {
                        return Err(Fault::at(
                            self.peek().at.clone(),
                            both!("범위는 `in` 뒤에만 씁니다", "a range may only follow `in`"),
                        ));
                    }
                    self.rest_of_list(start, vec![first])?
                }
            }
            T::Sign("{") => self.context(start)?,
            T::Word(word) => match word.as_str() {
                "true" => node(token.at, Kind::Literal(Value::Bool(true)))?,
                "false" => node(token.at, Kind::Literal(Value::Bool(false)))?,
                "null" => node(token.at, Kind::Literal(Value::Unknown))?,
                "if" => return self.conditional(start),
                "some" => return self.each(Each::Some, "satisfies", start),
                "every" => return self.each(Each::Every, "satisfies", start),
                "for" => return self.each(Each::For, "return", start),
                keyword if KEYWORDS.contains(&keyword) => return Err(unexpected(&token)),
                _ => {
                    self.next -= 1;
                    self.named(start)?
                }
            },
            _ => return Err(unexpected(&token)),
        };
        self.postfix(primary)
    }

    fn rest_of_list(&mut self, start: usize, mut items: Vec<Node>) -> Result<Node, Fault> {
        while self.accept(",") {
            items.push(self.expression(0)?);
        }
        let close = self.expect("]")?;
        if items.len() > MAX_LIST {
            return Err(Fault::at(start..close.at.end, too_long_a_list()));
        }
        node(start..close.at.end, Kind::List(items))
    }

    fn context(&mut self, start: usize) -> Result<Node, Fault> {
        let mut fields: Vec<(String, Node)> = Vec::new();
        if !self.accept("}") {
            loop {
                let token = self.take();
                let (T::Word(name) | T::Text(name)) = &token.kind else {
                    return Err(expected(&both!("항목의 이름", "a field's name"), &token));
                };
                if fields.iter().any(|(taken, _)| taken == name) {
                    return Err(Fault::at(
                        token.at,
                        both!("항목 `{name}`이(가) 두 번 있습니다", "the field `{name}` is there twice"),
                    ));
                }
                self.expect(":")?;
                fields.push((name.clone(), self.expression(0)?));
                if !self.accept(",") {
                    break;
                }
            }
            self.expect("}")?;
        }
        node(start..self.end_of_last(), Kind::Context(fields))
    }

    fn conditional(&mut self, start: usize) -> Result<Node, Fault> {
        let condition = self.expression(0)?;
        self.expect_word("then")?;
        let yes = self.expression(0)?;
        self.expect_word("else")?;
        let no = self.expression(0)?;
        node(start..no.at.end, Kind::If(Box::new(condition), Box::new(yes), Box::new(no)))
    }

    fn each(&mut self, each: Each, before_body: &str, start: usize) -> Result<Node, Fault> {
        let at = self.peek().at.clone();
        let variable = self.name()?;
        if !is_free_name(&variable) {
            return Err(Fault::at(
                at,
                both!("`{variable}`은(는) 변수 이름으로 쓸 수 없습니다", "`{variable}` cannot be a variable"),
            ));
        }
        self.expect_word("in")?;
        let mut list = self.expression(0)?;
        if self.accept("..") {
            let last = self.expression(0)?;
            list = node(list.at.start..last.at.end, Kind::Steps(Box::new(list), Box::new(last)))?;
        }
        if self.peek().is(",") || self.peek().is("..") {
            return Err(Fault::at(
                self.peek().at.clone(),
                both!(
                    "변수 하나가 목록 하나를 돕니다. 더 필요하면 안에 하나를 더 넣으세요",
                    "one variable over one list: nest another inside for more"
                ),
            ));
        }
        self.expect_word(before_body)?;
        let body = self.expression(0)?;
        node(start..body.at.end, Kind::Each(each, variable, Box::new(list), Box::new(body)))
    }

    /// A built-in call, whose name may be several words, or a dotted name.
    fn named(&mut self, start: usize) -> Result<Node, Fault> {
        let mut words = String::new();
        let mut count = 0;
        while let T::Word(word) = &self.ahead(count).kind {
            let longer = if count == 0 { word.clone() } else { format!("{words} {word}") };
            // `between` is a keyword, but not in `years between(`
            if KEYWORDS.contains(&word.as_str()) && !FUNCTIONS.iter().any(|(name, ..)| *name == longer) {
                break;
            }
            words = longer;
            count += 1;
            if count == 3 || self.ahead(count).is("(") {
                break;
            }
        }
        if self.ahead(count).is("(") {
            let at = start..self.ahead(count.saturating_sub(1)).at.end;
            if words == "duration" {
                let why = both!(
                    "기간은 날짜에 더하거나 뺄 때만 씁니다. 보기: date + duration(\"P6M\")",
                    "a duration is only added to a date or taken from one: date + duration(\"P6M\")"
                );
                return Err(Fault::at(at, why));
            }
            let Some((_, function, least, most)) = FUNCTIONS.iter().find(|(name, ..)| *name == words) else {
                return Err(Fault::at(at, unknown_function(&words)));
            };
            self.next += count + 1;
            return self.call(at, *function, *least..=*most);
        }
        let mut segments = vec![self.name()?];
        while self.peek().is(".") && matches!(self.ahead(1).kind, T::Word(_)) {
            self.take();
            if let T::Word(segment) = self.take().kind {
                segments.push(segment);
            }
        }
        if let T::Word(next) = &self.peek().kind
            && !KEYWORDS.contains(&next.as_str())
        {
            let why = match segments.join(".") {
                before if before == "not" => both!("not({next})라고 쓰세요", "write not({next})"),
                before => both!(
                    "이름 두 개가 나란히 있습니다: `{before}`, `{next}`. 이름에는 빈칸이 없습니다",
                    "two names side by side: `{before}` and `{next}` (names have no spaces)"
                ),
            };
            return Err(Fault::at(self.peek().at.clone(), why));
        }
        if segments.len() > MAX_DEPTH {
            return Err(too_deep(start..self.end_of_last()));
        }
        self.says_item |= segments.first().is_some_and(|first| first == "item");
        node(start..self.end_of_last(), Kind::Path(Path::new(&segments)))
    }

    fn call(
        &mut self,
        name: Range<usize>,
        function: Function,
        takes: std::ops::RangeInclusive<usize>,
    ) -> Result<Node, Fault> {
        let mut arguments = Vec::new();
        if !self.accept(")") {
            loop {
                arguments.push(self.expression(0)?);
                if !self.accept(",") {
                    break;
                }
            }
            self.expect(")")?;
        }
        let at = name.start..self.end_of_last();
        let (given, words) = (arguments.len(), function.name());
        if !takes.contains(&given) || (function == Function::Date && given == 2) {
            return Err(Fault::at(
                at,
                both!(
                    "`{words}`에는 값을 {given}개 줄 수 없습니다",
                    "`{words}` does not take {given} arguments"
                ),
            ));
        }
        if let (Function::Date, [Node { kind: Kind::Literal(Value::Text(text)), at: text_at, .. }]) =
            (function, &arguments[..])
        {
            let date = read_date(text);
            let date = date.ok_or_else(|| Fault::at(text_at.clone(), not_a_date(text)))?;
            return node(at, Kind::Literal(Value::Date(date)));
        }
        node(at, Kind::Call(function, arguments))
    }

    /// `.field` and `[…]` after a value.
    fn postfix(&mut self, mut left: Node) -> Result<Node, Fault> {
        loop {
            if self.accept(".") {
                let token = self.take();
                let T::Word(name) = token.kind else {
                    return Err(expected(&both!("항목의 이름", "a field's name"), &token));
                };
                left = node(left.at.start..token.at.end, Kind::Field(Box::new(left), name))?;
            } else if self.peek().is("[") && begins_expression(self.ahead(1)) {
                self.take();
                let outer = std::mem::take(&mut self.says_item);
                let inside = self.expression(0)?;
                let says_item = std::mem::replace(&mut self.says_item, outer);
                let at = left.at.start..self.expect("]")?.at.end;
                let list = Box::new(left);
                left = if says_item || is_condition(&inside) {
                    node(at, Kind::Filter { list, condition: Box::new(inside), bare: !says_item })?
                } else {
                    node(at, Kind::Index(list, Box::new(inside)))?
                };
            } else {
                return Ok(left);
            }
        }
    }
}

/// `[` after a range's high end closes it; before an expression it is an index.
fn begins_expression(token: &Token) -> bool {
    match &token.kind {
        T::Number(_) | T::Text(_) | T::Sign("(" | "[" | "{" | "-") => true,
        T::Word(word) => {
            !KEYWORDS.contains(&word.as_str())
                || matches!(word.as_str(), "true" | "false" | "null" | "if" | "some" | "every" | "for")
        }
        _ => false,
    }
}

/// Whether what stands in `list[…]` is a condition on each item rather than the number of one.
fn is_condition(inside: &Node) -> bool {
    match &inside.kind {
        Kind::Compare(..) | Kind::Between(..) | Kind::In(..) | Kind::And(_) | Kind::Or(_) => true,
        Kind::Each(each, ..) => *each != Each::For,
        Kind::Literal(Value::Bool(_)) => true,
        Kind::Call(function, _) => {
            matches!(
                function,
                Function::Not
                    | Function::All
                    | Function::Any
                    | Function::Contains
                    | Function::EndsWith
                    | Function::Even
                    | Function::ListContains
                    | Function::Odd
                    | Function::StartsWith
            )
        }
        Kind::If(_, yes, no) => is_condition(yes) || is_condition(no),
        _ => false,
    }
}

fn node(at: Range<usize>, kind: Kind) -> Result<Node, Fault> {
    let mut node = Node { kind, at, height: 0 };
    let tallest = node.children().iter().map(|child| child.height).max().unwrap_or(0);
    node.height = tallest + 1;
    if node.height > MAX_DEPTH { Err(too_deep(node.at)) } else { Ok(node) }
}

fn too_deep(at: Range<usize>) -> Fault {
    Fault::at(
        at,
        both!(
            "{MAX_DEPTH}겹보다 깊습니다. 한 부분에 [[let]]으로 이름을 붙이세요",
            "nested more than {MAX_DEPTH} deep: name a part of it with [[let]]"
        ),
    )
}

fn unexpected(token: &Token) -> Fault {
    expected(&both!("다른 것", "something else"), token)
}

fn expected(what: &Both, token: &Token) -> Fault {
    let found = match &token.kind {
        T::Number(n) => n.to_string(),
        T::Text(text) => format!("\"{text}\""),
        T::Word(word) => format!("`{word}`"),
        T::Sign(sign) => format!("`{sign}`"),
        T::End => return ended(what, token),
    };
    let Both { ko, en } = what;
    let why = both!("여기에는 {ko}이(가) 와야 하는데 {found}이(가) 있습니다", "expected {en}, found {found}");
    Fault::at(token.at.clone(), why)
}

fn ended(what: &Both, token: &Token) -> Fault {
    let Both { ko, en } = what;
    Fault::at(
        token.at.clone(),
        both!("여기에는 {ko}이(가) 와야 하는데 식이 끝났습니다", "expected {en}, found the end"),
    )
}

fn unknown_function(words: &str) -> Both {
    let last = words.rsplit(' ').next().unwrap_or(words);
    match FUNCTIONS.iter().find(|(name, ..)| name.rsplit(' ').next() == Some(last)) {
        Some((known, ..)) => both!(
            "`{words}`(이)라는 함수는 없습니다. `{known}`인가요?",
            "there is no function `{words}` (is it `{known}`?)"
        ),
        None => both!("`{words}`(이)라는 함수는 없습니다", "there is no function `{words}`"),
    }
}

impl Node {
    pub fn children(&self) -> Vec<&Node> {
        match &self.kind {
            Kind::Literal(_) | Kind::Path(_) => Vec::new(),
            Kind::Field(inner, _) | Kind::Negate(inner) | Kind::Shift(inner, _) => vec![inner],
            Kind::List(nodes) | Kind::And(nodes) | Kind::Or(nodes) | Kind::Call(_, nodes) => {
                nodes.iter().collect()
            }
            Kind::Context(fields) => fields.iter().map(|(_, field)| field).collect(),
            Kind::Arithmetic(_, a, b)
            | Kind::Compare(_, a, b)
            | Kind::Index(a, b)
            | Kind::Steps(a, b)
            | Kind::Each(_, _, a, b) => vec![a, b],
            Kind::Filter { list, condition, .. } => vec![list, condition],
            Kind::Between(a, b, c) | Kind::If(a, b, c) => vec![a, b, c],
            Kind::In(left, tests) => {
                std::iter::once(&**left).chain(tests.iter().flat_map(Test::nodes)).collect()
            }
        }
    }

    /// Every dotted name that no variable of the expression itself binds, in order; `true` for one inside a filter that reads
    /// bare names as fields of the item (such a name is free only if it is a let's).
    pub fn free_paths<'a>(&'a self, found: &mut Vec<(&'a Path, bool)>) {
        self.free_places(&mut |path, _, bare| found.push((path, bare)));
    }

    /// The same, with where each stands.
    pub fn free_places<'a>(&'a self, found: &mut dyn FnMut(&'a Path, &'a Range<usize>, bool)) {
        self.walk(&mut Vec::new(), false, found);
    }

    fn walk<'a>(
        &'a self,
        bound: &mut Vec<&'a str>,
        bare: bool,
        found: &mut dyn FnMut(&'a Path, &'a Range<usize>, bool),
    ) {
        match &self.kind {
            Kind::Path(path) => {
                if !bound.contains(&path.first()) {
                    found(path, &self.at, bare && path.first() != PARAMETERS);
                }
            }
            Kind::Context(fields) => {
                // a field may use the fields before it
                let depth = bound.len();
                for (name, field) in fields {
                    field.walk(bound, bare, found);
                    bound.push(name);
                }
                bound.truncate(depth);
            }
            Kind::Each(_, variable, list, body) => {
                list.walk(bound, bare, found);
                bound.push(variable);
                body.walk(bound, bare, found);
                bound.pop();
            }
            Kind::Filter { list, condition, bare: own } => {
                list.walk(bound, bare, found);
                bound.push("item");
                condition.walk(bound, bare || *own, found);
                bound.pop();
            }
            _ => {
                for child in self.children() {
                    child.walk(bound, bare, found);
                }
            }
        }
    }

    /// The facts and parameters it may read, by name; `is_let` says which names are intermediate values.
    pub fn names(&self, is_let: impl Fn(&str) -> bool) -> BTreeSet<String> {
        let mut paths = Vec::new();
        self.free_paths(&mut paths);
        let free =
            paths.into_iter().filter(|(path, bare)| !bare && !path.prefixes().any(|(_, name)| is_let(name)));
        free.map(|(path, _)| path.fact().to_owned()).collect()
    }

    /// The names it uses that mean a let.
    pub fn lets<'a>(&'a self, is_let: &'a dyn Fn(&str) -> bool) -> impl Iterator<Item = &'a str> {
        let mut paths = Vec::new();
        self.free_paths(&mut paths);
        paths
            .into_iter()
            .filter_map(|(path, _)| path.prefixes().map(|(_, name)| name).find(|name| is_let(name)))
    }

    /// Every whole number that is written in it.
    pub fn whole_numbers(&self, found: &mut BTreeSet<i64>) {
        if let Kind::Literal(Value::Number(number)) = &self.kind {
            found.extend(number.to_i64());
        }
        for child in self.children() {
            child.whole_numbers(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The tree as nested brackets, to see what binds to what.
    fn show(node: &Node) -> String {
        let all = |nodes: &[&Node]| nodes.iter().map(|node| show(node)).collect::<Vec<_>>().join(" ");
        let children = all(&node.children());
        match &node.kind {
            Kind::Literal(value) => value.to_string(),
            Kind::Path(path) => path.full.clone(),
            Kind::Field(_, name) => format!("(.{name} {children})"),
            Kind::List(_) => format!("[{children}]"),
            Kind::Context(fields) => {
                let fields = fields.iter().map(|(name, field)| format!("{name}:{}", show(field)));
                format!("{{{}}}", fields.collect::<Vec<_>>().join(" "))
            }
            Kind::Negate(_) => format!("(neg {children})"),
            Kind::Arithmetic(operator, ..) => format!("({operator:?} {children})"),
            Kind::Compare(operator, ..) => format!("({operator:?} {children})"),
            Kind::Between(..) => format!("(between {children})"),
            Kind::In(left, tests) => {
                let tests = tests.iter().map(|test| match test {
                    Test::Is(node) => show(node),
                    Test::Compare(operator, node) => format!("{operator:?} {}", show(node)),
                    Test::Range { low, low_open, high, high_open } => {
                        let (open, close) =
                            (if *low_open { '(' } else { '[' }, if *high_open { ')' } else { ']' });
                        format!("{open}{}..{}{close}", show(low), show(high))
                    }
                });
                format!("(in {} {})", show(left), tests.collect::<Vec<_>>().join(","))
            }
            Kind::And(_) => format!("(and {children})"),
            Kind::Or(_) => format!("(or {children})"),
            Kind::If(..) => format!("(if {children})"),
            Kind::Each(each, name, ..) => format!("({each:?} {name} {children})"),
            Kind::Index(..) => format!("(index {children})"),
            Kind::Steps(..) => format!("(steps {children})"),
            Kind::Shift(_, duration) => format!("({duration:?} {children})"),
            Kind::Filter { bare, .. } => {
                format!("({} {children})", if *bare { "filter" } else { "filter-item" })
            }
            Kind::Call(function, _) => format!("({} {children})", function.name()),
        }
    }

    #[test]
    fn binds_as_feel_does() {
        for (text, tree) in [
            ("1 + 2 * 3 - 4", "(Subtract (Add 1 (Multiply 2 3)) 4)"),
            ("8 / 4 / 2", "(Divide (Divide 8 4) 2)"),
            ("2 ** 3 ** 2", "(Power (Power 2 3) 2)"),
            ("-2 ** 2", "(Power (neg 2) 2)"),
            ("a - -1", "(Subtract a (neg 1))"),
            ("a or b and c or d", "(or a (and b c) d)"),
            ("(a or b) and not(c)", "(and (or a b) (not c))"),
            ("a + 1 >= b and c = d", "(and (AtLeast (Add a 1) b) (Equal c d))"),
            ("x between 1 + 1 and 3 and y", "(and (between x (Add 1 1) 3) y)"),
            ("x in [1..2] or x in (3..4)", "(or (in x [1..2]) (in x (3..4)))"),
            ("x in ]1..2[ and y", "(and (in x (1..2)) y)"),
            ("x in (1, [2..3), < 4, (5..6))", "(in x 1,[2..3),Less 4,(5..6))"),
            ("x in < 5", "(in x Less 5)"),
            ("x in [1, 2]", "(in x [1 2])"),
            ("x in [목록[1]..목록[2]]", "(in x [(index 목록 1)..(index 목록 2)])"),
            ("x in 목록", "(in x 목록)"),
            ("x in ((1 + 2), y)", "(in x (Add 1 2),y)"),
            ("x in []", "(in x [])"),
            ("if a then b else if c then d else e", "(if a b (if c d e))"),
            ("1 + if a then 2 else 3 + 4", "(Add 1 (if a 2 (Add 3 4)))"),
            ("some x in 가구원 satisfies x.나이 < 6 and y", "(Some x 가구원 (and (Less x.나이 6) y))"),
            ("for x in 1 + 1..n return x", "(For x (steps (Add 1 1) n) x)"),
            ("a - duration(\"P1Y2M\") + 1", "(Add (Months(-14) a) 1)"),
            ("a + duration(\"-P14D\") < b", "(Less (Days(-14) a) b)"),
            ("a // all of it\n + /* not this */ 1", "(Add a 1)"),
            ("for x in [1,2] return x * 2", "(For x [1 2] (Multiply x 2))"),
            ("매개.기준중위소득[가구원수]", "(index 매개.기준중위소득 가구원수)"),
            ("가구원[나이 < 6]", "(filter 가구원 (Less 나이 6))"),
            ("가구원[item.나이 < 기준]", "(filter-item 가구원 (Less item.나이 기준))"),
            ("가구원[item.장애]", "(filter-item 가구원 item.장애)"),
            (
                "가구원[count(item.자녀[나이 < 6]) > 0]",
                "(filter-item 가구원 (More (count (filter item.자녀 (Less 나이 6))) 0))",
            ),
            (
                "가구원[count(자녀[item.나이 < 6]) > 0]",
                "(filter 가구원 (More (count (filter-item 자녀 (Less item.나이 6))) 0))",
            ),
            ("f(1)[2].a.b", ""),
            ("[1,2][-1]", "(index [1 2] (neg 1))"),
            ("{a: 1, \"b c\": a + 1}.a", "(.a {a:1 b c:(Add a 1)})"),
            ("round half up(a / 3, 0)", "(round half up (Divide a 3) 0)"),
            ("round  half\nup(a, 0) + get value(b, \"c\")", "(Add (round half up a 0) (get value b c))"),
            ("years between(a, b) between 1 and 2", "(between (years between a b) 1 2)"),
            ("years between 1 and 2", "(between years 1 2)"),
            ("x or count(y) > 1", "(or x (More (count y) 1))"),
            ("date(\"2026-01-01\")", "2026-01-01"),
        ] {
            match parse(text) {
                Ok(node) => assert_eq!(show(&node), tree, "{text}"),
                Err(fault) => assert_eq!(tree, "", "{text}: {fault}"),
            }
        }
    }

    #[test]
    fn faults_say_what_and_where() {
        for (text, at, part) in [
            ("나이 >=", 9..9, "the end"),
            ("1 +* 2", 3..4, "`*`"),
            ("a < b < c", 6..7, "do not chain"),
            ("a = b in (1)", 6..8, "do not chain"),
            ("반올림(1)", 0..9, "no function `반올림`"),
            ("round half(1, 0)", 0..10, "no function `round half`"),
            ("round quite down(1, 0)", 0..16, "is it `round down`?"),
            ("count()", 0..7, "does not take 0"),
            ("date(1, 2)", 0..10, "does not take 2"),
            ("date(\"2026-02-30\")", 5..17, "yyyy-mm-dd"),
            ("소득 인정액", 7..16, "no spaces"),
            ("not 나이", 4..10, "not(나이)"),
            ("[1..2]", 2..4, "only follow `in`"),
            ("(1, 2)", 2..3, "only follow `in`"),
            ("(1 2)", 3..4, "`)`"),
            ("if a then b", 11..11, "`else`"),
            ("some 매개 in a satisfies true", 5..11, "cannot be a variable"),
            ("for x in a, y in b return x", 10..11, "nest"),
            ("{a: 1, a: 2}", 7..8, "twice"),
            ("a ; b", 2..3, "`;`"),
            ("a.", 2..2, "a field's name"),
            ("", 0..0, "the end"),
            ("x in ()", 6..7, "`)`"),
            ("a[]", 1..2, "`[`"),
            ("duration(\"P6M\")", 0..8, "only added to a date"),
            ("a + duration(b)", 13..14, "written out"),
            ("a + duration(\"P1M1D\")", 13..20, "P14D"),
            ("a + duration(\"PT1H\")", 13..19, "P14D"),
            ("a + duration(\"P\")", 13..16, "P14D"),
            ("a + duration(\"P1M\") * 2", 20..21, "`*`"),
            ("a /* open", 2..9, "no end"),
            ("\"open", 0..5, "no closing quote"),
        ] {
            let fault = parse(text).map(|node| show(&node)).unwrap_err();
            assert!(fault.message.en.contains(part), "{text}: {fault}");
            assert_eq!(fault.at, at, "{text}: {fault}");
        }
    }

    #[test]
    fn depth_and_size_are_bounded() {
        let deep = |open: &str, close: &str, n: usize| format!("{}1{}", open.repeat(n), close.repeat(n));
        assert!(parse(&deep("(", ")", MAX_DEPTH - 1)).is_ok());
        for (open, close) in
            [("(", ")"), ("[", "]"), ("-", ""), ("{a:", "}"), ("not(", ")"), ("if a then 1 else ", "")]
        {
            let fault = parse(&deep(open, close, 400)).unwrap_err();
            assert!(fault.message.en.contains("deep"), "{open}: {fault}");
        }
        assert!(parse(&deep("1 + ", "", 63)).is_ok());
        assert!(parse(&deep("1 + ", "", 64)).is_err());
        assert!(parse(&deep("", "[1]", 500)).is_err());
        assert!(parse(&format!("a{}", ".b".repeat(500))).is_err());
        assert!(parse(&deep("true or ", "", 500)).is_ok(), "a long chain of or is wide, not deep");
        assert!(parse(&" ".repeat(MAX_TEXT + 1)).is_err());
    }

    #[test]
    fn free_names() {
        let names = |text: &str| {
            parse(text).unwrap().names(|name| name == "선정기준").into_iter().collect::<Vec<_>>().join(" ")
        };
        for (text, free) in [
            ("매개.기준중위소득[가구원수] * 0.32", "가구원수 매개.기준중위소득"),
            ("소득인정액 <= 선정기준", "소득인정액"),
            ("some x in 가구원 satisfies x.나이 < 기준", "가구원 기준"),
            ("가구원[나이 < 6]", "가구원"),
            ("가구원[나이 < 매개.나이 and 나이 > 선정기준]", "가구원 매개.나이"),
            ("가구원[item.나이 < 기준]", "가구원 기준"),
            ("생년월일.year >= 1961", "생년월일"),
            ("{a: 나이, b: a}", "나이"),
            ("선정기준.가", ""),
            ("나이 in [하한..상한]", "나이 상한 하한"),
        ] {
            assert_eq!(names(text), free, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn never_panics_on_text(text in "\\PC{0,80}") {
            let _ = parse(&text);
        }

        #[test]
        fn never_panics_on_words(words in prop::collection::vec(prop::sample::select(vec![
            "나이", "x", "item", "매개", ".", "..", "[", "]", "(", ")", "{", "}", ",", ":", "+", "-", "*", "/", "**", "=", "<", ">=",
            "1", "0.5", "\"글\"", "and", "or", "in", "between", "if", "then", "else", "some", "every", "for", "satisfies", "return",
            "not(", "count(", "round half up(", "date(", "null", "true", "today()", "\"2026-01-01\"", "get value",
        ]), 0..40)) {
            let text = words.join(" ");
            if let Err(fault) = parse(&text) {
                prop_assert!(fault.at.start <= fault.at.end && fault.at.end <= text.len(), "{text} {fault:?}");
            }
        }
    }
}
