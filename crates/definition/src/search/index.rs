//! The index itself: which services hold the pairs of letters of a query.

use maru_kernel::{Error, Result};
use tantivy::{
    DocAddress, Index, IndexReader, Score, TantivyDocument, Term,
    collector::{Count, TopDocs},
    directory::RamDirectory,
    query::{BooleanQuery, BoostQuery, DisjunctionMaxQuery, Query, TermQuery},
    schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions},
};

use super::{
    asked::{Asked, Idea, Way},
    begun::Begun,
    letters::{Gram, float, grams, initials, jamo, plain, terms},
};

const NAME_WEIGHT: f32 = 4.0;
/// So many candidates are put in order; nobody turns more pages.
const CANDIDATES: usize = 400;
/// A word of the list is sooner what is looked for than any other.
const KNOWN: f32 = 1.5;
/// So few found are not enough to choose from.
const FEW: usize = 5;
/// What an index of the whole nation takes while it is made.
const BUDGET: usize = 50_000_000;
/// What a word is worth that is written nearly as what was typed.
const MISTYPED: f32 = 0.85;
/// What a word is worth whose letters are in names by chance: 타는 in 나타는.
const BY_CHANCE: f32 = 0.25;
/// How many services hold the rarest pair of a word.
fn least_held(way: &Way, held: &impl Fn(&Gram) -> Result<f32>) -> Result<f32> {
    let mut least: Option<f32> = None;
    for gram in &way.pairs {
        let now = held(gram)?;
        least = Some(least.map_or(now, |least| least.min(now)));
    }
    Ok(least.unwrap_or(0.0))
}

/// A service's names as they are searched.
#[derive(Debug, Default)]
pub(super) struct Named {
    pub(super) plain: String,
    pub(super) pairs: Vec<Gram>,
    pub(super) sounds: Vec<Gram>,
    pub(super) initials: String,
}

impl Named {
    fn of(name: &str) -> Named {
        let plain = plain(name);
        Named { pairs: terms(name), sounds: grams(&jamo(&plain), 3), initials: initials(&plain), plain }
    }
}

/// What a candidate's letters are worth.
pub(super) struct Candidate {
    pub(super) place: usize,
    pub(super) score: f32,
}

/// A gram as the index knows it.
fn written(gram: Gram) -> String {
    format!("{gram:x}")
}

fn line(grams: &[Gram]) -> String {
    grams.iter().map(|gram| written(*gram)).collect::<Vec<_>>().join(" ")
}

pub(crate) struct Search {
    /// None of an empty catalogue.
    reader: Option<IndexReader>,
    fields: Fields,
    pub(super) names: Vec<Box<[Named]>>,
    /// The pairs of letters of everything but the names.
    pub(super) rest: Vec<Box<[Gram]>>,
    /// How words of names begin, for slips of the finger in one word.
    begun: Begun,
}

#[derive(Clone, Copy)]
struct Fields {
    name: Field,
    rest: Field,
    sound: Field,
}

impl Search {
    /// Each service's texts: its names, then everything else.
    pub(crate) fn build(texts: impl Iterator<Item = (Vec<String>, Vec<String>)>) -> Result<Search> {
        let mut schema = Schema::builder();
        let indexing = TextFieldIndexing::default()
            .set_tokenizer("whitespace")
            .set_index_option(IndexRecordOption::WithFreqs);
        let text = || TextOptions::default().set_indexing_options(indexing.clone());
        let fields = Fields {
            name: schema.add_text_field("name", text()),
            rest: schema.add_text_field("rest", text()),
            sound: schema.add_text_field("sound", text()),
        };
        let mut writer = Index::builder()
            .schema(schema.build())
            .single_segment_index_writer(RamDirectory::create(), BUDGET)
            .map_err(Error::internal)?;
        let (mut names, mut rests, mut begun) = (Vec::new(), Vec::new(), Begun::default());
        for (called, rest) in texts {
            called.iter().for_each(|name| begun.count(name));
            let called: Box<[Named]> = called.iter().map(|name| Named::of(name)).collect();
            let mut other: Vec<Gram> = rest.iter().flat_map(|text| terms(text)).collect();
            let mut document = TantivyDocument::new();
            for name in &called {
                document.add_text(fields.name, line(&name.pairs));
                document.add_text(fields.sound, line(&name.sounds));
            }
            document.add_text(fields.rest, line(&other));
            writer.add_document(document).map_err(Error::internal)?;
            other.sort_unstable();
            other.dedup();
            names.push(called);
            rests.push(other.into_boxed_slice());
        }
        let index = writer.finalize().map_err(Error::internal)?;
        let reader = if names.is_empty() { None } else { Some(index.reader().map_err(Error::internal)?) };
        begun.settle();
        Ok(Search { reader, fields, names, rest: rests, begun })
    }

    fn gram(&self, field: Field, gram: Gram) -> Box<dyn Query> {
        let term = Term::from_field_text(field, &written(gram));
        Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))
    }

    /// At least half of a word's pairs, in the names or elsewhere.
    fn way(&self, way: &Way) -> Box<dyn Query> {
        let either = |gram: &Gram| -> Box<dyn Query> {
            let in_name =
                Box::new(BoostQuery::new(self.gram(self.fields.name, *gram), NAME_WEIGHT * way.weight));
            let elsewhere = Box::new(BoostQuery::new(self.gram(self.fields.rest, *gram), way.weight));
            Box::new(BooleanQuery::union(vec![in_name, elsewhere]))
        };
        let least = way.pairs.len().div_ceil(2);
        Box::new(BooleanQuery::union_with_minimum_required_clauses(
            way.pairs.iter().map(either).collect(),
            least,
        ))
    }

    fn idea(&self, idea: &Idea) -> Box<dyn Query> {
        let ways = idea.ways.iter().filter(|way| !way.pairs.is_empty());
        Box::new(DisjunctionMaxQuery::new(ways.map(|way| self.way(way)).collect()))
    }

    /// How rare what was asked for is; what no service holds is left out.
    pub(super) fn weigh(&self, asked: &mut Asked<'_>) -> Result<()> {
        let Some(reader) = &self.reader else { return Ok(()) };
        let searcher = reader.searcher();
        let all = float(self.names.len());
        let held = |gram: &Gram| -> Result<f32> {
            let in_field = |field| searcher.doc_freq(&Term::from_field_text(field, &written(*gram)));
            let names = in_field(self.fields.name).map_err(Error::internal)?;
            let rest = in_field(self.fields.rest).map_err(Error::internal)?;
            Ok(float(usize::try_from(names.max(rest)).unwrap_or(usize::MAX)))
        };
        let mut ideas = Vec::new();
        for mut idea in std::mem::take(&mut asked.ideas) {
            let typed = if idea.known { None } else { idea.ways.first().map(|way| way.word.clone()) };
            if let (Some(typed), [only]) = (&typed, idea.ways.as_slice())
                && least_held(only, &held)? == 0.0
            {
                idea.ways = self.begun.alike(typed).into_iter().map(|word| Way::of(word, MISTYPED)).collect();
            }
            let mut rarity = None;
            for way in &idea.ways {
                let least = least_held(way, &held)?;
                if least > 0.0 {
                    let telling = match &typed {
                        None => KNOWN,
                        Some(typed) if way.word == *typed && self.is_by_chance(typed) => BY_CHANCE,
                        Some(_) => 1.0,
                    };
                    rarity = Some(telling * (1.0 + all / (least + 1.0)).ln());
                    break;
                }
            }
            if let Some(rarity) = rarity {
                idea.rarity = rarity;
                ideas.push(idea);
            }
        }
        asked.ideas = ideas;
        Ok(())
    }

    /// Whether names have the letters of a word, but not the word.
    fn is_by_chance(&self, word: &str) -> bool {
        let long = word.chars().nth(2).is_some();
        self.begun.knows(word) == Some(false)
            && !(long && self.names.iter().flatten().any(|name| name.plain.contains(word)))
    }

    /// Services that hold at least half of what was asked for, or the rarest of it, and how many there are.
    pub(super) fn candidates(&self, asked: &Asked<'_>) -> Result<(Vec<Candidate>, usize)> {
        let ideas: Vec<Box<dyn Query>> = asked.ideas.iter().map(|idea| self.idea(idea)).collect();
        if ideas.is_empty() {
            return Ok((Vec::new(), 0));
        }
        let half = ideas.len().div_ceil(2);
        let all = ideas.iter().map(|idea| idea.box_clone()).collect();
        let most: Box<dyn Query> = Box::new(BooleanQuery::union_with_minimum_required_clauses(all, half));
        let rarest = asked.ideas.iter().zip(&ideas).max_by(|a, b| a.0.rarity.total_cmp(&b.0.rarity));
        let rarest = rarest.map(|(_, idea)| idea.box_clone());
        let found = self.run(&BooleanQuery::union(rarest.into_iter().chain([most]).collect()))?;
        // Few hold half of a long sentence: then any of its ideas will do.
        if found.1 < FEW && half > 1 { self.run(&BooleanQuery::union(ideas)) } else { Ok(found) }
    }

    /// Services whose names are written much like it: for slips of the finger.
    pub(super) fn alike(&self, asked: &Asked<'_>) -> Result<(Vec<Candidate>, usize)> {
        let sounds = grams(&jamo(&asked.whole), 3);
        if sounds.is_empty() {
            return Ok((Vec::new(), 0));
        }
        let least = sounds.len().div_ceil(2);
        let each = sounds.iter().map(|gram| self.gram(self.fields.sound, *gram)).collect();
        self.run(&BooleanQuery::union_with_minimum_required_clauses(each, least))
    }

    fn run(&self, query: &dyn Query) -> Result<(Vec<Candidate>, usize)> {
        let Some(reader) = &self.reader else { return Ok((Vec::new(), 0)) };
        let best = TopDocs::with_limit(CANDIDATES).order_by_score();
        let (found, total): (Vec<(Score, DocAddress)>, usize) =
            reader.searcher().search(query, &(best, Count)).map_err(Error::internal)?;
        // One segment, in the order in which the services were added.
        let candidate = |(score, at): (Score, DocAddress)| {
            Some(Candidate { place: usize::try_from(at.doc_id).ok()?, score })
        };
        Ok((found.into_iter().filter_map(candidate).collect(), total))
    }
}
