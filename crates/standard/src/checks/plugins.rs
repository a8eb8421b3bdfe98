//! Plugins and programs to install.

use std::collections::BTreeSet;

use crate::{
    page::{Kind, Page, Site},
    rule::{self, Found},
};

const INSTALLERS: [&str; 8] = [".exe", ".msi", ".dmg", ".pkg", ".deb", ".rpm", ".cab", ".apk"];

/// Names in scripts of programs that sites have visitors install: keyboard security, certificates, firewalls, fingerprints.
const PROGRAMS: [&str; 22] = [
    "touchennx",
    "touchenex",
    "nxkey",
    "transkey_install",
    "nprotect",
    "npenkx",
    "npenfx",
    "astx2",
    "astxinstall",
    "ahnlabonlinesecurity",
    "veraport",
    "magicline",
    "xecureweb",
    "anysignforpc",
    "inisafeweb",
    "crosswebex",
    "crossex",
    "kcase",
    "ipinsidelws",
    "delfino",
    "unisignweb",
    "wizvera",
];

pub fn check(page: &Page, found: &mut Found) {
    let base = page.base();
    for element in page.dom.all() {
        match element.name() {
            "applet" | "embed" => found.at(&rule::PLUGIN, page, element, ""),
            "object" => {
                let plugin = element.has("classid")
                    || element.has("codebase")
                    || element
                        .attr("type")
                        .is_none_or(|kind| !kind.starts_with("image/") && kind != "text/html");
                if plugin {
                    found.at(&rule::PLUGIN, page, element, element.attr("classid").unwrap_or_default());
                }
            }
            "a" => {
                let Some(to) = element.says("href").and_then(|href| base.join(href).ok()) else {
                    continue;
                };
                let path = to.path().to_ascii_lowercase();
                if INSTALLERS.iter().any(|end| path.ends_with(end)) {
                    found.at(&rule::INSTALL, page, element, path);
                }
            }
            _ => {}
        }
    }
}

pub fn across(site: &Site, found: &mut Found) {
    let (mut seen, mut missing) = (BTreeSet::new(), BTreeSet::new());
    for page in &site.pages {
        let texts = page.scripts.iter().map(|(from, text)| (from.as_str(), text.as_str()));
        let addresses =
            page.loads.iter().filter(|r| r.kind == Kind::Script).map(|r| (r.url.as_str(), r.url.as_str()));
        for (from, text) in texts.chain(addresses) {
            if !seen.insert((from.to_owned(), text.len())) {
                continue;
            }
            let lower = text.to_ascii_lowercase();
            if lower.contains("activexobject") || lower.contains("classid=\"clsid:") {
                found.near(&rule::PLUGIN_SCRIPT, from, 0, "", "ActiveXObject");
            }
            if let Some(program) = PROGRAMS.iter().find(|program| lower.contains(*program)) {
                found.near(&rule::SECURITY_PROGRAM, from, 0, "", *program);
            }
        }
        for script in page.loads.iter().filter(|r| r.kind == Kind::Script) {
            if let Some(why) = script.unread.as_ref().filter(|_| missing.insert(script.url.clone())) {
                found.near(&rule::UNREAD_SCRIPT, &script.url, 0, "", why.clone());
            }
        }
    }
}
