//! The accounts of a check and what is concluded about them.
//!
//! What is concluded is not kept but concluded anew whenever somebody looks, which takes a moment and
//! is always the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use azure::id::StorageAccountId;
use jiff::Timestamp;
use rotation::drift::{Assessment, Demand, assess};
use rotation::observation::Observation;
use rotation::waiver;

use super::rows::Rows;
use super::waivers::Waivers;
use crate::observe::SeenAccount;

/// What accounts are judged by.
#[derive(Clone, Debug)]
pub struct Measure {
    /// What is demanded.
    pub demand: Demand,
    /// What somebody has taken responsibility for.
    pub waivers: Waivers,
    /// The moment that the conclusions are about.
    pub now: Timestamp,
}

/// The accounts of a check, ordered by id.
#[derive(Debug)]
pub struct Accounts {
    rows: Rows,
    measure: Measure,
}

/// One account: what was seen, and what is concluded from it.
#[derive(Clone, Debug)]
pub struct CheckedAccount {
    /// Which account it is.
    pub id: StorageAccountId,
    /// The region it is in.
    pub location: Arc<str>,
    /// Its tags.
    pub tags: Arc<BTreeMap<String, String>>,
    /// What was seen.
    pub observation: Observation,
    /// What is concluded.
    pub assessment: Assessment,
}

impl Accounts {
    /// Judges what was seen.
    pub fn judged(seen: impl IntoIterator<Item = SeenAccount>, measure: Measure) -> Self {
        let mut rows = Rows::default();
        seen.into_iter().for_each(|account| rows.push(account));
        rows.sort();
        Self::of_rows(rows, measure)
    }

    pub(super) fn of_rows(rows: Rows, measure: Measure) -> Self {
        Self { rows, measure }
    }

    /// Counts them.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Tells whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Gives one after the other, in the order of their ids; each is made as it is asked for.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = CheckedAccount> + '_ {
        self.rows.iter().map(|seen| self.measure.judge(seen))
    }

    /// Gives the account at a place of that order.
    pub fn get(&self, place: usize) -> Option<CheckedAccount> {
        self.rows.get(place).map(|seen| self.measure.judge(seen))
    }
}

impl Measure {
    fn judge(&self, seen: SeenAccount) -> CheckedAccount {
        let mut assessment = assess(&seen.observation, &self.demand, self.now);
        let claimed = self.waivers.of(&seen.id, &seen.tags);
        waiver::apply(&mut assessment, &claimed, self.demand.profile, self.now);
        CheckedAccount {
            id: seen.id,
            location: seen.location,
            tags: seen.tags,
            observation: seen.observation,
            assessment,
        }
    }
}

#[cfg(test)]
mod tests;
