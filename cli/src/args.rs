//! The command line: its words, its texts, and nothing else.
//!
//! The texts are the manual. Reading them is all that happens here; what follows from them is
//! settled in `settings`, and each command does its own work.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use azure::cloud::Cloud;
use clap::{Parser, ValueEnum};
use jiff::Timestamp;
use rotation::finding::Severity;
use rotation::period::Period;
use rotation::profile::Profile;

use crate::checkpoint::CheckpointArgs;
use crate::command::Command;
use crate::env_vars;
use crate::report::format::Format;
use crate::report::human::GroupBy;
use crate::scope::ScopeArgs;

/// Shows whether the keys of Azure Storage accounts are rotated, and rehearses their rotation.
#[derive(Debug, Parser)]
#[command(name = "keyrotation", version, after_long_help = env_vars::help())]
#[command(disable_help_subcommand = true)]
pub struct Args {
    /// Logs every request on stderr: method, path, status and time, no contents.
    #[arg(long, global = true)]
    pub verbose: bool,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Checks the age of every storage account key that can be seen
///
/// Reads every storage account of every subscription that the identity can read, and the vaults
/// there that manage accounts. Only GET requests are sent, sign-in and `--app-settings` apart; no key
/// is read. The role Reader on the subscriptions is enough for the ages; to see which vault manages an
/// account, the identity needs `get`, `list`, `getsas` and `listsas` on storage in the vaults.
///
/// A key may be as old as the limit and no older. An age that Azure does not tell, and a part of
/// the scope that cannot be read, never count as a pass.
///
/// Exit codes:
///   0  everything was examined, and nothing is out of policy
///   1  nothing can be said about any account: wrong usage, no sign-in, no account, a bug
///   2  at least one account is proven to be out of policy, and nobody has waived it
///   3  nothing is proven wrong, but part of the scope is unknown or could not be read
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct CheckArgs {
    /// Writes the report in this form to this file, such as `html=report.html`; repeat it for more.
    ///
    /// A file appears whole or not at all. `-` instead of a file, or a form alone, is stdout; `-`
    /// alone is the human report there. Without this option the human report goes to stdout.
    #[arg(long = "output", short, value_name = "FORMAT[=FILE]")]
    pub outputs: Vec<Output>,

    /// The form of the report on stdout: short for `--output FORMAT`.
    #[arg(long, value_enum)]
    pub format: Option<Format>,

    /// What the accounts of the human report are put together by.
    #[arg(long, value_enum, default_value_t = GroupBy::Subscription)]
    pub group_by: GroupBy,

    /// The rule that the accounts are held to [default: keys].
    ///
    /// `keys`: each key is within the limit. `conformity-002`: some key was regenerated within it, by
    /// rule StorageAccounts-002 of Trend Micro Conformity. `cis`: each key is within it, a reminder is
    /// set, and keys are refused. `entra`: as `keys`, and what keeps the account from refusing keys.
    #[arg(long, value_name = "PROFILE")]
    pub profile: Option<Profile>,

    /// The age that no key may outgrow, as an ISO 8601 duration in days or smaller units
    /// [default: P90D].
    #[arg(long, value_name = "DURATION")]
    pub max_age: Option<Period>,

    /// How long before that age a key is reported as due soon, which is a pass [default: P14D].
    #[arg(long, value_name = "DURATION")]
    pub due_soon: Option<Period>,

    /// Ends with 2 for breaches of this severity or above only: info, low, medium or high
    /// [default: info].
    #[arg(long, value_name = "SEVERITY")]
    pub fail_on: Option<Severity>,

    /// Which sources are asked beside the accounts and the vaults.
    #[arg(long, value_enum, default_value_t = EvidenceArg::Needed)]
    pub evidence: EvidenceArg,

    /// Looks for keys of the accounts in the settings and connection strings of web and function apps;
    /// for the profile `entra`.
    ///
    /// To see the names of settings is to see their values, so this takes a right that Reader does not
    /// have: `Microsoft.Web/sites/config/list/action`. The values are looked at in memory, neither kept
    /// nor shown. Without this option the report says that nobody looked.
    #[arg(long)]
    pub app_settings: bool,

    /// The moment the report is about, such as 2026-06-01T00:00:00Z [default: now].
    ///
    /// Ages are computed as of this moment from what Azure says today. A key that was made after
    /// it counts as new.
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<Timestamp>,

    /// Where to look.
    #[command(flatten)]
    pub scope: ScopeArgs,

    /// How an interrupted check goes on.
    #[command(flatten)]
    pub checkpoint: CheckpointArgs,

    /// The settings with waivers [default: `keyrotation.toml` in the current folder, if there is one].
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// The cloud the subscriptions are in: public, usgovernment or china
    /// [default: `ARM_ENVIRONMENT`, else public].
    #[arg(long, value_name = "CLOUD")]
    pub cloud: Option<Cloud>,

    /// When to colour the words of the human report.
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
}

/// Which sources are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EvidenceArg {
    /// The creation times of the keys and the vaults' records; the activity log only where the
    /// profile cannot do without.
    Needed,
    /// The activity log as well: who regenerated a key, and when.
    Log,
}

/// A form of the report and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The form.
    pub format: Format,
    /// The file; stdout if there is none.
    pub file: Option<PathBuf>,
}

impl Output {
    /// Describes the report on stdout.
    pub fn stdout(format: Format) -> Self {
        Self { format, file: None }
    }
}

impl FromStr for Output {
    type Err = OutputError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, file) = text
            .split_once('=')
            .map_or((text, "-"), |(name, file)| (name, file));
        let format = match name {
            "-" if text == "-" => Format::Human,
            name => Format::from_str(name, false).map_err(|_| OutputError::Format(name.into()))?,
        };
        match file {
            "" => Err(OutputError::NoFile(text.into())),
            "-" => Ok(Self::stdout(format)),
            file => Ok(Self {
                format,
                file: Some(file.into()),
            }),
        }
    }
}

/// The text names no form, or no place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutputError {
    /// Not a form of the report.
    Format(String),
    /// A form with nothing after its `=`.
    NoFile(String),
}

impl std::error::Error for OutputError {}

impl fmt::Display for OutputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format(name) => {
                let names: Vec<_> = Format::value_variants()
                    .iter()
                    .map(|one| one.name())
                    .collect();
                write!(
                    f,
                    "`{name}` is no form of the report; there are {}",
                    names.join(", ")
                )
            }
            Self::NoFile(text) => write!(f, "`{text}` names no file"),
        }
    }
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// At a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_holds_together() {
        Args::command().debug_assert();
    }

    #[test]
    fn an_output_is_a_form_and_a_place() {
        let check = |text: &str, expected: Option<(Format, Option<&str>)>| {
            let found = text.parse::<Output>().ok();
            let expected = expected.map(|(format, file)| Output {
                format,
                file: file.map(Into::into),
            });
            assert_eq!(found, expected, "{text}");
        };
        check("-", Some((Format::Human, None)));
        check("json", Some((Format::Json, None)));
        check("json=-", Some((Format::Json, None)));
        check("html=a=b.html", Some((Format::Html, Some("a=b.html"))));
        check(
            "azure-pipelines=x",
            Some((Format::AzurePipelines, Some("x"))),
        );
        check("html=", None);
        check("-=x", None);
        check("report.html", None);
    }

    #[test]
    fn every_command_and_option_is_explained() {
        fn check(command: &clap::Command) {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            for argument in command.get_arguments() {
                assert!(
                    argument.get_help().is_some(),
                    "{} {argument}",
                    command.get_name()
                );
            }
            command.get_subcommands().for_each(check);
        }
        check(&Args::command());
    }
}
