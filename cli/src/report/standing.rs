//! What counts in the end: an account's verdict and findings, less what somebody took responsibility
//! for and what is milder than was asked about. The exit code follows the same rule.

use engine::check::Outcome;
use rotation::drift::{Assessment, Proof};
use rotation::finding::Severity;
use rotation::profile::Profile;
use rotation::standing::Standing;
use serde::Serialize;

/// What counts against an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountStanding {
    /// Nothing does.
    Passes,
    /// Something about it is not known.
    Unproven,
    /// It is proven to break the rule.
    Breaks,
}

impl AccountStanding {
    pub(super) fn of(assessment: &Assessment, profile: Profile, fail_on: Severity) -> Self {
        let mut standing = Standing::default();
        standing.count(assessment, profile, fail_on);
        match (standing.broken, standing.unproven) {
            (0, 0) => Self::Passes,
            (0, _) => Self::Unproven,
            _ => Self::Breaks,
        }
    }

    /// Gives the word that reports use.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Passes => "passes",
            Self::Unproven => "unproven",
            Self::Breaks => "breaks",
        }
    }
}

/// Tells whether something would count if nobody had taken responsibility for it.
pub(super) fn is_waived(assessment: &Assessment, profile: Profile) -> bool {
    assessment
        .findings
        .iter()
        .any(|finding| finding.waiver.is_some() && finding.code.proof(profile) != Proof::Kept)
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
    pub(super) fn of(outcome: &Outcome, fail_on: Severity) -> Self {
        let mut tally = Self::default();
        for account in outcome.accounts.iter() {
            let standing = AccountStanding::of(&account.assessment, outcome.profile, fail_on);
            match standing {
                AccountStanding::Breaks => tally.breaks += 1,
                AccountStanding::Unproven => tally.unproven += 1,
                AccountStanding::Passes => {
                    tally.passes += 1;
                    tally.waived += usize::from(is_waived(&account.assessment, outcome.profile));
                }
            }
        }
        tally
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
