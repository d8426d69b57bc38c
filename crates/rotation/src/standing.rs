//! Where a whole check stands: how many accounts were judged, and what counts against the pass.
//!
//! Waived findings do not count, and neither do breaches below the severity that was asked for. What
//! nobody knows counts unless somebody took responsibility for exactly that.

use crate::drift::{Assessment, Proof, Verdict};
use crate::finding::{Finding, FindingCode, Severity};
use crate::profile::Profile;

/// What counts, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The accounts that were judged.
    pub judged: usize,
    /// The accounts that are proven to break the rule.
    pub broken: usize,
    /// The accounts of which nobody can tell.
    pub unproven: usize,
    /// The parts of the scope that were not examined.
    pub holes: usize,
    /// The accounts that other shares of the scope look at.
    pub left_to_others: usize,
}

/// A finding, as far as it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    /// What kind of statement it is.
    pub code: FindingCode,
    /// How much it matters under the profile.
    pub severity: Severity,
    /// Whether somebody has taken responsibility for it.
    pub is_waived: bool,
}

impl From<&Finding> for Weight {
    fn from(finding: &Finding) -> Self {
        Self {
            code: finding.code,
            severity: finding.severity,
            is_waived: finding.waiver.is_some(),
        }
    }
}

impl Standing {
    /// Counts one account.
    pub fn count(&mut self, assessment: &Assessment, profile: Profile, fail_on: Severity) {
        let weights: Vec<_> = assessment.findings.iter().map(Weight::from).collect();
        self.count_weights(assessment.verdict, &weights, profile, fail_on);
    }

    /// Counts one account of which no more is known than its verdict and what its findings weigh.
    pub fn count_weights(
        &mut self,
        verdict: Verdict,
        weights: &[Weight],
        profile: Profile,
        fail_on: Severity,
    ) {
        let found = |proof| {
            let of_kind = weights
                .iter()
                .filter(|one| one.code.proof(profile) == proof);
            let counts = of_kind.clone().any(|one| {
                let weighs = proof == Proof::Missing || one.severity >= fail_on;
                !one.is_waived && weighs
            });
            // A verdict that no finding explains cannot have been waived.
            counts || (of_kind.count() == 0 && verdict.proof() == proof)
        };
        self.judged += 1;
        self.broken += usize::from(found(Proof::Broken));
        self.unproven += usize::from(found(Proof::Missing));
    }
}
