//! The JSON of a report, read back. Fields that are not known are passed over; those that reports did
//! not have from the beginning may be missing.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rotation::drift::Verdict;
use rotation::finding::{FindingCode, Severity};
use rotation::period::Period;
use rotation::profile::Profile;
use serde::Deserialize;

use super::{MergeError, Merged, MergedHole};
use crate::report::FORMAT_VERSION;
use crate::report::entry::{
    AccountEntry, DemandEntry, EnrolmentEntry, FindingEntry, KeyEntries, KeyEntry,
    RegenerationEntry, WaiverEntry,
};
use crate::report::standing::AccountStanding;

const SECONDS_PER_DAY: i64 = 86_400;

pub(super) fn read(text: &str) -> Result<Merged, MergeError> {
    let form = |reason: String| MergeError::Form { reason };
    let report: Report = serde_json::from_str(text).map_err(|error| form(error.to_string()))?;
    if report.format_version != FORMAT_VERSION {
        return Err(MergeError::Version(report.format_version));
    }
    report.into_merged().map_err(form)
}

#[derive(Deserialize)]
struct Report {
    format_version: u32,
    as_of: String,
    demand: Demand,
    #[serde(default)]
    scope: Vec<String>,
    accounts: Vec<Account>,
    unscanned: Vec<Unscanned>,
}

#[derive(Deserialize)]
struct Demand {
    profile: Option<String>,
    max_key_age: String,
    due_soon: String,
}

#[derive(Deserialize)]
struct Account {
    id: String,
    name: String,
    subscription_id: String,
    resource_group: String,
    #[serde(default)]
    location: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    verdict: String,
    keys: Keys,
    #[serde(default)]
    enrolments: Vec<Enrolment>,
    last_regeneration: Option<Regeneration>,
    findings: Vec<Finding>,
}

#[derive(Deserialize)]
struct Keys {
    key1: Key,
    key2: Key,
}

#[derive(Deserialize)]
struct Key {
    created_at: Option<String>,
    age_days: Option<i64>,
    verdict: String,
}

#[derive(Deserialize)]
struct Enrolment {
    vault: String,
    name: String,
    active_key: Option<String>,
    auto_regenerate: Option<bool>,
    rotation_period: Option<String>,
}

#[derive(Deserialize)]
struct Regeneration {
    at: String,
    by: String,
}

#[derive(Deserialize)]
struct Finding {
    code: String,
    severity: String,
    message: String,
    waiver: Option<Waiver>,
}

#[derive(Deserialize)]
struct Waiver {
    owner: String,
    reason: String,
    expires: String,
}

#[derive(Deserialize)]
struct Unscanned {
    scope: String,
    reason: String,
    code: String,
}

/// Says in a fragment what is not understood.
type Read<T> = Result<T, String>;

fn moment(text: &str) -> Read<Timestamp> {
    text.parse().map_err(|_| format!("`{text}` is no moment"))
}

fn verdict(text: &str) -> Read<Verdict> {
    let mut known = Verdict::ALL.into_iter();
    known
        .find(|verdict| verdict.as_str() == text)
        .ok_or_else(|| format!("`{text}` is no verdict that this version knows"))
}

fn code(text: &str) -> Read<FindingCode> {
    FindingCode::of_name(text)
        .ok_or_else(|| format!("`{text}` is no finding that this version knows"))
}

impl Report {
    fn into_merged(self) -> Read<Merged> {
        let accounts = self.accounts.into_iter().map(Account::into_entry);
        let holes = self.unscanned.into_iter().map(|hole| {
            Ok(MergedHole {
                code: code(&hole.code)?,
                scope: hole.scope,
                reason: hole.reason,
            })
        });
        Ok(Merged {
            as_of: moment(&self.as_of)?,
            demand: self.demand.into_entry()?,
            scope: self.scope,
            accounts: accounts.collect::<Read<_>>()?,
            unscanned: holes.collect::<Read<_>>()?,
        })
    }
}

impl Demand {
    fn into_entry(self) -> Read<DemandEntry> {
        let profile = self.profile.map_or(Ok(Profile::Keys), |name| name.parse());
        let max_age: Period = self
            .max_key_age
            .parse()
            .map_err(|_| "an odd limit".to_owned())?;
        Ok(DemandEntry {
            profile: profile.map_err(|error| error.to_string())?,
            max_key_age: self.max_key_age,
            due_soon: self.due_soon,
            max_key_age_seconds: max_age.as_duration().as_secs(),
        })
    }
}

impl Account {
    fn into_entry(self) -> Read<AccountEntry<'static>> {
        let enrolments: Vec<_> = self
            .enrolments
            .into_iter()
            .map(Enrolment::into_entry)
            .collect();
        let last = self.last_regeneration.map(|last| {
            Ok::<_, String>(RegenerationEntry {
                at: moment(&last.at)?,
                by: last.by,
            })
        });
        let findings = self.findings.into_iter().map(Finding::into_entry);
        Ok(AccountEntry {
            id: self.id.into(),
            name: self.name.into(),
            subscription_id: self.subscription_id.into(),
            resource_group: self.resource_group.into(),
            location: self.location.into(),
            tags: self.tags,
            verdict: verdict(&self.verdict)?,
            standing: AccountStanding::default(),
            is_waived: false,
            keys: KeyEntries {
                key1: self.keys.key1.into_entry()?,
                key2: self.keys.key2.into_entry()?,
            },
            enrolment: enrolments.first().cloned(),
            enrolments,
            last_regeneration: last.transpose()?,
            findings: findings.collect::<Read<_>>()?,
        })
    }
}

impl Key {
    fn into_entry(self) -> Read<KeyEntry> {
        Ok(KeyEntry {
            created_at: self.created_at.as_deref().map(moment).transpose()?,
            age_days: self.age_days,
            verdict: verdict(&self.verdict)?,
            age_seconds: self
                .age_days
                .map(|days| days.saturating_mul(SECONDS_PER_DAY)),
        })
    }
}

impl Enrolment {
    fn into_entry(self) -> EnrolmentEntry<'static> {
        let active = self.active_key.as_deref();
        EnrolmentEntry {
            vault: self.vault.into(),
            name: self.name.into(),
            active_key: active
                .and_then(|key| key.parse().ok())
                .map(rotation::slot::KeySlot::as_str),
            auto_regenerate: self.auto_regenerate,
            rotation_period: self.rotation_period.map(Into::into),
        }
    }
}

impl Finding {
    fn into_entry(self) -> Read<FindingEntry<'static>> {
        let severity: Result<Severity, _> = self.severity.parse();
        let code = code(&self.code)?;
        Ok(FindingEntry {
            code,
            severity: severity.map_err(|error| error.to_string())?,
            message: self.message.into(),
            remediation: code.explanation().remediation,
            waiver: self.waiver.map(|waiver| WaiverEntry {
                owner: waiver.owner,
                reason: waiver.reason,
                expires: waiver.expires,
            }),
        })
    }
}
