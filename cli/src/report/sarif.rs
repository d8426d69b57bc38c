//! The report as SARIF 2.1.0: one run, a rule per kind of finding, a result per finding and hole.
//!
//! SARIF is about files, and so are the sites that read it. An account's resource id takes the
//! place of the file; the same id is a logical location, which is what it really is.

use std::collections::HashMap;
use std::io::{self, Write};

use rotation::finding::{Explanation, FindingCode, Severity, explanations};
use serde::Serialize;
use serde_json::{Value, json};

use super::Report;
use super::json::{Each, write_indented};
use super::text::inert;
use crate::report::entry::{AccountEntry, FindingEntry, UnscannedEntry};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/\
                      sarif-schema-2.1.0.json";

#[derive(Serialize)]
struct Log<Run> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<Results, Notifications> {
    tool: Value,
    invocations: [Invocation<Notifications>; 1],
    column_kind: &'static str,
    properties: Value,
    results: Results,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation<Notifications> {
    execution_successful: bool,
    tool_execution_notifications: Notifications,
}

/// Writes the log.
pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let run = Run {
        tool: tool(),
        invocations: [Invocation {
            execution_successful: report.summary().examined() > 0,
            tool_execution_notifications: Each(|| report.unscanned().map(notification)),
        }],
        column_kind: "utf16CodeUnits",
        properties: json!({
            "asOf": report.as_of().to_string(),
            "complete": report.is_complete(),
            "demand": report.demand(),
            "summary": report.summary(),
        }),
        results: Each(|| {
            let found = report.accounts().flat_map(|account| results(&account));
            found.chain(hole_results(report))
        }),
    };
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [run],
    };
    write_indented(&log, out)
}

fn tool() -> Value {
    json!({
        "driver": {
            "name": "keyrotation",
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "informationUri": env!("CARGO_PKG_REPOSITORY"),
            "rules": explanations().iter().map(rule).collect::<Vec<_>>(),
        }
    })
}

fn rule(row: &Explanation) -> Value {
    json!({
        "id": row.name,
        "shortDescription": { "text": row.name.replace('-', " ") },
        "fullDescription": { "text": row.risk },
        "help": { "text": row.remediation, "markdown": row.remediation },
        "defaultConfiguration": { "level": level(row.severity) },
        "properties": {
            "tags": ["security"],
            "security-severity": score(row.severity),
        },
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Info | Severity::Low => "note",
        Severity::Medium => "warning",
        Severity::High => "error",
    }
}

/// The middle of the range that code scanning sites call by the same word.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "0.0",
        Severity::Low => "2.0",
        Severity::Medium => "5.5",
        Severity::High => "8.0",
    }
}

fn results(account: &AccountEntry<'_>) -> Vec<Value> {
    let mut seen: HashMap<FindingCode, usize> = HashMap::new();
    let result = |finding: &FindingEntry<'_>| {
        let nth = seen.entry(finding.code).or_default();
        *nth += 1;
        let text = format!("{}: {}", account.name, finding.message);
        let mut result = result(finding.code, finding.severity, &text, &account.id, *nth);
        if let (Some(waiver), Some(fields)) = (&finding.waiver, result.as_object_mut()) {
            let text = waiver.to_string();
            let suppression = json!({
                "kind": "external",
                "status": "accepted",
                "justification": inert(&text),
            });
            fields.insert("suppressions".to_owned(), json!([suppression]));
        }
        result
    };
    account.findings.iter().map(result).collect()
}

fn hole_results(report: &Report<'_>) -> impl Iterator<Item = Value> {
    let mut seen: HashMap<(FindingCode, &str), usize> = HashMap::new();
    report.unscanned().map(move |hole| {
        let nth = seen.entry((hole.code, hole.scope)).or_default();
        *nth += 1;
        let text = format!("not examined: {}", hole.reason);
        result(hole.code, hole.severity, &text, hole.scope, *nth)
    })
}

fn result(code: FindingCode, severity: Severity, text: &str, id: &str, nth: usize) -> Value {
    json!({
        "ruleId": code.as_str(),
        "ruleIndex": explanations().iter().position(|row| row.code == code),
        "level": level(severity),
        "message": { "text": inert(text) },
        "locations": [location(id)],
        // The words of a finding change with time; what it is about does not.
        "partialFingerprints": {
            "findingOfResource/v1": format!("{code}:{nth}:{}", id.to_lowercase()),
        },
    })
}

fn location(id: &str) -> Value {
    let kind = "resource";
    let name = id.rsplit('/').next().unwrap_or(id);
    json!({
        "physicalLocation": {
            "artifactLocation": { "uri": relative_uri(id) },
            "region": { "startLine": 1 },
        },
        "logicalLocations": [{ "name": name, "fullyQualifiedName": id, "kind": kind }],
    })
}

/// Makes a relative reference of an id: characters that a URI cannot hold are escaped.
fn relative_uri(id: &str) -> String {
    let mut uri = String::with_capacity(id.len());
    for byte in id.trim_start_matches('/').bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is mapped over entries that are made one at a time"
)]
fn notification(hole: UnscannedEntry<'_>) -> Value {
    json!({
        "level": level(hole.severity),
        "message": { "text": inert(&format!("{}: {}", hole.scope, hole.reason)) },
        "associatedRule": { "id": hole.code.as_str() },
    })
}
