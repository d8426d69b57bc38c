//! What a report says: the contract with the programs that read it.
//!
//! These structs are the JSON, field by field. Fields are only ever added; a change of another
//! kind is a new format version. `cli/schema/report.v1.json` says the same as a JSON Schema.

mod conversion;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use rotation::drift::Verdict;
use rotation::finding::{FindingCode, Severity};
use rotation::profile::Profile;
use serde::Serialize;

use super::standing::AccountStanding;

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
    /// What counts against it in the end.
    pub standing: AccountStanding,
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
    /// Whether it would not pass if nobody had waived a finding.
    #[serde(skip)]
    pub is_waived: bool,
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

fn as_text<T: fmt::Display, S: serde::Serializer>(
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
fn as_text_or_null<T: fmt::Display, S: serde::Serializer>(
    value: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}
