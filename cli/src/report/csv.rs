//! The report as CSV (RFC 4180): a row per account and per part that was not examined.
//!
//! Spreadsheets run a cell that begins like a formula, so such a cell gets an apostrophe, which
//! they take for "this is text".

use std::borrow::Cow;
use std::io::{self, Write};

use super::Report;
use super::text::inert;
use crate::report::entry::{AccountEntry, UnscannedEntry};

const HEAD: [&str; 24] = [
    "record",
    "id",
    "name",
    "subscription_id",
    "resource_group",
    "verdict",
    "key1_created_at",
    "key1_age_days",
    "key1_verdict",
    "key2_created_at",
    "key2_age_days",
    "key2_verdict",
    "vault",
    "enrolment",
    "active_key",
    "auto_regenerate",
    "rotation_period",
    "findings",
    "details",
    "standing",
    "waivers",
    "location",
    "last_regenerated_at",
    "last_regenerated_by",
];

type Row<'a> = [Cow<'a, str>; HEAD.len()];

/// Writes the rows.
pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    write_row(&HEAD.map(Cow::Borrowed), out)?;
    for account in report.accounts() {
        write_row(&account_row(&account), out)?;
    }
    for hole in report.unscanned() {
        write_row(&hole_row(&hole), out)?;
    }
    Ok(())
}

fn account_row<'a>(account: &'a AccountEntry<'_>) -> Row<'a> {
    let [key1, key2] = account.slots().map(|(_, key)| {
        let made = key.created_at.map(|made| made.to_string());
        let age = key.age_days.map(|days| days.to_string());
        [
            made.unwrap_or_default().into(),
            age.unwrap_or_default().into(),
            Cow::Borrowed(key.verdict.as_str()),
        ]
    });
    let [key1_made, key1_age, key1_verdict] = key1;
    let [key2_made, key2_age, key2_verdict] = key2;
    let record = account.enrolment.as_ref();
    let regenerated = account.last_regeneration.as_ref();
    let auto = record.and_then(|one| one.auto_regenerate);
    [
        "account".into(),
        Cow::Borrowed(&account.id),
        Cow::Borrowed(&account.name),
        Cow::Borrowed(&account.subscription_id),
        Cow::Borrowed(&account.resource_group),
        account.verdict.as_str().into(),
        key1_made,
        key1_age,
        key1_verdict,
        key2_made,
        key2_age,
        key2_verdict,
        record.map_or("", |one| &*one.vault).into(),
        record.map_or("", |one| &*one.name).into(),
        record.and_then(|one| one.active_key).unwrap_or("").into(),
        auto.map_or("", |auto| if auto { "true" } else { "false" })
            .into(),
        record
            .and_then(|one| one.rotation_period.as_deref())
            .unwrap_or("")
            .into(),
        joined(account, " ", |finding| finding.code.as_str()),
        joined(account, "; ", |finding| &*finding.message),
        account.standing.as_str().into(),
        waivers(account).into(),
        Cow::Borrowed(&account.location),
        regenerated
            .map_or_else(String::new, |one| one.at.to_string())
            .into(),
        regenerated.map_or("", |one| &one.by).into(),
    ]
}

fn joined<'e, 'a>(
    account: &'e AccountEntry<'a>,
    between: &str,
    part: impl Fn(&'e crate::report::entry::FindingEntry<'a>) -> &'e str,
) -> Cow<'e, str> {
    let parts: Vec<_> = account.findings.iter().map(part).collect();
    parts.join(between).into()
}

fn waivers(account: &AccountEntry<'_>) -> String {
    let waived = account.findings.iter().filter_map(|finding| {
        let waiver = finding.waiver.as_ref()?;
        Some(format!("{}: {waiver}", finding.code))
    });
    waived.collect::<Vec<_>>().join("; ")
}

fn hole_row<'a>(hole: &'a UnscannedEntry<'_>) -> Row<'a> {
    HEAD.map(|column| match column {
        "record" => "unscanned".into(),
        "id" => hole.scope.into(),
        "findings" => hole.code.as_str().into(),
        "details" => hole.reason.as_str().into(),
        _ => "".into(),
    })
}

fn write_row(row: &Row<'_>, out: &mut dyn Write) -> io::Result<()> {
    for (column, cell) in row.iter().enumerate() {
        if column > 0 {
            out.write_all(b",")?;
        }
        write_cell(cell, out)?;
    }
    out.write_all(b"\r\n")
}

fn write_cell(cell: &str, out: &mut dyn Write) -> io::Result<()> {
    let cell = inert(cell);
    let is_formula = cell.trim_start().starts_with([
        '=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ]);
    let apostrophe = if is_formula { "'" } else { "" };
    if cell.contains([',', '"', ';']) || cell.starts_with(' ') || cell.ends_with(' ') {
        write!(out, "\"{apostrophe}{}\"", cell.replace('"', "\"\""))
    } else {
        write!(out, "{apostrophe}{cell}")
    }
}
