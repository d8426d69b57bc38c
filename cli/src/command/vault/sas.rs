//! `keyrotation vault sas-definition`: the recipes by which a vault mints tokens.

mod args;
mod change;
mod look;

use super::error::VaultError;
use crate::exit_code::ExitCode;
use crate::output::Streams;
use crate::session::Session;

pub(super) use self::args::SasArgs;
use self::args::SasCommand;

/// Runs a command over SAS definitions.
pub(super) async fn run(
    args: &SasArgs,
    session: &mut Session,
    streams: &mut Streams,
) -> Result<ExitCode, VaultError> {
    match &args.command {
        SasCommand::Create(args) => change::create(args, session, streams).await,
        SasCommand::List(args) => look::list(args, session, streams).await,
        SasCommand::Show(args) => look::show(args, session, streams).await,
        SasCommand::Update(args) => change::update(args, session, streams).await,
        SasCommand::Delete(args) => change::delete(args, session, streams).await,
        SasCommand::ListDeleted(args) => look::list_deleted(args, session, streams).await,
        SasCommand::ShowDeleted(args) => look::show_deleted(args, session, streams).await,
        SasCommand::Recover(args) => change::recover(args, session, streams).await,
    }
}
