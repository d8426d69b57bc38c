//! The report for people: a table, what was found, what to do, and the sum.
//!
//! Colour only repeats what words say already. At a terminal the lines keep to its width; in a file
//! or a pipe they are whole, for the sake of whoever searches in them.

mod groups;
mod sections;
mod table;
pub(crate) mod wrap;

use std::io::{self, Write};

use clap::ValueEnum;
use rotation::drift::{Proof, Verdict};

use self::groups::Group;
use self::table::{Cell, Columns};
use super::Report;
use super::text::{count, inert, words};
use crate::report::entry::{AccountEntry, EnrolmentEntry, KeyEntry};

/// How the report is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    /// Whether words are coloured.
    pub(crate) paint: Paint,
    /// How many columns a line may take, if there is a bound.
    pub(crate) width: Option<usize>,
    /// What accounts are put together by.
    pub(crate) group_by: GroupBy,
}

/// Whether words are coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paint {
    /// They are.
    Colored,
    /// They are not.
    Plain,
}

/// What the accounts of the human report are put together by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GroupBy {
    /// The subscription they are in.
    Subscription,
    /// The vault that manages them.
    Vault,
    /// The most severe finding about them.
    Severity,
}

const HEAD: [&str; 6] = [
    "ACCOUNT",
    "RESOURCE GROUP",
    "VERDICT",
    "KEY1",
    "KEY2",
    "VAULT",
];

/// Columns that may be cut to a least width on a narrow screen, else left out; the first one first.
/// What an account is called and what is concluded about it always stands there.
const MAY_BE_CUT: [(usize, usize); 2] = [(5, 10), (1, 8)];

/// Writes the report.
pub(super) fn write(report: &Report<'_>, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    let rule = report.rule(&report.demand().max_key_age);
    let moment = report.as_of().strftime("%Y-%m-%dT%H:%M:%SZ");
    writeln!(out, "Keys of storage accounts as of {moment}: {rule}\n")?;
    write_accounts(report, look, out)?;
    sections::write(report, look, out)?;
    writeln!(out, "{}", sum(report))
}

fn write_accounts(report: &Report<'_>, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    if report.summary().examined() == 0 {
        return Ok(());
    }
    let mut columns = Columns::of(HEAD);
    for account in report.accounts() {
        columns.make_room_for(&row(&account));
    }
    if let Some(width) = look.width {
        columns.squeeze_into(width, &MAY_BE_CUT);
    }
    for Group { title, places } in groups::of(report, look.group_by) {
        writeln!(out, "{}", inert(&title))?;
        columns.write(&HEAD.map(Cell::plain), Paint::Plain, out)?;
        for account in places.iter().filter_map(|place| report.account(*place)) {
            columns.write(&row(&account), look.paint, out)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn row(account: &AccountEntry<'_>) -> [Cell; HEAD.len()] {
    let records: Vec<_> = account.enrolments.iter().map(enrolment_words).collect();
    let vault = match records.as_slice() {
        [] => "-".to_owned(),
        some => some.join(" and "),
    };
    [
        Cell::plain(&*account.name),
        Cell::plain(&*account.resource_group),
        account_cell(account),
        key_cell(&account.keys.key1, account.verdict),
        key_cell(&account.keys.key2, account.verdict),
        Cell::plain(vault),
    ]
}

fn account_cell(account: &AccountEntry<'_>) -> Cell {
    let word = words(account.verdict);
    if account.is_waived {
        return Cell::plain(format!("{word}, waived"));
    }
    verdict_cell(word, account.verdict)
}

/// Says the age of a key, and its verdict where that is not the one of the account.
fn key_cell(key: &KeyEntry, of_account: Verdict) -> Cell {
    let days = key.age_days.and_then(|days| usize::try_from(days).ok());
    let age = days.map_or_else(|| "age ?".to_owned(), |days| count(days, "day", "days"));
    if key.verdict == of_account {
        return verdict_cell(age, key.verdict);
    }
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

fn enrolment_words(enrolment: &EnrolmentEntry<'_>) -> String {
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

fn sum(report: &Report<'_>) -> String {
    let summary = report.summary();
    let mut counts = summary.by_verdict();
    counts.reverse();
    // The best first, and what does not matter at the end.
    counts.rotate_left(1);
    let mut some: Vec<_> = counts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(verdict, count)| format!("{count} {}", words(*verdict)))
        .collect();
    if report.tally().waived > 0 {
        some.push(format!("{} waived", report.tally().waived));
    }
    let accounts = match summary.examined() {
        0 => "No account was examined".to_owned(),
        some_or_many => format!(
            "{}: {}",
            count(some_or_many, "account", "accounts"),
            some.join(", ")
        ),
    };
    match summary.unscanned {
        0 => format!("{accounts}."),
        1 => format!("{accounts}; 1 part of the scope was not examined."),
        many => format!("{accounts}; {many} parts of the scope were not examined."),
    }
}
