//! What is worked out of a block, once and only if a rule asks: columns of facts, and lets that several services have in common; those that
//! stand on facts of households alone are worked out once a household.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
    sync::Arc,
};

use maru_definition::Service;
use maru_kernel::Date;
use maru_population::Block;
use maru_rules::{Column, Crowd, Meaning, Parameters};

/// The lets that more than one service has.
pub struct Shared {
    by_meaning: HashMap<Meaning, Let>,
    on: Date,
}

struct Let {
    service: Arc<Service>,
    of_household: bool,
}

impl Shared {
    pub fn of(services: impl Iterator<Item = Arc<Service>>, on: Date) -> Shared {
        let (mut once, mut by_meaning) = (HashSet::new(), HashMap::new());
        for service in services {
            for (meaning, facts) in service.rules.meanings() {
                if !once.insert(meaning.clone()) && !by_meaning.contains_key(meaning) {
                    let asked = facts.iter().filter(|name| !name.starts_with("매개."));
                    let of_household = asked.map(String::as_str).all(Block::is_of_household);
                    let found = Let { service: Arc::clone(&service), of_household };
                    by_meaning.insert(meaning.clone(), found);
                }
            }
        }
        Shared { by_meaning, on }
    }
}

/// A block, a lane a person.
pub struct Lazy<'a> {
    block: &'a Block,
    made: RefCell<HashMap<String, Option<Column>>>,
    lets: RefCell<HashMap<Meaning, Option<Column>>>,
    houses: Houses<'a>,
}

/// The same block, a lane a household.
struct Houses<'a> {
    block: &'a Block,
    shared: &'a Shared,
    parameters: &'a Parameters,
    heads: Vec<u32>,
    made: RefCell<HashMap<String, Option<Column>>>,
    lets: RefCell<HashMap<Meaning, Option<Column>>>,
}

/// Made when it is asked for first.
fn once(
    made: &RefCell<HashMap<String, Option<Column>>>,
    name: &str,
    make: impl Fn() -> Option<Column>,
) -> Option<Column> {
    if let Some(column) = made.borrow().get(name) {
        return column.clone();
    }
    let column = make();
    made.borrow_mut().insert(name.to_owned(), column.clone());
    column
}

/// The same of a let. While it is worked out it is not there, so that it does not wait for itself.
fn once_let(
    lets: &RefCell<HashMap<Meaning, Option<Column>>>,
    meaning: &Meaning,
    work: impl Fn() -> Option<Column>,
) -> Option<Column> {
    if let Some(column) = lets.borrow().get(meaning) {
        return column.clone();
    }
    lets.borrow_mut().insert(meaning.clone(), None);
    let column = work();
    lets.borrow_mut().insert(meaning.clone(), column.clone());
    column
}

impl<'a> Lazy<'a> {
    pub fn of(block: &'a Block, shared: &'a Shared, parameters: &'a Parameters) -> Lazy<'a> {
        let heads = block.starts().iter().copied().take(block.households()).collect();
        let (made, lets) = (RefCell::default(), RefCell::default());
        let houses = Houses { block, shared, parameters, heads, made, lets };
        Lazy { block, made: RefCell::default(), lets: RefCell::default(), houses }
    }
}

impl Crowd for Lazy<'_> {
    fn lanes(&self) -> usize {
        self.block.len()
    }

    fn column(&self, name: &str) -> Option<Column> {
        once(&self.made, name, || self.block.column(name))
    }

    fn column_of(&self, name: &str, lanes: &[u32]) -> Option<Column> {
        // where few are left, making it for them alone is less than making it for all once
        if lanes.len() * 4 < self.block.len() && !self.made.borrow().contains_key(name) {
            return self.block.column_of(name, lanes);
        }
        self.column(name).map(|column| column.take(lanes))
    }

    fn shared(&self, meaning: &Meaning) -> Option<Column> {
        let found = self.houses.shared.by_meaning.get(meaning)?;
        let Houses { shared, parameters, .. } = &self.houses;
        once_let(&self.lets, meaning, || {
            if found.of_household {
                return self.houses.shared(meaning).map(|column| column.take(self.block.houses()));
            }
            found.service.rules.let_of_many(meaning, self, parameters, shared.on).ok().flatten()
        })
    }
}

impl Crowd for Houses<'_> {
    fn lanes(&self) -> usize {
        self.heads.len()
    }

    fn column(&self, name: &str) -> Option<Column> {
        once(&self.made, name, || self.block.column_of(name, &self.heads))
    }

    fn shared(&self, meaning: &Meaning) -> Option<Column> {
        let found = self.shared.by_meaning.get(meaning).filter(|found| found.of_household)?;
        once_let(&self.lets, meaning, || {
            found.service.rules.let_of_many(meaning, self, self.parameters, self.shared.on).ok().flatten()
        })
    }
}
