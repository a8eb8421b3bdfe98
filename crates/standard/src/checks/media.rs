//! Sound, film, and what moves or happens by itself.

use crate::{
    page::Page,
    rule::{self, Found},
};

pub fn check(page: &Page, found: &mut Found) {
    for element in page.dom.all() {
        match element.name() {
            "video" | "audio" if element.shown() => {
                if element.name() == "video" && !tracked(element) {
                    found.at(&rule::VIDEO_CAPTION, page, element, "");
                }
                if element.has("autoplay") && !element.has("muted") {
                    let stops = element.has("controls");
                    let rule = if stops { &rule::AUTOPLAY_STOPPABLE } else { &rule::AUTOPLAY };
                    found.at(rule, page, element, "autoplay");
                }
            }
            "bgsound" => found.at(&rule::AUTOPLAY, page, element, ""),
            "marquee" if element.shown() => found.at(&rule::MARQUEE, page, element, ""),
            "blink" if element.shown() => found.at(&rule::BLINK, page, element, ""),
            "meta" if element.attr("http-equiv").is_some_and(|v| v.eq_ignore_ascii_case("refresh")) => {
                let content = element.attr("content").unwrap_or_default();
                let wait = content.split([';', ',']).next().and_then(|n| n.trim().parse::<f64>().ok());
                // At once is a redirect; after twenty hours nobody is interrupted.
                if wait.is_some_and(|wait| wait > 0.0 && wait < 72_000.0) {
                    found.at(&rule::REFRESH, page, element, content);
                }
            }
            _ => {}
        }
    }
}

fn tracked(video: crate::html::Element<'_>) -> bool {
    video.children().any(|e| {
        e.name() == "track" && matches!(e.attr("kind").unwrap_or("subtitles"), "captions" | "subtitles")
    })
}
