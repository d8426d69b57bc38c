//! `keyrotation emulator`: starts the Azure emulator, and speaks with one that runs.
//!
//! The emulator is a room of its own; here are its flags, the texts around it and the way to a
//! running one through its state folder.

mod args;
mod client;
mod journal;
mod start;

use std::io;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Deserialize;

use self::args::{ClockArgs, JournalArgs, JournalFormat, QUICK_START, StartArgs, StateArgs};
use self::client::{Client, ClientError};
use crate::Doors;
use crate::exit_code::ExitCode;
use crate::output::Streams;

/// Runs a small Azure on this machine, to rehearse on
///
/// It plays Entra ID, Resource Manager, Key Vault and Graph under their real host names, through
/// a proxy that other programs are led to by environment variables. Its clock can be put forward,
/// so that a rotation period passes in a moment. Nothing reaches Azure.
#[derive(Debug, Args)]
#[command(after_help = QUICK_START)]
pub struct EmulatorArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: EmulatorCommand,
}

/// A command over the emulator.
#[derive(Debug, Subcommand)]
pub enum EmulatorCommand {
    /// Starts the emulator and runs it until it is interrupted.
    Start(Box<StartArgs>),
    /// Prints the shell lines that lead other programs to a running emulator.
    Env(StateArgs),
    /// Shows the emulator's clock, or puts it forward.
    Clock(ClockArgs),
    /// Shows every request that the emulator has seen, without secrets.
    Journal(JournalArgs),
}

/// The emulator did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EmulatorError {
    #[error("cannot read `{}`", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot use the fleet document `{}`", path.display())]
    Fleet {
        path: PathBuf,
        source: emulator::FleetError,
    },
    #[error(transparent)]
    Start(#[from] emulator::StartError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("cannot write the result")]
    Write(#[source] io::Error),
}

#[derive(Deserialize)]
struct Clock {
    now: String,
}

/// Runs a command over the emulator.
///
/// # Cancellation
/// A started emulator ends.
pub(crate) async fn run(
    args: &EmulatorArgs,
    doors: Doors,
    streams: &mut Streams,
) -> Result<ExitCode, EmulatorError> {
    let text = match &args.command {
        EmulatorCommand::Start(args) => return start::run(args, doors, streams).await,
        EmulatorCommand::Env(args) => read(args.state_dir.join("env.sh")).await?,
        EmulatorCommand::Clock(args) => clock(args).await?,
        EmulatorCommand::Journal(args) => show_journal(args).await?,
    };
    streams.result(&text).map_err(EmulatorError::Write)?;
    Ok(ExitCode::Passed)
}

async fn clock(args: &ClockArgs) -> Result<String, EmulatorError> {
    let client = Client::of(&args.state.state_dir).await?;
    let answer = match &args.advance {
        None => client.get("/clock").await?,
        Some(period) => {
            let order = serde_json::json!({"advance": period}).to_string();
            client.post("/clock", &order).await?
        }
    };
    let clock: Clock = client::parse(&answer)?;
    Ok(format!("{}\n", clock.now))
}

async fn show_journal(args: &JournalArgs) -> Result<String, EmulatorError> {
    let client = Client::of(&args.state.state_dir).await?;
    let answer = client.get("/journal").await?;
    Ok(match args.format {
        JournalFormat::Json => format!("{}\n", answer.trim_end()),
        JournalFormat::Table => journal::table(&client::parse(&answer)?),
    })
}

async fn read(path: PathBuf) -> Result<String, EmulatorError> {
    let text = tokio::fs::read_to_string(&path).await;
    text.map_err(|source| EmulatorError::Read { path, source })
}

#[cfg(test)]
mod tests;
