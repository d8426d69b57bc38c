//! A connection to Azure that may change something, and the way its operations are stopped.
//!
//! A stop that comes before an operation ends the process as ever. One that comes while an operation
//! changes something lets the request that is under way finish, and begins no other one.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use azure::client::Client;
use azure::clock::Clock;
use azure::cloud::Cloud;
use engine::register::Register;
use engine::run::Run;
use engine::surroundings::Surroundings;
use tokio_util::sync::CancellationToken;

use crate::Doors;
use crate::connection::{self, ConnectionError};
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

/// A connection, with everything that an operation over it needs.
pub(crate) struct Session {
    client: Client,
    clock: Arc<dyn Clock>,
    shared: Shared,
    token: CancellationToken,
    stop: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Session {
    /// Prepares a connection; nothing is sent yet.
    ///
    /// # Errors
    /// Settings or a way to sign in that cannot be used.
    pub(crate) fn open(cloud: Option<Cloud>, doors: Doors) -> Result<Self, SessionError> {
        let cloud = settings::cloud(cloud, &doors.env)?;
        Ok(Self {
            client: connection::client(cloud, doors.env, &doors.clock)?,
            clock: doors.clock,
            shared: Shared::default(),
            token: CancellationToken::new(),
            stop: doors.stop,
        })
    }

    /// Borrows the cloud that the connection is to.
    pub(crate) fn cloud(&self) -> &Cloud {
        self.client.cloud()
    }

    /// Borrows the clock.
    pub(crate) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
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
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = &mut self.stop => self.token.cancel(),
        }
        work.await
    }
}
