//! A new service's files: small, commented, and right as they stand, so that whoever writes goes on from something that works.

use std::{collections::BTreeMap, fs, path::Path};

use maru_kernel::Id;

use crate::Pack;

/// A service's files by their names within its folder: `rules.toml`, `letters/granted.ko.txt`.
pub type ServiceFiles = BTreeMap<String, String>;

const FILES: [(&str, &str); 13] = [
    ("service.toml", include_str!("../skeleton/service.toml")),
    ("rules.toml", include_str!("../skeleton/rules.toml")),
    ("parameters.toml", include_str!("../skeleton/parameters.toml")),
    ("form.toml", include_str!("../skeleton/form.toml")),
    ("text.ko.toml", include_str!("../skeleton/text.ko.toml")),
    ("text.en.toml", include_str!("../skeleton/text.en.toml")),
    ("cases.toml", include_str!("../skeleton/cases.toml")),
    ("letters/received.ko.txt", include_str!("../skeleton/letters/received.ko.txt")),
    ("letters/received.en.txt", include_str!("../skeleton/letters/received.en.txt")),
    ("letters/granted.ko.txt", include_str!("../skeleton/letters/granted.ko.txt")),
    ("letters/granted.en.txt", include_str!("../skeleton/letters/granted.en.txt")),
    ("letters/refused.ko.txt", include_str!("../skeleton/letters/refused.ko.txt")),
    ("letters/refused.en.txt", include_str!("../skeleton/letters/refused.en.txt")),
];

/// The names of all files a service can have, in the order in which one writes them.
pub fn file_names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}

/// Whether a service may be called this: a plain word in small letters, as it stands in addresses.
pub fn good_name(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (3..=64).contains(&id.len())
        && id.starts_with(|c: char| c.is_ascii_lowercase())
        && !id.ends_with('-')
        && !id.contains("--")
        && id.chars().all(plain)
        // The catalogue's own, and addresses below /services and /admin/services.
        && !id.starts_with("gov24-")
        && !["new", "mine"].contains(&id)
        && Id::<()>::parse(id).is_ok()
}

pub fn skeleton(owner: &str, id: &str) -> ServiceFiles {
    let filled = |text: &str| text.replace("OWNER", owner).replace("SERVICE-ID", id);
    FILES.iter().map(|(name, text)| ((*name).to_owned(), filled(text))).collect()
}

/// `maru new-service`: the files in a pack's folder. Says where they are, or why not and what to do.
pub fn write_skeleton(folder: &Path, name: &str) -> Result<std::path::PathBuf, String> {
    let Some((owner, id)) = name.split_once('/') else {
        return Err(format!("{name}: write it as OWNER/ID, such as mohw/winter-heating"));
    };
    if !good_name(id) {
        return Err(format!(
            "{id}: use 3 to 64 small letters, digits and single hyphens, beginning with a letter, such as winter-heating"
        ));
    }
    let pack = Pack::read(folder).map_err(|faults| {
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        format!("{}\ncorrect this first", told.join("\n"))
    })?;
    if pack.agency(owner).is_none() {
        let known: Vec<&str> = pack.agencies.iter().map(|agency| agency.id.as_str()).collect();
        return Err(format!(
            "no agency {owner}: name one of {}, or add it to agencies.toml",
            known.join(", ")
        ));
    }
    if let Some(there) = pack.services.iter().find(|service| service.id == id) {
        return Err(format!("{id} is there already, in {}: choose another id", there.folder));
    }
    let place = folder.join("services").join(owner).join(id);
    if place.exists() {
        return Err(format!("{} is there already: choose another id, or remove it", place.display()));
    }
    for (name, text) in skeleton(owner, id) {
        let path = place.join(name);
        let told = |e: std::io::Error| format!("{}: {e}", path.display());
        fs::create_dir_all(path.parent().unwrap_or(&place)).map_err(told)?;
        fs::write(&path, text).map_err(told)?;
    }
    Ok(place)
}

#[cfg(test)]
mod tests {
    // Tests say what they expect by unwrapping it.
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::Agency;

    #[test]
    fn a_new_service_is_right_as_it_stands() {
        let pack = Pack::embedded().unwrap();
        let owner = Agency { id: "suwon".into(), name: maru_kernel::Both::new("수원시", "Suwon") };
        let tried = pack.with_service(&owner, "winter-heating", &skeleton("suwon", "winter-heating"));
        assert_eq!(tried.faults, []);
        assert!(tried.cases.len() >= 3 && tried.cases.iter().all(|case| case.wrong.is_empty()));
        let service = tried.service.unwrap();
        assert_eq!((service.id.as_str(), service.owner.as_str()), ("winter-heating", "suwon"));
        assert!(pack.services.iter().all(|s| s.id != "winter-heating"), "the pack itself is as it was");
    }

    #[test]
    fn faults_name_file_and_line() {
        let pack = Pack::embedded().unwrap();
        let owner = Agency { id: "suwon".into(), name: maru_kernel::Both::new("수원시", "Suwon") };
        let mut files = skeleton("suwon", "winter-heating");
        let rules = files.get_mut("rules.toml").unwrap();
        *rules = rules.replace("나이 >= 65", "나이 >= 66");
        let tried = pack.with_service(&owner, "winter-heating", &files);
        assert!(
            tried.faults.iter().any(|f| f.file.ends_with("cases.toml") && f.line > 0),
            "{:?}",
            tried.faults
        );
        assert!(tried.cases.iter().any(|case| !case.wrong.is_empty()));
        files.insert("form.toml".into(), "[[page]\n".into());
        let tried = pack.with_service(&owner, "winter-heating", &files);
        assert!(tried.service.is_none());
        assert!(tried.faults.iter().any(|f| f.file.ends_with("form.toml") && f.line == 1));
    }

    #[test]
    fn a_draft_takes_nothing_over_and_names_only_what_is_there() {
        let pack = Pack::embedded().unwrap();
        let owner = Agency { id: "suwon".into(), name: maru_kernel::Both::new("수원시", "Suwon") };
        for (from, to, what) in [
            ("chart = \"application\"", "chart = \"nothing\"", "no chart nothing"),
            ("unit_kind = \"livelihood\"", "unit_kind = \"nobody\"", "no unit kind nobody"),
            ("owner = \"suwon\"", "owner = \"mohw\"", "is not the owner's and the id's"),
            ("id = \"winter-heating\"", "id = \"livelihood-benefit\"", "livelihood-benefit is in"),
            (
                "pays = \"once\"",
                "pays = \"once\"\nsource_id = \"WII000000000\"",
                "source_id would take the place",
            ),
            ("pays = \"once\"", "pays = \"once\"\nto = \"objected\"", "objections go to the service"),
        ] {
            let mut files = skeleton("suwon", "winter-heating");
            let service = files.get_mut("service.toml").unwrap();
            assert!(service.contains(from), "{from}");
            *service = service.replace(from, to);
            let faults = pack.with_service(&owner, "winter-heating", &files).faults;
            assert!(faults.iter().any(|fault| fault.what.en.contains(what)), "{to}: {faults:?}");
        }
    }

    #[test]
    fn names_are_plain() {
        for good in ["abc", "winter-heating", "heat2026"] {
            assert!(good_name(good), "{good}");
        }
        for odd in [
            "",
            "ab",
            "Winter",
            "겨울",
            "-a-b",
            "a--b",
            "ab-",
            "../x",
            "new",
            "mine",
            "gov24-1",
            "a/b",
            "2026-heat",
        ] {
            assert!(!good_name(odd), "{odd}");
        }
    }
}
