//! What a run works with, the same for making a plan and for carrying it out.

use std::sync::Arc;
use std::time::Duration;

use azure::client::Client;
use azure::clock::Clock;
use azure::cloud::Cloud;
use azure::env::Env;
use engine::run::Run;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::Doors;
use crate::connection::{self, ConnectionError};
use crate::session::{self, Shared};

/// How long a step may take.
const STEP_LIMIT: Duration = Duration::from_mins(10);

/// A connection, and what was learned over it.
pub(super) struct Site {
    pub(super) client: Client,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) env: Env,
    pub(super) stop: CancellationToken,
    pub(super) shared: Shared,
}

impl Site {
    /// Prepares a connection; nothing is sent yet. Everything but the sign-in goes by a clock that
    /// starts at the moment, if one is given.
    ///
    /// # Errors
    /// Settings or a way to sign in that cannot be used.
    pub(super) fn open(
        cloud: Cloud,
        doors: Doors,
        as_of: Option<Timestamp>,
    ) -> Result<Self, ConnectionError> {
        let Doors { env, clock, stop } = doors;
        let client = connection::client(cloud, env.clone(), &clock)?;
        let clock = as_of.map_or_else(|| clock.clone(), |moment| session::as_of(&clock, moment));
        let token = CancellationToken::new();
        let asked = token.clone();
        tokio::spawn(async move {
            stop.await;
            asked.cancel();
        });
        Ok(Self {
            client,
            clock,
            env,
            stop: token,
            shared: Shared::default(),
        })
    }

    /// Begins a step; a stop ends it between two requests.
    pub(super) fn run(&self) -> Run<'_> {
        Run::new(&self.client, self.clock.as_ref(), &self.stop, STEP_LIMIT)
    }
}
