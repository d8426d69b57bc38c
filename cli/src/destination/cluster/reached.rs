//! The ways to a cluster.

use std::path::PathBuf;
use std::sync::Arc;

use kubernetes::ssh::{Remote, SshError};
use kubernetes::{Access, Cluster, Error, Proxy};
use secrecy::SecretString;

use super::names::Way;

/// What the environment says about the way to clusters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hints {
    /// The proxy, and the hosts that are reached without it.
    pub(crate) proxy: (Option<String>, String),
    /// The kubeconfigs that are meant if none is named.
    pub(crate) kubeconfigs: Option<String>,
}

/// A cluster that was reached.
#[derive(Clone, Debug)]
pub(crate) struct Reached(pub(super) Arc<Cluster>);

/// A cluster was not reached.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReachError {
    #[error(transparent)]
    Cluster(#[from] Error),
    #[error(transparent)]
    Way(#[from] SshError),
}

impl Reached {
    /// Reaches a cluster by a kubeconfig or, if nothing is named, as whatever runs here does.
    ///
    /// # Errors
    /// A description that cannot be used.
    pub(crate) async fn locally(
        path: Option<PathBuf>,
        context: Option<String>,
        hints: Hints,
    ) -> Result<Self, ReachError> {
        let access = if path.is_none() && context.is_none() {
            Access::Surroundings {
                listed: hints.kubeconfigs,
            }
        } else {
            Access::Kubeconfig {
                path,
                listed: hints.kubeconfigs,
                context,
            }
        };
        Self::by_api(access, hints.proxy).await
    }

    /// Tells whether a kubeconfig that Azure gave needs a token of Entra ID.
    ///
    /// # Errors
    /// A description that cannot be used.
    pub(crate) fn wants_token(kubeconfig: &SecretString) -> Result<bool, ReachError> {
        Ok(kubernetes::wants_token(kubeconfig)?)
    }

    /// Reaches a cluster by a kubeconfig that Azure gave; the token stands in for a plugin.
    ///
    /// # Errors
    /// A description that cannot be used.
    pub(crate) async fn given(
        kubeconfig: SecretString,
        token: Option<SecretString>,
        hints: Hints,
    ) -> Result<Self, ReachError> {
        Self::by_api(Access::Given { kubeconfig, token }, hints.proxy).await
    }

    async fn by_api(
        access: Access,
        (address, except): (Option<String>, String),
    ) -> Result<Self, ReachError> {
        let proxy = Proxy { address, except };
        let cluster = Cluster::by_api(access, &proxy).await?;
        Ok(Self(Arc::new(cluster)))
    }

    /// Prepares the way by SSH; nothing is sent yet.
    ///
    /// # Errors
    /// A key or an address that cannot be used.
    pub(crate) fn by_ssh(
        way: Way,
        key: &SecretString,
        passphrase: Option<&SecretString>,
    ) -> Result<Self, ReachError> {
        let remote = Remote::new(way.0, key, passphrase)?;
        Ok(Self(Arc::new(Cluster::by_ssh(remote))))
    }
}
