//! What a service, a register, a form, a parameter is: packs, their check, the national catalogue, search and guidance.

mod agency;
pub mod ahead;
mod announced;
mod calendar;
mod catalogue;
pub mod changes;
mod chart;
mod check;
mod confirm;
mod demo;
mod draft;
mod fact;
mod fault;
mod files;
mod form;
pub mod gov24;
mod guide;
mod holiday;
pub mod import;
mod lasts;
mod nation;
mod overlay;
mod owed;
mod pack;
mod plain;
mod position;
mod region;
mod register;
mod reminder;
mod search;
mod service;
mod skeleton;
pub mod suggest;
mod watched;
mod written;

pub use agency::{Agency, UnitKind};
pub use announced::{Announced, NewValue, most_numbers, numbers};
pub use calendar::{Calendar, Change, Hours};
pub use catalogue::{
    Ages, CatalogueNote, Confirmed, Deadline, Definitions, Detail, Entry, List, Name, Origin, Unread,
    migrations,
};
pub use chart::{Chart, ChartRegion, ChartState, ChartVerb, DRAFT, Does, ENDINGS, Who};
pub use check::RanCase;
pub use demo::{Demo, DemoEvent, DemoPerson, DemoUnit};
pub use draft::{Ask, Asked, Draft, LeftOut, Published, Verb};
pub use fact::{Choice, FactDef, FactKind};
pub use fault::Fault;
pub use form::{FieldKind, Form, FormField, FormPage, TEXT_LIMIT};
pub use guide::{BillLine, Counts, Explained, Guidance, NextQuestion, Ranked, Spoke, Why, by_rules};
pub use holiday::Declared;
pub use lasts::Lasts;
pub use nation::{Nation, Profile, Shape, Trait};
pub use overlay::Tried;
pub use owed::{Entitled, History, NoTerms, Owed, Term, month, owed, terms};
pub use pack::{Pack, sha256};
pub use plain::Plain;
pub use position::Position;
pub use region::{Area, Region, Regions, Vague};
pub use register::{Field, Gives, Register};
pub use reminder::{Opens, Reminder};
pub use search::{Hits, Searcher, Synonyms};
pub use service::{
    ConditionText, Evidence, FieldText, Letters, Objection, PageText, Pays, Period, Service, ServiceKind,
    ServiceText, To,
};
pub use skeleton::{ServiceFiles, file_names, good_name, skeleton, write_skeleton};
pub use watched::AsOf;
