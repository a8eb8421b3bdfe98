//! Why a service is answered as it is: the condition, the article or the catalogue's code, the value that was looked at.

use maru_kernel::{Both, Lang, Won};
use maru_rules::{Answer, Decision, Value};

use super::Guidance;
use crate::{
    Entry, List, Pays, Service, Unread,
    gov24::{self, Shape},
};

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// A condition's id, or a group of the catalogue: `sex age income person household region`; `unread`: something of it can't be read;
    /// `applicant`: it is not for residents; `open`: it asks nothing.
    pub group: String,
    pub answer: Answer,
    pub label: Both,
    /// What qualifies, in words; of a condition that is *no*, what would have to be different.
    pub detail: Both,
    /// The article, or the catalogue's fields: "JA0328 장애인".
    pub article: String,
    /// The facts it looked at.
    pub facts: Vec<(String, Option<Value>)>,
    pub value: Option<Value>,
    pub limit: Option<Value>,
}

/// One line of the sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillLine {
    pub id: String,
    pub label: Both,
    pub article: String,
    pub value: Option<Value>,
    pub sign: i8,
}

/// Who gave the answer: the law's rules, or the catalogue's codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Spoke {
    Rules,
    Catalogue,
}

impl Spoke {
    pub fn as_str(self) -> &'static str {
        match self {
            Spoke::Rules => "rules",
            Spoke::Catalogue => "catalogue",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    pub answer: Answer,
    pub amount: Option<Won>,
    pub pays: Pays,
    pub reasons: Vec<Why>,
    pub lines: Vec<BillLine>,
    /// Facts whose absence keeps the answer unknown.
    pub missing: Vec<String>,
    pub spoke: Spoke,
}

impl Guidance {
    pub fn explain(&self, id: &str) -> Option<Explained> {
        let place = self.index.place(id)?;
        if let (Some(decision), Some(service)) = (self.decision(place), self.index.deep_at(place)) {
            return Some(by_rules(service, decision));
        }
        let (entry, shape) = (self.index.entries.get(place)?, self.index.shapes.get(place)?);
        let reasons = self.by_codes(entry, shape);
        let mut missing: Vec<String> = Vec::new();
        let answer = self.at(place);
        // A *no* stands whatever else is open.
        for why in reasons.iter().filter(|why| (answer, why.answer) == (Answer::Unknown, Answer::Unknown)) {
            // A place of residence that leaves the answer open is not known well enough.
            let vague = why.group == "region";
            let open = why.facts.iter().filter(|(_, value)| vague || !is_known(value));
            missing.extend(open.map(|(name, _)| name.clone()));
        }
        Some(Explained {
            answer,
            amount: None,
            pays: Pays::None,
            reasons,
            lines: Vec::new(),
            missing,
            spoke: Spoke::Catalogue,
        })
    }

    fn by_codes(&self, entry: &Entry, shape: &Shape) -> Vec<Why> {
        if shape.never {
            return vec![not_for_residents(entry)];
        }
        let reasons: Vec<Why> =
            (0..gov24::GROUPS.len()).filter_map(|group| self.group_why(entry, shape, group)).collect();
        if !reasons.is_empty() {
            return reasons;
        }
        vec![Why {
            group: "open".into(),
            answer: Answer::Yes,
            label: Both::new("누구나", "Everyone"),
            detail: Both::new(
                "공식 목록에 대상을 가리는 조건이 없습니다.",
                "The official list names no condition.",
            ),
            article: "JA0322, JA0410 해당사항없음".into(),
            facts: Vec::new(),
            value: None,
            limit: None,
        }]
    }

    fn group_why(&self, entry: &Entry, shape: &Shape, group: usize) -> Option<Why> {
        let mut why = self.listed_why(entry, shape, group)?;
        // What a person confirmed is no code of the list.
        if let Some(confirmed) = entry.confirmed.iter().map(|c| c.at).max()
            && !matches!(group, gov24::REGION | gov24::UNREAD)
        {
            why.article = format!("복지로, 확인 {}", confirmed.date());
        }
        Some(why)
    }

    fn listed_why(&self, entry: &Entry, shape: &Shape, group: usize) -> Option<Why> {
        let answer = self.person.group(shape, group)?;
        let words = &self.index.words;
        let id = gov24::GROUPS.get(group).copied().unwrap_or_default();
        let why = |label: Both, detail: Both, article: String, names: Vec<&str>| {
            let look = |name: &&str| ((*name).to_owned(), self.facts.get(name).cloned());
            let facts: Vec<(String, Option<Value>)> = names.iter().map(look).collect();
            let value = match facts.as_slice() {
                [(_, value)] => value.clone(),
                _ => None,
            };
            Why { group: id.into(), answer, label, detail, article, facts, value, limit: None }
        };
        let label = |name: &Option<String>, otherwise: (&str, &str)| {
            let def = name.as_deref().and_then(|n| self.pack.fact(n));
            def.map_or(Both::new(otherwise.0, otherwise.1), |d| d.label.clone())
        };
        Some(match group {
            gov24::SEX => {
                let (detail, codes) = listed(shape, group);
                why(
                    label(&words.sex, ("성별", "Sex")),
                    detail,
                    codes,
                    words.sex.as_deref().into_iter().collect(),
                )
            }
            gov24::AGE => {
                let (from, to) = shape.ages?;
                let top = entry.ages.and_then(|a| a.to);
                let detail = match (from, top) {
                    (from, None) => Both { ko: format!("{from}세부터"), en: format!("from {from}") },
                    (0, Some(_)) => Both { ko: format!("{to}세까지"), en: format!("up to {to}") },
                    (from, Some(_)) => {
                        Both { ko: format!("{from}세부터 {to}세까지"), en: format!("{from} to {to}") }
                    }
                };
                let article = match top {
                    Some(to) => format!("JA0110 {from}, JA0111 {to}"),
                    None => format!("JA0110 {from}"),
                };
                why(
                    label(&words.age, ("나이", "Age")),
                    detail,
                    article,
                    words.age.as_deref().into_iter().collect(),
                )
            }
            gov24::INCOME => {
                let (_, codes) = listed(shape, group);
                why(
                    label(&words.income, ("가구 소득", "Household income")),
                    bands(shape.income?),
                    codes,
                    words.income.as_deref().into_iter().collect(),
                )
            }
            gov24::REGION => {
                let area = entry.area.clone().unwrap_or_default();
                let detail = Both { ko: format!("{area}에 사는 분"), en: format!("Residents of {area}") };
                let article = format!("소관기관명 {}", entry.agency);
                why(
                    label(&words.region, ("사는 곳", "Where you live")),
                    detail,
                    article,
                    words.region.as_deref().into_iter().collect(),
                )
            }
            gov24::PERSON | gov24::HOUSEHOLD => {
                let set = shape.flags_of(group)?;
                let (otherwise, codes) = listed(shape, group);
                let options = (0..16).filter(|o| set >> o & 1 == 1);
                let names: Vec<&str> = options.filter_map(|o| words.trait_fact(group, o)).collect();
                let labels = names.iter().filter_map(|n| self.pack.fact(n)).map(|d| &d.label);
                let detail = if names.is_empty() {
                    otherwise
                } else {
                    joined(labels.map(|label| (label.ko.as_str(), label.en.as_str())))
                };
                let label = match group {
                    gov24::PERSON => Both::new("나의 상황", "About you"),
                    _ => Both::new("우리 집의 상황", "About your household"),
                };
                why(label, detail, codes, names)
            }
            _ => unread(entry),
        })
    }
}

fn is_known(value: &Option<Value>) -> bool {
    !matches!(value, None | Some(Value::Unknown))
}

/// A group's options in words, and its codes.
fn listed(shape: &Shape, group: usize) -> (Both, String) {
    let set = shape.flags_of(group).unwrap_or(0);
    let found = (0..16).filter(|o| set >> o & 1 == 1).filter_map(|o| gov24::flag_of(group, o));
    let mut codes = String::new();
    for (code, ko, _) in found.clone() {
        let between = if codes.is_empty() { "" } else { ", " };
        codes.extend([between, code, " ", ko]);
    }
    (joined(found.map(|(_, ko, en)| (*ko, *en))), codes)
}

fn joined<'a>(words: impl Iterator<Item = (&'a str, &'a str)>) -> Both {
    let mut all = Both::default();
    for (ko, en) in words {
        let between = if all.ko.is_empty() { "" } else { " · " };
        all.ko.extend([between, ko]);
        all.en.extend([between, en]);
    }
    all
}

/// "75% 이하" where the bands reach down to nothing, else each.
fn bands(set: u16) -> Both {
    let top = set.count_ones();
    if set == (1 << top) - 1
        && let Some(limit) = [50, 75, 100, 200].get(usize::try_from(top).unwrap_or(0).wrapping_sub(1))
    {
        return Both {
            ko: format!("기준 중위소득 {limit}% 이하"),
            en: format!("up to {limit}% of the standard median income"),
        };
    }
    let words: Vec<Both> = (0..5).filter(|band| set >> band & 1 == 1).map(gov24::income_words).collect();
    let join = |lang: Lang| words.iter().map(|w| w.get(lang)).collect::<Vec<_>>().join(", ");
    Both {
        ko: format!("기준 중위소득 {}", join(Lang::Ko)),
        en: format!("{} of the standard median income", join(Lang::En)),
    }
}

fn not_for_residents(entry: &Entry) -> Why {
    let codes = entry.codes();
    let shown: Vec<String> = gov24::FLAGS
        .iter()
        .filter(|(code, ..)| codes.contains(code))
        .map(|(code, ko, _)| format!("{code} {ko}"))
        .collect();
    Why {
        group: "applicant".into(),
        answer: Answer::No,
        label: Both::new("신청하는 사람", "Who applies"),
        detail: Both::new(
            "사업자나 법인, 단체가 신청하는 서비스입니다.",
            "For businesses and organisations.",
        ),
        article: shown.join(", "),
        facts: Vec::new(),
        value: None,
        limit: None,
    }
}

fn unread(entry: &Entry) -> Why {
    let told = |origin: &crate::Origin| {
        (origin.list == List::Bokjiro).then(|| format!("복지로 {}", origin.source_id))
    };
    let texts_only = entry.origins.first().and_then(told);
    let (detail, article) = match entry.unread {
        Some(Unread::Conditions) | None if let Some(place) = texts_only => (
            Both::new(
                "복지로에는 글만 있고 정해진 지원조건이 없습니다. 자격은 맡은 기관에 물어보세요.",
                "Bokjiro describes it in words only and gives no conditions to go by. Ask the agency in charge whether you qualify.",
            ),
            place,
        ),
        Some(Unread::Ages) => (
            Both::new(
                "공식 목록의 나이를 읽을 수 없습니다.",
                "Its ages can't be read from the official list.",
            ),
            "JA0110, JA0111".to_owned(),
        ),
        Some(Unread::Area) => (
            Both::new(
                "이 기관이 어느 지역을 맡는지 이름으로 알 수 없습니다.",
                "The agency's name does not tell which area it serves.",
            ),
            format!("소관기관명 {}", entry.agency),
        ),
        Some(Unread::Conditions) | None => (
            Both::new(
                "공식 목록에 지원조건이 없거나 읽을 수 없습니다.",
                "The official list has no conditions for it that can be read.",
            ),
            "supportConditions".to_owned(),
        ),
    };
    Why {
        group: "unread".into(),
        answer: Answer::Unknown,
        label: Both::new("조건을 알 수 없음", "Conditions unclear"),
        detail,
        article,
        facts: Vec::new(),
        value: None,
        limit: None,
    }
}

/// A decision in the words of its service.
pub fn by_rules(service: &Service, decision: &Decision) -> Explained {
    let words = |pick: &dyn Fn(Lang) -> String| Both { ko: pick(Lang::Ko), en: pick(Lang::En) };
    let reasons = decision.reasons.iter().map(|reason| {
        let text = |lang: Lang| service.text(lang).condition(&reason.id);
        Why {
            group: reason.id.clone(),
            answer: reason.answer,
            label: words(&|lang| text(lang).label.clone()),
            detail: words(&|lang| {
                if reason.answer == Answer::No { text(lang).no.clone() } else { text(lang).detail.clone() }
            }),
            article: reason.article.clone(),
            facts: reason.facts.clone(),
            value: reason.value.clone(),
            limit: reason.limit.clone(),
        }
    });
    let lines = decision.lines.iter().map(|line| BillLine {
        label: words(&|lang| service.text(lang).line(&line.id).to_owned()),
        id: line.id.clone(),
        article: line.article.clone(),
        value: line.value.clone(),
        sign: line.sign,
    });
    Explained {
        answer: decision.answer,
        amount: decision.amount.map(Won),
        pays: service.pays,
        reasons: reasons.collect(),
        lines: lines.collect(),
        missing: decision.missing.clone(),
        spoke: Spoke::Rules,
    }
}
