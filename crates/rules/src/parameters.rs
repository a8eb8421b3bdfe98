//! Values the state sets and changes by date: the median income, a minimum wage, a table of limits.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::DeValue;

use maru_kernel::{Both, both};

use crate::Fault;
use crate::fault::say::{too_deep, too_long_a_list};
use crate::lexer::is_dotted_name;
use crate::parser::PARAMETERS;
use crate::ratio::Ratio;
use crate::toml_text::{Period, Source, Table, first_overlap};
use crate::value::{MAX_LIST, MAX_NESTING, Value, nfc};

#[derive(Debug, Clone, Default)]
pub struct Parameters {
    by_name: BTreeMap<String, Parameter>,
}

#[derive(Debug, Clone)]
struct Parameter {
    article: String,
    unit: Option<String>,
    /// Oldest first; a value holds until the next one begins, or until its own last day.
    values: Vec<Dated>,
}

#[derive(Debug, Clone)]
struct Dated {
    from: Date,
    until: Option<Date>,
    source: Option<String>,
    value: Value,
}

/// A value of a parameter, and the days on which it holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Valued<'a> {
    pub from: Date,
    /// Its own last day, or the day before the next one begins.
    pub until: Option<Date>,
    pub source: Option<&'a str>,
    pub value: &'a Value,
}

impl Parameters {
    /// Reads one file. Keys it does not know (labels, notes) are other rooms' and ignored.
    pub fn parse(text: &str) -> Result<Parameters, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut read = Parameters::default();
        let source = Source::of(text);
        let Some(file) = source.document(&mut faults) else { return Err(faults) };
        for table in Table::top(&source, &file).tables("parameter", &mut faults) {
            let name = table.required("name", &mut faults);
            let article = table.required("article", &mut faults);
            let mut values = Vec::new();
            for entry in table.tables("value", &mut faults) {
                values.extend(Dated::read(&entry, &mut faults));
            }
            if values.is_empty() {
                table.fault(
                    both!(
                        "[[parameter.value]]가 하나는 있어야 합니다",
                        "a parameter needs at least one [[parameter.value]]"
                    ),
                    &mut faults,
                );
            }
            let periods = values.iter().map(|(line, dated)| Period {
                from: dated.from,
                until: dated.until,
                line: *line,
            });
            if let Some((line, with)) = overlap(periods.collect()) {
                let message = both!(
                    "이 값의 기간이 {with}번째 줄 값의 기간과 겹칩니다",
                    "this value's dates overlap those of the value on line {with}"
                );
                faults.push(Fault { line, at: table.at(), message });
            }
            values.sort_by_key(|(_, dated)| dated.from);
            let (Some(name), Some(article)) = (name, article) else { continue };
            let name = nfc(&name).into_owned();
            if !is_dotted_name(&name) {
                table.fault(
                    both!(
                        "`{name}`은(는) 이름이 될 수 없습니다. 글자, 숫자, `_`를 점으로 이어 쓰세요",
                        "`{name}` is not a name (letters, digits and `_`, joined by dots)"
                    ),
                    &mut faults,
                );
            }
            let values = values.into_iter().map(|(_, dated)| dated).collect();
            let parameter = Parameter { article, unit: table.text("unit", &mut faults), values };
            if read.by_name.insert(name.clone(), parameter).is_some() {
                table.fault(
                    both!("매개변수 `{name}`이(가) 두 번 있습니다", "the parameter `{name}` is there twice"),
                    &mut faults,
                );
            }
        }
        if faults.is_empty() { Ok(read) } else { Err(faults) }
    }

    /// Adds the parameters of another file. A name both have is a fault, and keeps its first meaning.
    pub fn merge(&mut self, other: Parameters) -> Result<(), Vec<Fault>> {
        let mut faults = Vec::new();
        for (name, parameter) in other.by_name {
            match self.by_name.entry(name) {
                Entry::Vacant(free) => {
                    free.insert(parameter);
                }
                Entry::Occupied(taken) => {
                    let name = taken.key();
                    let message = both!(
                        "매개변수 `{name}`이(가) 두 파일에 있습니다",
                        "the parameter `{name}` is defined in two files"
                    );
                    faults.push(Fault::at(0..0, message));
                }
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// The value in force on a date. The name is without `매개.`, though with it is understood too.
    pub fn at(&self, name: &str, on: Date) -> Option<&Value> {
        self.dated(name, on).map(|dated| &dated.value)
    }

    /// Where the value in force on a date was announced.
    pub fn source(&self, name: &str, on: Date) -> Option<&str> {
        self.dated(name, on).and_then(|dated| dated.source.as_deref())
    }

    /// The first day of the value in force on a date.
    pub fn since(&self, name: &str, on: Date) -> Option<Date> {
        self.dated(name, on).map(|dated| dated.from)
    }

    /// The days on which a value of the parameter that a path begins with begins or has ended.
    pub(crate) fn turns(&self, path: &str) -> impl Iterator<Item = Date> {
        let path = bare(path);
        let begins = move |name: &str| {
            path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let named = self.by_name.iter().filter(move |(name, _)| begins(name));
        let dated = named.flat_map(|(_, parameter)| &parameter.values);
        dated.flat_map(|dated| {
            std::iter::once(dated.from).chain(dated.until.and_then(|until| until.tomorrow().ok()))
        })
    }

    /// The same, but for one parameter: on a date and after it has another value. Nothing when it has none on that date to begin with.
    pub fn with(&self, name: &str, on: Date, value: Value) -> Option<Parameters> {
        let mut changed = self.clone();
        let values = &mut changed.by_name.get_mut(bare(name))?.values;
        let begun = values.partition_point(|dated| dated.from <= on);
        let dated =
            values.get_mut(begun.checked_sub(1)?).filter(|d| d.until.is_none_or(|until| on <= until))?;
        dated.value = value;
        Some(changed)
    }

    /// The same with the values that another has of the same parameters: of two that begin on one day the other's counts, and a value
    /// that begins later ends none before it. Parameters that only the other has are left out.
    pub fn announced(&self, other: &Parameters) -> Parameters {
        let mut together = self.clone();
        for (name, more) in &other.by_name {
            let Some(parameter) = together.by_name.get_mut(name) else { continue };
            for dated in &more.values {
                parameter.values.retain(|known| known.from != dated.from);
                // What had a last day of its own gives way to what begins before it.
                let last = dated.from.yesterday().ok();
                for before in parameter.values.iter_mut().filter(|known| known.from < dated.from) {
                    before.until = before.until.map(|until| last.map_or(until, |last| until.min(last)));
                }
                let place = parameter.values.partition_point(|known| known.from < dated.from);
                parameter.values.insert(place, dated.clone());
            }
        }
        together
    }

    /// Every value of a parameter, the oldest first.
    pub fn values(&self, name: &str) -> impl Iterator<Item = Valued<'_>> {
        let values = self.named(name).map_or(&[][..], |parameter| &parameter.values);
        values.iter().enumerate().map(|(place, dated)| {
            let next = values.get(place.saturating_add(1)).and_then(|next| next.from.yesterday().ok());
            let until = dated.until.or(next);
            Valued { from: dated.from, until, source: dated.source.as_deref(), value: &dated.value }
        })
    }

    pub fn article(&self, name: &str) -> Option<&str> {
        self.named(name).map(|parameter| parameter.article.as_str())
    }

    pub fn unit(&self, name: &str) -> Option<&str> {
        self.named(name).and_then(|parameter| parameter.unit.as_deref())
    }

    /// Whether a path that a rule reads (`매개.기초연금.선정기준액.단독`) begins with a parameter's name.
    pub fn knows(&self, path: &str) -> bool {
        let path = bare(path);
        let ends = path.match_indices('.').map(|(i, _)| i).chain([path.len()]);
        ends.filter_map(|end| path.get(..end)).any(|name| self.by_name.contains_key(name))
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    fn named(&self, name: &str) -> Option<&Parameter> {
        self.by_name.get(bare(name))
    }

    fn dated(&self, name: &str, on: Date) -> Option<&Dated> {
        let values = &self.named(name)?.values;
        let begun = values.partition_point(|dated| dated.from <= on);
        values.get(begun.checked_sub(1)?).filter(|dated| dated.until.is_none_or(|until| on <= until))
    }
}

fn bare(name: &str) -> &str {
    name.strip_prefix(PARAMETERS).and_then(|rest| rest.strip_prefix('.')).unwrap_or(name)
}

/// Two values may follow one another without an `until`; they clash only when they begin on one day or reach past a stated end.
fn overlap(mut periods: Vec<Period>) -> Option<(usize, usize)> {
    periods.sort_by_key(|period| period.from);
    let starts: Vec<Date> = periods.iter().map(|period| period.from).collect();
    for (period, next) in periods.iter_mut().zip(starts.iter().skip(1)) {
        if *next > period.from {
            period.until = period.until.or(next.yesterday().ok());
        }
    }
    first_overlap(periods)
}

impl Dated {
    fn read(entry: &Table<'_>, faults: &mut Vec<Fault>) -> Option<(usize, Dated)> {
        let from = entry.required_date("from", faults);
        let until = entry.date("until", faults);
        let source = entry.text("source", faults);
        let Some(value) = entry.get("value") else {
            entry.fault(both!("값에 `value`가 없습니다", "a parameter's value needs `value`"), faults);
            return None;
        };
        let value = match read_value(value, MAX_NESTING) {
            Ok(value) => value,
            Err((at, why)) => {
                faults.push(Fault::at(at, why).on(&entry.source().lines));
                return None;
            }
        };
        let from = from?;
        if until.is_some_and(|until| until < from) {
            entry.fault(both!("`until`이 `from`보다 앞섭니다", "`until` is before `from`"), faults);
        }
        Some((entry.line(), Dated { from, until, source, value }))
    }
}

type Misread = (Range<usize>, Both);

fn read_value(toml: &Spanned<DeValue<'_>>, room: usize) -> Result<Value, Misread> {
    let wrong = |why: Both| (toml.span(), why);
    let room = room.checked_sub(1).ok_or_else(|| wrong(too_deep()))?;
    let number = |text: &str| {
        Ratio::parse(text).map(Value::Number).ok_or_else(|| {
            wrong(both!("{text}: 규칙이 담을 수 없는 수입니다", "{text} is not a number rules can hold"))
        })
    };
    match toml.get_ref() {
        DeValue::Boolean(b) => Ok(Value::Bool(*b)),
        DeValue::Integer(n) => match i128::from_str_radix(n.as_str(), n.radix()) {
            Ok(n) => Ok(Value::Number(Ratio::from_i128(n))),
            Err(_) => Err(wrong(both!("{n}: 너무 큰 수입니다", "{n} is out of range"))),
        },
        DeValue::Float(n) => number(n.as_str()),
        // A decimal or a fraction in quotes is a number; a whole number in quotes is a code (`"11110"`) and stays text.
        DeValue::String(text) if is_decimal(text) => number(text),
        DeValue::String(text) => Value::from_text(text).map_err(wrong),
        DeValue::Datetime(date) => {
            let text = date.to_string();
            crate::value::read_date(&text)
                .map(Value::Date)
                .ok_or_else(|| wrong(both!("{text}: 날짜만 쓰세요", "{text} is not a date alone")))
        }
        DeValue::Array(items) => {
            if items.len() > MAX_LIST {
                return Err(wrong(too_long_a_list()));
            }
            items.iter().map(|item| read_value(item, room)).collect::<Result<_, _>>().map(Value::List)
        }
        DeValue::Table(fields) => {
            let mut context = BTreeMap::new();
            for (name, field) in fields {
                context.insert(nfc(name.get_ref()).into_owned(), read_value(field, room)?);
            }
            Ok(Value::Context(context))
        }
    }
}

fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    unsigned.split_once(['.', '/']).is_some_and(|(left, right)| digits(left) && digits(right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const FILE: &str = r#"
[[parameter]]
name = "기준중위소득"
article = "국민기초생활 보장법 제6조의2"
unit = "원"
label = { ko = "기준 중위소득", en = "Median income" }
[[parameter.value]]
from = "2026-01-01"
source = "보건복지부고시 제2025-135호"
value = [2564238, 4199292]
[[parameter.value]]
from = 2025-01-01
value = [2392013, 3932658]

[[parameter]]
name = "기초연금.율"
article = "기초연금법 제5조"
[[parameter.value]]
from = "2024-01-01"
until = "2024-12-31"
value = { "글" = "0.32", "소수" = 0.1, "분수" = "1/3", "코드" = "11110", "날" = "2026-01-01", "참" = true, "큰수" = 0x10, "밑줄" = 1_000.5 }
"#;

    #[test]
    fn holds_until_the_next_begins() {
        let parameters = Parameters::parse(FILE).unwrap();
        let first = |on| match parameters.at("기준중위소득", on) {
            Some(Value::List(items)) => items.first().cloned(),
            _ => None,
        };
        assert_eq!(first(date(2024, 12, 31)), None);
        assert_eq!(first(date(2025, 1, 1)), Some(Value::from(2_392_013)));
        assert_eq!(first(date(2025, 12, 31)), Some(Value::from(2_392_013)));
        assert_eq!(first(date(2030, 1, 1)), Some(Value::from(2_564_238)));
        assert_eq!(
            parameters.source("매개.기준중위소득", date(2026, 5, 5)),
            Some("보건복지부고시 제2025-135호")
        );
        assert_eq!(parameters.source("기준중위소득", date(2025, 5, 5)), None);
        assert_eq!(parameters.since("기준중위소득", date(2025, 5, 5)), Some(date(2025, 1, 1)));
        assert_eq!(parameters.article("기준중위소득"), Some("국민기초생활 보장법 제6조의2"));
        assert_eq!(parameters.unit("기준중위소득"), Some("원"));
        assert_eq!(parameters.at("기초연금.율", date(2025, 1, 1)), None);
        assert!(parameters.knows("매개.기초연금.율.글") && !parameters.knows("매개.기초연금"));
    }

    #[test]
    fn decimals_are_exact() {
        let parameters = Parameters::parse(FILE).unwrap();
        let Some(Value::Context(fields)) = parameters.at("기초연금.율", date(2024, 6, 1)) else {
            panic!()
        };
        let number = |n, d| Value::Number(Ratio::new(n, d).unwrap());
        assert_eq!(fields["글"], number(8, 25));
        assert_eq!(fields["소수"], number(1, 10));
        assert_eq!(fields["분수"], number(1, 3));
        assert_eq!(fields["코드"], Value::from("11110"));
        assert_eq!(fields["날"], Value::Date(date(2026, 1, 1)));
        assert_eq!(fields["참"], Value::Bool(true));
        assert_eq!(fields["큰수"], Value::from(16));
        assert_eq!(fields["밑줄"], number(2001, 2));
    }

    #[test]
    fn faults_name_their_line() {
        let lines = |text: &str| -> Vec<(usize, String)> {
            Parameters::parse(text)
                .unwrap_err()
                .into_iter()
                .map(|fault| (fault.line, fault.message.en))
                .collect()
        };
        let head = "[[parameter]]\nname = \"가\"\narticle = \"나\"\n";
        let value =
            |from: &str, more: &str| format!("[[parameter.value]]\nfrom = \"{from}\"\nvalue = 1\n{more}");
        for (text, line, part) in [
            ("[[parameter]]\nname = \"가\"\n".to_owned(), 1, "article"),
            (head.to_owned(), 1, "at least one"),
            (format!("{head}{}{}", value("2026-01-01", ""), value("2026-01-01", "")), 7, "overlap"),
            (
                format!(
                    "{head}{}{}",
                    value("2025-01-01", "until = \"2026-06-01\"\n"),
                    value("2026-01-01", "")
                ),
                8,
                "overlap",
            ),
            (format!("{head}{}", value("2026-01-01", "until = \"2025-01-01\"\n")), 4, "before"),
            (format!("{head}{}", value("2026-13-01", "")), 5, "date"),
            (format!("{head}[[parameter.value]]\nfrom = \"2026-01-01\"\nvalue = inf\n"), 6, "number"),
            (format!("{head}{v}{head}{v}", v = value("2026-01-01", "")), 7, "twice"),
            ("[[parameter]\n".to_owned(), 1, ""),
            ("나이 = 1\n".to_owned(), 1, "quotes"),
            ("parameter = 3\n".to_owned(), 1, "[[parameter]]"),
            (
                format!("[[parameter]]\nname = \"가 나\"\narticle = \"나\"\n{}", value("2026-01-01", "")),
                1,
                "not a name",
            ),
        ] {
            let found = lines(&text);
            assert!(found.iter().any(|(at, why)| *at == line && why.contains(part)), "{text}\n{found:?}");
        }
    }

    #[test]
    fn an_announced_value_holds_from_its_day() {
        let more = r#"
[[parameter]]
name = "기준중위소득"
article = "고시"
[[parameter.value]]
from = "2026-01-01"
source = "고친 고시"
value = [3000000, 5000000]
[[parameter.value]]
from = "2027-01-01"
value = [3100000]
[[parameter]]
name = "기초연금.율"
article = "기초연금법 제5조"
[[parameter.value]]
from = "2024-07-01"
value = 0.5
[[parameter]]
name = "모르는_것"
article = "없음"
[[parameter.value]]
from = "2024-07-01"
value = 1
"#;
        let before = Parameters::parse(FILE).unwrap();
        let after = before.announced(&Parameters::parse(more).unwrap());
        let days = |name: &str| {
            after.values(name).map(|v| (v.from, v.until, v.source.map(str::to_owned))).collect::<Vec<_>>()
        };
        assert_eq!(
            days("기준중위소득"),
            [
                (date(2025, 1, 1), Some(date(2025, 12, 31)), None),
                (date(2026, 1, 1), Some(date(2026, 12, 31)), Some("고친 고시".to_owned())),
                (date(2027, 1, 1), None, None),
            ]
        );
        assert_eq!(
            days("기초연금.율"),
            [(date(2024, 1, 1), Some(date(2024, 6, 30)), None), (date(2024, 7, 1), None, None)]
        );
        assert_eq!(after.at("기준중위소득", date(2025, 6, 1)), before.at("기준중위소득", date(2025, 6, 1)));
        assert_eq!(
            after.at("기초연금.율", date(2025, 1, 1)),
            Some(&Value::Number(Ratio::parse("0.5").unwrap()))
        );
        assert_eq!(after.article("기준중위소득"), before.article("기준중위소득"));
        assert!(!after.knows("모르는_것") && before.values("모르는_것").next().is_none());
    }

    #[test]
    fn two_files_merge_once() {
        let mut all = Parameters::parse(FILE).unwrap();
        let other = FILE.replace("기준중위소득", "최저임금").replace("기초연금.율", "다른.율");
        assert_eq!(all.merge(Parameters::parse(&other).unwrap()), Ok(()));
        assert_eq!(all.names().count(), 4);
        assert!(all.merge(Parameters::parse(FILE).unwrap()).is_err());
    }
}
