//! The commands of `keyrotation`, one line each.

pub mod check;
pub mod completions;
pub mod config;
pub mod emulator;
pub mod explain;
pub mod function;
pub mod generate;
pub mod man;
pub mod merge;
pub mod rotate;
pub mod sync;
pub mod vault;

use std::error::Error;

use clap::Subcommand;

use crate::Doors;
use crate::args::CheckArgs;
use crate::exit_code::ExitCode;
use crate::output::Streams;

use self::completions::CompletionsArgs;
use self::config::ConfigArgs;
use self::emulator::EmulatorArgs;
use self::explain::ExplainArgs;
use self::function::args::FunctionArgs;
use self::generate::GenerateArgs;
use self::man::ManArgs;
use self::merge::MergeArgs;
use self::rotate::args::RotateArgs;
use self::sync::args::SyncArgs;
use self::vault::VaultArgs;

/// A command and its options.
#[derive(Debug, Subcommand)]
#[expect(
    missing_docs,
    reason = "clap would take the texts instead of those of the arguments"
)]
pub enum Command {
    Check(Box<CheckArgs>),
    Merge(MergeArgs),
    Explain(ExplainArgs),
    Rotate(RotateArgs),
    Sync(Box<SyncArgs>),
    Function(FunctionArgs),
    Vault(VaultArgs),
    Generate(GenerateArgs),
    Config(ConfigArgs),
    Emulator(EmulatorArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// Whatever kept it from saying anything at all.
    pub async fn run(
        &self,
        doors: Doors,
        streams: &mut Streams,
    ) -> Result<ExitCode, Box<dyn Error + Send + Sync>> {
        match self {
            Self::Check(args) => Ok(check::run(args, doors, streams).await?),
            Self::Merge(args) => Ok(merge::run(args, &doors, streams)?),
            Self::Explain(args) => Ok(explain::run(args, streams)?),
            Self::Rotate(args) => Ok(rotate::run(args, doors, streams).await?),
            Self::Sync(args) => Ok(sync::run(args, doors, streams).await?),
            Self::Function(args) => Ok(function::run(args, doors, streams).await?),
            Self::Config(args) => Ok(config::run(args, &doors, streams)?),
            Self::Emulator(args) => Ok(emulator::run(args, doors, streams).await?),
            Self::Completions(args) => Ok(completions::run(args, streams)?),
            Self::Man(args) => Ok(man::run(args, streams)?),
            Self::Vault(args) => Ok(vault::run(args, doors, streams).await?),
            Self::Generate(args) => Ok(generate::run(args, doors, streams).await?),
        }
    }
}
