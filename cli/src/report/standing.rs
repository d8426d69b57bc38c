//! What counts in the end: an account's verdict and findings, less what somebody took responsibility
//! for and what is milder than was asked about. The exit code follows the same rule.

use rotation::drift::Proof;
use rotation::finding::Severity;
use rotation::profile::Profile;
use rotation::standing::{Standing, Weight};
use serde::Serialize;

use super::entry::AccountEntry;

/// What counts against an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountStanding {
    /// Nothing does.
    Passes,
    /// Something about it is not known; also as long as nobody has looked.
    #[default]
    Unproven,
    /// It is proven to break the rule.
    Breaks,
}

impl AccountStanding {
    /// Gives the word that reports use.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Passes => "passes",
            Self::Unproven => "unproven",
            Self::Breaks => "breaks",
        }
    }
}

/// Says what counts against the account, and whether it passes by nothing but a waiver.
pub(super) fn weigh(
    account: &AccountEntry<'_>,
    profile: Profile,
    fail_on: Severity,
) -> (AccountStanding, bool) {
    let weights = account.findings.iter().map(|finding| Weight {
        code: finding.code,
        severity: finding.severity,
        is_waived: finding.waiver.is_some(),
    });
    let weights: Vec<_> = weights.collect();
    let mut standing = Standing::default();
    standing.count_weights(account.verdict, &weights, profile, fail_on);
    match (standing.broken, standing.unproven) {
        (0, 0) => {
            let mut weights = weights.iter();
            let is_waived =
                weights.any(|one| one.is_waived && one.code.proof(profile) != Proof::Kept);
            (AccountStanding::Passes, is_waived)
        }
        (0, _) => (AccountStanding::Unproven, false),
        _ => (AccountStanding::Breaks, false),
    }
}

/// How many accounts stand how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Accounts that are proven to break the rule.
    pub breaks: usize,
    /// Accounts of which something is not known.
    pub unproven: usize,
    /// Accounts that nothing counts against.
    pub passes: usize,
    /// Those of them that pass only by a waiver.
    pub waived: usize,
}

impl Tally {
    pub(super) fn count(&mut self, account: &AccountEntry<'_>) {
        match account.standing {
            AccountStanding::Breaks => self.breaks += 1,
            AccountStanding::Unproven => self.unproven += 1,
            AccountStanding::Passes => {
                self.passes += 1;
                self.waived += usize::from(account.is_waived);
            }
        }
    }
}

/// Says in a sentence what is demanded.
pub(super) fn rule(profile: Profile, limit: &str) -> String {
    match profile {
        Profile::Keys => format!("no key may be older than {limit}"),
        Profile::Conformity002 => {
            format!("some key must have been regenerated within {limit} (rule StorageAccounts-002)")
        }
        Profile::Cis => format!(
            "no key may be older than {limit}, a reminder must be set, and keys be refused where \
             they are not needed (CIS)"
        ),
        Profile::Entra => format!(
            "no key may be older than {limit}, and keys are refused wherever nothing needs them"
        ),
    }
}
