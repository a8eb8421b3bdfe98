//! Agencies, units and officials as lists show them, and what may be typed about them.

use maru_definition::Pack;
use maru_kernel::{At, Both, Error, Id, Problem, Result};
use maru_web::ports::{Person, Unit};

pub const AGENCY_KINDS: [&str; 3] = ["central", "local", "public"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agency {
    pub id: String,
    /// One of [`AGENCY_KINDS`].
    pub kind: String,
    /// Empty: the whole country.
    pub region: String,
    pub name: Both,
    pub ended: Option<At>,
    pub units: i64,
    pub officials: i64,
}

#[derive(Debug, Clone)]
pub struct ListedUnit {
    pub unit: Unit,
    pub ended: Option<At>,
    pub officials: i64,
}

#[derive(Debug, Clone)]
pub struct ListedOfficial {
    pub person: Person,
    /// The sign-in name.
    pub user: String,
    pub agency: Option<String>,
    pub unit_name: Option<Both>,
    pub agency_name: Option<Both>,
    pub unit_ended: bool,
    pub ended: Option<At>,
    pub must_change: bool,
}

/// Which officials are looked for; `*`: of any agency, of any unit.
#[derive(Debug, Clone, Copy)]
pub struct Looked<'a> {
    pub agency: &'a str,
    pub unit: &'a str,
    pub words: &'a str,
    pub ended: bool,
    pub limit: i64,
    pub skip: i64,
}

impl Default for Looked<'_> {
    fn default() -> Self {
        Looked { agency: "*", unit: "*", words: "", ended: false, limit: 1000, skip: 0 }
    }
}

/// Collects what is wrong, so that all of it is told at once.
#[derive(Default)]
pub struct Checked(Vec<Problem>);

impl Checked {
    pub fn wrong(&mut self, field: &str, key: &str) {
        self.0.push(Problem { field: field.into(), key: key.into(), value: None });
    }

    fn too_long(&mut self, field: &str, most: usize) {
        self.0.push(Problem {
            field: field.into(),
            key: "form-too-long".into(),
            value: Some(most.to_string()),
        });
    }

    pub fn done<T>(self, value: T) -> Result<T> {
        if self.0.is_empty() { Ok(value) } else { Err(Error::Invalid(self.0)) }
    }

    /// A text of one line; blanks around it and in a row do not count.
    fn line(&mut self, field: &str, typed: &str, most: usize) -> String {
        if typed.chars().any(char::is_control) {
            self.wrong(field, "form-text");
        }
        let text = typed.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.chars().count() > most {
            self.too_long(field, most);
        }
        text
    }

    /// A name in both languages: neither stands in for the other. `optional`: both or none.
    pub fn names(
        &mut self,
        fields: [&str; 2],
        typed: [&str; 2],
        most: usize,
        optional: bool,
    ) -> Option<Both> {
        let [field_ko, field_en] = fields;
        let [typed_ko, typed_en] = typed;
        let (ko, en) = (self.line(field_ko, typed_ko, most), self.line(field_en, typed_en, most));
        if optional && ko.is_empty() && en.is_empty() {
            return None;
        }
        if ko.is_empty() {
            self.wrong(field_ko, "admin-name-needed");
        } else if !ko.chars().any(hangul) {
            self.wrong(field_ko, "admin-wrong-ko");
        }
        if en.is_empty() {
            self.wrong(field_en, "admin-name-needed");
        } else if en.chars().any(hangul) || !en.chars().any(|c| c.is_ascii_alphabetic()) {
            self.wrong(field_en, "admin-wrong-en");
        }
        Some(Both { ko, en })
    }

    /// A region by its full name; `country`: it may be left empty.
    pub fn region(&mut self, pack: &Pack, typed: &str, country: bool) -> String {
        let typed = self.line("region", typed, 60);
        if typed.is_empty() {
            if !country {
                self.wrong("region", "admin-region-needed");
            }
            return typed;
        }
        match pack.regions.find(&typed).filter(|region| region.name == typed) {
            Some(region) => region.name.clone(),
            None => {
                self.wrong("region", "admin-region-unknown");
                typed
            }
        }
    }

    pub fn choice(&mut self, field: &str, typed: &str, known: bool) -> String {
        if !known {
            self.wrong(field, "form-choice");
        }
        typed.to_owned()
    }

    /// Where people reach a unit: digits, and what stands between them.
    pub fn contact(&mut self, typed: &str) -> String {
        let text = self.line("contact", typed, 30);
        let digits = text.chars().filter(char::is_ascii_digit).count();
        let fits = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '(' | ')' | ' ');
        if digits < 3 || !text.chars().all(fits) {
            self.wrong("contact", "admin-contact");
        }
        text
    }

    /// A name to sign in with.
    pub fn user(&mut self, typed: &str) -> String {
        let user = typed.trim().to_lowercase();
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_');
        let begins = user.starts_with(|c: char| c.is_ascii_lowercase());
        if !(3..=32).contains(&user.len()) || !begins || !user.chars().all(fits) {
            self.wrong("user", "admin-user-form");
        }
        user
    }

    pub fn mail(&mut self, typed: &str) -> Option<String> {
        let mail = self.line("mail", typed, 254);
        if mail.is_empty() {
            return None;
        }
        let right = mail.split_once('@').is_some_and(|(who, place)| {
            !who.is_empty()
                && place.contains('.')
                && !place.starts_with('.')
                && !place.ends_with('.')
                && !place.contains('@')
        });
        if !right || !mail.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | ',' | '"' | ';'))
        {
            self.wrong("mail", "admin-mail");
        }
        Some(mail)
    }

    /// An id somebody chose for a command; empty: one is made.
    pub fn id(&mut self, typed: &str, made: impl FnOnce() -> String) -> String {
        if typed.is_empty() {
            return made();
        }
        if Id::<()>::parse(typed).is_err() || matches!(typed, "new" | "country") {
            self.wrong("id", "admin-id");
        }
        typed.to_owned()
    }
}

fn hangul(c: char) -> bool {
    ('가'..='힣').contains(&c) || ('ㄱ'..='ㆎ').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(check: impl FnOnce(&mut Checked)) -> Vec<String> {
        let mut checked = Checked::default();
        check(&mut checked);
        checked.0.into_iter().map(|p| format!("{} {}", p.field, p.key)).collect()
    }

    #[test]
    fn names_are_there_in_both_languages() {
        let names = |ko: &str, en: &str| {
            let (ko, en) = (ko.to_owned(), en.to_owned());
            keys(|c| {
                c.names(["ko", "en"], [&ko, &en], 40, false);
            })
        };
        assert!(names(" 수원시  복지과 ", "Suwon Welfare").is_empty());
        assert_eq!(names("", ""), ["ko admin-name-needed", "en admin-name-needed"]);
        assert_eq!(names("Suwon", "수원"), ["ko admin-wrong-ko", "en admin-wrong-en"]);
        assert_eq!(names(&"가".repeat(41), "A"), ["ko form-too-long"]);
        assert_eq!(names("가\u{7}나", "A"), ["ko form-text"]);
        assert_eq!(Checked::default().names(["ko", "en"], ["", " "], 40, true), None);
        let half = keys(|c| {
            c.names(["ko", "en"], ["팀장", ""], 40, true);
        });
        assert_eq!(half, ["en admin-name-needed"]);
    }

    #[test]
    fn small_fields_are_what_they_should_be() {
        for right in ["han.eul", "park-2", "abc"] {
            assert!(
                keys(|c| {
                    c.user(right);
                })
                .is_empty(),
                "{right}"
            );
        }
        for wrong in ["", "ab", "2abc", "하늘이", "a b c", &"a".repeat(33), "a/b/c"] {
            assert_eq!(
                keys(|c| {
                    c.user(wrong);
                }),
                ["user admin-user-form"],
                "{wrong}"
            );
        }
        for wrong in ["a", "a@b", "@b.kr", "a@b@c.kr", "a b@c.kr", "a@.kr", "<a@b.kr>"] {
            assert_eq!(
                keys(|c| {
                    c.mail(wrong);
                }),
                ["mail admin-mail"],
                "{wrong}"
            );
        }
        assert_eq!(Checked::default().mail(" park@suwon.go.kr "), Some("park@suwon.go.kr".into()));
        for wrong in ["", "12", "전화 031-000", "031<000"] {
            assert_eq!(
                keys(|c| {
                    c.contact(wrong);
                }),
                ["contact admin-contact"],
                "{wrong}"
            );
        }
        for wrong in ["new", "country", "A", "a/b"] {
            assert_eq!(
                keys(|c| {
                    c.id(wrong, String::new);
                }),
                ["id admin-id"],
                "{wrong}"
            );
        }
    }
}
