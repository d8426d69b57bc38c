//! The client that looks for keys in the settings of apps: it sends what discloses them, and nothing else.

use std::sync::Arc;

use super::{Client, ReadClient, Settings, SetupError};
use crate::{
    arm::apps::{self, App, Setting},
    clock::Clock,
    env::Env,
    error::Error,
};

/// Finds the settings of apps that hold what a storage key has made, and can send nothing else.
///
/// ```
/// async fn find(search: azure::SettingsSearch, app: azure::arm::apps::App) {
///     let _ = search.settings(&app).await;
/// }
/// ```
/// It cannot disclose keys, which a [`Client`] can:
/// ```
/// async fn disclose(client: azure::Client, account: azure::StorageAccountId) {
///     let _ = client.send(azure::arm::storage::list_keys(&account)).await;
/// }
/// ```
/// ```compile_fail,E0599
/// async fn disclose(search: azure::SettingsSearch, account: azure::StorageAccountId) {
///     let _ = search.send(azure::arm::storage::list_keys(&account)).await;
/// }
/// ```
#[derive(Clone)]
pub struct SettingsSearch {
    client: Client,
}

impl SettingsSearch {
    /// Makes a client that can only look for keys; nothing is sent yet.
    ///
    /// # Errors
    /// Certificates, proxy or sign-in that cannot work.
    pub fn new(settings: Settings, env: Env, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        Client::new(settings, env, clock).map(Self::over)
    }

    /// Gives up all that a client can do but this.
    #[must_use]
    pub fn over(client: Client) -> Self {
        Self { client }
    }

    /// Makes a client that can only read, over the same connections.
    #[must_use]
    pub fn reader(&self) -> ReadClient {
        self.client.reader()
    }

    /// Finds application settings; see [`apps::held_in_settings`].
    ///
    /// # Errors
    /// Azure's refusal, or whatever kept its answer from us.
    ///
    /// # Cancellation
    /// Nothing more is sent, and nothing was changed.
    pub async fn settings(&self, app: &App) -> Result<Vec<Setting>, Error> {
        self.client.send(apps::held_in_settings(app)).await
    }

    /// Finds connection strings; see [`apps::held_in_connection_strings`].
    ///
    /// # Errors
    /// Azure's refusal, or whatever kept its answer from us.
    ///
    /// # Cancellation
    /// Nothing more is sent, and nothing was changed.
    pub async fn connection_strings(&self, app: &App) -> Result<Vec<Setting>, Error> {
        self.client
            .send(apps::held_in_connection_strings(app))
            .await
    }
}
