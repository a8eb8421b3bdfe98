use std::sync::Arc;

use fluent_bundle::FluentValue;
use maru_kernel::{At, Date, Error, Lang, Result, Won};
use minijinja::{
    Environment, ErrorKind, UndefinedBehavior,
    syntax::SyntaxConfig,
    value::{Kwargs, Serde, Value, ValueKind},
};
use serde::Serialize;

use crate::{Texts, shown};

/// Any value a page shows. A `Shown` inside stays what it is.
pub fn show<T: Serialize>(value: &T) -> Value {
    Value::from(Serde(value))
}

/// The values of a page: `context! { name, count => 3 }`, or `context! { ..these, ..those }` where the first win.
#[macro_export]
macro_rules! context {
    ($(.. $values:expr),+ $(,)?) => {
        $crate::minijinja::context! { $(.. $values),+ }
    };
    (@ $key:ident) => { $crate::show(&$key) };
    (@ $key:ident, $value:expr) => { $crate::show(&$value) };
    ($($key:ident $(=> $value:expr)?),* $(,)?) => {{
        #[allow(unused_mut)]
        let mut map = ::std::collections::BTreeMap::<&'static str, $crate::Shown>::new();
        $( map.insert(stringify!($key), $crate::context!(@ $key $(, $value)?)); )*
        $crate::show(&map)
    }};
}

/// The templates of every room, once per language so that `t` and the date filters know theirs.
pub struct Pages {
    ko: Environment<'static>,
    en: Environment<'static>,
}

impl Pages {
    pub fn new(
        texts: &Arc<Texts>,
        templates: impl IntoIterator<Item = (&'static str, &'static str)> + Clone,
    ) -> Result<Pages> {
        let build = |lang| environment(lang, texts.clone(), templates.clone());
        Ok(Pages { ko: build(Lang::Ko)?, en: build(Lang::En)? })
    }

    pub fn render(&self, lang: Lang, template: &str, context: Value) -> Result<String> {
        let environment = match lang {
            Lang::Ko => &self.ko,
            Lang::En => &self.en,
        };
        environment
            .get_template(template)
            .and_then(|t| t.render(context))
            .map_err(|e| Error::internal(format!("{template}: {e:#}")))
    }
}

fn environment(
    lang: Lang,
    texts: Arc<Texts>,
    templates: impl IntoIterator<Item = (&'static str, &'static str)>,
) -> Result<Environment<'static>> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.map_err(Error::internal)?);
    environment.add_function("t", move |key: String, args: Kwargs| translate(lang, &texts, &key, &args));
    environment.add_filter("won", |amount: i64| Won(amount).to_string());
    environment.add_filter("day", move |date: String| date_filter(&date, |d| shown::day(lang, d)));
    environment.add_filter("deadline", move |date: String| date_filter(&date, |d| shown::deadline(lang, d)));
    environment.add_filter("full", move |date: String| date_filter(&date, |d| shown::full(lang, d)));
    environment.add_filter("narrow", move |date: String| date_filter(&date, |d| shown::narrow(lang, d)));
    environment.add_filter("moment", move |at: i64| shown::moment(lang, At::from_micros(at)));
    environment.add_filter("at_day", move |at: i64| shown::day(lang, At::from_micros(at).date()));
    environment.add_filter("mine", move |both: Value| {
        both.get_attr(lang.tag()).map(|v| if v.is_undefined() { both.clone() } else { v })
    });
    environment.add_filter("native", move |text: Value| native(lang, &text));
    for (name, source) in templates {
        environment.add_template(name, source).map_err(|e| Error::internal(format!("{name}: {e:#}")))?;
    }
    Ok(environment)
}

/// Marks what exists in Korean only on a page in another language, so that it is read out rightly.
fn native(lang: Lang, text: &Value) -> Value {
    let plain = text.to_string();
    let hangul = plain.chars().any(|c| ('가'..='힣').contains(&c) || ('ㄱ'..='ㆎ').contains(&c));
    if lang == Lang::Ko || !hangul {
        return text.clone();
    }
    let mut marked = String::from("<span lang=\"ko\">");
    for c in plain.chars() {
        match c {
            '&' => marked.push_str("&amp;"),
            '<' => marked.push_str("&lt;"),
            '>' => marked.push_str("&gt;"),
            '"' => marked.push_str("&quot;"),
            '\'' => marked.push_str("&#x27;"),
            other => marked.push(other),
        }
    }
    marked.push_str("</span>");
    Value::from_safe_string(marked)
}

fn date_filter(text: &str, show: impl Fn(Date) -> String) -> std::result::Result<String, minijinja::Error> {
    text.parse::<Date>()
        .map(show)
        .map_err(|e| minijinja::Error::new(ErrorKind::InvalidOperation, format!("{text} is no date: {e}")))
}

fn translate(
    lang: Lang,
    texts: &Texts,
    key: &str,
    kwargs: &Kwargs,
) -> std::result::Result<String, minijinja::Error> {
    let mut owned: Vec<(String, Value)> = Vec::new();
    for name in kwargs.args() {
        owned.push((name.to_owned(), kwargs.get(name)?));
    }
    let args: Vec<(&str, FluentValue<'_>)> = owned
        .iter()
        .map(|(name, value)| {
            let fluent = match value.kind() {
                ValueKind::Number => i64::try_from(value.clone())
                    .map(FluentValue::from)
                    .unwrap_or_else(|_| FluentValue::from(value.to_string())),
                _ => FluentValue::from(value.to_string()),
            };
            (name.as_str(), fluent)
        })
        .collect();
    texts.get(lang, key, &args).ok_or_else(|| {
        minijinja::Error::new(ErrorKind::InvalidOperation, format!("no text `{key}` in {}", lang.tag()))
    })
}
