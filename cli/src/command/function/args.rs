//! The flags of `function`; their texts are the help.

use std::net::SocketAddr;
use std::path::PathBuf;

use azure::cloud::Cloud;
use azure::id::SubscriptionId;
use clap::Args;
use jiff::Timestamp;

use crate::command::rotate::args::{PlanArgs, TurnArgs};
use crate::command::sync::args::{Patience, SyncArgs};
use crate::command::sync::once;
use crate::scope::{AreaArgs, ScopeArgs};

/// Answers the host of Azure Functions as its custom handler
///
/// `sync` puts fresh tokens where `[[sync]]` of the settings says. `rotate` and `rotate-timer` take a
/// timer, and the event that a secret comes near its end: every account that is due, or the one
/// whose key the secret holds, gets the step of direct rotation that is due. `health` says that the
/// handler is there. A trigger is only a reason to look: what is not due is left alone, however
/// often it is delivered.
///
/// The host says by `FUNCTIONS_CUSTOMHANDLER_PORT` where to listen. The managed identity of the app
/// signs in if `ARM_USE_MSI` is `true`.
///
/// Exit codes:
///   0  somebody asked for the end
///   1  wrong usage, settings that cannot be used, or no port to listen on
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct FunctionArgs {
    /// Where to listen, for other hosts than that of Azure Functions
    /// [default: 127.0.0.1, at the port that the host names].
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,

    /// Rotates accounts of this subscription only; repeat it for more
    /// [default: all that can be read].
    #[arg(long = "subscription", value_name = "ID")]
    pub subscriptions: Vec<SubscriptionId>,

    /// How a key is renewed.
    #[command(flatten)]
    pub turn: TurnArgs,

    /// How long to wait for restarted pods to be ready; PT0S for not at all.
    #[arg(long, value_name = "DURATION", default_value = "PT2M")]
    pub rollout_timeout: Patience,

    /// The settings: places of tokens, places of keys, limits, waivers
    /// [default: `keyrotation.toml` in the current folder, if there is one].
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// The cloud the subscriptions are in: public, usgovernment or china
    /// [default: `ARM_ENVIRONMENT`, else public].
    #[arg(long, value_name = "CLOUD")]
    pub cloud: Option<Cloud>,

    /// The moment it is at the start, such as 2026-06-01T00:00:00Z [default: now].
    ///
    /// For rehearsals with a clock that was put forward.
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<Timestamp>,
}

impl FunctionArgs {
    /// Gives what a plan of `rotate` would be made by.
    pub(super) fn rotation(&self) -> PlanArgs {
        PlanArgs {
            scope: ScopeArgs {
                area: AreaArgs {
                    subscriptions: self.subscriptions.clone(),
                    ..AreaArgs::default()
                },
                ..ScopeArgs::default()
            },
            turn: self.turn.clone(),
            config: self.config.clone(),
            cloud: self.cloud,
            ..PlanArgs::default()
        }
    }

    /// Gives what a round of `sync` goes by.
    pub(super) fn delivery(&self, as_of: Option<Timestamp>) -> SyncArgs {
        once::of_file(self.config.clone(), self.cloud, self.rollout_timeout, as_of)
    }
}
