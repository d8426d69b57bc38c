//! `keyrotation merge`: JSON reports in, one report out, and the exit code of a check of all.

use std::io;
use std::path::PathBuf;

use rotation::finding::Severity;

use crate::Doors;
use crate::args::{Color, Output};
use crate::exit_code::ExitCode;
use crate::output::Streams;
use crate::report::Report;
use crate::report::delivery::{Delivery, DeliveryError};
use crate::report::format::Format;
use crate::report::human::GroupBy;
use crate::report::merged::{MergeError, Merged};
use crate::settings::{self, SettingsError};

/// Puts JSON reports of one check together, such as those of its shards
///
/// Nothing is judged anew. A share of which there is no report is a part of the scope that was not
/// examined. The exit codes are those of `keyrotation check`.
#[derive(Debug, clap::Args)]
pub struct MergeArgs {
    /// The reports, as `keyrotation check --format json` writes them.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    /// Writes the report in this form to this file, as with `keyrotation check`.
    #[arg(long = "output", short, value_name = "FORMAT[=FILE]")]
    pub outputs: Vec<Output>,

    /// The form of the report on stdout: short for `--output FORMAT`.
    #[arg(long, value_enum)]
    pub format: Option<Format>,

    /// What the accounts of the human report are put together by.
    #[arg(long, value_enum, default_value_t = GroupBy::Subscription)]
    pub group_by: GroupBy,

    /// Ends with 2 for breaches of this severity or above only: info, low, medium or high
    /// [default: info].
    #[arg(long, value_name = "SEVERITY")]
    pub fail_on: Option<Severity>,

    /// When to colour the words of the human report.
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
}

/// The reports could not be put together.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MergeCommandError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("cannot read `{path}`")]
    Read { path: String, source: io::Error },
    #[error("cannot use `{path}`")]
    Report { path: String, source: MergeError },
    #[error("cannot merge the reports")]
    Merge(#[source] MergeError),
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
}

/// Reads the reports, writes one, and picks the exit code.
pub(crate) fn run(
    args: &MergeArgs,
    doors: &Doors,
    streams: &mut Streams,
) -> Result<ExitCode, MergeCommandError> {
    let outputs = settings::outputs(args.format, &args.outputs)?;
    let look = settings::look(args.color, args.group_by, &doors.env, streams.screen);
    let mut reports = Vec::new();
    for file in &args.files {
        let path = || file.display().to_string();
        let text = doors.env.read_file(file);
        let text = text.map_err(|source| MergeCommandError::Read {
            path: path(),
            source,
        })?;
        let report = Merged::read(&text).map_err(|source| MergeCommandError::Report {
            path: path(),
            source,
        })?;
        reports.push(report);
    }
    let merged = Merged::of(reports).map_err(MergeCommandError::Merge)?;
    let delivery = Delivery::open(&outputs)?;
    let fail_on = args.fail_on.unwrap_or(Severity::Info);
    delivery.send(&Report::merged(&merged, fail_on), &look, streams)?;
    Ok(ExitCode::from(&merged.standing(fail_on)))
}
