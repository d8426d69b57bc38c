//! What a report says: the contract with the programs that read it.
//!
//! These structs are the JSON, field by field. Fields are only ever added; a change of another
//! kind is a new format version. `cli/schema/report.v1.json` says the same as a JSON Schema.

use std::borrow::Cow;
use std::collections::BTreeMap;

use engine::check::accounts::CheckedAccount;
use engine::observe::Hole;
use jiff::Timestamp;
use rotation::drift::{Demand, KeyAssessment, Proof, Verdict};
use rotation::finding::{Finding, FindingCode, Severity};
use rotation::observation::{Enrolment, Renewal, SeenPeriod};
use rotation::profile::Profile;
use serde::Serialize;

use crate::error;

const SECONDS_PER_DAY: i64 = 86_400;

/// What was demanded of every key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DemandEntry {
    /// The rule that the accounts were held to.
    #[serde(serialize_with = "as_text")]
    pub profile: Profile,
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
#[derive(Clone, Debug, Serialize)]
pub struct AccountEntry<'a> {
    /// Its resource id.
    pub id: Cow<'a, str>,
    /// Its name.
    pub name: Cow<'a, str>,
    /// The subscription it is in.
    pub subscription_id: Cow<'a, str>,
    /// The resource group it is in.
    pub resource_group: Cow<'a, str>,
    /// The region it is in.
    pub location: Cow<'a, str>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The worst verdict of its keys; by rule `conformity-002` the best one.
    #[serde(serialize_with = "as_text")]
    pub verdict: Verdict,
    /// Its two keys.
    pub keys: KeyEntries,
    /// How a vault manages it; null if no vault that was read does.
    pub enrolment: Option<EnrolmentEntry<'a>>,
    /// Every vault record that manages it. More than one is a mistake, and a finding says so.
    pub enrolments: Vec<EnrolmentEntry<'a>>,
    /// The latest regeneration in the activity log; null if there is none or the log was not read.
    pub last_regeneration: Option<RegenerationEntry>,
    /// What there is to say about it, the most pressing first.
    pub findings: Vec<FindingEntry<'a>>,
}

/// The two keys of an account.
#[derive(Clone, Debug, Serialize)]
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
    pub vault: Cow<'a, str>,
    /// The name of the vault's record.
    pub name: Cow<'a, str>,
    /// The key that the vault signs tokens with; null if it could not be read.
    pub active_key: Option<&'static str>,
    /// Whether the vault renews the keys by itself; null if it could not be read.
    pub auto_regenerate: Option<bool>,
    /// How often it does, as the record says; null if it does not say.
    pub rotation_period: Option<Cow<'a, str>>,
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
    pub message: Cow<'a, str>,
    /// What the owner can do.
    pub remediation: &'static str,
    /// Who has taken responsibility for it; null if nobody has.
    pub waiver: Option<WaiverEntry>,
}

/// A regeneration of one of the keys, of which the log does not say which.
#[derive(Clone, Debug, Serialize)]
pub struct RegenerationEntry {
    /// When it was.
    #[serde(serialize_with = "as_text")]
    pub at: Timestamp,
    /// Who asked for it, in the log's words.
    pub by: String,
}

/// Somebody's word that a finding is known and accepted until a day.
#[derive(Clone, Debug, Serialize)]
pub struct WaiverEntry {
    /// Who answers for it.
    pub owner: String,
    /// Why it is accepted.
    pub reason: String,
    /// The last day, in UTC, on which it holds.
    pub expires: String,
}

/// A part of the scope that was not examined.
#[derive(Clone, Debug, Serialize)]
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
            profile: demand.profile,
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

impl Summary {
    /// Counts verdicts, and how many parts of the scope have none.
    pub(crate) fn of(verdicts: impl Iterator<Item = Verdict>, unscanned: usize) -> Self {
        let mut summary = Self {
            unscanned,
            ..Self::default()
        };
        verdicts.for_each(|verdict| summary.count(verdict));
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

impl From<CheckedAccount> for AccountEntry<'_> {
    fn from(account: CheckedAccount) -> Self {
        let (id, assessment) = (&account.id, account.assessment);
        let observation = account.observation;
        let latest = observation.log.latest();
        let last_regeneration = latest.map(|latest| RegenerationEntry {
            at: latest.at,
            by: latest.by.clone(),
        });
        let enrolments = observation.enrolments.into_iter();
        let enrolments: Vec<_> = enrolments.map(EnrolmentEntry::from).collect();
        Self {
            id: id.to_string().into(),
            name: id.name().to_owned().into(),
            subscription_id: id.subscription().to_string().into(),
            resource_group: id.resource_group().to_owned().into(),
            location: account.location.to_string().into(),
            tags: (*account.tags).clone(),
            verdict: assessment.verdict,
            keys: KeyEntries {
                key1: (&assessment.keys.key1).into(),
                key2: (&assessment.keys.key2).into(),
            },
            enrolment: enrolments.first().cloned(),
            enrolments,
            last_regeneration,
            findings: assessment.findings.into_iter().map(Into::into).collect(),
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

impl From<Enrolment> for EnrolmentEntry<'_> {
    fn from(enrolment: Enrolment) -> Self {
        let period = enrolment.period.as_ref().map(SeenPeriod::as_str);
        Self {
            vault: enrolment.vault.into(),
            name: enrolment.name.into(),
            active_key: enrolment.active.map(rotation::slot::KeySlot::as_str),
            auto_regenerate: match enrolment.renewal {
                Renewal::Automatic => Some(true),
                Renewal::OnRequest => Some(false),
                Renewal::Unknown => None,
            },
            rotation_period: period.map(|period| period.to_owned().into()),
        }
    }
}

impl From<Finding> for FindingEntry<'_> {
    fn from(finding: Finding) -> Self {
        Self {
            code: finding.code,
            severity: finding.severity,
            message: finding.message.into(),
            remediation: finding.code.explanation().remediation,
            waiver: finding.waiver.map(|waiver| WaiverEntry {
                owner: waiver.owner.clone(),
                reason: waiver.reason.clone(),
                expires: waiver.expires.to_string(),
            }),
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
