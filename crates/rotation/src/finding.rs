//! Every statement that a report can make, with its texts.
//!
//! The table is the one source of severities, risks and remediations: reports, explanations and
//! the manual read it. When a finding applies, and what it says about the account in question, is
//! decided in [`crate::drift`] or by whoever met the hole.

use std::fmt;

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

/// One statement about one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of statement it is.
    pub code: FindingCode,
    /// What was found, in a sentence without a full stop.
    pub message: String,
}

/// The kind of a statement. The names of these are part of the report's contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingCode {
    /// A key is older than is allowed.
    KeyOverdue,
    /// The vault should have renewed a key and did not.
    RotationStalled,
    /// Nobody can tell how old a key is.
    KeyAgeUnknown,
    /// More than one vault record manages the account.
    EnrolledTwice,
    /// The vault renews too seldom for the allowed age.
    PeriodTooLong,
    /// The account is enrolled, but the vault renews nothing by itself.
    AutoRegenerationOff,
    /// The vault's record cannot be understood.
    EnrolmentUnclear,
    /// A key was made after the moment of the check.
    ClockSkew,
    /// A key will soon be too old.
    KeyDueSoon,
    /// The account's own expiry reminder allows older keys.
    KeyExpiryPolicyLooser,
    /// The account has no expiry reminder.
    KeyExpiryPolicyMissing,
    /// The account refuses its keys, so their age does not matter.
    SharedKeyOff,
    /// A part of the scope could not be listed.
    ScopeUnreadable,
    /// A vault would not say which accounts it manages.
    VaultUnreadable,
    /// An account was listed in a form that could not be understood.
    AccountUnreadable,
}

impl FindingCode {
    /// Gives the texts of this kind of finding.
    pub fn explanation(self) -> &'static Explanation {
        TABLE
            .iter()
            .find(|row| row.code == self)
            .expect("every code has its row, which a test proves for all of them")
    }

    /// Gives the name that reports use.
    pub fn as_str(self) -> &'static str {
        self.explanation().name
    }

    /// Says how much it matters.
    pub fn severity(self) -> Severity {
        self.explanation().severity
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
    &TABLE
}

static TABLE: [Explanation; 15] = [
    Explanation {
        code: FindingCode::KeyOverdue,
        name: "key-overdue",
        severity: Severity::High,
        risk: "Whoever ever saw the key still has full access to the account.",
        remediation: "If a vault manages the account, regenerate the idle key through the vault, \
                      never in the account itself. Else move all clients to the other key and \
                      regenerate this one, or enrol the account in a vault that renews its keys.",
    },
    Explanation {
        code: FindingCode::RotationStalled,
        name: "rotation-stalled",
        severity: Severity::High,
        risk: "Everybody believes that the vault renews the keys, and it has stopped.",
        remediation: "Check that Key Vault's own principal holds the role `Storage Account Key \
                      Operator Service Role` on the account and that no lock forbids regeneration, \
                      then regenerate the idle key through the vault.",
    },
    Explanation {
        code: FindingCode::KeyAgeUnknown,
        name: "key-age-unknown",
        severity: Severity::High,
        risk: "Azure has no creation time for keys that were made before it began to record them \
               in 2021 and never regenerated since, so the key is probably years old.",
        remediation: "Rotate both keys once, through the vault if one manages the account; from then \
                      on Azure records when they were made.",
    },
    Explanation {
        code: FindingCode::EnrolledTwice,
        name: "enrolled-twice",
        severity: Severity::High,
        risk: "Each vault record regenerates the keys that the other one signs tokens with, so \
               tokens die without warning.",
        remediation: "Keep one of the vault records and remove the others.",
    },
    Explanation {
        code: FindingCode::PeriodTooLong,
        name: "period-too-long",
        severity: Severity::Medium,
        risk: "A vault renews only the idle key each period, so a key lives for two periods and \
               will outgrow the limit even though rotation works.",
        remediation: "Shorten the period to half the allowed age or less.",
    },
    Explanation {
        code: FindingCode::AutoRegenerationOff,
        name: "auto-regeneration-off",
        severity: Severity::Medium,
        risk: "The account looks managed, but its keys grow old until somebody asks for a new one.",
        remediation: "Switch automatic regeneration on in the vault record.",
    },
    Explanation {
        code: FindingCode::EnrolmentUnclear,
        name: "enrolment-unclear",
        severity: Severity::Medium,
        risk: "Whether the vault keeps its promise to renew the keys cannot be told.",
        remediation: "Read the vault record and set its period in days, such as P45D.",
    },
    Explanation {
        code: FindingCode::ClockSkew,
        name: "clock-skew",
        severity: Severity::Medium,
        risk: "The key seems to have been made after the moment the check is about, so its age \
               cannot be told: a clock is wrong, or the moment is too early.",
        remediation: "Correct the clock of this machine, or choose a later moment for the check.",
    },
    Explanation {
        code: FindingCode::KeyDueSoon,
        name: "key-due-soon",
        severity: Severity::Low,
        risk: "The key will soon be older than is allowed.",
        remediation: "Plan its rotation before the day it is due.",
    },
    Explanation {
        code: FindingCode::KeyExpiryPolicyLooser,
        name: "key-expiry-policy-looser",
        severity: Severity::Low,
        risk: "Azure's own reminders and built-in policies call the keys good for longer than is \
               allowed.",
        remediation: "Set the account's key expiration period to the allowed age.",
    },
    Explanation {
        code: FindingCode::KeyExpiryPolicyMissing,
        name: "key-expiry-policy-missing",
        severity: Severity::Info,
        risk: "Azure's own reminders and built-in policies treat the keys as good for ever.",
        remediation: "Set the account's key expiration period to the allowed age.",
    },
    Explanation {
        code: FindingCode::SharedKeyOff,
        name: "shared-key-off",
        severity: Severity::Info,
        risk: "None: the account refuses every request signed with a key.",
        remediation: "Nothing to do. If keys are ever allowed again, rotate them first.",
    },
    Explanation {
        code: FindingCode::ScopeUnreadable,
        name: "scope-unreadable",
        severity: Severity::High,
        risk: "Accounts in this part of the scope were not examined at all.",
        remediation: "Grant the identity the role `Reader` there, or wait if Azure was throttling.",
    },
    Explanation {
        code: FindingCode::VaultUnreadable,
        name: "vault-unreadable",
        severity: Severity::Medium,
        risk: "Which accounts this vault manages, and whether it renews their keys, cannot be \
               told.",
        remediation: "Grant the identity `get` and `list` on storage in the vault's access policy \
                      (or the data action to read storage accounts), and let its network through.",
    },
    Explanation {
        code: FindingCode::AccountUnreadable,
        name: "account-unreadable",
        severity: Severity::High,
        risk: "Azure described the account in a form that is not understood, so it was not \
               examined.",
        remediation: "Look at the account by hand and report the form as a bug of this tool.",
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Names every code in a `match`, so that a new one does not compile until it is listed here.
    fn all() -> Vec<FindingCode> {
        use FindingCode as Code;
        let next = |code| match code {
            Code::KeyOverdue => Some(Code::RotationStalled),
            Code::RotationStalled => Some(Code::KeyAgeUnknown),
            Code::KeyAgeUnknown => Some(Code::EnrolledTwice),
            Code::EnrolledTwice => Some(Code::PeriodTooLong),
            Code::PeriodTooLong => Some(Code::AutoRegenerationOff),
            Code::AutoRegenerationOff => Some(Code::EnrolmentUnclear),
            Code::EnrolmentUnclear => Some(Code::ClockSkew),
            Code::ClockSkew => Some(Code::KeyDueSoon),
            Code::KeyDueSoon => Some(Code::KeyExpiryPolicyLooser),
            Code::KeyExpiryPolicyLooser => Some(Code::KeyExpiryPolicyMissing),
            Code::KeyExpiryPolicyMissing => Some(Code::SharedKeyOff),
            Code::SharedKeyOff => Some(Code::ScopeUnreadable),
            Code::ScopeUnreadable => Some(Code::VaultUnreadable),
            Code::VaultUnreadable => Some(Code::AccountUnreadable),
            Code::AccountUnreadable => None,
        };
        std::iter::successors(Some(Code::KeyOverdue), |code| next(*code)).collect()
    }

    #[test]
    fn every_code_has_exactly_one_row() {
        let codes = all();
        assert_eq!(codes.len(), TABLE.len());
        for code in codes {
            assert_eq!(code.explanation().code, code);
        }
    }

    #[test]
    fn names_are_kebab_case_and_unique_and_texts_are_sentences() {
        let names: BTreeSet<_> = TABLE.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), TABLE.len());
        for row in &TABLE {
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
}
