//! Showing how a round went: a table for people, or one JSON document.

use engine::deliver::Why;
use jiff::Timestamp;
use rotation::token::Reason;
use serde::Serialize;

use super::SyncError;
use super::args::Form;
use super::round::{Outcome, Round, Row};
use crate::output::Streams;
use crate::table::{known, table};

/// The version of the document.
const FORMAT_VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    format_version: u32,
    at: String,
    targets: Vec<RowWire<'a>>,
}

#[derive(Serialize)]
struct RowWire<'a> {
    target: &'a str,
    source: &'a str,
    outcome: &'static str,
    code: Option<&'static str>,
    reason: Option<&'a str>,
    minted: Option<String>,
    expires: Option<String>,
    key: Option<&'static str>,
    refresh: Option<String>,
    restarted: &'a [String],
    waiting: &'a [String],
    unseen: &'a [String],
    doubt: Option<&'a str>,
}

/// Writes how a round went.
///
/// # Errors
/// The result could not be written.
pub(super) fn write(round: &Round, form: Form, streams: &mut Streams) -> Result<(), SyncError> {
    let text = match form {
        Form::Table => human(round),
        Form::Json => json(round),
    };
    streams.result(&text).map_err(SyncError::Write)?;
    for row in &round.rows {
        for unseen in &row.unseen {
            streams.say(&format!(
                "{}: judged by its own end alone: {unseen}",
                row.target
            ));
        }
        // A failure says it as its reason.
        if let (Some(doubt), false) = (&row.doubt, matches!(row.outcome, Outcome::Failed(_))) {
            streams.say(&format!("{}: {doubt}", row.target));
        }
    }
    Ok(())
}

fn json(round: &Round) -> String {
    let document = Document {
        format_version: FORMAT_VERSION,
        at: round.at.to_string(),
        targets: round.rows.iter().map(wire).collect(),
    };
    // A document of texts alone is always written.
    let text = serde_json::to_string(&document).unwrap_or_default();
    format!("{text}\n")
}

fn wire(row: &Row) -> RowWire<'_> {
    let text = |time: Option<Timestamp>| time.map(|time| time.to_string());
    let (outcome, why) = said(&row.outcome);
    RowWire {
        target: &row.target,
        source: &row.source,
        outcome,
        code: why.map(code),
        reason: reason(&row.outcome),
        minted: text(row.notes.minted),
        expires: text(row.notes.expires),
        key: row.notes.slot.map(rotation::slot::KeySlot::as_str),
        refresh: text(row.notes.refresh),
        restarted: &row.restarted,
        waiting: &row.waiting,
        unseen: &row.unseen,
        doubt: row.doubt.as_deref(),
    }
}

fn human(round: &Round) -> String {
    let rows: Vec<_> = round.rows.iter().map(line).collect();
    table(["TARGET", "OUTCOME", "KEY", "EXPIRES", "REASON"], &rows)
}

fn line(row: &Row) -> [String; 5] {
    let (outcome, _) = said(&row.outcome);
    let mut reason = reason(&row.outcome).unwrap_or_default().to_owned();
    if !row.restarted.is_empty() {
        reason.push_str(&format!("; restarted {}", row.restarted.join(", ")));
    }
    for waiting in &row.waiting {
        reason.push_str(&format!("; {waiting}"));
    }
    [
        row.target.clone(),
        outcome.to_owned(),
        known(row.notes.slot),
        known(row.notes.expires),
        reason.trim_start_matches("; ").to_owned(),
    ]
}

pub(super) fn said(outcome: &Outcome) -> (&'static str, Option<Why>) {
    match outcome {
        Outcome::Kept => ("kept", None),
        Outcome::Replaced(why) => ("replaced", Some(*why)),
        Outcome::Wanting(why) if why.is_outage() => ("dead", Some(*why)),
        Outcome::Wanting(why) => ("due", Some(*why)),
        Outcome::Failed(_) => ("failed", None),
    }
}

pub(super) fn reason(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Kept => None,
        Outcome::Replaced(why) | Outcome::Wanting(why) => Some(why.as_str()),
        Outcome::Failed(said) => Some(said),
    }
}

/// Gives the stable word for a reason.
fn code(why: Why) -> &'static str {
    match why {
        Why::Empty => "token-missing",
        Why::OtherSource => "token-of-another-source",
        Why::Changed => "secret-changed",
        Why::Asked => "asked-for",
        Why::Token(Reason::Unknown) => "token-life-unknown",
        Why::Token(Reason::Expired) => "token-expired",
        Why::Token(Reason::KeyRenewed) => "token-key-renewed",
        Why::Token(Reason::BehindVault) => "regenerated-behind-vault",
        Why::Token(Reason::KeyMayBeRenewed) => "token-key-perhaps-renewed",
        Why::Token(Reason::Due) => "token-ends-soon",
    }
}
