//! From bytes to words: which charset, which script.

use encoding_rs::{EUC_KR, Encoding, UTF_8};

pub struct Decoded {
    pub text: String,
    /// The charset it was read as.
    pub charset: &'static str,
    /// It says a charset that it isn't written in, or none at all.
    pub wrong: Option<String>,
}

/// What the header says, else a mark at the beginning, else `<meta charset>`, else what fits.
pub fn decode(bytes: &[u8], content_type: &str) -> Decoded {
    let said = charset_of(content_type).or_else(|| declared(bytes));
    let marked = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let known = marked.or_else(|| said.as_deref().and_then(|label| Encoding::for_label(label.as_bytes())));
    if let Some(encoding) = known {
        let (text, used, broken) = encoding.decode(bytes);
        if !broken {
            return Decoded { text: text.into_owned(), charset: used.name(), wrong: None };
        }
    }
    for encoding in [UTF_8, EUC_KR] {
        if let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes) {
            let ascii = text.is_ascii();
            let said = said.clone().unwrap_or_default();
            let wrong = (!ascii || known.is_some()).then_some(said);
            return Decoded { text: text.into_owned(), charset: encoding.name(), wrong };
        }
    }
    let encoding = known.unwrap_or(UTF_8);
    let (text, used, _) = encoding.decode(bytes);
    Decoded { text: text.into_owned(), charset: used.name(), wrong: Some(said.unwrap_or_default()) }
}

fn charset_of(content_type: &str) -> Option<String> {
    let lower = content_type.to_ascii_lowercase();
    let (_, rest) = lower.split_once("charset=")?;
    let label = rest.split([';', ' ', ',']).next()?.trim_matches(['"', '\'']);
    (!label.is_empty()).then(|| label.to_owned())
}

/// `<meta charset>` within the first 1024 bytes, as browsers look for it.
fn declared(bytes: &[u8]) -> Option<String> {
    let head = bytes.get(..1024.min(bytes.len()))?;
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    head.split("<meta").skip(1).find_map(|meta| {
        let meta = meta.split('>').next()?;
        let (_, rest) = meta.split_once("charset")?;
        let label = rest.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
        let label = label.split(['"', '\'', ' ', '/', ';']).next()?;
        (!label.is_empty()).then(|| label.to_owned())
    })
}

pub fn hangul(c: char) -> bool {
    matches!(c, '가'..='힣' | 'ㄱ'..='ㆎ')
}

/// Letters of Hangul and of Latin.
pub fn letters(text: &str) -> (usize, usize) {
    let korean = text.chars().filter(|c| hangul(*c)).count();
    let latin = text.chars().filter(char::is_ascii_alphabetic).count();
    (korean, latin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn korean_is_read_in_whatever_it_is_written() {
        let (euc, ..) = EUC_KR.encode("<meta charset='euc-kr'>가족관계");
        let read = decode(&euc, "text/html");
        assert_eq!((read.charset, read.wrong.is_none()), ("EUC-KR", true));
        assert!(read.text.contains("가족관계"));
        // It says UTF-8 and is EUC-KR, or says nothing.
        let read = decode(&EUC_KR.encode("가족관계").0, "text/html; charset=utf-8");
        assert_eq!((read.text.as_str(), read.wrong.as_deref()), ("가족관계", Some("utf-8")));
        assert_eq!(decode("가족".as_bytes(), "text/html").wrong.as_deref(), Some(""));
        assert_eq!(decode(b"abc", "text/html").wrong, None);
        assert!(
            decode(&[0xff, 0xfe, b'a', 0], "text/html; charset=utf-8").wrong.is_none(),
            "UTF-16 by its mark"
        );
        assert!(decode(&[b'a', 0xff, b'b', 0x80], "text/html; charset=utf-8").wrong.is_some());
    }
}
