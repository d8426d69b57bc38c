//! `keyrotation config check`: says whether files of settings can be used, before somebody needs them.
//!
//! The parsers are those of the commands that read the files; nothing is sent, and nobody signs in.

use std::io;
use std::path::{Path, PathBuf};

use azure::cloud::Cloud;
use azure::env::Env;
use clap::Subcommand;

use crate::config::fault::Fault;
use crate::exit_code::ExitCode;
use crate::output::Streams;
use crate::settings::{self, SettingsError};
use crate::{Doors, config, scope};

use super::rotate::place;
use super::sync::target;

/// Looks at the files that commands take their settings from
#[derive(Debug, clap::Args)]
pub struct ConfigArgs {
    /// What to do.
    #[command(subcommand)]
    pub act: ConfigAct,
}

/// What is done with the files.
#[derive(Debug, Subcommand)]
#[expect(
    missing_docs,
    reason = "clap would take the texts instead of those of the arguments"
)]
pub enum ConfigAct {
    Check(FilesArgs),
}

/// Says whether files can be used, and in which line each mistake is
///
/// A file whose name ends with `.toml` holds settings: `keyrotation.toml` under another name. Any other
/// file is a list of what to look at, as `--fleet` takes it. Azure is not asked, so a name that nobody
/// has there is no mistake here.
///
/// Exit codes:
///   0  all files can be used
///   1  one cannot be used, or not be read; stdout has a line `FILE:LINE: ..` for each mistake
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct FilesArgs {
    /// The files [default: `keyrotation.toml` in the current folder].
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// The cloud that vaults and clusters are in: public, usgovernment or china
    /// [default: `ARM_ENVIRONMENT`, else public].
    #[arg(long, value_name = "CLOUD")]
    pub cloud: Option<Cloud>,
}

/// The files could not be looked at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigCheckError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("cannot write the result")]
    Write(#[from] io::Error),
}

/// Looks at the files and writes what is wrong with them.
///
/// # Errors
/// A cloud that there is not, or a result that could not be written.
pub(crate) fn run(
    args: &ConfigArgs,
    doors: &Doors,
    streams: &mut Streams,
) -> Result<ExitCode, ConfigCheckError> {
    let ConfigAct::Check(args) = &args.act;
    let cloud = settings::cloud(args.cloud, &doors.env)?;
    let default = [PathBuf::from(config::DEFAULT)];
    let files = if args.files.is_empty() {
        &default[..]
    } else {
        &args.files
    };
    let mut lines = Vec::new();
    for path in files {
        let shown = path.display().to_string();
        let faults = faults_of(path, &doors.env, &cloud);
        lines.extend(faults.iter().map(|fault| fault.show(&shown)));
    }
    streams.results(|out| lines.iter().try_for_each(|line| writeln!(out, "{line}")))?;
    streams.say(&format!(
        "{} looked at, {}",
        count(files.len(), "file"),
        count(lines.len(), "mistake")
    ));
    Ok(if lines.is_empty() {
        ExitCode::Passed
    } else {
        ExitCode::Failed
    })
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn faults_of(path: &Path, env: &Env, cloud: &Cloud) -> Vec<Fault> {
    match env.read_file(path) {
        Err(error) => vec![Fault::new(format!("it cannot be read: {error}"))],
        Ok(text) if path.extension().is_some_and(|end| end == "toml") => settings_of(&text, cloud),
        Ok(text) => scope::faults(&text),
    }
}

/// Finds what the commands that read the settings would refuse.
fn settings_of(text: &str, cloud: &Cloud) -> Vec<Fault> {
    let (config, mut faults) = config::examine(text);
    for (number, what) in place::faults(&config.places, cloud) {
        faults.push(match number {
            None => Fault::in_table(text, "[rotate]", 1, what),
            Some(number) => Fault::in_table(text, "[[rotate.account]]", number, what),
        });
    }
    for (number, error) in target::faults(config.targets, cloud) {
        faults.push(Fault::in_table(text, "[[sync]]", number, error));
    }
    faults
}

#[cfg(test)]
mod tests;
