//! The report as events of the Open Cybersecurity Schema Framework: class Compliance Finding, one
//! JSON object per line.
//!
//! Every finding is an event; an account that passes is one as well, because a store of events
//! cannot tell "passed" from "not looked at" otherwise. Numbers are those of OCSF 1.5.0.

use std::io::{self, Write};

use jiff::Timestamp;
use rotation::drift::Proof;
use rotation::finding::Severity;
use rotation::profile::Profile;
use serde_json::{Value, json};

use super::Report;
use super::json::write_line;
use super::text::words;
use crate::report::entry::{AccountEntry, FindingEntry, UnscannedEntry, WaiverEntry};
use crate::report::standing::AccountStanding;

const VERSION: &str = "1.5.0";
const CATEGORY_FINDINGS: u32 = 2;
const CLASS_COMPLIANCE_FINDING: u32 = 2003;
const ACTIVITY_CREATE: u32 = 1;

/// What a control came to, with its number in `compliance.status_id`.
#[derive(Clone, Copy)]
enum Status {
    Unknown = 0,
    Pass = 1,
    Warning = 2,
    Fail = 3,
}

/// What one event says; the rest is the same for all.
struct Event<'a> {
    control: &'a str,
    uid: String,
    title: String,
    message: &'a str,
    remediation: Option<&'a str>,
    severity: Severity,
    status: Status,
    resource: Value,
    subscription: Option<&'a str>,
    region: Option<&'a str>,
    waiver: Option<&'a WaiverEntry>,
}

/// Writes the events.
pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (moment, profile) = (report.as_of(), report.demand().profile);
    for account in report.accounts() {
        if account.standing == AccountStanding::Passes && !account.is_waived {
            write_line(&pass(&account).json(moment), out)?;
        }
        for (number, finding) in account.findings.iter().enumerate() {
            write_line(&found(&account, finding, number, profile).json(moment), out)?;
        }
    }
    for hole in report.unscanned() {
        write_line(&unscanned(&hole).json(moment), out)?;
    }
    Ok(())
}

fn pass<'a>(account: &'a AccountEntry<'_>) -> Event<'a> {
    Event {
        control: "key-age",
        uid: format!("key-age:{}", account.id.to_lowercase()),
        title: format!("{}: {}", account.name, words(account.verdict)),
        message: words(account.verdict),
        remediation: None,
        severity: Severity::Info,
        status: Status::Pass,
        resource: resource(account),
        subscription: Some(&account.subscription_id),
        region: Some(&account.location),
        waiver: None,
    }
}

fn found<'a>(
    account: &'a AccountEntry<'_>,
    finding: &'a FindingEntry<'_>,
    nth: usize,
    profile: Profile,
) -> Event<'a> {
    let severity = finding.severity;
    Event {
        control: finding.code.as_str(),
        uid: format!("{}:{nth}:{}", finding.code, account.id.to_lowercase()),
        title: format!("{}: {}", account.name, finding.code),
        message: &finding.message,
        remediation: Some(finding.remediation),
        severity,
        status: match (finding.code.proof(profile), severity) {
            (Proof::Broken, _) => Status::Fail,
            (Proof::Missing, _) => Status::Unknown,
            (Proof::Kept, Severity::Info) => Status::Pass,
            (Proof::Kept, _) => Status::Warning,
        },
        resource: resource(account),
        subscription: Some(&account.subscription_id),
        region: Some(&account.location),
        waiver: finding.waiver.as_ref(),
    }
}

fn unscanned<'a>(hole: &'a UnscannedEntry<'_>) -> Event<'a> {
    Event {
        control: hole.code.as_str(),
        uid: format!("{}:{}", hole.code, hole.scope.to_lowercase()),
        title: format!("not examined: {}", hole.scope),
        message: &hole.reason,
        remediation: Some(hole.remediation),
        severity: hole.severity,
        status: Status::Unknown,
        resource: json!({ "uid": hole.scope, "name": hole.scope, "type": "scope" }),
        subscription: None,
        region: None,
        waiver: None,
    }
}

fn resource(account: &AccountEntry<'_>) -> Value {
    json!({
        "uid": account.id,
        "name": account.name,
        "type": "Microsoft.Storage/storageAccounts",
        "group": { "name": account.resource_group },
        "data": { "verdict": account.verdict.as_str(), "keys": account.keys },
    })
}

impl Event<'_> {
    fn json(&self, moment: Timestamp) -> Value {
        let (severity_id, severity) = severity(self.severity);
        let mut event = json!({
            "category_uid": CATEGORY_FINDINGS,
            "category_name": "Findings",
            "class_uid": CLASS_COMPLIANCE_FINDING,
            "class_name": "Compliance Finding",
            "activity_id": ACTIVITY_CREATE,
            "activity_name": "Create",
            "type_uid": CLASS_COMPLIANCE_FINDING * 100 + ACTIVITY_CREATE,
            "type_name": "Compliance Finding: Create",
            "time": moment.as_millisecond(),
            "severity_id": severity_id,
            "severity": severity,
            "status_id": if self.waiver.is_some() { 3 } else { 1 },
            "status": if self.waiver.is_some() { "Suppressed" } else { "New" },
            "message": self.message,
            "metadata": metadata(),
            "finding_info": {
                "uid": self.uid,
                "title": self.title,
                "desc": self.message,
                "created_time": moment.as_millisecond(),
            },
            "compliance": {
                "control": self.control,
                "standards": ["keyrotation"],
                "status_id": self.status as u32,
                "status": self.status.name(),
            },
            "resources": [self.resource],
            "cloud": { "provider": "Azure", "region": self.region, "account": self.account() },
        });
        if let (Some(waiver), Some(fields)) = (self.waiver, event.as_object_mut()) {
            fields.insert("comment".to_owned(), json!(waiver.to_string()));
        }
        if let (Some(desc), Some(fields)) = (self.remediation, event.as_object_mut()) {
            fields.insert("remediation".to_owned(), json!({ "desc": desc }));
        }
        event
    }

    fn account(&self) -> Value {
        json!({ "uid": self.subscription, "type_id": 99, "type": "Azure Subscription" })
    }
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Unknown => "Unknown",
            Self::Pass => "Pass",
            Self::Warning => "Warning",
            Self::Fail => "Fail",
        }
    }
}

fn metadata() -> Value {
    json!({
        "version": VERSION,
        "product": {
            "name": "keyrotation",
            "vendor_name": "keyrotation",
            "version": env!("CARGO_PKG_VERSION"),
        },
        "profiles": ["cloud"],
    })
}

fn severity(severity: Severity) -> (u32, &'static str) {
    match severity {
        Severity::Info => (1, "Informational"),
        Severity::Low => (2, "Low"),
        Severity::Medium => (3, "Medium"),
        Severity::High => (4, "High"),
    }
}
