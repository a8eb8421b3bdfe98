use serde::{Deserialize, Serialize};

/// The languages every text exists in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    #[default]
    Ko,
    En,
}

impl Lang {
    pub const ALL: [Lang; 2] = [Lang::Ko, Lang::En];

    pub fn tag(self) -> &'static str {
        match self {
            Lang::Ko => "ko",
            Lang::En => "en",
        }
    }

    pub fn parse(tag: &str) -> Option<Lang> {
        Lang::ALL.into_iter().find(|lang| lang.tag() == tag)
    }
}

/// One text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
pub struct Both {
    pub ko: String,
    pub en: String,
}

impl Both {
    pub fn new(ko: &str, en: &str) -> Self {
        Both { ko: ko.into(), en: en.into() }
    }

    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Ko => &self.ko,
            Lang::En => &self.en,
        }
    }
}

/// One text in both languages, filled in with what is in scope: `both!("{name}이(가) 없습니다", "{name} is missing")`. Particles follow
/// what was filled in.
#[macro_export]
macro_rules! both {
    ($ko:literal, $en:literal $(,)?) => {
        $crate::Both { ko: $crate::josa(&format!($ko)), en: format!($en) }
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_text_is_filled_in_in_both_languages() {
        let (name, days) = ("기초연금", 3);
        let told = both!("`{name}`은(는) {days}일 뒤에 없습니다", "`{name}` is gone in {days} days");
        assert_eq!(told.ko, "`기초연금`은 3일 뒤에 없습니다");
        assert_eq!(told.en, "`기초연금` is gone in 3 days");
    }
}
