//! The made population of a country, by what its pack says.

use maru_definition::Pack;
use maru_kernel::{Date, Error, Result, Won};
use maru_population::{Fault, Marginals, NAMES, Population};
use maru_rules::{Facts, Value};

fn told(fault: Fault) -> Error {
    Error::internal(fault)
}

pub fn marginals(pack: &Pack) -> Result<Marginals> {
    let (areas, assumptions) =
        pack.population().ok_or_else(|| Error::internal("the pack has no folder population"))?;
    Marginals::parse(areas, assumptions).map_err(told)
}

/// A population by the marginals and the standard median incomes of a pack.
pub fn of(pack: &Pack, persons: u64, seed: u64, on: Date) -> Result<Population> {
    let medians = match pack.parameters.at("기준중위소득", on) {
        Some(Value::List(values)) => values
            .iter()
            .filter_map(|value| match value {
                Value::Number(n) => n.to_i64().map(Won),
                _ => None,
            })
            .collect(),
        _ => {
            return Err(Error::Internal(format!(
                "no 기준중위소득 is in force on {on}; name a day for which packs/kr/parameters.toml has one"
            )));
        }
    };
    let medians: Vec<Won> = medians;
    Population::new(&marginals(pack)?, persons, seed, on, &medians).map_err(told)
}

/// Every so manyeth person of a population, with all facts.
pub fn every(population: &Population, step: usize) -> Result<Vec<Facts>> {
    let (mut found, mut next) = (Vec::new(), 0);
    for number in 0..population.blocks() {
        let block = population.block(number).ok_or_else(|| Error::internal(format!("no block {number}")))?;
        let columns = block.columns(NAMES.iter().copied());
        while next < block.len() {
            found.push(columns.facts(next));
            next += step;
        }
        next -= block.len();
    }
    Ok(found)
}
