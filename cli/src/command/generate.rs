//! `keyrotation generate`: what there is and what is missing, written as Terraform configuration.
//!
//! It only reads. What is written is imports of what exists and creations of what does not; nothing
//! that it generates changes or replaces anything.

mod files;
mod module;
mod one_file;
mod plan;

use std::io;
use std::path::PathBuf;

use azure::cloud::Cloud;
use azure::env::Env;
use azure::id::{IdError, VaultUrl};
use clap::{Args, ValueEnum};
use engine::check::CheckError;
use engine::check::scope::{Area, Scope};
use engine::run::StepError;
use engine::vault::inventory::{self, Inventory};
use rotation::period::{Period, RotationPeriod};

use self::files::GeneratedFile;
use self::plan::{Plan, Wish};
use crate::Doors;
use crate::error::{chain, hint_for};
use crate::exit_code::ExitCode;
use crate::output::Streams;
use crate::scope::{AreaArgs, FilterArgs, ScopeFileError};
use crate::session::{Session, SessionError};
use crate::state::{self, State, StateFileError};

const EXAMPLES: &str = "\
Examples:
  keyrotation generate --vault-name kv1 > rotation.tf
  keyrotation generate --management-group platform --vault-name kv1 --form module --folder rotation
  terraform show -json > state.json && keyrotation generate --state state.json";

/// Writes Terraform configuration for accounts that are not enrolled, or not in a state
///
/// Enrolments and SAS definitions that exist are imported, or moved from azurerm if a state shows
/// them as its own; accounts that are not enrolled are enrolled by `--vault-name`. Accounts that
/// refuse keys are left out. Nothing is changed in Azure.
///
/// Exit codes:
///   0  everything was examined, and is in what was written
///   1  nothing was written: wrong usage, no sign-in, another file in the place of one
///   3  something could not be examined, or cannot be written down; stderr says what
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_long_help = EXAMPLES)]
pub struct GenerateArgs {
    /// Where to look.
    #[command(flatten)]
    pub area: AreaArgs,

    /// Which accounts there.
    #[command(flatten)]
    pub filter: FilterArgs,

    /// The vault that new enrolments are made in; without it only what exists is written down.
    #[arg(long, value_name = "NAME")]
    pub vault_name: Option<String>,

    /// How often the vault renews a key of a new enrolment, as an ISO 8601 duration in days.
    #[arg(long, value_name = "DURATION", default_value = "P30D")]
    pub rotation_period: RotationPeriod,

    /// The age that no key of a new enrolment may outgrow, as an ISO 8601 duration.
    #[arg(long, value_name = "DURATION", default_value = "P90D")]
    pub max_key_age: Period,

    /// Leaves out what this Terraform state holds, as `terraform show -json` writes it; repeat it for
    /// more.
    #[arg(long = "state", value_name = "FILE")]
    pub states: Vec<PathBuf>,

    /// Looks at the accounts that the states hold, beside what else is named.
    #[arg(long, requires = "states")]
    pub accounts_of_state: bool,

    /// What is written: one file of resources, or a module with a map of them.
    #[arg(long, value_enum, default_value_t = Form::File)]
    pub form: Form,

    /// The folder that the files are written to; one that is there is not overwritten [default: stdout].
    #[arg(long, value_name = "FOLDER", required_if_eq("form", "module"))]
    pub folder: Option<PathBuf>,

    /// Leaves out the blocks that name and configure the provider.
    #[arg(long)]
    pub without_provider: bool,

    /// The cloud the subscriptions are in: public, usgovernment or china
    /// [default: `ARM_ENVIRONMENT`, else public].
    #[arg(long, value_name = "CLOUD")]
    pub cloud: Option<Cloud>,
}

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// One file with one resource for each enrolment and each SAS definition.
    File,
    /// A module that goes over a map, and a file with the map and the imports.
    Module,
}

/// Nothing was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GenerateError {
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Vault(#[from] IdError),
    #[error(transparent)]
    State(#[from] StateFileError),
    #[error(transparent)]
    Scope(#[from] ScopeFileError),
    #[error("none of the states holds a storage account")]
    NoAccounts,
    #[error(transparent)]
    Check(#[from] CheckError),
    #[error("cannot write `{}`", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("cannot write the result")]
    Write(#[source] io::Error),
}

/// Reads the scope and writes the configuration.
///
/// # Cancellation
/// Nothing is changed in Azure; files are written at the end.
pub(crate) async fn run(
    args: &GenerateArgs,
    doors: Doors,
    streams: &mut Streams,
) -> Result<ExitCode, GenerateError> {
    let state = state::read(&doors.env, &args.states)?;
    let scope = args.scope(&state, &doors.env)?;
    let session = Session::open(args.cloud, doors)?;
    let vault = args.vault_name.as_deref();
    let vault = vault
        .map(|name| VaultUrl::of_name(name, session.cloud()))
        .transpose()?;
    let run = session.reading();
    let inventory = inventory::take(&run, session.around(), &scope).await?;
    let wish = Wish {
        vault,
        period: args.rotation_period,
        max_key_age: args.max_key_age,
    };
    let plan = Plan::of(&inventory, &state, &wish);
    let files = match args.form {
        Form::File => one_file::files(&plan, !args.without_provider),
        Form::Module => module::files(&plan, !args.without_provider),
    };
    write(args, &files, streams)?;
    Ok(conclude(&inventory, &plan, streams))
}

impl GenerateArgs {
    /// Puts together where to look.
    ///
    /// # Errors
    /// A file, or states, that name nothing to look at: they must not come to stand for everything.
    fn scope(&self, state: &State, env: &Env) -> Result<Scope, GenerateError> {
        let mut areas = self.area.resolve(env)?;
        if self.accounts_of_state {
            if state.accounts.is_empty() {
                return Err(GenerateError::NoAccounts);
            }
            areas.extend(state.accounts.iter().cloned().map(Area::Account));
        }
        let filter = self.filter.filter();
        Ok(Scope { areas, filter })
    }
}

fn write(
    args: &GenerateArgs,
    files: &[GeneratedFile],
    streams: &mut Streams,
) -> Result<(), GenerateError> {
    match &args.folder {
        Some(folder) => {
            let failed = |(path, source)| GenerateError::File { path, source };
            files::write_all(folder, files).map_err(failed)
        }
        None => {
            let text: String = files.iter().map(|file| file.text.as_str()).collect();
            streams.result(&text).map_err(GenerateError::Write)
        }
    }
}

/// Tells what was written and what was not, and picks the exit code.
fn conclude(inventory: &Inventory, plan: &Plan, streams: &mut Streams) -> ExitCode {
    streams.say(&plan.summary());
    for line in plan.remarks() {
        streams.say(line);
    }
    let holes = inventory.holes.iter();
    let holes = holes.map(|hole| {
        let way_out = hole.code.explanation().remediation;
        format!("{}: {}; {way_out}", hole.scope, chain(&hole.cause))
    });
    let unread = holes.chain(inventory.unread.iter().map(with_hint));
    let odd = inventory.odd.iter();
    let odd = odd.map(|odd| format!("cannot understand `{}`: {}", odd.id, odd.reason));
    let missing: Vec<_> = unread.chain(odd).collect();
    for reason in &missing {
        streams.say(&format!("not read: {reason}"));
    }
    for reason in plan.left_out() {
        streams.say(&format!("not written: {reason}"));
    }
    if missing.is_empty() && plan.left_out().is_empty() {
        ExitCode::Passed
    } else {
        ExitCode::Unproven
    }
}

/// Writes an error in one line, with what can be done about it.
fn with_hint(error: &StepError) -> String {
    let hint = hint_for(error).map(|hint| format!("; {hint}"));
    chain(error) + &hint.unwrap_or_default()
}

#[cfg(test)]
mod tests;
