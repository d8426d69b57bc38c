//! The command line: its words, its texts, and nothing else.
//!
//! The texts are the manual. Reading them is all that happens here; what follows from them is
//! settled in `settings`, and each command does its own work.

use azure::cloud::Cloud;
use azure::id::SubscriptionId;
use clap::{Parser, ValueEnum};
use jiff::Timestamp;
use rotation::period::Period;

use crate::command::Command;
use crate::env_vars;

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
/// there that manage accounts. Only GET requests are sent, sign-in apart; no key is read. The role
/// Reader on the subscriptions is enough for the ages; to see which vault manages an account, the
/// identity needs `get` and `list` on storage in the vaults.
///
/// A key may be as old as the limit and no older. An age that Azure does not tell, and a part of
/// the scope that cannot be read, never count as a pass.
///
/// Exit codes:
///   0  everything was examined, and nothing is out of policy
///   1  nothing can be said about any account: wrong usage, no sign-in, no account, a bug
///   2  at least one account is proven to be out of policy
///   3  nothing is proven wrong, but part of the scope is unknown or could not be read
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct CheckArgs {
    /// How the report is written.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,

    /// The age that no key may outgrow, as an ISO 8601 duration in days or smaller units.
    #[arg(long, value_name = "DURATION", default_value = "P90D")]
    pub max_age: Period,

    /// How long before that age a key is reported as due soon. Being due soon is a pass.
    #[arg(long, value_name = "DURATION", default_value = "P14D")]
    pub due_soon: Period,

    /// The moment the report is about, such as 2026-06-01T00:00:00Z [default: now].
    ///
    /// Ages are computed as of this moment from what Azure says today. A key that was made after
    /// it counts as new.
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<Timestamp>,

    /// Looks at this subscription instead of all that can be read; repeat it for more.
    #[arg(long = "subscription", value_name = "ID")]
    pub subscriptions: Vec<SubscriptionId>,

    /// The cloud the subscriptions are in: public, usgovernment or china
    /// [default: `ARM_ENVIRONMENT`, else public].
    #[arg(long, value_name = "CLOUD")]
    pub cloud: Option<Cloud>,

    /// When to colour the words of the human report.
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
}

/// A form of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table and what to do, for people.
    Human,
    /// One JSON document, versioned; fields are only ever added.
    Json,
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
