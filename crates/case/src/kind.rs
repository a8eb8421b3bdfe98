//! What a file is, by what it holds, and what it may be called. Pure, but for reading the file it is given.

use std::io::{self, Read, Seek, SeekFrom};

use flate2::read::DeflateDecoder;
use maru_kernel::{Error, Problem, Result};
use unicode_normalization::UnicodeNormalization;

/// A name is at most so long, in characters.
const NAME_CHARS: usize = 120;
/// An office file's parts, unpacked, are at most so large together, and so many.
const UNPACKED_BYTES: u64 = 200 * 1024 * 1024;
const PARTS: usize = 5_000;
/// The list of parts at an office file's end is at most so long.
const DIRECTORY_BYTES: u64 = 2 * 1024 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Pdf,
    Jpeg,
    Png,
    Webp,
    Heic,
    Hwp,
    Hwpx,
    Docx,
    Xlsx,
    Txt,
}

impl Kind {
    pub const ALL: [Kind; 10] = [
        Kind::Pdf,
        Kind::Jpeg,
        Kind::Png,
        Kind::Webp,
        Kind::Heic,
        Kind::Hwp,
        Kind::Hwpx,
        Kind::Docx,
        Kind::Xlsx,
        Kind::Txt,
    ];

    /// As it is kept and as people call it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Pdf => "PDF",
            Kind::Jpeg => "JPEG",
            Kind::Png => "PNG",
            Kind::Webp => "WebP",
            Kind::Heic => "HEIC",
            Kind::Hwp => "HWP",
            Kind::Hwpx => "HWPX",
            Kind::Docx => "DOCX",
            Kind::Xlsx => "XLSX",
            Kind::Txt => "TXT",
        }
    }

    pub fn parse(text: &str) -> Result<Kind> {
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == text);
        kind.ok_or_else(|| Error::internal(format!("a file of the kind {text}")))
    }

    pub fn media(self) -> &'static str {
        match self {
            Kind::Pdf => "application/pdf",
            Kind::Jpeg => "image/jpeg",
            Kind::Png => "image/png",
            Kind::Webp => "image/webp",
            Kind::Heic => "image/heic",
            Kind::Hwp => "application/x-hwp",
            Kind::Hwpx => "application/hwp+zip",
            Kind::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Kind::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Kind::Txt => "text/plain",
        }
    }

    /// How names of such files may end.
    fn ends(self) -> &'static [&'static str] {
        match self {
            Kind::Pdf => &["pdf"],
            Kind::Jpeg => &["jpg", "jpeg", "jfif"],
            Kind::Png => &["png"],
            Kind::Webp => &["webp"],
            Kind::Heic => &["heic", "heif"],
            Kind::Hwp => &["hwp"],
            Kind::Hwpx => &["hwpx"],
            Kind::Docx => &["docx"],
            Kind::Xlsx => &["xlsx"],
            Kind::Txt => &["txt", "csv"],
        }
    }

    /// What a sender may call it besides its own name and "some bytes".
    fn also(self) -> &'static [&'static str] {
        match self {
            Kind::Jpeg => &["image/jpg", "image/pjpeg"],
            Kind::Heic => &["image/heif"],
            Kind::Hwp => &["application/haansofthwp", "application/vnd.hancom.hwp", "application/hwp"],
            Kind::Hwpx => &["application/haansofthwpx", "application/vnd.hancom.hwpx", "application/zip"],
            Kind::Docx | Kind::Xlsx => &["application/zip"],
            Kind::Txt => &["text/csv", "application/csv", "application/vnd.ms-excel"],
            _ => &[],
        }
    }
}

fn refused(key: &str, found: &str) -> Error {
    Error::Invalid(vec![Problem { field: "file".into(), key: key.into(), value: Some(found.into()) }])
}

fn read(e: io::Error) -> Error {
    match e.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
            refused("file-broken", "")
        }
        _ => Error::internal(e),
    }
}

/// What a file is, by what it holds; or why it is not taken, with what was found.
pub fn look(file: &mut (impl Read + Seek), head: &[u8], size: u64) -> Result<Kind> {
    if size == 0 {
        return Err(refused("file-empty", ""));
    }
    let at = |from: usize, bytes: &[u8]| head.get(from..).is_some_and(|rest| rest.starts_with(bytes));
    if at(0, b"%PDF-") {
        return Ok(Kind::Pdf);
    }
    if at(0, b"\xff\xd8\xff") {
        return Ok(Kind::Jpeg);
    }
    if at(0, b"\x89PNG\r\n\x1a\n") {
        return Ok(Kind::Png);
    }
    if at(0, b"RIFF") && at(8, b"WEBP") {
        return Ok(Kind::Webp);
    }
    if at(4, b"ftyp") {
        let brands = [&b"heic"[..], b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"];
        return if brands.iter().any(|brand| at(8, brand)) {
            Ok(Kind::Heic)
        } else {
            Err(refused("file-type", "MP4"))
        };
    }
    if at(0, b"PK\x03\x04") || at(0, b"PK\x05\x06") {
        return office(file, size);
    }
    if at(0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return if holds(file, b"HWP Document File")? {
            Ok(Kind::Hwp)
        } else {
            Err(refused("file-type", "DOC/XLS/PPT"))
        };
    }
    let programs: [(&[u8], &str); 7] = [
        (b"MZ", "EXE"),
        (b"\x7fELF", "ELF"),
        (b"\xcf\xfa\xed\xfe", "Mach-O"),
        (b"\xce\xfa\xed\xfe", "Mach-O"),
        (b"\xca\xfe\xba\xbe", "Java"),
        (b"#!", "script"),
        (b"\0asm", "WebAssembly"),
    ];
    if let Some((_, name)) = programs.iter().find(|(start, _)| at(0, start)) {
        return Err(refused("file-program", name));
    }
    let others: [(&[u8], &str); 7] = [
        (b"GIF8", "GIF"),
        (b"BM", "BMP"),
        (b"II*\0", "TIFF"),
        (b"MM\0*", "TIFF"),
        (b"7z\xbc\xaf", "7z"),
        (b"Rar!", "RAR"),
        (b"\x1f\x8b", "gzip"),
    ];
    if let Some((_, name)) = others.iter().find(|(start, _)| at(0, start)) {
        return Err(refused("file-type", name));
    }
    if let Some(name) = markup(head) {
        return Err(refused("file-markup", name));
    }
    if text(file)? { Ok(Kind::Txt) } else { Err(refused("file-unknown", "")) }
}

/// Text that a browser would take for a page or a picture with scripts.
fn markup(head: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.contains("<svg") {
        return Some("SVG");
    }
    let page =
        ["<!doctype html", "<html", "<head", "<body", "<script", "<iframe", "<style", "<meta", "<object"];
    if page.iter().any(|tag| text.contains(tag)) {
        return Some("HTML");
    }
    text.starts_with('<').then_some("XML")
}

/// Whether a whole file is text people write: UTF-8 or the two bytes of EUC-KR and its extension, no control characters.
fn text(file: &mut (impl Read + Seek)) -> Result<bool> {
    file.seek(SeekFrom::Start(0)).map_err(read)?;
    let mut piece = [0; 64 * 1024];
    let (mut utf8, mut korean, mut lead, mut kept) = (true, true, false, Vec::new());
    loop {
        let n = file.read(&mut piece).map_err(read)?;
        let part = piece.get(..n).unwrap_or_default();
        if n == 0 {
            break;
        }
        if part.iter().any(|b| matches!(b, 0..=8 | 11 | 14..=26 | 28..=31 | 127)) {
            return Ok(false);
        }
        if utf8 {
            kept.extend_from_slice(part);
            match std::str::from_utf8(&kept) {
                Ok(_) => kept.clear(),
                Err(e) if e.error_len().is_none() => kept = kept.split_off(e.valid_up_to()),
                Err(_) => utf8 = false,
            }
        }
        for b in part {
            match (lead, b) {
                (true, 0x41..=0x5a | 0x61..=0x7a | 0x81..=0xfe) => lead = false,
                (false, 0x81..=0xfe) => lead = true,
                (false, 0..=0x7f) => {}
                _ => korean = false,
            }
        }
    }
    Ok((utf8 && kept.is_empty()) || (korean && !lead))
}

fn holds(file: &mut (impl Read + Seek), what: &[u8]) -> Result<bool> {
    file.seek(SeekFrom::Start(0)).map_err(read)?;
    let mut piece = vec![0; 64 * 1024];
    let mut window = Vec::new();
    loop {
        let n = file.read(&mut piece).map_err(read)?;
        if n == 0 {
            return Ok(false);
        }
        window.extend_from_slice(piece.get(..n).unwrap_or_default());
        if window.windows(what.len()).any(|w| w == what) {
            return Ok(true);
        }
        window = window.split_off(window.len().saturating_sub(what.len()));
    }
}

fn number<const N: usize>(bytes: &[u8], from: usize) -> Result<u64> {
    let found = bytes.get(from..from.saturating_add(N)).ok_or_else(|| refused("file-broken", ""))?;
    Ok(found.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b)))
}

struct Part {
    name: String,
    how: u64,
    packed: u64,
    at: u64,
}

/// A packed file: which office file it is. Everything in it is unpacked once, within bounds, and thrown away.
fn office(file: &mut (impl Read + Seek), size: u64) -> Result<Kind> {
    let parts = parts(file, size)?;
    let has = |name: &str| parts.iter().any(|part| part.name == name);
    let mut unpacked = 0_u64;
    let mut mimetype = Vec::new();
    let mut packed = 0_u64;
    for part in &parts {
        packed = packed.saturating_add(part.packed);
        // Parts that lie over one another unpack the same bytes again and again.
        if packed > size {
            return Err(refused("file-bomb", ""));
        }
        file.seek(SeekFrom::Start(part.at)).map_err(read)?;
        let mut head = [0; 30];
        file.read_exact(&mut head).map_err(read)?;
        if !head.starts_with(b"PK\x03\x04") {
            return Err(refused("file-broken", ""));
        }
        let skip = number::<2>(&head, 26)?.saturating_add(number::<2>(&head, 28)?);
        file.seek(SeekFrom::Start(part.at.saturating_add(30).saturating_add(skip))).map_err(read)?;
        let raw = (&mut *file).take(part.packed);
        let left = UNPACKED_BYTES.saturating_sub(unpacked);
        let mut count = Counted { size: 0, first: (part.name == "mimetype").then(Vec::new) };
        match part.how {
            0 => io::copy(&mut raw.take(left.saturating_add(1)), &mut count),
            8 => io::copy(&mut DeflateDecoder::new(raw).take(left.saturating_add(1)), &mut count),
            _ => return Err(refused("file-broken", "")),
        }
        .map_err(|e| if e.kind() == io::ErrorKind::Other { refused("file-broken", "") } else { read(e) })?;
        unpacked = unpacked.saturating_add(count.size);
        if unpacked > UNPACKED_BYTES {
            return Err(refused("file-bomb", ""));
        }
        if let Some(first) = count.first {
            mimetype = first;
        }
    }
    if mimetype.starts_with(b"application/hwp+zip") {
        return Ok(Kind::Hwpx);
    }
    if has("[Content_Types].xml") && has("word/document.xml") {
        return Ok(Kind::Docx);
    }
    if has("[Content_Types].xml") && has("xl/workbook.xml") {
        return Ok(Kind::Xlsx);
    }
    Err(refused("file-type", "ZIP"))
}

struct Counted {
    size: u64,
    first: Option<Vec<u8>>,
}

impl io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(first) = &mut self.first {
            let wanted = 64_usize.saturating_sub(first.len());
            first.extend(bytes.iter().take(wanted));
        }
        self.size = self.size.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The list at a packed file's end.
fn parts(file: &mut (impl Read + Seek), size: u64) -> Result<Vec<Part>> {
    let broken = || refused("file-broken", "");
    let tail = size.min(22 + 65_535);
    file.seek(SeekFrom::Start(size.saturating_sub(tail))).map_err(read)?;
    let mut end = Vec::new();
    (&mut *file).take(tail).read_to_end(&mut end).map_err(read)?;
    let place = end.windows(4).rposition(|w| w == b"PK\x05\x06").ok_or_else(broken)?;
    let record = end.get(place..).unwrap_or_default();
    let (count, length, start) =
        (number::<2>(record, 10)?, number::<4>(record, 12)?, number::<4>(record, 16)?);
    if usize::try_from(count).unwrap_or(usize::MAX) > PARTS || length > DIRECTORY_BYTES {
        return Err(refused("file-bomb", ""));
    }
    file.seek(SeekFrom::Start(start)).map_err(read)?;
    let mut list = Vec::new();
    (&mut *file).take(length).read_to_end(&mut list).map_err(read)?;
    let mut parts = Vec::new();
    let mut rest = list.as_slice();
    for _ in 0..count {
        if !rest.starts_with(b"PK\x01\x02") {
            return Err(broken());
        }
        let (name, extra, comment) = (number::<2>(rest, 28)?, number::<2>(rest, 30)?, number::<2>(rest, 32)?);
        let after = usize::try_from(46 + name + extra + comment).map_err(|_| broken())?;
        let name_end = usize::try_from(46 + name).map_err(|_| broken())?;
        parts.push(Part {
            name: String::from_utf8_lossy(rest.get(46..name_end).ok_or_else(broken)?).into_owned(),
            how: number::<2>(rest, 10)?,
            packed: number::<4>(rest, 20)?,
            at: number::<4>(rest, 42)?,
        });
        rest = rest.get(after..).ok_or_else(broken)?;
    }
    Ok(parts)
}

/// Whether what the sender says of the file, by its name's end and by its type, fits what it holds.
pub fn honest(kind: Kind, name: &str, media: &str) -> Result<()> {
    if let Some((_, end)) = name.rsplit_once('.') {
        let end = end.to_ascii_lowercase();
        let looks_like_an_end = (1..=5).contains(&end.len())
            && end.bytes().any(|b| b.is_ascii_alphabetic())
            && end.bytes().all(|b| b.is_ascii_alphanumeric());
        if looks_like_an_end && !kind.ends().contains(&end.as_str()) {
            return Err(refused("file-lying", kind.name()));
        }
    }
    let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let own = media == kind.media() || kind.also().contains(&media.as_str());
    let nothing_said = matches!(media.as_str(), "" | "application/octet-stream" | "binary/octet-stream");
    let another = Kind::ALL.iter().any(|k| k.media() == media)
        || media.starts_with("image/")
        || media.starts_with("text/")
        || media.contains("html")
        || media.contains("xml")
        || media.contains("script");
    if !own && !nothing_said && another {
        return Err(refused("file-lying", kind.name()));
    }
    Ok(())
}

/// A name that is safe in a list, in an address and on a disk: composed (NFC), without folders, control characters and marks that
/// turn text round, with an end that fits what the file is.
pub fn clean(name: &str, kind: Kind) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let composed: String = last
        .nfc()
        .filter(|c| {
            !c.is_control()
                && !matches!(c, '/' | '\\' | '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                    | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        })
        .collect();
    let trimmed = composed.trim_matches(|c: char| c.is_whitespace() || c == '.');
    let (stem, end) = match trimmed.rsplit_once('.') {
        Some((stem, end)) if kind.ends().contains(&end.to_ascii_lowercase().as_str()) => {
            (stem, end.to_owned())
        }
        _ => (trimmed, kind.ends().first().copied().unwrap_or_default().to_owned()),
    };
    let room = NAME_CHARS.saturating_sub(end.chars().count() + 1);
    let stem: String = stem.chars().take(room).collect();
    let stem = stem.trim_matches(|c: char| c.is_whitespace() || c == '.');
    format!("{}.{end}", if stem.is_empty() { "file" } else { stem })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::as_conversions)]
mod tests {
    use std::io::{Cursor, Write};

    use flate2::{Compression, write::DeflateEncoder};
    use proptest::prelude::*;

    use super::*;

    fn found(bytes: &[u8]) -> std::result::Result<Kind, String> {
        let head = &bytes[..bytes.len().min(512)];
        look(&mut Cursor::new(bytes), head, bytes.len() as u64).map_err(|e| match e {
            Error::Invalid(problems) => {
                format!("{} {}", problems[0].key, problems[0].value.clone().unwrap_or_default())
            }
            other => other.to_string(),
        })
    }

    /// Packs parts as office programs do.
    fn packed(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let (mut out, mut list) = (Vec::new(), Vec::new());
        for (name, bytes) in parts {
            let mut deflate = DeflateEncoder::new(Vec::new(), Compression::fast());
            deflate.write_all(bytes).unwrap();
            let small = deflate.finish().unwrap();
            let at = out.len() as u32;
            let sizes = [small.len() as u32, bytes.len() as u32];
            let about = |out: &mut Vec<u8>| {
                out.extend([20, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
                sizes.iter().for_each(|n| out.extend(n.to_le_bytes()));
                out.extend((name.len() as u16).to_le_bytes());
                out.extend([0, 0]);
            };
            out.extend(b"PK\x03\x04");
            about(&mut out);
            out.extend(name.bytes());
            out.extend(&small);
            list.extend(b"PK\x01\x02\x14\0");
            about(&mut list);
            list.extend([0; 10]);
            list.extend(at.to_le_bytes());
            list.extend(name.bytes());
        }
        let (start, length) = (out.len() as u32, list.len() as u32);
        out.extend(list);
        out.extend(b"PK\x05\x06\0\0\0\0");
        (0..2).for_each(|_| out.extend((parts.len() as u16).to_le_bytes()));
        out.extend(length.to_le_bytes());
        out.extend(start.to_le_bytes());
        out.extend([0, 0]);
        out
    }

    #[test]
    fn a_file_is_what_it_holds() {
        assert_eq!(found(b"%PDF-1.7\n%..."), Ok(Kind::Pdf));
        assert_eq!(found(b"\xff\xd8\xff\xe0rest"), Ok(Kind::Jpeg));
        assert_eq!(found(b"\x89PNG\r\n\x1a\nrest"), Ok(Kind::Png));
        assert_eq!(found(b"RIFF\x10\0\0\0WEBPVP8 "), Ok(Kind::Webp));
        assert_eq!(found(b"\0\0\0\x18ftypheic\0\0\0\0"), Ok(Kind::Heic));
        let mut hwp = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
        hwp.extend([0; 70_000]);
        assert_eq!(found(&hwp), Err("file-type DOC/XLS/PPT".into()));
        hwp.extend(b"HWP Document File\0\0");
        assert_eq!(found(&hwp), Ok(Kind::Hwp));
        let types: (&str, &[u8]) = ("[Content_Types].xml", b"<Types/>");
        assert_eq!(found(&packed(&[types, ("word/document.xml", b"<w/>")])), Ok(Kind::Docx));
        assert_eq!(found(&packed(&[types, ("xl/workbook.xml", b"<x/>")])), Ok(Kind::Xlsx));
        assert_eq!(found(&packed(&[("mimetype", b"application/hwp+zip")])), Ok(Kind::Hwpx));
        assert_eq!(found("계약 내용\n1. 보증금".as_bytes()), Ok(Kind::Txt));
        assert_eq!(found(b"\xb0\xe8\xbe\xe0\xbc\xad 1"), Ok(Kind::Txt), "EUC-KR");
    }

    #[test]
    fn what_is_not_taken_is_named() {
        for (bytes, told) in [
            (&b""[..], "file-empty "),
            (b"MZ\x90\0", "file-program EXE"),
            (b"\x7fELF\x02", "file-program ELF"),
            (b"#!/bin/sh\nrm", "file-program script"),
            (b"GIF89a", "file-type GIF"),
            (b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>", "file-markup SVG"),
            (b"<?xml version=\"1.0\"?><!-- c --><SVG/>", "file-markup SVG"),
            (b"  \n<!DOCTYPE html><p>", "file-markup HTML"),
            (b"hello <script>alert(1)</script>", "file-markup HTML"),
            (b"\xef\xbb\xbf<a/>", "file-markup XML"),
            (b"\x01\x02\x03", "file-unknown "),
            (b"abc\xff\xff", "file-unknown "),
            (b"PK\x03\x04 cut off", "file-broken "),
            (b"\0\0\0\x18ftypisom", "file-type MP4"),
        ] {
            assert_eq!(found(bytes), Err(told.into()), "{}", String::from_utf8_lossy(bytes));
        }
        assert_eq!(found(&packed(&[("a.html", b"<p>")])), Err("file-type ZIP".into()));
    }

    #[test]
    fn what_unpacks_to_far_more_is_refused_and_not_unpacked_to_the_end() {
        let zeros = vec![0; 120 * 1024 * 1024];
        let bomb = packed(&[("[Content_Types].xml", &zeros), ("word/document.xml", &zeros)]);
        assert!(bomb.len() < 2 * 1024 * 1024);
        assert_eq!(found(&bomb), Err("file-bomb ".into()));
        // A list that says little and holds much, and parts that lie over one another.
        let mut lying = packed(&[("word/document.xml", &zeros), ("xl/a", &zeros)]);
        let list = lying.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
        lying[list + 24..list + 28].copy_from_slice(&[1, 0, 0, 0]);
        assert_eq!(found(&lying), Err("file-bomb ".into()));
        let mut over = packed(&[("a", &[7; 5000]), ("b", &[7; 5000]), ("c", b"x")]);
        while let Some(at) = over.windows(4).position(|w| w == b"PK\x01\x02") {
            over[at..at + 4].copy_from_slice(b"PK\x01\x03");
            let most = 1_000_000_u32.to_le_bytes();
            over[at + 20..at + 24].copy_from_slice(&most);
        }
        while let Some(at) = over.windows(4).position(|w| w == b"PK\x01\x03") {
            over[at..at + 4].copy_from_slice(b"PK\x01\x02");
        }
        assert_eq!(found(&over), Err("file-bomb ".into()));
    }

    #[test]
    fn a_lying_name_or_type_is_told() {
        assert!(honest(Kind::Pdf, "계약서.PDF", "application/pdf").is_ok());
        assert!(honest(Kind::Pdf, "계약서", "").is_ok());
        assert!(honest(Kind::Pdf, "2026. 10. 계약서", "application/octet-stream").is_ok());
        assert!(honest(Kind::Hwp, "신청.hwp", "application/haansofthwp").is_ok());
        assert!(honest(Kind::Png, "photo.pdf", "application/pdf").is_err());
        assert!(honest(Kind::Png, "photo.png", "application/pdf").is_err());
        assert!(honest(Kind::Txt, "page.html", "").is_err());
        assert!(honest(Kind::Txt, "page.txt", "text/html").is_err());
        assert!(honest(Kind::Pdf, "run.exe", "").is_err());
    }

    #[test]
    fn names_are_cleaned() {
        assert_eq!(clean("C:\\Users\\me\\계약서.pdf", Kind::Pdf), "계약서.pdf");
        assert_eq!(clean("../../etc/passwd", Kind::Txt), "passwd.txt");
        assert_eq!(clean("\u{1100}\u{1161}.pdf", Kind::Pdf), "가.pdf", "composed");
        assert_eq!(clean("a\u{202e}fdp.exe\0\n.pdf", Kind::Pdf), "afdp.exe.pdf");
        assert_eq!(clean("...", Kind::Png), "file.png");
        assert_eq!(clean(&format!("{}.jpeg", "가".repeat(300)), Kind::Jpeg).chars().count(), 120);
    }

    proptest! {
        #[test]
        fn no_name_escapes(name in "\\PC*|[\\x00-\\xff./\\\\ ]{0,200}", which in 0..Kind::ALL.len()) {
            let kind = Kind::ALL[which];
            let name = clean(&name, kind);
            prop_assert!(name.chars().count() <= NAME_CHARS && !name.starts_with('.'));
            prop_assert!(!name.contains(['/', '\\', '\0', '\n', '\r']) && !name.chars().any(char::is_control));
            prop_assert!(honest(kind, &name, "").is_ok(), "{}", name);
            prop_assert_eq!(clean(&name, kind), name.clone(), "cleaning twice changes nothing");
        }

        #[test]
        fn no_bytes_break_the_look(bytes in proptest::collection::vec(any::<u8>(), 0..2000), start in 0..4_usize) {
            let mut whole = [&b"PK\x03\x04"[..], b"PK\x05\x06", b"%PDF-", b""][start].to_vec();
            whole.extend(bytes);
            let _ = found(&whole);
        }
    }
}
