//! What is looked at: each page by itself, then the site.

mod aria;
mod forms;
mod keyboard;
mod language;
mod links;
mod look;
mod media;
mod official;
mod phone;
mod pictures;
mod plugins;
mod safety;
mod scripts;
mod structure;
mod third;
mod weight;

use crate::{page::Site, rule::Found};

pub(crate) use weight::LIMIT;

pub fn all(site: &Site) -> Found {
    let mut found = Found::default();
    for page in &site.pages {
        pictures::check(page, &mut found);
        media::check(page, &mut found);
        forms::check(page, &mut found);
        structure::check(page, &mut found);
        links::check(page, &mut found);
        keyboard::check(page, &mut found);
        look::check(page, &mut found);
        language::check(page, &mut found);
        aria::check(page, &mut found);
        plugins::check(page, &mut found);
        scripts::check(page, &mut found);
        phone::check(page, &mut found);
        safety::check(page, &mut found);
    }
    structure::across(site, &mut found);
    keyboard::sheets(site, &mut found);
    phone::sheets(site, &mut found);
    plugins::across(site, &mut found);
    language::across(site, &mut found);
    third::check(site, &mut found);
    weight::check(site, &mut found);
    safety::across(site, &mut found);
    official::check(site, &mut found);
    found
}
