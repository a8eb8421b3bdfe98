//! A web that is made up: addresses with what they answer.

// Each test file uses its part of it.
#![allow(dead_code, clippy::unwrap_used)]

use std::{collections::BTreeMap, path::Path};

use maru_standard::{Answer, Lang, Report, Web, Why, address, judge, visit};
use url::Url;

type Given = (u16, Vec<(String, String)>, Vec<u8>);

#[derive(Default)]
pub struct Made {
    pub answers: BTreeMap<String, Given>,
    pub asked: Vec<String>,
    /// Requests until time is up.
    pub patience: Option<usize>,
}

pub const SAFE: [(&str, &str); 3] = [
    ("content-security-policy", "default-src 'self'; frame-ancestors 'none'"),
    ("x-content-type-options", "nosniff"),
    ("strict-transport-security", "max-age=31536000"),
];

impl Made {
    pub fn put(
        &mut self,
        url: &str,
        status: u16,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> &mut Self {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        self.answers.insert(url.to_owned(), (status, headers, body.into()));
        self
    }

    pub fn html(&mut self, url: &str, body: &str) -> &mut Self {
        self.put(url, 200, &[("content-type", "text/html; charset=utf-8")], body)
    }

    pub fn leads(&mut self, url: &str, to: &str) -> &mut Self {
        self.put(url, 302, &[("location", to)], "")
    }

    /// A folder of pages at `http://localhost:1/`.
    pub fn folder(folder: &Path, headers: &[(&str, &str)]) -> Self {
        let mut made = Self::default();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let kind = match path.extension().and_then(|e| e.to_str()).unwrap() {
                "html" => "text/html; charset=utf-8",
                "js" => "text/javascript",
                _ => "image/svg+xml",
            };
            let url = format!("http://localhost:1/{}", path.file_name().unwrap().to_str().unwrap());
            let all = [&[("content-type", kind)], headers].concat();
            made.put(&url, 200, &all, std::fs::read(&path).unwrap());
        }
        made
    }

    pub fn check(&mut self, url: &str, pages: usize) -> Result<Report, Why> {
        let site = visit(self, &address(url)?, pages)?;
        Ok(judge(&site, Lang::En))
    }
}

impl Web for Made {
    fn get(&mut self, url: &Url) -> Result<Answer, Why> {
        self.asked.push(url.to_string());
        if url.host_str() == Some("nowhere.example") {
            return Err(Why::NoHost);
        }
        let origin = format!("{}/", url.origin().ascii_serialization());
        if !self.answers.keys().any(|known| known.starts_with(&origin)) {
            return Err(Why::Refused);
        }
        let found = self.answers.get(url.as_str()).cloned();
        let (status, headers, body) = found.unwrap_or((404, Vec::new(), Vec::new()));
        Ok(Answer { status, headers, body, cut: false })
    }

    fn over(&self) -> bool {
        self.patience.is_some_and(|patience| self.asked.len() > patience)
    }
}

pub fn rules(report: &Report) -> Vec<&'static str> {
    report.rules.iter().map(|rule| rule.id).collect()
}
