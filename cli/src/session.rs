//! A connection to Azure that may change something, and the way its operations are stopped.
//!
//! A stop that comes before an operation ends the process as ever. One that comes while an operation
//! changes something lets the request that is under way finish, and begins no other one.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure::client::Client;
use azure::clock::Clock;
use azure::cloud::Cloud;
use engine::register::Register;
use engine::run::Run;
use engine::surroundings::Surroundings;
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use crate::Doors;
use crate::connection::{self, ConnectionError};
use crate::destination::cluster::Waits;
use crate::destination::cluster::reached::Hints;
use crate::settings::{self, SettingsError};

/// How long an operation may take: a right that was just granted takes minutes to arrive.
const LIMIT: Duration = Duration::from_mins(15);

/// There is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Connection(#[from] ConnectionError),
}

/// What the operations of one command have learned of Azure.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) around: Surroundings,
    pub(crate) register: Register,
}

/// A clock that shows another time than the one it stands for: what is rehearsed for a moment.
#[derive(Debug)]
struct Shifted {
    clock: Arc<dyn Clock>,
    by: SignedDuration,
}

#[async_trait]
impl Clock for Shifted {
    fn now(&self) -> Timestamp {
        let now = self.clock.now();
        now.checked_add(self.by).unwrap_or(now)
    }

    async fn sleep(&self, wait: Duration) {
        self.clock.sleep(wait).await;
    }
}

/// A connection, with everything that an operation over it needs.
pub(crate) struct Session {
    client: Client,
    clock: Arc<dyn Clock>,
    hints: Hints,
    shared: Shared,
    token: CancellationToken,
    stop: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// Makes a clock by which it is that moment now.
pub(crate) fn as_of(clock: &Arc<dyn Clock>, moment: Timestamp) -> Arc<dyn Clock> {
    Arc::new(Shifted {
        by: moment.duration_since(clock.now()),
        clock: Arc::clone(clock),
    })
}

impl Session {
    /// Prepares a connection; nothing is sent yet.
    ///
    /// # Errors
    /// Settings or a way to sign in that cannot be used.
    pub(crate) fn open(cloud: Option<Cloud>, doors: Doors) -> Result<Self, SessionError> {
        let cloud = settings::cloud(cloud, &doors.env)?;
        let hints = connection::hints(&doors.env);
        Ok(Self {
            hints,
            client: connection::client(cloud, doors.env, &doors.clock)?,
            clock: doors.clock,
            shared: Shared::default(),
            token: CancellationToken::new(),
            stop: doors.stop,
        })
    }

    /// Judges everything as if it were that moment now. Sign-in goes by the real time.
    pub(crate) fn set_as_of(&mut self, moment: Timestamp) {
        self.clock = as_of(&self.clock, moment);
    }

    /// Borrows the cloud that the connection is to.
    pub(crate) fn cloud(&self) -> &Cloud {
        self.client.cloud()
    }

    /// Borrows the clock.
    pub(crate) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// Shares the clock, and the wish to stop, with those who wait for others than Azure.
    pub(crate) fn waits(&self) -> Waits {
        Waits {
            clock: Arc::clone(&self.clock),
            stop: self.token.clone(),
        }
    }

    /// Gives what the environment says about the way to clusters.
    pub(crate) fn hints(&self) -> Hints {
        self.hints.clone()
    }

    /// Tells whether somebody asked for a stop.
    pub(crate) fn is_stopped(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Draws a number below 100.
    pub(crate) fn chance(&self) -> i32 {
        let drawn = self.client.fresh_id().as_u128() % 100;
        i32::try_from(drawn).unwrap_or_default()
    }

    /// Waits; a stop ends the wait.
    pub(crate) async fn wait(&mut self, length: Duration) {
        if self.is_stopped() {
            return;
        }
        tokio::select! {
            biased;
            () = &mut self.stop => self.token.cancel(),
            () = self.clock.sleep(length) => {}
        }
    }

    /// Borrows what was learned of the surroundings.
    pub(crate) fn around(&self) -> &Surroundings {
        &self.shared.around
    }

    /// Borrows what was learned of the vaults' records.
    pub(crate) fn register(&self) -> &Register {
        &self.shared.register
    }

    /// Begins an operation that only reads: a stop ends the process.
    pub(crate) fn reading(&self) -> Run<'_> {
        Run::new(&self.client, self.clock.as_ref(), &self.token, LIMIT)
    }

    /// Carries out an operation that changes something: a stop ends it between two requests.
    pub(crate) async fn change<T>(&mut self, act: impl AsyncFnOnce(&Run<'_>, &Shared) -> T) -> T {
        let run = Run::new(&self.client, self.clock.as_ref(), &self.token, LIMIT);
        let mut work = std::pin::pin!(act(&run, &self.shared));
        // A stop that came is not waited for again.
        if self.token.is_cancelled() {
            return work.await;
        }
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = &mut self.stop => self.token.cancel(),
        }
        work.await
    }
}
