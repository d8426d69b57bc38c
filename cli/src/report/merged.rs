//! Reports that were written earlier, read back and put together: one report of all shares.
//!
//! Nothing is judged anew. What one of the reports could not examine, and a share of which there is
//! no report, stay holes.

mod wire;

use std::collections::BTreeSet;

use jiff::Timestamp;
use rotation::finding::{FindingCode, Severity};
use rotation::standing::{Standing, Weight};

use super::entry::{AccountEntry, DemandEntry, UnscannedEntry};

/// One report of several.
#[derive(Debug)]
pub(crate) struct Merged {
    pub(crate) as_of: Timestamp,
    pub(crate) demand: DemandEntry,
    pub(crate) scope: Vec<String>,
    pub(crate) accounts: Vec<AccountEntry<'static>>,
    pub(crate) unscanned: Vec<MergedHole>,
}

/// A part of the scope that was not examined.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MergedHole {
    code: FindingCode,
    scope: String,
    reason: String,
}

/// A text that is no report, or no report of the same check.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MergeError {
    #[error("it is no report of `keyrotation check` as JSON: {reason}")]
    Form { reason: String },
    #[error("its format version is {0}, and this program reads version 1")]
    Version(u32),
    #[error("it demands something else of the keys than the first report")]
    Demand,
    #[error("there is no report to merge")]
    Nothing,
}

impl Merged {
    /// Reads one report.
    ///
    /// # Errors
    /// A text that is no report of this version.
    pub(crate) fn read(text: &str) -> Result<Self, MergeError> {
        wire::read(text)
    }

    /// Puts reports of one check together; the earliest moment is the one that all are true of.
    ///
    /// # Errors
    /// Reports that hold accounts to different rules.
    pub(crate) fn of(reports: Vec<Self>) -> Result<Self, MergeError> {
        let missing = missing_shares(&reports);
        let mut reports = reports.into_iter();
        let mut all = reports.next().ok_or(MergeError::Nothing)?;
        for report in reports {
            if report.demand != all.demand {
                return Err(MergeError::Demand);
            }
            all.as_of = all.as_of.min(report.as_of);
            all.scope.extend(report.scope);
            all.accounts.extend(report.accounts);
            all.unscanned.extend(report.unscanned);
        }
        all.scope.retain(|words| share(words).is_none());
        all.scope.sort();
        all.scope.dedup();
        // Of two verdicts about one account the worse one stays.
        let letters = |account: &AccountEntry<'_>| account.id.to_ascii_lowercase();
        all.accounts
            .sort_by_cached_key(|account| (letters(account), std::cmp::Reverse(account.verdict)));
        all.accounts.dedup_by(|a, b| letters(a) == letters(b));
        all.unscanned.extend(missing);
        all.unscanned.sort();
        all.unscanned.dedup();
        Ok(all)
    }

    /// Counts what stands against a pass.
    pub(crate) fn standing(&self, fail_on: Severity) -> Standing {
        let mut standing = Standing {
            holes: self.unscanned.len(),
            ..Standing::default()
        };
        for account in &self.accounts {
            let findings = account.findings.iter();
            let weights: Vec<_> = findings
                .map(|finding| Weight {
                    code: finding.code,
                    severity: finding.severity,
                    is_waived: finding.waiver.is_some(),
                })
                .collect();
            standing.count_weights(account.verdict, &weights, self.demand.profile, fail_on);
        }
        standing
    }
}

impl MergedHole {
    /// Gives it as reports show it.
    pub(crate) fn entry(&self) -> UnscannedEntry<'_> {
        let explanation = self.code.explanation();
        UnscannedEntry {
            scope: &self.scope,
            reason: self.reason.clone(),
            code: self.code,
            severity: explanation.severity,
            remediation: explanation.remediation,
        }
    }
}

/// Finds the shares that a report says there are and that no report is of.
fn missing_shares(reports: &[Merged]) -> Vec<MergedHole> {
    let words = reports.iter().flat_map(|report| &report.scope);
    let given: BTreeSet<(u32, u32)> = words.filter_map(|words| share(words)).collect();
    let totals: BTreeSet<u32> = given.iter().map(|(_, of)| *of).collect();
    let wanted = totals
        .into_iter()
        .flat_map(|of| (1..=of).map(move |number| (number, of)));
    wanted
        .filter(|one| !given.contains(one))
        .map(|(number, of)| MergedHole {
            code: FindingCode::ScopeUnreadable,
            scope: format!("shard {number}/{of}"),
            reason: "no report of this share was given".to_owned(),
        })
        .collect()
}

/// Reads `shard 1/4` out of the words of a scope.
fn share(words: &str) -> Option<(u32, u32)> {
    let (number, of) = words.strip_prefix("shard ")?.split_once('/')?;
    Some((number.parse().ok()?, of.parse().ok()?))
}

#[cfg(test)]
mod tests;
