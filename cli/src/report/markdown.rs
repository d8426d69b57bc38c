//! The report as Markdown, for the summary page of a pipeline run.
//!
//! Such pages have a bound (one mebibyte on GitHub), so only the accounts that do not pass are
//! listed, and of very many only the first; it is said how many are not shown.

use std::io::{self, Write};

use super::Report;
use super::text::{Marked, count, words};
use crate::report::entry::{AccountEntry, KeyEntry};
use crate::report::standing::AccountStanding;

/// How many rows a table has at most.
const ROWS: usize = 500;

/// Writes the page.
pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let summary = report.summary();
    writeln!(out, "## Keys of storage accounts\n")?;
    writeln!(out, "{}\n", headline(report))?;
    let rule = report.rule(&report.demand().max_key_age);
    writeln!(out, "As of {}: {rule}.\n", report.as_of())?;
    writeln!(out, "| Verdict | Accounts |\n|---|---:|")?;
    for (verdict, count) in summary.by_verdict() {
        writeln!(out, "| {} | {count} |", words(verdict))?;
    }
    if summary.unscanned > 0 {
        writeln!(out, "| parts not examined | {} |", summary.unscanned)?;
    }
    write_accounts(report, out)?;
    write_holes(report, out)?;
    write_remedies(report, out)
}

fn headline(report: &Report<'_>) -> String {
    let summary = report.summary();
    let broken = report.tally().breaks;
    let open = report.tally().unproven + summary.unscanned;
    let examined = count(summary.examined(), "account", "accounts");
    match (summary.examined(), broken, open) {
        (0, _, _) => "**No account was examined.**".to_owned(),
        (_, 0, 0) => format!("**Within the rule:** all of {examined}."),
        (_, 0, open) => format!("**Not proven:** {open} of what was asked; {examined} examined."),
        (_, broken, 0) => format!("**Out of policy:** {broken} of {examined}."),
        (_, broken, open) => {
            format!("**Out of policy:** {broken} of {examined}; not proven: {open} more.")
        }
    }
}

fn write_accounts(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let tally = report.tally();
    let all = tally.breaks + tally.unproven;
    write_table("Accounts that do not pass", report, all, out, |account| {
        account.standing != AccountStanding::Passes
    })?;
    write_table("Waived", report, tally.waived, out, |account| {
        account.is_waived
    })
}

fn write_table(
    title: &str,
    report: &Report<'_>,
    all: usize,
    out: &mut dyn Write,
    is_in_it: impl Fn(&AccountEntry<'_>) -> bool,
) -> io::Result<()> {
    if all == 0 {
        return Ok(());
    }
    writeln!(out, "\n### {title}\n")?;
    writeln!(
        out,
        "| Account | Resource group | Verdict | key1 | key2 | Findings |\n|---|---|---|---|---|---|"
    )?;
    for account in report.accounts().filter(is_in_it).take(ROWS) {
        write_account(&account, out)?;
    }
    write_rest(all, out)
}

fn write_account(account: &AccountEntry<'_>, out: &mut dyn Write) -> io::Result<()> {
    let findings: Vec<_> = account
        .pressing()
        .map(|finding| {
            let waiver = finding.waiver.as_ref();
            let waiver = waiver.map_or_else(String::new, |waiver| format!(" ({waiver})"));
            format!(
                "`{}` {}{}",
                finding.code,
                Marked(&finding.message),
                Marked(&waiver)
            )
        })
        .collect();
    writeln!(
        out,
        "| {} | {} | {} | {} | {} | {} |",
        Marked(&account.name),
        Marked(&account.resource_group),
        words(account.verdict),
        age(&account.keys.key1),
        age(&account.keys.key2),
        findings.join("<br>")
    )
}

fn age(key: &KeyEntry) -> String {
    let days = key.age_days.and_then(|days| usize::try_from(days).ok());
    days.map_or_else(|| "age ?".to_owned(), |days| count(days, "day", "days"))
}

fn write_rest(all: usize, out: &mut dyn Write) -> io::Result<()> {
    match all.saturating_sub(ROWS) {
        0 => Ok(()),
        more => writeln!(out, "\n{more} more are in the other reports."),
    }
}

fn write_holes(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    if report.is_complete() {
        return Ok(());
    }
    writeln!(out, "\n### Not examined\n\n| Part | Reason |\n|---|---|")?;
    for hole in report.unscanned().take(ROWS) {
        writeln!(out, "| {} | {} |", Marked(hole.scope), Marked(&hole.reason))?;
    }
    write_rest(report.summary().unscanned, out)
}

fn write_remedies(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let codes = report.codes();
    let mut pressing = codes
        .keys()
        .map(|code| code.explanation())
        .filter(|row| row.severity > rotation::finding::Severity::Info)
        .peekable();
    if pressing.peek().is_none() {
        return Ok(());
    }
    writeln!(out, "\n### What to do\n")?;
    for row in pressing {
        writeln!(out, "- `{}`: {}", row.name, row.remediation)?;
    }
    Ok(())
}
