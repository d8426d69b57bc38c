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
mod ocsf;
mod prometheus;
mod sarif;
pub mod standing;
pub(crate) mod text;

use std::collections::BTreeMap;

use engine::check::Outcome;
use jiff::Timestamp;
use rotation::drift::Demand;
use rotation::finding::{FindingCode, Severity};

use self::entry::{AccountEntry, DemandEntry, Summary, UnscannedEntry};
use self::standing::Tally;

/// The version of the report's form.
pub const FORMAT_VERSION: u32 = 1;

/// Everything that was concluded about a scope.
#[derive(Debug)]
pub struct Report<'a> {
    outcome: &'a Outcome,
    demand: &'a Demand,
    fail_on: Severity,
    summary: Summary,
    tally: Tally,
}

impl<'a> Report<'a> {
    /// Makes the report of an outcome that was judged by the demand; breaches below `fail_on` are
    /// told and do not count.
    pub fn new(outcome: &'a Outcome, demand: &'a Demand, fail_on: Severity) -> Self {
        Self {
            outcome,
            demand,
            fail_on,
            summary: Summary::from(outcome),
            tally: Tally::of(outcome, fail_on),
        }
    }

    /// Gives the moment the report is about.
    pub fn as_of(&self) -> Timestamp {
        self.outcome.as_of
    }

    /// Tells whether the whole scope was examined.
    pub fn is_complete(&self) -> bool {
        self.summary.unscanned == 0
    }

    /// Says what was demanded of every key.
    pub fn demand(&self) -> DemandEntry {
        DemandEntry::from(self.demand)
    }

    /// Says what was looked at, one piece of the scope after the other.
    pub fn scope(&self) -> &'a [String] {
        &self.outcome.scope
    }

    /// Says in a sentence what was demanded, with the limit in the given words.
    pub(crate) fn rule(&self, limit: &str) -> String {
        standing::rule(self.outcome.profile, limit)
    }

    /// Counts what the accounts come to in the end.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Counts the verdicts.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Gives the accounts, ordered by id.
    pub fn accounts(&self) -> impl ExactSizeIterator<Item = AccountEntry<'a>> + use<'a> {
        let (profile, fail_on) = (self.outcome.profile, self.fail_on);
        let accounts = self.outcome.accounts.iter();
        accounts.map(move |account| AccountEntry::of(account, profile, fail_on))
    }

    /// Gives the account at a place of that order.
    pub(crate) fn account(&self, place: usize) -> Option<AccountEntry<'a>> {
        let account = self.outcome.accounts.get(place)?;
        Some(AccountEntry::of(
            account,
            self.outcome.profile,
            self.fail_on,
        ))
    }

    /// Gives the parts of the scope that were not examined.
    pub fn unscanned(&self) -> impl ExactSizeIterator<Item = UnscannedEntry<'a>> + use<'a> {
        self.outcome.holes.iter().map(UnscannedEntry::from)
    }

    /// Counts the findings and holes of each kind, the most pressing kind first.
    pub(crate) fn codes(&self) -> BTreeMap<FindingCode, usize> {
        let found = self.outcome.accounts.iter();
        let found = found.flat_map(|account| account.assessment.findings);
        let found = found.map(|finding| finding.code);
        let mut counts = BTreeMap::new();
        for code in found.chain(self.outcome.holes.iter().map(|hole| hole.code)) {
            *counts.entry(code).or_default() += 1;
        }
        counts
    }
}

#[cfg(test)]
mod tests;
