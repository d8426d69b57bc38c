//! What a report says: the contract with the programs that read it.
//!
//! These structs are the JSON, field by field. Fields are only ever added; a change of another
//! kind is a new format version. `cli/schema/report.v1.json` says the same as a JSON Schema.

use engine::check::{CheckedAccount, Outcome};
use engine::observe::Hole;
use jiff::Timestamp;
use rotation::drift::{Demand, KeyAssessment, Proof, Verdict};
use rotation::finding::{Finding, FindingCode, Severity};
use rotation::observation::{Enrolment, Renewal, SeenPeriod};
use serde::Serialize;

use crate::error;

const SECONDS_PER_DAY: i64 = 86_400;

/// What was demanded of every key.
#[derive(Clone, Debug, Serialize)]
pub struct DemandEntry {
    /// The age that no key may outgrow, as an ISO 8601 duration.
    pub max_key_age: String,
    /// How long before that age a key counts as due soon, as an ISO 8601 duration.
    pub due_soon: String,
    /// The same age in seconds.
    #[serde(skip)]
    pub max_key_age_seconds: i64,
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
pub struct AccountEntry<'a> {
    /// Its resource id.
    pub id: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The subscription it is in.
    pub subscription_id: &'a str,
    /// The resource group it is in.
    pub resource_group: &'a str,
    /// The worst verdict of its keys.
    #[serde(serialize_with = "as_text")]
    pub verdict: Verdict,
    /// Its two keys.
    pub keys: KeyEntries,
    /// How a vault manages it; null if no vault that was read does.
    pub enrolment: Option<EnrolmentEntry<'a>>,
    /// Every vault record that manages it. More than one is a mistake, and a finding says so.
    pub enrolments: Vec<EnrolmentEntry<'a>>,
    /// What there is to say about it, the most pressing first.
    pub findings: Vec<FindingEntry<'a>>,
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
#[derive(Clone, Copy, Debug, Serialize)]
pub struct KeyEntry {
    /// When it was made; null if Azure does not say.
    #[serde(serialize_with = "as_text_or_null")]
    pub created_at: Option<Timestamp>,
    /// Its age in whole days, rounded down; null if Azure does not say.
    pub age_days: Option<i64>,
    /// What is concluded about it.
    #[serde(serialize_with = "as_text")]
    pub verdict: Verdict,
    /// Its age in seconds.
    #[serde(skip)]
    pub age_seconds: Option<i64>,
}

/// How a vault manages an account.
#[derive(Clone, Debug, Serialize)]
pub struct EnrolmentEntry<'a> {
    /// The name of the vault.
    pub vault: &'a str,
    /// The name of the vault's record.
    pub name: &'a str,
    /// The key that the vault signs tokens with; null if it could not be read.
    pub active_key: Option<&'static str>,
    /// Whether the vault renews the keys by itself; null if it could not be read.
    pub auto_regenerate: Option<bool>,
    /// How often it does, as the record says; null if it does not say.
    pub rotation_period: Option<&'a str>,
}

/// One statement about an account.
#[derive(Clone, Debug, Serialize)]
pub struct FindingEntry<'a> {
    /// What kind of statement it is.
    #[serde(serialize_with = "as_text")]
    pub code: FindingCode,
    /// How much it matters: info, low, medium or high.
    #[serde(serialize_with = "severity_word")]
    pub severity: Severity,
    /// What was found.
    pub message: &'a str,
    /// What the owner can do.
    pub remediation: &'static str,
}

/// A part of the scope that was not examined.
#[derive(Debug, Serialize)]
pub struct UnscannedEntry<'a> {
    /// Its resource id, or the best name there is for it.
    pub scope: &'a str,
    /// Why it was not examined.
    pub reason: String,
    /// What kind of part it is.
    #[serde(serialize_with = "as_text")]
    pub code: FindingCode,
    /// How much it matters that it was not: medium or high.
    #[serde(serialize_with = "severity_word")]
    pub severity: Severity,
    /// What can be done so that it is.
    pub remediation: &'static str,
}

impl From<&Demand> for DemandEntry {
    fn from(demand: &Demand) -> Self {
        Self {
            max_key_age: demand.max_key_age.to_string(),
            due_soon: demand.due_soon.to_string(),
            max_key_age_seconds: demand.max_key_age.as_duration().as_secs(),
        }
    }
}

impl Summary {
    /// Counts the accounts that were examined.
    pub fn examined(&self) -> usize {
        self.by_verdict().iter().map(|(_, count)| count).sum()
    }

    /// Counts the accounts whose verdict proves this.
    pub fn proving(&self, proof: Proof) -> usize {
        let proving = |(verdict, _): &&(Verdict, usize)| verdict.proof() == proof;
        self.by_verdict()
            .iter()
            .filter(proving)
            .map(|(_, count)| count)
            .sum()
    }

    /// Lists the counts of all verdicts, the worst first.
    pub fn by_verdict(&self) -> [(Verdict, usize); 6] {
        [
            (Verdict::Stalled, self.stalled),
            (Verdict::Overdue, self.overdue),
            (Verdict::Unknown, self.unknown),
            (Verdict::DueSoon, self.due_soon),
            (Verdict::Compliant, self.compliant),
            (Verdict::NotApplicable, self.not_applicable),
        ]
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

impl From<&Outcome> for Summary {
    fn from(outcome: &Outcome) -> Self {
        let mut summary = Self {
            unscanned: outcome.holes.len(),
            ..Self::default()
        };
        outcome
            .accounts
            .iter()
            .for_each(|account| summary.count(account.assessment.verdict));
        summary
    }
}

impl AccountEntry<'_> {
    /// Gives the findings that call for something, and not only for attention.
    pub(crate) fn pressing(&self) -> impl Iterator<Item = &FindingEntry<'_>> {
        self.findings
            .iter()
            .filter(|finding| finding.severity > Severity::Info)
    }

    /// Gives both keys with the names of their slots.
    pub(crate) fn slots(&self) -> [(&'static str, &KeyEntry); 2] {
        [("key1", &self.keys.key1), ("key2", &self.keys.key2)]
    }
}

impl<'a> From<&'a CheckedAccount> for AccountEntry<'a> {
    fn from(account: &'a CheckedAccount) -> Self {
        let (id, assessment) = (&account.id, &account.assessment);
        let enrolments = account.observation.enrolments.iter();
        let enrolments: Vec<_> = enrolments.map(EnrolmentEntry::from).collect();
        Self {
            id: id.as_str(),
            name: id.name(),
            subscription_id: id.subscription().as_str(),
            resource_group: id.resource_group(),
            verdict: assessment.verdict,
            keys: KeyEntries {
                key1: (&assessment.keys.key1).into(),
                key2: (&assessment.keys.key2).into(),
            },
            enrolment: enrolments.first().cloned(),
            enrolments,
            findings: assessment.findings.iter().map(FindingEntry::from).collect(),
        }
    }
}

impl From<&KeyAssessment> for KeyEntry {
    fn from(key: &KeyAssessment) -> Self {
        let age_seconds = key.age.map(|age| age.as_secs());
        Self {
            created_at: key.created_at,
            age_days: age_seconds.map(|seconds| seconds / SECONDS_PER_DAY),
            verdict: key.verdict,
            age_seconds,
        }
    }
}

impl<'a> From<&'a Enrolment> for EnrolmentEntry<'a> {
    fn from(enrolment: &'a Enrolment) -> Self {
        Self {
            vault: &enrolment.vault,
            name: &enrolment.name,
            active_key: enrolment.active.map(rotation::slot::KeySlot::as_str),
            auto_regenerate: match enrolment.renewal {
                Renewal::Automatic => Some(true),
                Renewal::OnRequest => Some(false),
                Renewal::Unknown => None,
            },
            rotation_period: enrolment.period.as_ref().map(SeenPeriod::as_str),
        }
    }
}

impl<'a> From<&'a Finding> for FindingEntry<'a> {
    fn from(finding: &'a Finding) -> Self {
        let explanation = finding.code.explanation();
        Self {
            code: finding.code,
            severity: explanation.severity,
            message: &finding.message,
            remediation: explanation.remediation,
        }
    }
}

impl<'a> From<&'a Hole> for UnscannedEntry<'a> {
    fn from(hole: &'a Hole) -> Self {
        let explanation = hole.code.explanation();
        Self {
            scope: &hole.scope,
            reason: error::chain(&hole.cause),
            code: hole.code,
            severity: explanation.severity,
            remediation: explanation.remediation,
        }
    }
}

fn as_text<T: std::fmt::Display, S: serde::Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands a reference to the field"
)]
fn severity_word<S: serde::Serializer>(
    severity: &Severity,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(severity.as_str())
}

#[expect(
    clippy::ref_option,
    reason = "serde hands a reference to the whole field"
)]
fn as_text_or_null<T: std::fmt::Display, S: serde::Serializer>(
    value: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}
