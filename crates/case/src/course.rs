//! How a service's cases go, drawn from its chart: a picture, and the same in words.

use std::collections::BTreeMap;

use axum::{Router, extract::Path, response::Response, routing::get};
use maru_definition::{Chart, ChartState, ChartVerb, DRAFT, Does, Who};
use maru_kernel::Lang;
use maru_web::{Context, Fail, Shared, context};
use serde::Serialize;

use crate::actions;

pub fn routes() -> Router<Shared> {
    Router::new().route("/services/{id}/course", get(course))
}

const WIDTH: i32 = 360;
const BOX: (i32, i32) = (150, 44);
const ROW: i32 = 88;
/// Ends stand beside one another, so many to a row.
const ENDS: usize = 4;
const GAP: i32 = 8;

#[derive(Debug, Serialize)]
struct Drawn {
    height: i32,
    boxes: Vec<Box>,
    lines: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Box {
    x: i32,
    y: i32,
    width: i32,
    height: i32,
    name: String,
    ends: bool,
}

impl Box {
    fn middle(&self) -> i32 {
        self.x + self.width / 2
    }
    fn foot(&self) -> i32 {
        self.y + self.height
    }
    fn waist(&self) -> i32 {
        self.y + self.height / 2
    }
}

#[derive(Debug, Serialize)]
struct Line {
    /// As `points` of a polyline.
    points: String,
    /// One below the other.
    label: Vec<String>,
    x: i32,
    y: i32,
}

fn points(points: &[(i32, i32)]) -> String {
    points.iter().map(|(x, y)| format!("{x},{y}")).collect::<Vec<_>>().join(" ")
}

/// The open states in the order in which they are reached.
fn order(chart: &Chart) -> Vec<&ChartState> {
    let mut rows: Vec<&str> = vec![DRAFT];
    let mut at = 0;
    while let Some(from) = rows.get(at).copied() {
        at += 1;
        for verb in chart.verbs.iter().filter(|verb| verb.from.iter().any(|f| f == from)) {
            if let Some(to) = verb.to.as_deref().filter(|to| !Chart::is_ending(to) && !rows.contains(to)) {
                rows.push(to);
            }
        }
    }
    rows.iter().filter_map(|id| chart.state(id)).collect()
}

/// The picture: open states one below the other, the ends at the foot, ways back on the right, early ends on the left.
fn draw(chart: &Chart, lang: Lang) -> Drawn {
    let rows = order(chart);
    let ends: Vec<&ChartState> = chart.states.iter().filter(|s| Chart::is_ending(&s.id)).rev().collect();
    let mut boxes: BTreeMap<&str, Box> = BTreeMap::new();
    let mut y = 4;
    for state in &rows {
        let (width, height) = BOX;
        let name = state.name.get(lang).to_owned();
        boxes.insert(&state.id, Box { x: (WIDTH - width) / 2, y, width, height, name, ends: false });
        y += ROW;
    }
    let across = i32::try_from(ends.len().min(ENDS)).unwrap_or(1).max(1);
    let width = (WIDTH - GAP * (across - 1)) / across;
    for row in ends.chunks(ENDS) {
        for (x, state) in (0..).step_by(usize::try_from(width + GAP).unwrap_or(1)).zip(row) {
            let name = state.name.get(lang).to_owned();
            boxes.insert(&state.id, Box { x, y, width, height: BOX.1, name, ends: true });
        }
        y += ROW;
    }
    // One line for all verbs between two states.
    let mut between: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for verb in &chart.verbs {
        let Some(to) = verb.to.as_deref() else { continue };
        for from in verb.from.iter().filter(|from| *from != to) {
            between.entry((from, to)).or_default().push(verb.name.get(lang));
        }
    }
    let place = |id: &str| rows.iter().position(|state| state.id == id);
    let mut lines = Vec::new();
    let mut lane = 0;
    for ((from, to), names) in between {
        let (Some(a), Some(b), Some(i)) = (boxes.get(from), boxes.get(to), place(from)) else { continue };
        let label: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let last = i + 1 == rows.len();
        let (way, label, x, y) = match place(to) {
            Some(j) if j == i + 1 => {
                let middle = (a.foot() + b.y) / 2 + 4;
                (vec![(a.middle(), a.foot()), (b.middle(), b.y)], label, a.middle() + 10, middle)
            }
            Some(_) => {
                let right = a.x + a.width;
                let out = right + 18 + 10 * lane;
                lane += 1;
                let way = vec![(right, a.waist()), (out, a.waist()), (out, b.waist()), (right, b.waist())];
                (way, label, out + 6, (a.waist() + b.waist()) / 2 + 4)
            }
            None if last => {
                let turn = a.foot() + 22;
                let way =
                    vec![(a.middle(), a.foot()), (a.middle(), turn), (b.middle(), turn), (b.middle(), b.y)];
                (way, Vec::new(), 0, 0)
            }
            None => {
                let out = a.x - 18 - 10 * i32::try_from(i).unwrap_or(0);
                let turn = b.y - 12;
                let way = vec![
                    (a.x, a.waist()),
                    (out, a.waist()),
                    (out, turn),
                    (b.middle(), turn),
                    (b.middle(), b.y),
                ];
                (way, Vec::new(), 0, 0)
            }
        };
        lines.push(Line { points: points(&way), label, x, y });
    }
    Drawn { height: y - ROW + BOX.1 + 8, boxes: boxes.into_values().collect(), lines }
}

#[derive(Serialize)]
struct Word {
    verb: String,
    who: String,
    to: String,
    article: String,
    /// What it opens or waits for.
    with: String,
}

#[derive(Serialize)]
struct Words {
    state: String,
    ends: bool,
    verbs: Vec<Word>,
}

fn words(
    context: &Context,
    states: &[&ChartState],
    all: &[ChartState],
    verbs: &[ChartVerb],
    chart: &Chart,
    does: Option<Does>,
) -> Vec<Words> {
    let name = |id: &str| {
        let state = all.iter().find(|state| state.id == id);
        state.map(|state| state.name.get(context.lang).to_owned())
    };
    let region = |id: &String| chart.region(id).map(|r| r.name.get(context.lang).to_owned());
    let said = |state: &&ChartState| {
        let from = verbs.iter().filter(|verb| verb.from.contains(&state.id));
        let verbs: Vec<Word> = from
            .map(|verb| {
                let who = match (verb.who, does) {
                    (Who::Doer, Some(Does::Applicant)) => "applicant",
                    (Who::Doer, _) => "asked",
                    (who, _) => who.as_str(),
                };
                let waits: Vec<String> = verb.closed.iter().chain(&verb.lapsed).filter_map(region).collect();
                Word {
                    verb: verb.name.get(context.lang).to_owned(),
                    who: context.t(&format!("course-who-{who}")),
                    to: verb.to.as_deref().filter(|to| *to != state.id).and_then(name).unwrap_or_default(),
                    article: verb.article.clone().unwrap_or_default(),
                    with: match (verb.opens.as_ref().and_then(region), waits.join(", ")) {
                        (Some(opens), _) => opens,
                        (None, waits) if !waits.is_empty() => {
                            let key = if verb.lapsed.is_some() { "course-lapsed" } else { "course-closed" };
                            context
                                .app
                                .texts
                                .get(context.lang, key, &[("what", waits.into())])
                                .unwrap_or_default()
                        }
                        _ => String::new(),
                    },
                }
            })
            .collect();
        Words { state: state.name.get(context.lang).to_owned(), ends: verbs.is_empty(), verbs }
    };
    states.iter().map(said).filter(|words| !words.ends).collect()
}

async fn course(context: Context, Path(id): Path<String>) -> Result<Response, Fail> {
    let service = actions::service(&context.app, &id)?;
    let chart = actions::chart(&context.app, &service)?;
    let beside: Vec<_> = chart
        .regions
        .iter()
        .map(|region| {
            let states: Vec<&ChartState> = region.states.iter().collect();
            context! {
                name => region.name.get(context.lang), article => region.article, many => region.many,
                stands => region.pauses.is_some(), days => region.days, most => region.most, times => region.times,
                words => words(&context, &states, &region.states, &region.verbs, chart, Some(region.does)),
            }
        })
        .collect();
    let values = context! {
        id, service => service.text(context.lang).name, chart => chart.name.get(context.lang),
        picture => draw(chart, context.lang), words => words(&context, &order(chart), &chart.states, &chart.verbs, chart, None),
        ends => chart.states.iter().filter(|s| Chart::is_ending(&s.id)).map(|s| s.name.get(context.lang)).collect::<Vec<_>>(),
        beside, days => service.period.days, hours => service.period.hours, article => service.period.article,
    };
    Ok(context.page("find", "case/course.html", values).await?)
}

#[cfg(test)]
mod tests {
    use maru_definition::Pack;

    use super::*;

    #[test]
    fn every_state_and_every_way_is_on_the_picture() {
        let pack = Pack::embedded().unwrap();
        for chart in &pack.charts {
            let drawn = draw(chart, Lang::Ko);
            assert_eq!(drawn.boxes.len(), chart.states.len());
            let mut ways: Vec<(&str, &str)> = chart
                .verbs
                .iter()
                .flat_map(|verb| {
                    verb.from.iter().filter_map(|from| Some((from.as_str(), verb.to.as_deref()?)))
                })
                .filter(|(from, to)| from != to)
                .collect();
            ways.sort_unstable();
            ways.dedup();
            assert_eq!(drawn.lines.len(), ways.len());
            let fits = |b: &Box| b.x >= 0 && b.x + b.width <= WIDTH && b.foot() <= drawn.height;
            assert!(drawn.boxes.iter().all(fits), "{drawn:?}");
            let apart = |a: &Box, b: &Box| {
                a.x + a.width <= b.x || b.x + b.width <= a.x || a.foot() <= b.y || b.foot() <= a.y
            };
            for (i, a) in drawn.boxes.iter().enumerate() {
                assert!(drawn.boxes.iter().skip(i + 1).all(|b| apart(a, b)), "{drawn:?}");
            }
        }
    }
}
