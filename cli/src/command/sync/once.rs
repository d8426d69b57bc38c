//! One round of `sync` over the places of a file, for callers that are no person.

use std::path::PathBuf;

use azure::cloud::Cloud;
use jiff::Timestamp;

use super::args::{Form, Patience, PlaceArgs, SyncArgs};
use super::round::{self, Mode, Outcome, Row};
use super::target::{self, To};
use super::{SyncError, show};
use crate::Doors;
use crate::config;
use crate::session::Session;
use crate::settings;
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
    let config = config::read(&doors.env, args.config.as_deref())?;
    let cloud = settings::cloud(args.cloud, &doors.env)?;
    let targets = target::all(args, config.targets, &cloud)?;
    if targets.iter().any(|one| matches!(one.to, To::Stdout)) {
        return Err(SyncError::NobodyReads);
    }
    let mut session = Session::open(Some(cloud), doors)?;
    if let Some(moment) = args.as_of {
        session.set_as_of(moment);
    }
    let patience = args.rollout_timeout.0;
    let round = round::all(&targets, Mode::Replace, patience, &mut session).await;
    for row in &round.rows {
        let line = sentence(row);
        match row.outcome {
            Outcome::Failed(_) => told.leave(&line),
            _ => told.say(&line),
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
    if !row.restarted.is_empty() {
        line.push_str(&format!("; restarted {}", row.restarted.join(", ")));
    }
    line
}
