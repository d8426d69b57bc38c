//! How every command connects to Azure: the way to sign in, then the client. Nothing is sent here.

use std::sync::Arc;

use crate::destination::cluster::reached::Hints;
use azure::client::{Client, Settings, SetupError};
use azure::clock::Clock;
use azure::cloud::Cloud;
use azure::env::Env;
use azure::identity::{SignIn, SignInError, SignInSettings};

/// There is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectionError {
    #[error("cannot choose a way to sign in")]
    SignIn(#[source] SignInError),
    #[error("cannot set up the connection to Azure")]
    SetUp(#[source] SetupError),
}

/// Settles how to connect, by what the environment says.
///
/// # Errors
/// No way to sign in, or one that contradicts another.
pub(crate) fn settings(cloud: Cloud, env: &Env) -> Result<Settings, ConnectionError> {
    let sign_in = SignIn::choose(&SignInSettings::default(), env);
    let sign_in = sign_in.map_err(ConnectionError::SignIn)?;
    Ok(Settings::from_env(sign_in, cloud, env))
}

/// Prepares a client that may send changes.
///
/// # Errors
/// Settings or a way to sign in that cannot be used.
pub(crate) fn client(
    cloud: Cloud,
    env: Env,
    clock: &Arc<dyn Clock>,
) -> Result<Client, ConnectionError> {
    let settings = settings(cloud, &env)?;
    Client::new(settings, env, Arc::clone(clock)).map_err(ConnectionError::SetUp)
}

/// Gives what the environment says about the way to clusters.
pub(crate) fn hints(env: &Env) -> Hints {
    let except = env.first_var(&["NO_PROXY", "no_proxy"]);
    let address = env.first_var(&["HTTPS_PROXY", "https_proxy"]);
    Hints {
        proxy: (address, except.unwrap_or_default()),
        kubeconfigs: env.var("KUBECONFIG"),
    }
}
