//! The report as a person reads it: how it stands first, then what to mend, then what to look at.

use std::fmt::Write as _;

use crate::{
    item::{Lang, List},
    judge::{Answered, Report, RuleFound, Verdict},
    page::Kind,
};

const BAR: u64 = 30;
/// Places shown of one rule; `--json` has more.
const SHOWN: usize = 3;
const LISTS: [List; 3] = [List::Kwcag, List::Wcag, List::Service];

pub fn tell(report: &Report, lang: Lang) -> String {
    let mut out = Text { lang, out: String::new() };
    out.head(report);
    out.weight(report);
    out.faults(report);
    out.looks(report);
    out.met(report);
    out.left(report);
    out.out
}

struct Text {
    lang: Lang,
    out: String,
}

impl Text {
    fn line(&mut self, text: impl AsRef<str>) {
        // Writing to a text can't fail.
        let _written = writeln!(self.out, "{}", text.as_ref());
    }

    fn pick(&self, ko: &'static str, en: &'static str) -> &'static str {
        match self.lang {
            Lang::Ko => ko,
            Lang::En => en,
        }
    }

    fn head(&mut self, report: &Report) {
        let title = self.pick("디지털 서비스 점검", "Digital service check");
        self.line(format!("{title}: {}", report.asked));
        let pages = report.pages.len();
        let more = if report.more { self.pick(" (더 있음)", " (there are more)") } else { "" };
        let read = match self.lang {
            Lang::Ko => format!("읽은 쪽 {pages}{more}, 읽지 않은 쪽 {}", report.left.len()),
            Lang::En => format!("{pages} pages read{more}, {} not read", report.left.len()),
        };
        self.line(read);
        self.line("");
        for list in LISTS {
            let count = |verdict| report.count(list, verdict);
            let (met, not, person) = (count(Verdict::Met), count(Verdict::NotMet), count(Verdict::Person));
            let name = list.name().of(self.lang);
            let line = match self.lang {
                Lang::Ko => format!(
                    "{name}: {}개 가운데 미충족 {not} · 사람이 볼 것 {person} · 충족 {met}",
                    list.items().len()
                ),
                Lang::En => format!(
                    "{name}: of {}, {not} not met · {person} for a person · {met} met",
                    list.items().len()
                ),
            };
            self.line(line);
        }
    }

    fn weight(&mut self, report: &Report) {
        let weight = &report.weight;
        let title = self.pick("첫 방문 무게", "Weight of the first visit");
        let limit = self.pick("기준", "limit");
        self.line(format!("\n{title} ({limit} {})", kilobytes(weight.limit)));
        let scale = weight.total.max(weight.limit).max(1);
        for (kind, bytes, count) in &weight.kinds {
            let name = match kind {
                Kind::Page => self.pick("페이지", "page"),
                Kind::Style => self.pick("스타일", "styles"),
                Kind::Script => self.pick("스크립트", "scripts"),
                Kind::Image => self.pick("그림", "images"),
                Kind::Font => self.pick("글꼴", "fonts"),
                Kind::Other => self.pick("그 밖", "other"),
            };
            self.bar(name, *bytes, scale, &format!(" ({count})"));
        }
        let all = self.pick("모두", "all");
        self.bar(all, weight.total, scale, "");
        if !report.third_parties.is_empty() {
            let title = self.pick("요청하는 다른 곳", "Other hosts asked");
            self.line(format!("{title}: {}", report.third_parties.join(", ")));
        }
    }

    fn bar(&mut self, name: &str, bytes: u64, scale: u64, after: &str) {
        let filled = bytes.saturating_mul(BAR).div_ceil(scale).min(BAR);
        let filled = usize::try_from(filled).unwrap_or(0);
        // Hangul stands two columns wide.
        let wide = name.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<usize>();
        let pad = " ".repeat(9_usize.saturating_sub(wide));
        let rest = usize::try_from(BAR).unwrap_or(0).saturating_sub(filled);
        self.line(format!(
            "  {name}{pad} {}{} {}{after}",
            "█".repeat(filled),
            "░".repeat(rest),
            kilobytes(bytes)
        ));
    }

    fn item(&mut self, item: &Answered) {
        let level = if item.level.is_empty() { String::new() } else { format!(" ({})", item.level) };
        self.line(format!("  {} {}{level}", item.number, item.name.of(self.lang)));
    }

    /// Each rule is told once, under the first item it is about; later ones refer to it.
    fn faults(&mut self, report: &Report) {
        if report.not_met() == 0 {
            let none = self.pick("미충족은 없습니다.", "Nothing is not met.");
            self.line(format!("\n{none}"));
            return;
        }
        let mut told = Vec::new();
        for list in LISTS {
            let mut items =
                report.items.iter().filter(|i| i.list == list && i.verdict == Verdict::NotMet).peekable();
            if items.peek().is_some() {
                let title = self.pick("미충족", "Not met");
                self.line(format!("\n{title}: {}", list.name().of(self.lang)));
            }
            for item in items {
                self.item(item);
                for id in &item.not_met_by {
                    let Some(rule) = report.rule(id) else { continue };
                    if told.contains(id) {
                        let above = self.pick("위에 있음", "above");
                        self.line(format!("    - {} ({above})", rule.what.of(self.lang)));
                    } else {
                        told.push(*id);
                        self.rule(rule);
                    }
                }
            }
        }
    }

    fn rule(&mut self, rule: &RuleFound) {
        let times = match self.lang {
            Lang::Ko => format!("{}곳", rule.count),
            Lang::En => format!("{}×", rule.count),
        };
        self.line(format!("    - {} [{}] {times}", rule.what.of(self.lang), rule.id));
        self.line(format!("      → {}", rule.todo.of(self.lang)));
        for place in rule.places.iter().take(SHOWN) {
            let line = if place.line == 0 { String::new() } else { format!(":{}", place.line) };
            let told: Vec<&str> = [place.excerpt.as_str(), place.detail.as_str()]
                .into_iter()
                .filter(|t| !t.is_empty())
                .collect();
            self.line(format!("      {}{line}  {}", place.page, told.join("  ")).trim_end());
        }
        if rule.count > SHOWN {
            let more = rule.count.saturating_sub(SHOWN);
            let text = match self.lang {
                Lang::Ko => format!("      … {more}곳 더 (--json)"),
                Lang::En => format!("      … {more} more (--json)"),
            };
            self.line(text);
        }
    }

    fn looks(&mut self, report: &Report) {
        for list in LISTS {
            let mut items =
                report.items.iter().filter(|i| i.list == list && i.verdict == Verdict::Person).peekable();
            if items.peek().is_some() {
                let title = self.pick(
                    "프로그램이 알 수 없어 사람이 볼 것",
                    "For a person to look at, no program can tell",
                );
                self.line(format!("\n{title}: {}", list.name().of(self.lang)));
            }
            for item in items {
                self.item(item);
                if let Some(look) = item.look {
                    self.line(format!("    · {}", look.of(self.lang)));
                }
                for rule in item.look_at.iter().filter_map(|id| report.rule(id)) {
                    let first = rule.places.first();
                    let line =
                        first.filter(|p| p.line > 0).map(|p| format!(":{}", p.line)).unwrap_or_default();
                    let place = first.map(|p| format!("{}{line} {}", p.page, p.detail)).unwrap_or_default();
                    let what = rule.what.of(self.lang);
                    self.line(format!("    ? {what} [{}] {}× {place}", rule.id, rule.count).trim_end());
                }
            }
        }
    }

    fn met(&mut self, report: &Report) {
        for list in LISTS {
            let met: Vec<String> = report
                .items
                .iter()
                .filter(|item| item.list == list && item.verdict == Verdict::Met)
                .map(|item| format!("{} {}", item.number, item.name.of(self.lang)))
                .collect();
            if !met.is_empty() {
                let title = self.pick("충족", "Met");
                self.line(format!("\n{title}: {}\n  {}", list.name().of(self.lang), met.join("\n  ")));
            }
        }
    }

    fn left(&mut self, report: &Report) {
        let title = self.pick("읽은 쪽", "Pages read");
        self.line(format!("\n{title}\n  {}", report.pages.join("\n  ")));
        if !report.left.is_empty() {
            let title = self.pick("읽지 않은 쪽", "Pages not read");
            self.line(format!("\n{title}"));
            for left in &report.left {
                self.line(format!("  {}: {}", left.page, left.why));
            }
        }
    }
}

/// With one decimal, rounded up: nothing weighs less than it does.
fn kilobytes(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10).div_ceil(1024);
    format!("{}.{} KB", tenths / 10, tenths % 10)
}
