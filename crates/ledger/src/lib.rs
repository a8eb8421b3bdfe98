//! An append-only chain of salted commitments.

use sha2::{Digest, Sha256};

pub type Hash = [u8; 32];

/// What stands before the first link.
pub const START: Hash = [0; 32];

/// Hides an entry and binds to it.
pub fn commit(salt: &[u8; 32], entry: &[u8]) -> Hash {
    Sha256::new().chain_update(b"maru-entry").chain_update(salt).chain_update(entry).finalize().into()
}

/// One place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Counted from 1 without gaps.
    pub place: u64,
    pub commitment: Hash,
    /// Binds this link to all before it.
    pub chain: Hash,
}

/// The link that follows.
pub fn extend(place_before: u64, chain_before: &Hash, commitment: Hash) -> Link {
    let place = place_before.saturating_add(1);
    let chain = Sha256::new()
        .chain_update(b"maru-link")
        .chain_update(chain_before)
        .chain_update(place.to_be_bytes())
        .chain_update(commitment)
        .finalize()
        .into();
    Link { place, commitment, chain }
}

/// The place where a chain stops being one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    pub place: u64,
}

/// Walks the whole chain; answers its last place and value.
pub fn verify<'a>(links: impl IntoIterator<Item = &'a Link>) -> Result<(u64, Hash), Broken> {
    follow((0, START), links)
}

/// Walks on from a place and its value, as [`verify`] does from the start: a long chain is walked piece by piece.
pub fn follow<'a>(
    (mut place, mut chain): (u64, Hash),
    links: impl IntoIterator<Item = &'a Link>,
) -> Result<(u64, Hash), Broken> {
    for link in links {
        let right = extend(place, &chain, link.commitment);
        if *link != right {
            return Err(Broken { place: right.place });
        }
        (place, chain) = (right.place, right.chain);
    }
    Ok((place, chain))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chain(entries: &[Vec<u8>]) -> Vec<Link> {
        let mut links: Vec<Link> = Vec::new();
        for (i, entry) in entries.iter().enumerate() {
            let salt = [u8::try_from(i % 256).unwrap(); 32];
            let (place, before) = links.last().map_or((0, START), |l| (l.place, l.chain));
            links.push(extend(place, &before, commit(&salt, entry)));
        }
        links
    }

    proptest! {
        #[test]
        fn every_change_is_found(entries in proptest::collection::vec(any::<Vec<u8>>(), 2..40), at in any::<prop::sample::Index>(), how in 0..4) {
            let good = chain(&entries);
            prop_assert_eq!(verify(&good), Ok((u64::try_from(good.len()).unwrap(), good.last().unwrap().chain)));
            let mut bad = good.clone();
            let i = at.index(bad.len() - 1);
            match how {
                0 => { bad.remove(i); }
                1 => bad[i].commitment[7] ^= 1,
                2 => bad.swap(i, i + 1),
                _ => bad.insert(i, good[i + 1].clone()),
            }
            prop_assert!(verify(&bad).is_err());
        }
    }

    #[test]
    fn a_commitment_needs_its_salt() {
        assert_ne!(commit(&[1; 32], b"same"), commit(&[2; 32], b"same"));
        assert_eq!(verify([]), Ok((0, START)));
    }
}
