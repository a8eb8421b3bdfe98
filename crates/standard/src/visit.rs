//! Reading a site: one request after another, within bounds, by whatever `Web` brings the bytes.

mod loads;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    io::Read,
};

use flate2::read::MultiGzDecoder;
use serde::Serialize;
use url::{Host, Url};

use crate::{
    item::Lang,
    page::{Page, Site},
    robots::Robots,
};

/// Bytes of one answer, packed or unpacked.
pub const MOST: usize = 5 * 1024 * 1024;
const REDIRECTS: usize = 5;

/// One answer, its body as it came over the line.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Whether it was cut off at the limit.
    pub cut: bool,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// Brings answers. It follows no redirect and unpacks nothing.
pub trait Web {
    fn get(&mut self, url: &Url) -> Result<Answer, Why>;
    /// Whether no more time is left for this site.
    fn over(&self) -> bool;
}

/// Why something was not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "why", content = "what")]
pub enum Why {
    NoAddress,
    NoHost,
    Refused,
    Slow,
    Insecure(String),
    Broken(String),
    Status(u16),
    NoPage(String),
    TooLarge,
    Packed(String),
    Robots,
    SignIn(String),
    Redirects,
    Elsewhere(String),
    Time,
}

impl Why {
    pub fn say(&self, lang: Lang) -> String {
        let (ko, en) = match self {
            Self::NoAddress => (
                "주소가 아닙니다. https://www.example.go.kr 처럼 적으세요".into(),
                "no address; write it like https://www.example.go.kr".into(),
            ),
            Self::NoHost => ("그런 이름의 서버가 없습니다".into(), "there is no such host".into()),
            Self::Refused => ("서버가 받지 않습니다".into(), "the server can't be reached".into()),
            Self::Slow => ("정한 시간 안에 답하지 않습니다".into(), "no answer in time".into()),
            Self::Insecure(e) => {
                (format!("보안 연결이 안 됩니다({e})"), format!("no secure connection ({e})"))
            }
            Self::Broken(e) => (
                format!("답이 끊기거나 잘못되었습니다({e})"),
                format!("the answer breaks off or is wrong ({e})"),
            ),
            Self::Status(code) => (format!("{code}으로 답합니다"), format!("answers {code}")),
            Self::NoPage(kind) => (format!("웹 페이지가 아닙니다({kind})"), format!("no web page ({kind})")),
            Self::TooLarge => ("5 MB를 넘습니다".into(), "over 5 MB".into()),
            Self::Packed(kind) => (
                format!("읽을 수 없게 압축되었습니다({kind})"),
                format!("packed in a way that can't be read ({kind})"),
            ),
            Self::Robots => {
                ("robots.txt가 읽지 말라고 합니다".into(), "robots.txt asks not to read it".into())
            }
            Self::SignIn(to) => (
                format!("로그인해야 합니다({to}). 누구나 볼 수 있는 쪽만 점검합니다"),
                format!("asks to sign in ({to}); only pages that anyone may see are checked"),
            ),
            Self::Redirects => {
                ("다섯 번 넘게 다른 주소로 보냅니다".into(), "leads on more than five times".into())
            }
            Self::Elsewhere(to) => {
                (format!("다른 누리집으로 갑니다({to})"), format!("leads to another site ({to})"))
            }
            Self::Time => ("정한 시간이 다 되었습니다".into(), "time is up".into()),
        };
        match lang {
            Lang::Ko => ko,
            Lang::En => en,
        }
    }
}

/// An address as people type it.
pub fn address(text: &str) -> Result<Url, Why> {
    let text = text.trim();
    let bare = !text.contains("://") && text.contains('.') && !text.contains(char::is_whitespace);
    let url = if bare { Url::parse(&format!("https://{text}")) } else { Url::parse(text) };
    url.ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host()).ok_or(Why::NoAddress)
}

pub fn loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// Reads the page asked for and up to `pages` of its site, in the order of their links.
pub fn visit(web: &mut impl Web, asked: &Url, pages: usize) -> Result<Site, Why> {
    let mut reader = Reader { web, robots: BTreeMap::new(), kept: loads::Kept::default() };
    let mut first = reader.page(asked, None)?;
    reader.loads(&mut first, true);
    let origin = first.url.origin();
    let mut queue: VecDeque<Url> = links(&first).into();
    let mut seen: BTreeSet<String> = [key(asked), key(&first.url)].into();
    let mut site =
        Site { asked: asked.clone(), pages: vec![first], left: Vec::new(), more: false, plain_leads: None };
    // Answers that are no new page cost time too.
    let mut tries = pages.saturating_mul(3).saturating_add(10);
    while let Some(next) = queue.pop_front() {
        if next.origin() != origin || !seen.insert(key(&next)) {
            continue;
        }
        if site.pages.len() >= pages.max(1) || tries == 0 {
            site.more = true;
            break;
        }
        if reader.web.over() {
            site.left.push((next.to_string(), Why::Time));
            site.more = true;
            break;
        }
        tries = tries.saturating_sub(1);
        match reader.page(&next, Some(&seen)) {
            Ok(page) if page.url.origin() != origin => {
                site.left.push((next.to_string(), Why::Elsewhere(page.url.to_string())));
            }
            // It led to a page that was read already.
            Ok(page) if key(&page.url) != key(&next) && !seen.insert(key(&page.url)) => {}
            Ok(mut page) => {
                reader.loads(&mut page, false);
                queue.extend(links(&page));
                site.pages.push(page);
            }
            Err(why) => site.left.push((next.to_string(), why)),
        }
    }
    site.plain_leads = site.pages.first().map(|page| page.url.clone()).and_then(|url| reader.plain(url));
    Ok(site)
}

/// An address without the place within the page.
fn key(url: &Url) -> String {
    let mut url = url.clone();
    url.set_fragment(None);
    url.to_string()
}

/// What is no page by its name, or would end somebody's visit.
fn passed_over(url: &Url) -> bool {
    let path = url.path().to_ascii_lowercase();
    let files = [
        ".pdf", ".hwp", ".hwpx", ".zip", ".xls", ".xlsx", ".doc", ".docx", ".ppt", ".pptx", ".jpg", ".jpeg",
        ".png", ".gif", ".svg", ".mp3", ".mp4", ".csv", ".json", ".xml", ".exe", ".msi", ".dmg", ".apk",
        ".txt", ".ics",
    ];
    files.iter().any(|end| path.ends_with(end))
        || ["logout", "sign-out", "signout"].iter().any(|w| path.contains(w))
}

fn links(page: &Page) -> Vec<Url> {
    let base = page.base();
    page.dom
        .all()
        .filter(|e| matches!(e.name(), "a" | "area") && !e.has("download"))
        .filter_map(|e| base.join(e.says("href")?).ok())
        .filter(|url| matches!(url.scheme(), "http" | "https") && !passed_over(url))
        .map(|mut url| {
            url.set_fragment(None);
            url
        })
        .collect()
}

struct Reader<'a, W: Web> {
    web: &'a mut W,
    robots: BTreeMap<String, Robots>,
    kept: loads::Kept,
}

impl<W: Web> Reader<'_, W> {
    /// Whether the site lets programs read this.
    fn may(&mut self, url: &Url) -> Result<bool, Why> {
        let origin = url.origin().ascii_serialization();
        if !self.robots.contains_key(&origin) {
            let mut at = url.clone();
            at.set_path("/robots.txt");
            at.set_query(None);
            at.set_fragment(None);
            let mut answer = self.web.get(&at)?;
            if let Some(to) = leads(&at, &answer) {
                answer = self.web.get(&to)?;
            }
            let robots = match answer.status {
                200 => Robots::read(&String::from_utf8_lossy(&unpack(&answer).unwrap_or_default())),
                500.. => Robots::closed(),
                _ => Robots::default(),
            };
            self.robots.insert(origin.clone(), robots);
        }
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        Ok(self.robots.get(&origin).is_none_or(|robots| robots.allow(&path)))
    }

    /// One answer, redirects followed.
    fn fetch(&mut self, url: &Url) -> Result<(Url, Answer), Why> {
        let mut at = url.clone();
        for _ in 0..=REDIRECTS {
            if !self.may(&at)? {
                return Err(Why::Robots);
            }
            let answer = self.web.get(&at)?;
            match leads(&at, &answer) {
                Some(to) => at = to,
                None => return Ok((at, answer)),
            }
        }
        Err(Why::Redirects)
    }

    fn page(&mut self, url: &Url, seen: Option<&BTreeSet<String>>) -> Result<Page, Why> {
        let (mut at, answer) = self.fetch(url)?;
        at.set_fragment(None);
        if answer.status != 200 {
            return Err(Why::Status(answer.status));
        }
        let kind = answer.header("content-type").unwrap_or_default().to_ascii_lowercase();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let page = matches!(kind, "text/html" | "application/xhtml+xml")
            || (kind.is_empty() && answer.body.trim_ascii_start().starts_with(b"<"));
        if !page {
            return Err(Why::NoPage(kind.to_owned()));
        }
        let sent = u64::try_from(answer.body.len()).unwrap_or(u64::MAX);
        let body = unpack(&answer)?;
        let led = at.path() != url.path();
        let page = Page::read(at, answer.headers, &body, sent);
        let password = page.dom.all().any(|e| e.name() == "input" && crate::name::kind(e) == "password");
        let known = seen.is_some_and(|seen| seen.contains(&key(&page.url)));
        if led && password && !known {
            return Err(Why::SignIn(page.url.to_string()));
        }
        Ok(page)
    }

    /// Whether plain HTTP leads to HTTPS. Nobody there is as good.
    fn plain(&mut self, mut url: Url) -> Option<bool> {
        if url.scheme() != "https"
            || loopback(&url)
            || url.port().is_some()
            || url.set_scheme("http").is_err()
        {
            return None;
        }
        let answer = self.web.get(&url).ok()?;
        Some(leads(&url, &answer).is_some_and(|to| to.scheme() == "https"))
    }
}

fn leads(at: &Url, answer: &Answer) -> Option<Url> {
    matches!(answer.status, 301 | 302 | 303 | 307 | 308)
        .then(|| answer.header("location"))
        .flatten()
        .and_then(|to| at.join(to).ok())
        .filter(|to| matches!(to.scheme(), "http" | "https"))
}

/// The body as it was before it was packed, within the limit: a small file may unpack to a huge one.
fn unpack(answer: &Answer) -> Result<Vec<u8>, Why> {
    if answer.cut {
        return Err(Why::TooLarge);
    }
    let packed = answer.header("content-encoding").unwrap_or("identity").trim().to_ascii_lowercase();
    match packed.as_str() {
        "identity" | "" => Ok(answer.body.clone()),
        "gzip" | "x-gzip" => {
            let mut body = Vec::new();
            let most = u64::try_from(MOST).unwrap_or(u64::MAX).saturating_add(1);
            MultiGzDecoder::new(answer.body.as_slice())
                .take(most)
                .read_to_end(&mut body)
                .map_err(|e| Why::Broken(e.to_string()))?;
            if body.len() > MOST { Err(Why::TooLarge) } else { Ok(body) }
        }
        other => Err(Why::Packed(other.to_owned())),
    }
}
