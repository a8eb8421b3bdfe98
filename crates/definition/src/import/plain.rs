//! Texts that were written for a page: their words without its marks.

use unicode_normalization::is_nfc;

use super::wire::clean;

pub(crate) struct Plain {
    pub(crate) text: String,
    /// There were marks of HTML in it.
    pub(crate) marked: bool,
    /// It was not in NFC.
    pub(crate) decomposed: bool,
}

/// The characters that are written by name.
const NAMED: [(&str, &str); 8] = [
    ("nbsp", " "),
    ("lt", "<"),
    ("gt", ">"),
    ("quot", "\""),
    ("apos", "'"),
    ("middot", "·"),
    ("bull", "•"),
    ("amp", "&"),
];
/// Marks after which a line ends.
const BREAKS: [&str; 6] = ["br", "p", "div", "li", "tr", "h"];

pub(crate) fn read(text: &str) -> Plain {
    let (words, marked) =
        if text.contains(['<', '&']) { without_marks(text) } else { (text.to_owned(), false) };
    Plain { text: clean(&words), marked, decomposed: !is_nfc(text) }
}

fn without_marks(text: &str) -> (String, bool) {
    let (mut words, mut marked, mut rest) = (String::with_capacity(text.len()), false, text);
    while let Some(at) = rest.find(['<', '&']) {
        let (before, from) = rest.split_at(at);
        words.push_str(before);
        match mark(from).or_else(|| character(from)) {
            Some((instead, after)) => {
                words.push_str(&instead);
                marked = true;
                rest = after;
            }
            None => {
                let mut letters = from.chars();
                words.extend(letters.next());
                rest = letters.as_str();
            }
        }
    }
    words.push_str(rest);
    (words, marked)
}

/// `<p class="x">`, `</b>`, `<!-- … -->`; not the `<` of a comparison or of `<신청 방법>`.
fn mark(from: &str) -> Option<(String, &str)> {
    let inside = from.strip_prefix('<')?;
    if let Some(note) = inside.strip_prefix("!--") {
        return note.split_once("-->").map(|(_, after)| (String::new(), after));
    }
    let name = inside.strip_prefix('/').unwrap_or(inside);
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let (within, after) = name.split_once('>')?;
    if within.contains('<') {
        return None;
    }
    let name: String =
        within.chars().take_while(char::is_ascii_alphabetic).flat_map(char::to_lowercase).collect();
    let breaks = BREAKS.contains(&name.as_str());
    Some((if breaks { "\n" } else { "" }.to_owned(), after))
}

/// `&nbsp;`, `&#39;`, `&#x27;`.
fn character(from: &str) -> Option<(String, &str)> {
    let (name, after) = from.strip_prefix('&')?.split_once(';')?;
    if name.len() > 8 {
        return None;
    }
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return Some((char::from_u32(code)?.to_string(), after));
    }
    NAMED.iter().find(|(named, _)| *named == name).map(|(_, letter)| ((*letter).to_owned(), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_without_marks() {
        for (text, expected, marked) in [
            ("가<br>나", "가\n나", true),
            ("<p class=\"x\">가</p>", "가", true),
            ("가&nbsp;&amp;&#39;나&#x27;", "가 &'나'", true),
            ("<!-- 숨은 말 -->가", "가", true),
            ("<신청 방법> 소득 < 100", "<신청 방법> 소득 < 100", false),
            ("A&B; 가", "A&B; 가", false),
            ("<script>가", "가", true),
            ("가 <b", "가 <b", false),
            ("&lt;b&gt;", "<b>", true),
        ] {
            let read = read(text);
            assert_eq!((read.text.as_str(), read.marked), (expected, marked), "{text}");
        }
        let apart = read("\u{1100}\u{1161}");
        assert!(apart.decomposed && apart.text == "가");
    }
}
