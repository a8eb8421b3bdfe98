//! A site against the digital service standard: page text and headers in, findings out. Pure; `Web` brings the bytes.

mod checks;
mod colour;
mod css;
mod html;
mod item;
mod judge;
mod name;
mod page;
mod report;
mod robots;
mod rule;
mod text;
mod visit;

pub use item::{Both, Item, Lang, List};
pub use judge::{Answered, Place, Report, RuleFound, Verdict, judge};
pub use page::{Kind, Page, Resource, Site};
pub use report::tell;
pub use robots::AGENT;
pub use rule::{RULES, Rule};
pub use visit::{Answer, MOST, Web, Why, address, visit};
