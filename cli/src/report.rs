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
pub mod standing;
pub(crate) mod text;

use std::collections::BTreeMap;

use engine::check::Outcome;
use jiff::Timestamp;
use rotation::drift::Demand;
use rotation::finding::{FindingCode, Severity};

use self::entry::{AccountEntry, DemandEntry, Summary, UnscannedEntry};
use self::merged::{Merged, MergedHole};
use self::standing::Tally;

/// The version of the report's form.
pub const FORMAT_VERSION: u32 = 1;

/// Everything that was concluded about a scope.
#[derive(Debug)]
pub struct Report<'a> {
    source: Source<'a>,
    demand: DemandEntry,
    fail_on: Severity,
    summary: Summary,
    tally: Tally,
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
    /// Makes the report of an outcome that was judged by the demand; breaches below `fail_on` are
    /// told and do not count.
    pub fn new(outcome: &'a Outcome, demand: &Demand, fail_on: Severity) -> Self {
        Self::of(Source::Outcome(outcome), DemandEntry::from(demand), fail_on)
    }

    /// Makes one report of several.
    pub(crate) fn merged(merged: &'a Merged, fail_on: Severity) -> Self {
        Self::of(Source::Merged(merged), merged.demand.clone(), fail_on)
    }

    fn of(source: Source<'a>, demand: DemandEntry, fail_on: Severity) -> Self {
        let mut report = Self {
            source,
            demand,
            fail_on,
            summary: Summary::default(),
            tally: Tally::default(),
        };
        report.summary.unscanned = report.unscanned().len();
        for account in report.accounts() {
            report.summary.count(account.verdict);
            report.tally.count(&account);
        }
        report
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

    /// Says in a sentence what was demanded, with the limit in the given words.
    pub(crate) fn rule(&self, limit: &str) -> String {
        standing::rule(self.demand.profile, limit)
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
    pub fn accounts(&self) -> Box<dyn ExactSizeIterator<Item = AccountEntry<'a>> + 'a> {
        let (profile, fail_on) = (self.demand.profile, self.fail_on);
        match self.source {
            Source::Outcome(outcome) => {
                let accounts = outcome.accounts.iter().map(AccountEntry::from);
                Box::new(accounts.map(move |account| account.weighed(profile, fail_on)))
            }
            Source::Merged(merged) => {
                let accounts = merged.accounts.iter().cloned();
                Box::new(accounts.map(move |account| account.weighed(profile, fail_on)))
            }
        }
    }

    /// Gives the account at a place of that order.
    pub(crate) fn account(&self, place: usize) -> Option<AccountEntry<'a>> {
        let account = match self.source {
            Source::Outcome(outcome) => outcome.accounts.get(place).map(AccountEntry::from),
            Source::Merged(merged) => merged.accounts.get(place).cloned(),
        };
        Some(account?.weighed(self.demand.profile, self.fail_on))
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
