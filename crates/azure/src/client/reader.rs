//! What a client that can only read does: it passes reads on, and nothing else.

use std::sync::Arc;

use super::{Caller, Client, ReadClient, Settings, SetupError};
use crate::{
    clock::Clock,
    cloud::Cloud,
    env::Env,
    error::Error,
    request::{List, Listed, Read, Request},
};

impl ReadClient {
    /// Makes a client that can only read; nothing is sent yet.
    ///
    /// # Errors
    /// Certificates, proxy or sign-in that cannot work.
    pub fn new(settings: Settings, env: Env, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        Client::new(settings, env, clock).map(|client| client.reader())
    }

    /// Borrows the cloud the client talks to.
    #[must_use]
    pub fn cloud(&self) -> &Cloud {
        self.client.cloud()
    }

    /// Sends a request that reads; see [`Client::send`].
    ///
    /// # Errors
    /// Azure's refusal, or whatever kept its answer from us.
    ///
    /// # Cancellation
    /// Nothing more is sent, and nothing was changed.
    pub async fn send<T>(&self, request: Request<T, Read>) -> Result<T, Error> {
        self.client.send(request).await
    }

    /// Reads a list to its end; see [`Client::list`].
    ///
    /// # Errors
    /// The first page that cannot be had.
    ///
    /// # Cancellation
    /// Nothing more is sent, and nothing was changed.
    pub async fn list<T>(&self, list: List<T>) -> Result<Vec<Listed<T>>, Error> {
        self.client.list(list).await
    }

    /// Reads a list page by page; see [`Client::visit`].
    ///
    /// # Errors
    /// The first page that cannot be had.
    ///
    /// # Cancellation
    /// Nothing more is sent, and nothing was changed.
    pub async fn visit<T>(
        &self,
        list: List<T>,
        visitor: impl FnMut(Listed<T>),
    ) -> Result<(), Error> {
        self.client.visit(list, visitor).await
    }

    /// Tells who we are signed in as; see [`Client::caller`].
    ///
    /// # Errors
    /// No token, or one whose claims cannot be read.
    ///
    /// # Cancellation
    /// Nothing changed.
    pub async fn caller(&self) -> Result<Caller, Error> {
        self.client.caller().await
    }
}
