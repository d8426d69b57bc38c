//! The door to Azure: one HTTP client for ARM, Key Vault, Graph and the sign-in service.

mod bounded;
pub(crate) mod limited;
pub mod scripted;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use azure_core::http::HttpClient;

use self::bounded::Bounded;
use crate::env::Env;

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(20);
/// How long a connection may be silent; an enrolment takes up to five seconds.
const SILENCE: Duration = Duration::from_secs(60);
/// How long one try may take, whatever arrives meanwhile.
const WHOLE_TRY: Duration = Duration::from_secs(120);

/// Says why no HTTP client could be made.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The file of certificate authorities cannot be read.
    #[error("cannot read the certificate file `{}`", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file of certificate authorities holds none.
    #[error("`{}` holds no PEM certificate", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// The address of the proxy is none. It may hold a password and is not repeated.
    #[error("the address of the proxy is not a URL")]
    Proxy,
    /// The client cannot be made from these parts.
    #[error("cannot set up the HTTP client")]
    Client {
        /// Why not.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Is what the HTTP client must be told.
pub(crate) struct TransportSettings<'a> {
    pub(crate) ca_file: Option<&'a Path>,
    pub(crate) https_proxy: Option<&'a str>,
    pub(crate) no_proxy: Option<&'a str>,
    /// How long a connection stays open without use.
    pub(crate) idle: Duration,
}

/// Makes the HTTP client.
///
/// A file of certificate authorities replaces those of the system, as it does for OpenSSL. Redirects
/// are never followed, because a redirected regeneration would take its body to another host.
pub(crate) fn connect(
    settings: &TransportSettings<'_>,
    env: &Env,
) -> Result<Arc<dyn HttpClient>, TransportError> {
    install_crypto();
    // Both proxy calls keep reqwest from reading the environment, which is not its door.
    let mut builder = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE)
        .timeout(WHOLE_TRY)
        .pool_idle_timeout(settings.idle);
    if let Some(path) = settings.ca_file {
        builder = builder.tls_certs_only(read_certificates(path, env)?);
    }
    if let Some(address) = settings.https_proxy {
        let excepted = settings.no_proxy.and_then(reqwest::NoProxy::from_string);
        let proxy = reqwest::Proxy::https(address).map_err(|_| TransportError::Proxy)?;
        builder = builder.proxy(proxy.no_proxy(excepted));
    }
    let client = builder.build().map_err(|error| TransportError::Client {
        source: error.into(),
    })?;
    Ok(Arc::new(Bounded::new(Arc::new(client))))
}

/// Without a provider of its own reqwest would panic; a second call changes nothing.
fn install_crypto() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Losing the race against another thread leaves that one's provider in place.
        drop(rustls::crypto::ring::default_provider().install_default());
    }
}

fn read_certificates(path: &Path, env: &Env) -> Result<Vec<reqwest::Certificate>, TransportError> {
    let text = env
        .read_file(path)
        .map_err(|source| TransportError::CaFile {
            path: path.to_owned(),
            source,
        })?;
    let certificates = reqwest::Certificate::from_pem_bundle(text.as_bytes()).unwrap_or_default();
    if certificates.is_empty() {
        return Err(TransportError::NoCertificate {
            path: path.to_owned(),
        });
    }
    Ok(certificates)
}

#[cfg(test)]
mod tests;
