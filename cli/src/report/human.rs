//! The report for people: a table, what was found, what to do, and the sum.
//!
//! Colour only repeats what words say already.

mod table;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use rotation::drift::{Proof, Verdict};
use rotation::finding::{FindingCode, Severity};

use self::table::{Cell, Table};
use crate::report::{AccountEntry, EnrolmentEntry, FindingEntry, KeyEntry, Report, Summary};

/// Whether words are coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// They are.
    Colored,
    /// They are not.
    Plain,
}

/// Writes the report.
pub fn text(report: &Report, paint: Paint) -> String {
    let mut parts = vec![format!("Keys of storage accounts as of {}\n", report.as_of)];
    if !report.accounts.is_empty() {
        parts.push(account_table(report).text(paint));
    }
    parts.extend(section("Findings", &findings(report, paint)));
    parts.extend(section("Not examined", &unscanned(report)));
    parts.extend(section("What to do", &remediations(report)));
    parts.push(sum(&report.summary));
    parts.join("\n")
}

fn section(title: &str, body: &str) -> Option<String> {
    (!body.is_empty()).then(|| format!("{title}\n{body}"))
}

fn account_table(report: &Report) -> Table {
    let mut table = Table::new([
        "ACCOUNT",
        "RESOURCE GROUP",
        "VERDICT",
        "KEY1",
        "KEY2",
        "VAULT",
    ]);
    for account in &report.accounts {
        table.push([
            Cell::plain(&account.name),
            Cell::plain(resource_group(account)),
            verdict_cell(words(account.verdict), account.verdict),
            key_cell(&account.keys.key1),
            key_cell(&account.keys.key2),
            Cell::plain(
                account
                    .enrolment
                    .as_ref()
                    .map_or_else(|| "-".to_owned(), enrolment_words),
            ),
        ]);
    }
    table
}

fn key_cell(key: &KeyEntry) -> Cell {
    let age = match key.age_days {
        Some(1) => "1 day".to_owned(),
        Some(days) => format!("{days} days"),
        None => "age ?".to_owned(),
    };
    verdict_cell(format!("{age}, {}", words(key.verdict)), key.verdict)
}

fn verdict_cell(text: impl Into<String>, verdict: Verdict) -> Cell {
    Cell::colored(text, color(verdict))
}

/// The SGR code of a verdict: green for a pass, yellow for what needs care, red for a breach.
fn color(verdict: Verdict) -> Option<u8> {
    match (verdict, verdict.proof()) {
        (Verdict::NotApplicable, _) => None,
        (Verdict::DueSoon, _) | (_, Proof::Missing) => Some(33),
        (_, Proof::Kept) => Some(32),
        (_, Proof::Broken) => Some(31),
    }
}

fn words(verdict: Verdict) -> String {
    verdict.as_str().replace('_', " ")
}

/// The part of the id after `/resourceGroups/`.
fn resource_group(account: &AccountEntry) -> &str {
    account.id.split('/').nth(4).unwrap_or_default()
}

fn enrolment_words(enrolment: &EnrolmentEntry) -> String {
    let how = match (enrolment.auto_regenerate, &enrolment.rotation_period) {
        (Some(true), Some(period)) => format!("every {period}"),
        (Some(false), _) => "on request only".to_owned(),
        (Some(true) | None, _) => "period ?".to_owned(),
    };
    let active = enrolment.active_key.unwrap_or("?");
    format!(
        "{}/{}, {how}, active {active}",
        enrolment.vault, enrolment.name
    )
}

/// The findings that call for something; what is only worth knowing is left to the JSON report.
fn pressing(account: &AccountEntry) -> impl Iterator<Item = &FindingEntry> {
    account
        .findings
        .iter()
        .filter(|finding| finding.code.severity() > Severity::Info)
}

fn findings(report: &Report, paint: Paint) -> String {
    let mut text = String::new();
    for account in &report.accounts {
        let mut pressing = pressing(account).peekable();
        if pressing.peek().is_none() {
            continue;
        }
        let _infallible = writeln!(text, "  {}", account.id);
        let mut table = Table::without_head();
        for finding in pressing {
            table.push([
                Cell::plain(format!("    {}", finding.severity)),
                Cell::plain(finding.code.as_str()),
                Cell::plain(&finding.message),
            ]);
        }
        text.push_str(&table.text(paint));
    }
    text
}

fn unscanned(report: &Report) -> String {
    report
        .unscanned
        .iter()
        .map(|hole| format!("  {}\n    {}\n", hole.scope, hole.reason))
        .collect()
}

fn remediations(report: &Report) -> String {
    let found = report
        .accounts
        .iter()
        .flat_map(pressing)
        .map(|finding| finding.code);
    let holes = report.unscanned.iter().map(|hole| hole.code);
    let codes: BTreeSet<FindingCode> = found.chain(holes).collect();
    let mut table = Table::without_head();
    for code in codes {
        let explanation = code.explanation();
        table.push([
            Cell::plain(format!("  {}", explanation.name)),
            Cell::plain(explanation.remediation),
        ]);
    }
    table.text(Paint::Plain)
}

fn sum(summary: &Summary) -> String {
    let counts = [
        (summary.compliant, "compliant"),
        (summary.due_soon, "due soon"),
        (summary.overdue, "overdue"),
        (summary.stalled, "stalled"),
        (summary.unknown, "unknown"),
        (summary.not_applicable, "not applicable"),
    ];
    let some: Vec<_> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let accounts = match summary.examined() {
        0 => "No account was examined".to_owned(),
        1 => format!("1 account: {}", some.join(", ")),
        many => format!("{many} accounts: {}", some.join(", ")),
    };
    match summary.unscanned {
        0 => format!("{accounts}.\n"),
        1 => format!("{accounts}; 1 part of the scope was not examined.\n"),
        many => format!("{accounts}; {many} parts of the scope were not examined.\n"),
    }
}
