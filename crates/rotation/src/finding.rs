//! Every statement that a report can make: its kind, its weight, and whether it breaks the rule.
//!
//! The texts are in `finding::table`, the one source of severities, risks and remediations: reports,
//! explanations and the manual read it. When a finding applies, and what it says about the account
//! in question, is decided in [`crate::drift`] or by whoever met the hole.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::drift::Proof;
use crate::profile::Profile;
use crate::waiver::Waiver;

mod table;

/// How much a finding matters, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing to do.
    Info,
    /// Worth tidying up.
    Low,
    /// Will become a breach, or hides one.
    Medium,
    /// The demand is broken, or cannot be shown to be kept.
    High,
}

impl Severity {
    /// Lists all severities, the least first.
    pub const ALL: [Self; 4] = [Self::Info, Self::Low, Self::Medium, Self::High];

    /// Gives the word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Severity {
    type Err = UnknownSeverity;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownSeverity(text.to_owned()))
    }
}

/// The text names no severity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no severity; there are `info`, `low`, `medium` and `high`")]
pub struct UnknownSeverity(String);

/// One statement about one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of statement it is.
    pub code: FindingCode,
    /// How much it matters under the profile of the check.
    pub severity: Severity,
    /// What was found, in a sentence without a full stop.
    pub message: String,
    /// Who has taken responsibility for it, if anybody has: then it no longer counts.
    pub waiver: Option<Arc<Waiver>>,
}

impl Finding {
    /// Makes a statement that nobody has waived.
    pub fn new(code: FindingCode, profile: Profile, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity_in(profile),
            message: message.into(),
            waiver: None,
        }
    }
}

/// The kind of a statement. The names of these are part of the report's contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingCode {
    /// A key is older than is allowed.
    KeyOverdue,
    /// No key was regenerated for longer than is allowed.
    NoRecentRegeneration,
    /// The vault should have renewed a key and did not.
    RotationStalled,
    /// Nobody can tell how old a key is.
    KeyAgeUnknown,
    /// The configuration says that a vault manages the account, and none does.
    DeclaredNotEnrolled,
    /// Key Vault may no longer renew the account's keys.
    VaultRoleMissing,
    /// More than one vault record manages the account.
    EnrolledTwice,
    /// A key was regenerated without the vault that manages the account.
    RegeneratedBehindVault,
    /// The vault renews too seldom for the allowed age.
    PeriodTooLong,
    /// The account is enrolled, but the vault renews nothing by itself.
    AutoRegenerationOff,
    /// The vault's record cannot be understood.
    EnrolmentUnclear,
    /// The vault's record is deleted and can be recovered.
    EnrolmentSoftDeleted,
    /// A vault manages the account, and the configuration does not say so.
    EnrolledNotDeclared,
    /// Tokens may live longer than the key that signs them.
    SasValidityTooLong,
    /// Tokens say a signed version that the vault cannot sign.
    SasVersionTooNew,
    /// Two sources say different things about one account.
    EvidenceDisagrees,
    /// The keys are as old as the account.
    NeverRotated,
    /// A key was made after the moment of the check.
    ClockSkew,
    /// A waiver is over.
    WaiverExpired,
    /// A tag was meant to be a waiver and is none.
    WaiverInvalid,
    /// A key will soon be too old.
    KeyDueSoon,
    /// An app holds a key of the account in its settings.
    KeyInAppSetting,
    /// Whether an app holds a key of the account was not looked at.
    AppSettingsUnread,
    /// The account's own expiry reminder allows older keys.
    KeyExpiryPolicyLooser,
    /// The account has no expiry reminder.
    KeyExpiryPolicyMissing,
    /// The account accepts its keys.
    SharedKeyAllowed,
    /// Nothing that was seen needs the account's keys.
    SharedKeyUnneeded,
    /// Something that was seen needs the account's keys.
    SharedKeyNeeded,
    /// The account refuses its keys, so their age does not matter.
    SharedKeyOff,
    /// A part of the scope could not be listed.
    ScopeUnreadable,
    /// A vault would not say which accounts it manages.
    VaultUnreadable,
    /// An account was listed in a form that could not be understood, or is gone.
    AccountUnreadable,
    /// Who holds which role could not be read.
    RolesUnreadable,
    /// The activity log could not be read.
    LogUnreadable,
    /// What an app holds could not be read.
    AppSettingsUnreadable,
}

impl FindingCode {
    /// Gives the texts of this kind of finding.
    pub fn explanation(self) -> &'static Explanation {
        table::TABLE
            .iter()
            .find(|row| row.code == self)
            .expect("every code has its row, which a test proves for all of them")
    }

    /// Finds the kind that reports call by this name.
    pub fn of_name(name: &str) -> Option<Self> {
        let mut rows = table::TABLE.iter();
        rows.find(|row| row.name == name).map(|row| row.code)
    }

    /// Gives the name that reports use.
    pub fn as_str(self) -> &'static str {
        self.explanation().name
    }

    /// Says how much it matters, unless a profile says otherwise.
    pub fn severity(self) -> Severity {
        self.explanation().severity
    }

    /// Says how much it matters under a profile.
    pub fn severity_in(self, profile: Profile) -> Severity {
        match (profile, self) {
            (Profile::Cis, Self::KeyExpiryPolicyMissing | Self::KeyExpiryPolicyLooser) => {
                Severity::Medium
            }
            _ => self.severity(),
        }
    }

    /// Tells whether it shows that the profile's demand is broken, or that nobody can tell.
    pub fn proof(self, profile: Profile) -> Proof {
        match self {
            Self::KeyOverdue
            | Self::NoRecentRegeneration
            | Self::RotationStalled
            | Self::DeclaredNotEnrolled
            | Self::VaultRoleMissing
            | Self::EnrolledTwice => Proof::Broken,
            Self::KeyExpiryPolicyLooser | Self::KeyExpiryPolicyMissing | Self::SharedKeyAllowed
                if profile == Profile::Cis =>
            {
                Proof::Broken
            }
            Self::KeyAgeUnknown | Self::ClockSkew | Self::AppSettingsUnread => Proof::Missing,
            hole if hole.is_hole() => Proof::Missing,
            _ => Proof::Kept,
        }
    }

    /// Tells whether it names a part of the scope that was not examined.
    pub fn is_hole(self) -> bool {
        matches!(
            self,
            Self::ScopeUnreadable
                | Self::VaultUnreadable
                | Self::AccountUnreadable
                | Self::RolesUnreadable
                | Self::LogUnreadable
                | Self::AppSettingsUnreadable
        )
    }

    /// Tells whether somebody can take responsibility for it.
    pub fn can_be_waived(self) -> bool {
        !self.is_hole() && !matches!(self, Self::WaiverExpired | Self::WaiverInvalid)
    }
}

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is always true of one kind of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The kind.
    pub code: FindingCode,
    /// The name that reports use.
    pub name: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// Why it matters.
    pub risk: &'static str,
    /// What the owner can do.
    pub remediation: &'static str,
}

/// Lists every kind of finding, the most pressing first, the holes last.
pub fn explanations() -> &'static [Explanation] {
    &table::TABLE
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_code_is_found_by_its_name_and_the_rows_are_in_the_order_of_the_codes() {
        for row in explanations() {
            assert_eq!(FindingCode::of_name(row.name), Some(row.code));
            assert_eq!(row.code.explanation().name, row.name);
        }
        let codes: Vec<_> = explanations().iter().map(|row| row.code).collect();
        let distinct: BTreeSet<_> = codes.iter().copied().collect();
        assert_eq!(codes, distinct.into_iter().collect::<Vec<_>>());
        assert_eq!(codes.last(), Some(&FindingCode::AppSettingsUnreadable));
        assert_eq!(codes.len(), FindingCode::AppSettingsUnreadable as usize + 1);
    }

    #[test]
    fn names_are_kebab_case_and_unique_and_texts_are_sentences() {
        let names: BTreeSet<_> = explanations().iter().map(|row| row.name).collect();
        assert_eq!(names.len(), explanations().len());
        for row in explanations() {
            assert!(
                row.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'),
                "{}",
                row.name
            );
            assert!(
                row.risk.ends_with('.') && row.remediation.ends_with('.'),
                "{}",
                row.name
            );
        }
    }

    #[test]
    fn what_breaks_a_rule_weighs_enough_to_be_seen() {
        for profile in Profile::ALL {
            for row in explanations() {
                let weighs = row.code.severity_in(profile) >= Severity::Medium;
                let broken = row.code.proof(profile) == Proof::Broken;
                assert!(weighs || !broken, "{} under {profile}", row.name);
            }
        }
    }
}
