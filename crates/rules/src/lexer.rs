//! Text to tokens, each with the bytes it came from.

use std::ops::Range;

use unicode_normalization::char::is_combining_mark;

use maru_kernel::both;

use crate::Fault;
use crate::ratio::Ratio;
use crate::value::nfc;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Number(Ratio),
    Text(String),
    /// A name or a keyword: the parser knows which, because built-in names may hold several words.
    Word(String),
    /// An operator or bracket.
    Sign(&'static str),
    End,
}

#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub kind: Kind,
    pub at: Range<usize>,
}

impl Token {
    pub fn is(&self, sign: &str) -> bool {
        matches!(&self.kind, Kind::Sign(mine) if *mine == sign)
    }

    pub fn is_word(&self, word: &str) -> bool {
        matches!(&self.kind, Kind::Word(mine) if mine == word)
    }
}

/// Longest first, so that `<=` is not read as `<` and `=`.
const SIGNS: [&str; 21] = [
    "**", "<=", ">=", "!=", "..", "+", "-", "*", "/", "=", "<", ">", "(", ")", "[", "]", "{", "}", ",", ".",
    ":",
];

pub(crate) fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        let Some(first) = rest.chars().next() else { break };
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        if let Some(length) = comment(rest, at)? {
            at += length;
            continue;
        }
        let (kind, length) = if first == '"' {
            string(rest, at)?
        } else if starts_number(rest) {
            number(rest, at)?
        } else if starts_name(first) {
            let length =
                length_while(rest, |c| starts_name(c) || c.is_alphanumeric() || is_combining_mark(c));
            (Kind::Word(nfc(rest.get(..length).unwrap_or(rest)).into_owned()), length)
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            (Kind::Sign(sign), sign.len())
        } else {
            let at = at..at + first.len_utf8();
            return Err(Fault::at(
                at,
                both!("`{first}`은(는) 여기서 쓸 수 없는 글자입니다", "`{first}` has no meaning here"),
            ));
        };
        out.push(Token { kind, at: at..at + length });
        at += length;
    }
    out.push(Token { kind: Kind::End, at: text.len()..text.len() });
    Ok(out)
}

/// The length of a comment, from `//` to the line's end or between `/*` and `*/`.
fn comment(rest: &str, at: usize) -> Result<Option<usize>, Fault> {
    if rest.starts_with("//") {
        return Ok(Some(rest.find('\n').unwrap_or(rest.len())));
    }
    let Some(inside) = rest.strip_prefix("/*") else { return Ok(None) };
    match inside.find("*/") {
        Some(end) => Ok(Some(end + 4)),
        None => Err(Fault::at(
            at..at + rest.len(),
            both!("주석이 끝나지 않았습니다. */로 닫으세요", "this comment has no end: close it with */"),
        )),
    }
}

pub(crate) fn starts_name(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

/// Whether a text is one name, or several joined by dots.
pub(crate) fn is_dotted_name(text: &str) -> bool {
    text.split('.').all(|part| {
        part.starts_with(starts_name)
            && part.chars().all(|c| starts_name(c) || c.is_alphanumeric() || is_combining_mark(c))
    })
}

fn starts_number(rest: &str) -> bool {
    let mut chars = rest.chars();
    match (chars.next(), chars.next()) {
        (Some(first), _) if first.is_ascii_digit() => true,
        (Some('.'), Some(second)) => second.is_ascii_digit(),
        _ => false,
    }
}

fn length_while(text: &str, mut keep: impl FnMut(char) -> bool) -> usize {
    text.char_indices().find(|(_, c)| !keep(*c)).map_or(text.len(), |(i, _)| i)
}

/// `12`, `0.5`, `.5`, `1.5e3`. A dot not followed by a digit is not ours: `1..5` is a range.
fn number(rest: &str, at: usize) -> Result<(Kind, usize), Fault> {
    let digits = |from: usize| length_while(rest.get(from..).unwrap_or(""), |c| c.is_ascii_digit());
    let byte = |i: usize| rest.as_bytes().get(i).copied();
    let mut length = digits(0);
    if byte(length) == Some(b'.') && digits(length + 1) > 0 {
        length += 1 + digits(length + 1);
    }
    if matches!(byte(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(byte(length + 1), Some(b'+' | b'-')));
        if digits(length + 1 + sign) > 0 {
            length += 1 + sign + digits(length + 1 + sign);
        }
    }
    let text = rest.get(..length).unwrap_or(rest);
    let ratio = Ratio::parse(text);
    let ratio = ratio.ok_or_else(|| {
        Fault::at(at..at + length, both!("{text}: 너무 큰 수입니다", "{text} is too large a number"))
    })?;
    Ok((Kind::Number(ratio), length))
}

/// A text in double quotes with FEEL's escapes: `\" \\ \' \n \r \t \uXXXX \UXXXXXX`.
fn string(rest: &str, at: usize) -> Result<(Kind, usize), Fault> {
    let mut out = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((i, c)) = chars.next() {
        if c == '"' {
            return Ok((Kind::Text(nfc(&out).into_owned()), i + 1));
        }
        if c != '\\' {
            out.push(c);
            continue;
        }
        let Some((_, escape)) = chars.next() else { break };
        let wrong = |length: usize| {
            Fault::at(
                at + i..at + i + length,
                both!(
                    "`\\{escape}`은(는) FEEL에 없는 표기입니다",
                    "`\\{escape}` is not an escape FEEL knows"
                ),
            )
        };
        match escape {
            '"' | '\\' | '\'' => out.push(escape),
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'u' | 'U' => {
                let (code, length) = unicode(rest.get(i..).unwrap_or("")).ok_or_else(|| wrong(2))?;
                out.push(code);
                // what follows `\` and the letter, all of it ASCII
                for _ in 2..length {
                    chars.next();
                }
            }
            other => return Err(wrong(1 + other.len_utf8())),
        }
    }
    Err(Fault::at(
        at..at + rest.len(),
        both!("글을 닫는 따옴표가 없습니다", "this text has no closing quote"),
    ))
}

/// The character that an escape at the start of `text` stands for, and the escape's length; a surrogate pair is two escapes.
fn unicode(text: &str) -> Option<(char, usize)> {
    let hex = |from: usize, length: usize| {
        let digits = text.get(from..from + length)?;
        digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok()).flatten()
    };
    if text.starts_with("\\U") {
        return Some((char::from_u32(hex(2, 6)?)?, 8));
    }
    let high = hex(2, 4)?;
    if (0xD800..0xDC00).contains(&high) && text.get(6..8) == Some("\\u") {
        let low = hex(8, 4)?;
        if !(0xDC00..0xE000).contains(&low) {
            return None;
        }
        return Some((char::from_u32(0x10000 + (high - 0xD800) * 0x400 + (low - 0xDC00))?, 12));
    }
    Some((char::from_u32(high)?, 6))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kinds(text: &str) -> Vec<Kind> {
        tokens(text).unwrap().into_iter().map(|token| token.kind).collect()
    }

    fn text(text: &str) -> String {
        match kinds(text).remove(0) {
            Kind::Text(text) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn splits() {
        let number = |n| Kind::Number(Ratio::parse(n).unwrap());
        let word = |w: &str| Kind::Word(w.to_owned());
        assert_eq!(kinds("나이-1"), [word("나이"), Kind::Sign("-"), number("1"), Kind::End]);
        assert_eq!(
            kinds("[65..120]"),
            [Kind::Sign("["), number("65"), Kind::Sign(".."), number("120"), Kind::Sign("]"), Kind::End]
        );
        assert_eq!(kinds("1.5e3<=.5"), [number("1500"), Kind::Sign("<="), number("0.5"), Kind::End]);
        assert_eq!(kinds("a.b1"), [word("a"), Kind::Sign("."), word("b1"), Kind::End]);
    }

    #[test]
    fn spans_are_bytes_of_the_text() {
        let found: Vec<_> = tokens("나이 >= 65").unwrap().into_iter().map(|token| token.at).collect();
        assert_eq!(found, [0..6, 7..9, 10..12, 12..12]);
    }

    #[test]
    fn escapes() {
        assert_eq!(text(r#""a\"b\\c\'d\n\t\r""#), "a\"b\\c'd\n\t\r");
        assert_eq!(text(r#""\uAC00\U01F40E\uD83D\uDC0E""#), "가🐎🐎");
        for wrong in [
            r#""\x""#,
            r#""\uD83D""#,
            r#""\uD83Da""#,
            r#""\u12""#,
            r#""\U110000""#,
            r#""\u+123""#,
            r#""open"#,
            r#""\"#,
        ] {
            assert!(tokens(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_decomposed_name_is_the_same_name() {
        assert_eq!(kinds("\u{1102}\u{1161}\u{110B}\u{1175}"), kinds("나이"));
        assert_eq!(kinds("cafe\u{301}"), kinds("café"));
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,60}", quoted in "\"(\\\\[uU\"nx]|[0-9A-F]|가|\"){0,20}") {
            let _ = (tokens(&text), tokens(&quoted));
        }
    }
}
