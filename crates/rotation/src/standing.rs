//! Where a whole check stands: how many accounts were judged, and what counts against the pass.
//!
//! Waived findings do not count, and neither do breaches below the severity that was asked for. What
//! nobody knows counts unless somebody took responsibility for exactly that.

use crate::drift::{Assessment, Proof};
use crate::finding::Severity;
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

impl Standing {
    /// Counts one account.
    pub fn count(&mut self, assessment: &Assessment, profile: Profile, fail_on: Severity) {
        self.judged += 1;
        let found = |proof| {
            let mut of_kind = assessment
                .findings
                .iter()
                .filter(move |finding| finding.code.proof(profile) == proof)
                .peekable();
            let any = of_kind.peek().is_some();
            let counts = of_kind.any(|finding| {
                let weighs = proof == Proof::Missing || finding.severity >= fail_on;
                finding.waiver.is_none() && weighs
            });
            // A verdict that no finding explains cannot have been waived.
            counts || (!any && assessment.verdict.proof() == proof)
        };
        self.broken += usize::from(found(Proof::Broken));
        self.unproven += usize::from(found(Proof::Missing));
    }
}
