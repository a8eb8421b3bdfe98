//! `maru standard check`: a site against the digital service standard. The judging is `maru-standard`'s; here are the requests.

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::{Subcommand, ValueEnum};
use maru_kernel::{Error, Result};
use maru_standard::{AGENT, Answer, MOST, Web, Why, address, judge, tell, visit};
use tokio::runtime::Handle;
use url::Url;

#[derive(Subcommand)]
pub enum Standard {
    /// Read a site as a visitor would and report what is met, what isn't, and what a person must look at.
    ///
    /// Ends with 0 when nothing is unmet, 1 when something is, 2 when the site can't be read.
    Check {
        /// The address, such as <https://www.example.go.kr>
        url: String,
        /// Pages to read at most, found by the links of the first
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
        pages: u16,
        /// For programs
        #[arg(long)]
        json: bool,
        #[arg(long, value_enum, default_value_t = Lang::Ko)]
        lang: Lang,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Lang {
    Ko,
    En,
}

/// One request.
const PATIENCE: Duration = Duration::from_secs(15);
/// A whole site; a page more gives some more.
const SITE: Duration = Duration::from_secs(120);
const PAGE: Duration = Duration::from_secs(10);
const UNREAD: u8 = 2;

pub async fn run(what: Standard) -> Result<ExitCode> {
    let Standard::Check { url, pages, json, lang } = what;
    let lang = match lang {
        Lang::Ko => maru_standard::Lang::Ko,
        Lang::En => maru_standard::Lang::En,
    };
    let shown = url.clone();
    let until = Instant::now() + SITE + PAGE.saturating_mul(u32::from(pages));
    let mut web = Net { client: client()?, handle: Handle::current(), until };
    // The visit waits for one answer after another; the runtime's own threads must not.
    let outcome = tokio::task::spawn_blocking(move || {
        let url = address(&url)?;
        visit(&mut web, &url, usize::from(pages)).map(|site| judge(&site, lang))
    })
    .await
    .map_err(Error::internal)?;
    let report = match outcome {
        Ok(report) => report,
        Err(why) => {
            if json {
                let told = serde_json::json!({ "asked": shown, "unread": why, "say": why.say(lang) });
                println!("{told}");
            }
            eprintln!("maru: {shown}: {}", why.say(lang));
            return Ok(ExitCode::from(UNREAD));
        }
    };
    if json {
        println!("{}", serde_json::to_string_pretty(&report).map_err(Error::internal)?);
    } else {
        print!("{}", tell(&report, lang));
    }
    Ok(if report.not_met() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn client() -> Result<reqwest::Client> {
    // Fails where one is set already, which is as good.
    rustls::crypto::ring::default_provider().install_default().ok();
    reqwest::Client::builder()
        .user_agent(format!("{AGENT}/{}", env!("CARGO_PKG_VERSION")))
        .timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(Error::internal)
}

/// The network. It keeps no cookies: every visit is a first one.
struct Net {
    client: reqwest::Client,
    handle: Handle,
    until: Instant,
}

impl Web for Net {
    fn get(&mut self, url: &Url) -> std::result::Result<Answer, Why> {
        let request = self
            .client
            .get(url.clone())
            .header("accept", "text/html,application/xhtml+xml,*/*;q=0.8")
            .header("accept-language", "ko,en;q=0.5")
            .header("accept-encoding", "gzip");
        self.handle.block_on(async {
            let mut answer = request.send().await.map_err(|e| why(&e))?;
            let headers = answer
                .headers()
                .iter()
                .map(|(name, value)| {
                    (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
                })
                .collect();
            let (mut body, mut cut) = (Vec::new(), false);
            while let Some(chunk) = answer.chunk().await.map_err(|e| why(&e))? {
                body.extend_from_slice(&chunk);
                if body.len() > MOST {
                    cut = true;
                    break;
                }
            }
            Ok(Answer { status: answer.status().as_u16(), headers, body, cut })
        })
    }

    fn over(&self) -> bool {
        Instant::now() > self.until
    }
}

/// What went wrong, as the causes of a network's error tell it.
fn why(error: &reqwest::Error) -> Why {
    let mut causes = Vec::new();
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(known) = cause {
        causes.push(known.to_string());
        cause = known.source();
    }
    let last = causes.last().cloned().unwrap_or_default();
    let told = causes.join(": ").to_lowercase();
    if error.is_timeout() {
        Why::Slow
    } else if told.contains("dns") || told.contains("failed to lookup") {
        Why::NoHost
    } else if told.contains("certificate") || told.contains("tls") || told.contains("handshake") {
        Why::Insecure(last)
    } else if error.is_connect() {
        Why::Refused
    } else {
        Why::Broken(last)
    }
}
