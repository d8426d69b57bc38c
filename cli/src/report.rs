//! The report of `check`: what was concluded, as every format reads it.
//!
//! A [`Report`] borrows the outcome and makes its entries one at a time, so that a large scope is
//! never held twice. What an entry says is settled in [`entry`]; how it looks is the matter of one
//! module per format, each of which writes the entries as they come.

mod annotations;
mod csv;
pub(crate) mod delivery;
pub mod entry;
pub(crate) mod format;
mod html;
pub(crate) mod human;
mod json;
mod jsonl;
mod junit;
mod markdown;
pub(crate) mod merged;
mod ocsf;
mod prometheus;
mod sarif;
mod text;

use std::collections::BTreeMap;

use engine::check::Outcome;
use jiff::Timestamp;
use rotation::drift::Demand;
use rotation::finding::FindingCode;

use self::entry::{AccountEntry, DemandEntry, Summary, UnscannedEntry};
use self::merged::{Merged, MergedHole};

/// The version of the report's form.
pub const FORMAT_VERSION: u32 = 1;

/// Everything that was concluded about a scope.
#[derive(Debug)]
pub struct Report<'a> {
    source: Source<'a>,
    demand: DemandEntry,
    summary: Summary,
}

/// Where the entries come from.
#[derive(Clone, Copy, Debug)]
enum Source<'a> {
    /// A check that has just been made.
    Outcome(&'a Outcome),
    /// Reports that were written earlier.
    Merged(&'a Merged),
}

impl<'a> Report<'a> {
    /// Makes the report of an outcome that was judged by the demand.
    pub fn new(outcome: &'a Outcome, demand: &'a Demand) -> Self {
        let accounts = outcome.accounts.iter();
        let verdicts = accounts.map(|account| account.assessment.verdict);
        Self {
            source: Source::Outcome(outcome),
            demand: DemandEntry::from(demand),
            summary: Summary::of(verdicts, outcome.holes.len()),
        }
    }

    /// Makes one report of several.
    pub(crate) fn merged(merged: &'a Merged) -> Self {
        let verdicts = merged.accounts.iter().map(|account| account.verdict);
        Self {
            source: Source::Merged(merged),
            demand: merged.demand.clone(),
            summary: Summary::of(verdicts, merged.unscanned.len()),
        }
    }

    /// Gives the moment the report is about.
    pub fn as_of(&self) -> Timestamp {
        match self.source {
            Source::Outcome(outcome) => outcome.as_of,
            Source::Merged(merged) => merged.as_of,
        }
    }

    /// Tells whether the whole scope was examined.
    pub fn is_complete(&self) -> bool {
        self.summary.unscanned == 0
    }

    /// Says what was demanded of every key.
    pub fn demand(&self) -> DemandEntry {
        self.demand.clone()
    }

    /// Says what was looked at, one piece of the scope after the other.
    pub fn scope(&self) -> &'a [String] {
        match self.source {
            Source::Outcome(outcome) => &outcome.scope,
            Source::Merged(merged) => &merged.scope,
        }
    }

    /// Counts the verdicts.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Gives the accounts, ordered by id.
    pub fn accounts(&self) -> Box<dyn ExactSizeIterator<Item = AccountEntry<'a>> + 'a> {
        match self.source {
            Source::Outcome(outcome) => Box::new(outcome.accounts.iter().map(Into::into)),
            Source::Merged(merged) => Box::new(merged.accounts.iter().cloned()),
        }
    }

    /// Gives the account at a place of that order.
    pub(crate) fn account(&self, place: usize) -> Option<AccountEntry<'a>> {
        match self.source {
            Source::Outcome(outcome) => outcome.accounts.get(place).map(Into::into),
            Source::Merged(merged) => merged.accounts.get(place).cloned(),
        }
    }

    /// Gives the parts of the scope that were not examined.
    pub fn unscanned(&self) -> Box<dyn ExactSizeIterator<Item = UnscannedEntry<'a>> + 'a> {
        match self.source {
            Source::Outcome(outcome) => Box::new(outcome.holes.iter().map(UnscannedEntry::from)),
            Source::Merged(merged) => Box::new(merged.unscanned.iter().map(MergedHole::entry)),
        }
    }

    /// Counts the findings and holes of each kind, the most pressing kind first.
    pub(crate) fn codes(&self) -> BTreeMap<FindingCode, usize> {
        let found = self.accounts().flat_map(|account| account.findings);
        let found = found.map(|finding| finding.code);
        let mut counts = BTreeMap::new();
        for code in found.chain(self.unscanned().map(|hole| hole.code)) {
            *counts.entry(code).or_default() += 1;
        }
        counts
    }
}

#[cfg(test)]
mod tests;
