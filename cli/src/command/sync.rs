//! Fresh tokens to where their users read them: once, on a look alone, or again and again.

pub mod args;
pub(super) mod once;
mod reach;
mod restart;
pub(super) mod round;
mod show;
pub(super) mod target;
mod watch;

use std::io;

use crate::Doors;
use crate::config::{self, ConfigError};
use crate::exit_code::ExitCode;
use crate::output::Streams;
use crate::session::{Session, SessionError};
use crate::settings::{self, SettingsError};

use self::args::SyncArgs;
use self::round::Mode;
use self::target::{Target, TargetError};

/// Nothing could be said about any place.
#[derive(Debug, thiserror::Error)]
pub(super) enum SyncError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error("cannot write the result")]
    Write(#[source] io::Error),
    #[error(
        "stdout can take one token, and no report beside it: leave --check, --watch and --format out"
    )]
    Stdout,
    #[error("nobody reads stdout here: name a `secret` or a file in each `[[sync]]`")]
    NobodyReads,
}

/// Puts tokens where they belong.
///
/// # Errors
/// Wrong usage, no sign-in, or a result that could not be written.
pub(super) async fn run(
    args: &SyncArgs,
    doors: Doors,
    streams: &mut Streams,
) -> Result<ExitCode, SyncError> {
    let (targets, mut session) = prepared(args, doors)?;
    let to_stdout = targets.iter().any(Target::is_stdout);
    let is_plain = !args.check && !args.watch && args.format == args::Form::Table;
    if to_stdout && (!is_plain || targets.len() > 1) {
        return Err(SyncError::Stdout);
    }
    if to_stdout {
        return print(&targets, &session, streams).await;
    }
    if args.watch {
        return watch::run(args, &targets, &mut session, streams).await;
    }
    let mode = if args.check {
        Mode::Look
    } else {
        Mode::Replace
    };
    let round = round::all(&targets, mode, args.rollout_timeout.0, &mut session).await;
    show::write(&round, args.format, streams)?;
    Ok(round.exit_code())
}

/// Reads what is to be put where, and prepares the connection; nothing is sent yet.
fn prepared(args: &SyncArgs, doors: Doors) -> Result<(Vec<Target>, Session), SyncError> {
    let config = config::read(&doors.env, args.config.as_deref())?;
    let cloud = settings::cloud(args.cloud, &doors.env)?;
    let targets = target::all(args, config.targets, &cloud)?;
    let mut session = Session::open(Some(cloud), doors)?;
    if let Some(moment) = args.as_of {
        session.set_as_of(moment);
    }
    Ok((targets, session))
}

/// Writes one token to stdout.
async fn print(
    targets: &[Target],
    session: &Session,
    streams: &mut Streams,
) -> Result<ExitCode, SyncError> {
    for target in targets {
        match round::print(target, session).await {
            Ok((value, doubt)) => {
                round::hand_over(&value, streams).map_err(SyncError::Write)?;
                if let Some(doubt) = doubt {
                    streams.say(&doubt);
                    return Ok(ExitCode::Unproven);
                }
            }
            Err(error) => {
                streams.say(&crate::error::text(&error));
                return Ok(ExitCode::Failed);
            }
        }
    }
    Ok(ExitCode::Passed)
}
