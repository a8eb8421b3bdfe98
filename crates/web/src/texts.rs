use std::collections::BTreeMap;

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use maru_kernel::{At, Both, Date, Error, Lang, Result, Won, josa, weekday_en, weekday_ko};

/// Every text of every room, in both languages.
pub struct Texts {
    bundles: BTreeMap<&'static str, FluentBundle<FluentResource>>,
}

/// Numbers in texts read like numbers on pages: `8,255`.
fn grouped<M>(value: &FluentValue<'_>, _: &M) -> Option<String> {
    match value {
        FluentValue::Number(number) => number.as_string().parse().ok().map(|n| Won(n).to_string()),
        _ => None,
    }
}

impl Texts {
    pub fn new<'a>(sources: impl IntoIterator<Item = (Lang, &'a str)>) -> Result<Texts> {
        let mut bundles = BTreeMap::new();
        for lang in Lang::ALL {
            let tag = lang.tag().parse::<unic_langid::LanguageIdentifier>().map_err(Error::internal)?;
            let mut bundle = FluentBundle::new_concurrent(vec![tag]);
            bundle.set_use_isolating(false);
            bundle.set_formatter(Some(grouped));
            bundles.insert(lang.tag(), bundle);
        }
        for (lang, source) in sources {
            let resource = FluentResource::try_new(source.to_owned())
                .map_err(|(_, e)| Error::internal(format!("texts in {}: {e:?}", lang.tag())))?;
            if let Some(bundle) = bundles.get_mut(lang.tag()) {
                bundle
                    .add_resource(resource)
                    .map_err(|e| Error::internal(format!("texts in {}: {e:?}", lang.tag())))?;
            }
        }
        Ok(Texts { bundles })
    }

    /// The text of a key, or None: a missing text is an error where it is asked for.
    pub fn get(&self, lang: Lang, key: &str, args: &[(&str, FluentValue<'_>)]) -> Option<String> {
        let bundle = self.bundles.get(lang.tag())?;
        let pattern = bundle.get_message(key)?.value()?;
        let args: FluentArgs<'_> = args.iter().map(|(k, v)| (*k, v.clone())).collect();
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(&args), &mut errors).into_owned();
        errors.is_empty().then(|| if lang == Lang::Ko { josa(&text) } else { text })
    }

    /// The text of a key where a missing one must not stop the work: shows the key, and says so in the log.
    pub fn of(&self, lang: Lang, key: &str) -> String {
        self.get(lang, key, &[]).unwrap_or_else(|| {
            tracing::error!(key, lang = lang.tag(), "text missing");
            key.to_owned()
        })
    }

    pub fn both(&self, key: &str) -> Both {
        Both { ko: self.of(Lang::Ko, key), en: self.of(Lang::En, key) }
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// How dates and times read on pages.
pub mod shown {
    use super::*;

    fn month(date: Date) -> &'static str {
        usize::try_from(date.month() - 1).ok().and_then(|i| MONTHS.get(i)).copied().unwrap_or("")
    }

    /// `11월 18일`, `18 November`
    pub fn day(lang: Lang, date: Date) -> String {
        match lang {
            Lang::Ko => format!("{}월 {}일", date.month(), date.day()),
            Lang::En => format!("{} {}", date.day(), month(date)),
        }
    }
    /// With its weekday, as every deadline is told: `11월 18일 수요일`, `Wednesday 18 November`
    pub fn deadline(lang: Lang, date: Date) -> String {
        match lang {
            Lang::Ko => format!("{} {}", day(lang, date), weekday_ko(date)),
            Lang::En => format!("{} {}", weekday_en(date), day(lang, date)),
        }
    }
    /// `2026년 11월 18일`, `18 November 2026`
    pub fn full(lang: Lang, date: Date) -> String {
        match lang {
            Lang::Ko => format!("{}년 {}", date.year(), day(lang, date)),
            Lang::En => format!("{} {}", day(lang, date), date.year()),
        }
    }
    /// `10월 7일 14:05`, `7 October, 14:05`
    pub fn moment(lang: Lang, at: At) -> String {
        let z = at.seoul();
        let time = format!("{:02}:{:02}", z.hour(), z.minute());
        match lang {
            Lang::Ko => format!("{} {time}", day(lang, z.date())),
            Lang::En => format!("{}, {time}", day(lang, z.date())),
        }
    }
    /// Narrow, for the desk: `10.14 수`, `14 Oct Wed`
    pub fn narrow(lang: Lang, date: Date) -> String {
        match lang {
            Lang::Ko => {
                format!("{}.{} {}", date.month(), date.day(), weekday_ko(date).chars().next().unwrap_or(' '))
            }
            Lang::En => format!(
                "{} {} {}",
                weekday_en(date).get(..3).unwrap_or(""),
                date.day(),
                month(date).get(..3).unwrap_or("")
            ),
        }
    }
}
