//! The report of `check`: the contract with the programs that read it.
//!
//! These structs are the JSON, field by field. Fields are only ever added; a change of another
//! kind is a new format version. `cli/schema/report.v1.json` says the same as a JSON Schema.

pub mod human;
pub mod json;

use engine::check::{CheckedAccount, Outcome};
use engine::observe::Hole;
use jiff::Timestamp;
use rotation::drift::{KeyAssessment, Verdict};
use rotation::finding::{Finding, FindingCode};
use rotation::observation::{Enrolment, Renewal};
use serde::Serialize;

use crate::error;

/// The version of the report's form.
pub const FORMAT_VERSION: u32 = 1;

const SECONDS_PER_DAY: i64 = 86_400;

/// Everything that was concluded about a scope.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The version of this form.
    pub format_version: u32,
    /// The moment the report is about.
    #[serde(serialize_with = "as_text")]
    pub as_of: Timestamp,
    /// Whether the whole scope was examined.
    pub complete: bool,
    /// How many accounts have which verdict.
    pub summary: Summary,
    /// The accounts, ordered by id.
    pub accounts: Vec<AccountEntry>,
    /// The parts of the scope that were not examined.
    pub unscanned: Vec<UnscannedEntry>,
}

/// How many accounts have which verdict, and how many parts of the scope have none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Accounts whose keys are proven to be young enough.
    pub compliant: usize,
    /// Accounts with a key that will soon be too old.
    pub due_soon: usize,
    /// Accounts with a key that is too old.
    pub overdue: usize,
    /// Accounts whose vault stopped renewing the keys.
    pub stalled: usize,
    /// Accounts with a key of unknown age.
    pub unknown: usize,
    /// Accounts that refuse their keys.
    pub not_applicable: usize,
    /// Parts of the scope that were not examined.
    pub unscanned: usize,
}

/// One account.
#[derive(Debug, Serialize)]
pub struct AccountEntry {
    /// Its resource id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The subscription it is in.
    pub subscription_id: String,
    /// The worst verdict of its keys.
    #[serde(serialize_with = "as_text")]
    pub verdict: Verdict,
    /// Its two keys.
    pub keys: KeyEntries,
    /// How a vault manages it; null if no vault that was read does.
    pub enrolment: Option<EnrolmentEntry>,
    /// What there is to say about it, the most pressing first.
    pub findings: Vec<FindingEntry>,
}

/// The two keys of an account.
#[derive(Debug, Serialize)]
pub struct KeyEntries {
    /// The key in the first slot.
    pub key1: KeyEntry,
    /// The key in the second slot.
    pub key2: KeyEntry,
}

/// One key.
#[derive(Debug, Serialize)]
pub struct KeyEntry {
    /// When it was made; null if Azure does not say.
    pub created_at: Option<String>,
    /// Its age in whole days, rounded down; null if Azure does not say.
    pub age_days: Option<i64>,
    /// What is concluded about it.
    #[serde(serialize_with = "as_text")]
    pub verdict: Verdict,
}

/// How a vault manages an account.
#[derive(Debug, Serialize)]
pub struct EnrolmentEntry {
    /// The name of the vault.
    pub vault: String,
    /// The name of the vault's record.
    pub name: String,
    /// The key that the vault signs tokens with; null if it could not be read.
    pub active_key: Option<&'static str>,
    /// Whether the vault renews the keys by itself; null if it could not be read.
    pub auto_regenerate: Option<bool>,
    /// How often it does, as the record says; null if it does not say.
    pub rotation_period: Option<String>,
}

/// One statement about an account.
#[derive(Debug, Serialize)]
pub struct FindingEntry {
    /// What kind of statement it is.
    #[serde(serialize_with = "as_text")]
    pub code: FindingCode,
    /// How much it matters: info, low, medium or high.
    pub severity: &'static str,
    /// What was found.
    pub message: String,
    /// What the owner can do.
    pub remediation: &'static str,
}

/// A part of the scope that was not examined.
#[derive(Debug, Serialize)]
pub struct UnscannedEntry {
    /// Its resource id, or the best name there is for it.
    pub scope: String,
    /// Why it was not examined.
    pub reason: String,
    /// What kind of part it is; the human report looks up there what can be done.
    #[serde(skip)]
    pub code: FindingCode,
}

impl Summary {
    /// Counts the accounts that were examined.
    pub fn examined(&self) -> usize {
        self.compliant
            + self.due_soon
            + self.overdue
            + self.stalled
            + self.unknown
            + self.not_applicable
    }

    fn count(&mut self, verdict: Verdict) {
        *match verdict {
            Verdict::NotApplicable => &mut self.not_applicable,
            Verdict::Compliant => &mut self.compliant,
            Verdict::DueSoon => &mut self.due_soon,
            Verdict::Unknown => &mut self.unknown,
            Verdict::Overdue => &mut self.overdue,
            Verdict::Stalled => &mut self.stalled,
        } += 1;
    }
}

impl From<&Outcome> for Report {
    fn from(outcome: &Outcome) -> Self {
        let mut summary = Summary {
            unscanned: outcome.holes.len(),
            ..Summary::default()
        };
        outcome
            .accounts
            .iter()
            .for_each(|account| summary.count(account.assessment.verdict));
        Self {
            format_version: FORMAT_VERSION,
            as_of: outcome.as_of,
            complete: outcome.holes.is_empty(),
            summary,
            accounts: outcome.accounts.iter().map(AccountEntry::from).collect(),
            unscanned: outcome.holes.iter().map(UnscannedEntry::from).collect(),
        }
    }
}

impl From<&CheckedAccount> for AccountEntry {
    fn from(account: &CheckedAccount) -> Self {
        let CheckedAccount {
            id,
            observation,
            assessment,
        } = account;
        Self {
            id: id.to_string(),
            name: id.name().to_owned(),
            subscription_id: id.subscription().to_string(),
            verdict: assessment.verdict,
            keys: KeyEntries {
                key1: (&assessment.keys.key1).into(),
                key2: (&assessment.keys.key2).into(),
            },
            // A second record is a mistake, and a finding says so.
            enrolment: observation.enrolments.first().map(EnrolmentEntry::from),
            findings: assessment.findings.iter().map(FindingEntry::from).collect(),
        }
    }
}

impl From<&KeyAssessment> for KeyEntry {
    fn from(key: &KeyAssessment) -> Self {
        Self {
            created_at: key.created_at.map(|made| made.to_string()),
            age_days: key.age.map(|age| age.as_secs() / SECONDS_PER_DAY),
            verdict: key.verdict,
        }
    }
}

impl From<&Enrolment> for EnrolmentEntry {
    fn from(enrolment: &Enrolment) -> Self {
        Self {
            vault: enrolment.vault.clone(),
            name: enrolment.name.clone(),
            active_key: enrolment.active.map(rotation::slot::KeySlot::as_str),
            auto_regenerate: match enrolment.renewal {
                Renewal::Automatic => Some(true),
                Renewal::OnRequest => Some(false),
                Renewal::Unknown => None,
            },
            rotation_period: enrolment.period.as_ref().map(ToString::to_string),
        }
    }
}

impl From<&Finding> for FindingEntry {
    fn from(finding: &Finding) -> Self {
        let explanation = finding.code.explanation();
        Self {
            code: finding.code,
            severity: explanation.severity.as_str(),
            message: finding.message.clone(),
            remediation: explanation.remediation,
        }
    }
}

impl From<&Hole> for UnscannedEntry {
    fn from(hole: &Hole) -> Self {
        Self {
            scope: hole.scope.clone(),
            reason: error::chain(&hole.cause),
            code: hole.code,
        }
    }
}

fn as_text<T: std::fmt::Display, S: serde::Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

#[cfg(test)]
mod tests;
