//! One round of `sync` over the places of a file, for callers that are no person.

use std::path::PathBuf;

use azure::cloud::Cloud;
use jiff::Timestamp;

use super::args::{Form, Patience, PlaceArgs, SyncArgs};
use super::round::{self, Mode, Outcome, Row};
use super::target::Target;
use super::{SyncError, prepared, show};
use crate::Doors;
use crate::told::Told;

/// Serves every place that the file declares.
///
/// # Errors
/// Settings that cannot be used, or no way to sign in.
pub(in crate::command) async fn once(
    args: &SyncArgs,
    doors: Doors,
    told: &mut Told,
) -> Result<(), SyncError> {
    let (targets, mut session) = prepared(args, doors)?;
    if targets.iter().any(Target::is_stdout) {
        return Err(SyncError::NobodyReads);
    }
    let patience = args.rollout_timeout.0;
    let round = round::all(&targets, Mode::Replace, patience, &mut session).await;
    for row in &round.rows {
        let line = sentence(row);
        if row.is_unproven || row.doubt.is_some() || matches!(row.outcome, Outcome::Failed(_)) {
            told.leave(&line);
        } else {
            told.say(&line);
        }
    }
    Ok(())
}

/// Makes the arguments that a command line with nothing but a file gives.
pub(in crate::command) fn of_file(
    config: Option<PathBuf>,
    cloud: Option<Cloud>,
    rollout_timeout: Patience,
    as_of: Option<Timestamp>,
) -> SyncArgs {
    SyncArgs {
        from: None,
        to: PlaceArgs::default(),
        refresh_before: None,
        always: false,
        check: false,
        watch: false,
        interval: rotation::period::Period::days(1),
        rollout_timeout,
        config,
        cloud,
        as_of,
        format: Form::Table,
    }
}

fn sentence(row: &Row) -> String {
    let (outcome, _) = show::said(&row.outcome);
    let mut line = format!("{}: {outcome}", row.target);
    if let Some(reason) = show::reason(&row.outcome) {
        line.push_str(&format!(": {reason}"));
    }
    if let Some(end) = row.notes.expires {
        line.push_str(&format!("; good until {end}"));
    }
    if row.is_unproven {
        line.push_str(&format!("; not proven: {}", row.unseen.join("; ")));
    }
    if let (Some(doubt), false) = (&row.doubt, matches!(row.outcome, Outcome::Failed(_))) {
        line.push_str(&format!("; not proven: {doubt}"));
    }
    if !row.restarted.is_empty() {
        line.push_str(&format!("; restarted {}", row.restarted.join(", ")));
    }
    for waiting in &row.waiting {
        line.push_str(&format!("; {waiting}"));
    }
    line
}
