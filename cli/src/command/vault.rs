//! `keyrotation vault`: the storage accounts that a key vault manages, by hand.
//!
//! Every change is told and asked about before it is made. What is decided and how it is carried out
//! is the engine's matter; here are the words, the questions and the forms of the answers.

mod add;
mod args;
mod confirm;
mod deleted;
mod disclose;
mod error;
mod life;
mod regenerate;
mod sas;
mod show;
mod wire;

use clap::{Args, Subcommand};

use self::add::AddArgs;
use self::args::{ChangeArgs, EXAMPLES, ListArgs, LookArgs, PlaceArgs};
use self::deleted::DeletedArgs;
use self::disclose::{BackupArgs, RestoreArgs, TokenArgs};
use self::error::VaultError;
use self::life::UpdateArgs;
use self::regenerate::RegenerateArgs;
use self::sas::SasArgs;
use crate::Doors;
use crate::exit_code::ExitCode;
use crate::output::Streams;
use crate::session::Session;

/// Works by hand with the storage accounts that a key vault manages, as `az keyvault storage` did
///
/// Changes are told first and asked about; `--yes` answers, and without a terminal it has to. A
/// request that makes a key is sent once, whatever is answered. Only `vault token` and `vault backup`
/// disclose a secret.
///
/// Exit codes:
///   0  done, or shown in full
///   1  not done: wrong usage, no sign-in, a refusal, an answer that was no
///   3  it cannot be told whether it was done, or a part of what is shown could not be read
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_long_help = EXAMPLES)]
pub struct VaultArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: VaultCommand,
}

/// A command over a vault.
#[derive(Debug, Subcommand)]
pub enum VaultCommand {
    /// Lists the accounts that a vault manages: key ages, the next turn, stalled ones, second records.
    List(ListArgs),
    /// Shows one enrolment in full.
    Show(ShowArgs),
    /// Enrols an account: the vault renews its keys from then on.
    Add(Box<AddArgs>),
    /// Changes settings of an enrolment; what is not named stays.
    Update(UpdateArgs),
    /// Ends an enrolment: the vault stops renewing keys and minting tokens.
    Remove(OneArgs),
    /// Has the vault regenerate the idle key now, or, with --force, any key.
    RegenerateKey(RegenerateArgs),
    /// Writes the sealed backup of an enrolment and its SAS definitions to a file.
    Backup(BackupArgs),
    /// Brings an enrolment back from a backup.
    Restore(RestoreArgs),
    /// Lists the enrolments that were removed and can be recovered.
    ListDeleted(DeletedArgs),
    /// Shows one enrolment that was removed.
    ShowDeleted(ShowArgs),
    /// Brings an enrolment back that was removed.
    Recover(OneArgs),
    /// Removes for good what the vault keeps of an enrolment that was removed.
    Purge(OneArgs),
    /// Works with the recipes by which a vault mints tokens.
    SasDefinition(SasArgs),
    /// Mints a fresh token and prints it.
    Token(TokenArgs),
}

/// One enrolment to look at.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Which.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// How to show it.
    #[command(flatten)]
    pub look: LookArgs,
}

/// One enrolment to act on.
#[derive(Debug, Args)]
pub struct OneArgs {
    /// Which.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// How to go about it.
    #[command(flatten)]
    pub change: ChangeArgs,
}

/// Runs a command over a vault.
///
/// # Errors
/// A failure whose words are the usual ones; the others are told here and end with their exit code.
///
/// # Cancellation
/// A change ends between two requests; what was changed by then stays.
pub(crate) async fn run(
    args: &VaultArgs,
    doors: Doors,
    streams: &mut Streams,
) -> Result<ExitCode, VaultError> {
    match execute(args, doors, streams).await {
        Ok(code) => Ok(code),
        Err(error) => {
            streams.say(&error::text(&error));
            Ok(error.code())
        }
    }
}

async fn execute(
    args: &VaultArgs,
    doors: Doors,
    streams: &mut Streams,
) -> Result<ExitCode, VaultError> {
    let cloud = args.command.cloud();
    let session = &mut Session::open(cloud, doors)?;
    match &args.command {
        VaultCommand::List(args) => show::list(args, session, streams).await,
        VaultCommand::Show(args) => show::show(args, session, streams).await,
        VaultCommand::Add(args) => add::run(args, session, streams).await,
        VaultCommand::Update(args) => life::update(args, session, streams).await,
        VaultCommand::Remove(args) => life::remove(args, session, streams).await,
        VaultCommand::RegenerateKey(args) => regenerate::run(args, session, streams).await,
        VaultCommand::Backup(args) => disclose::back_up(args, session, streams).await,
        VaultCommand::Restore(args) => disclose::restore(args, session, streams).await,
        VaultCommand::ListDeleted(args) => deleted::list(args, session, streams).await,
        VaultCommand::ShowDeleted(args) => deleted::show(args, session, streams).await,
        VaultCommand::Recover(args) => deleted::recover(args, session, streams).await,
        VaultCommand::Purge(args) => deleted::purge(args, session, streams).await,
        VaultCommand::SasDefinition(args) => sas::run(args, session, streams).await,
        VaultCommand::Token(args) => disclose::token(args, session, streams).await,
    }
}

impl VaultCommand {
    /// Gives the cloud that the command names.
    fn cloud(&self) -> Option<azure::cloud::Cloud> {
        match self {
            Self::List(args) => args.vault.cloud,
            Self::Show(args) | Self::ShowDeleted(args) => args.place.cloud,
            Self::Add(args) => args.place.cloud,
            Self::Update(args) => args.place.cloud,
            Self::Remove(args) | Self::Recover(args) | Self::Purge(args) => args.place.cloud,
            Self::RegenerateKey(args) => args.place.cloud,
            Self::Backup(args) => args.place.cloud,
            Self::Restore(args) => args.vault.cloud,
            Self::ListDeleted(args) => args.vault.cloud,
            Self::SasDefinition(args) => args.command.cloud(),
            Self::Token(args) => args.place.cloud,
        }
    }
}

#[cfg(test)]
mod tests;
