//! What is meant in a cluster, as it was declared, before the cluster is known.

use std::fmt;
use std::str::FromStr;

use kubernetes::secret::{BadEntry, Entry};
use kubernetes::ssh::{Destination as SshWay, SshError};
use kubernetes::{BadName, Cluster, Kind, Object};

/// An entry of a secret, before its cluster is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SecretName {
    namespace: Option<String>,
    name: String,
    key: String,
}

/// What is restarted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Workload {
    pub(super) kind: Kind,
    pub(super) name: String,
}

/// The way to a machine that has `kubectl`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Way(pub(super) SshWay);

/// Something in a cluster has no name that it could have.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadTarget {
    #[error(transparent)]
    Entry(#[from] BadEntry),
    #[error(
        "`{0}` is nothing that restarts: give deployment/NAME, statefulset/NAME or daemonset/NAME"
    )]
    Workload(String),
    #[error(transparent)]
    Name(#[from] BadName),
    #[error(transparent)]
    Ssh(#[from] SshError),
}

impl SecretName {
    /// Reads `[NAMESPACE/]NAME` and the name of an entry.
    ///
    /// # Errors
    /// Names that a cluster would refuse.
    pub(crate) fn new(text: &str, key: &str) -> Result<Self, BadTarget> {
        let parts = text.split_once('/');
        let (namespace, name) = parts.map_or((None, text), |(space, name)| (Some(space), name));
        // Any namespace will do to find out whether the rest is good.
        Entry::new(namespace.unwrap_or("default"), name, key)?;
        Ok(Self {
            namespace: namespace.map(str::to_owned),
            name: name.to_owned(),
            key: key.to_owned(),
        })
    }

    /// Completes the name with the namespace that the cluster's description means.
    ///
    /// # Errors
    /// A namespace that is no name.
    pub(super) fn in_cluster(&self, cluster: &Cluster) -> Result<Entry, BadTarget> {
        let namespace = self.namespace.as_deref().unwrap_or(cluster.namespace());
        Ok(Entry::new(namespace, &self.name, &self.key)?)
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("secret ")?;
        if let Some(namespace) = &self.namespace {
            write!(f, "{namespace}/")?;
        }
        write!(f, "{}, entry {}", self.name, self.key)
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.word(), self.name)
    }
}

impl FromStr for Workload {
    type Err = BadTarget;

    fn from_str(text: &str) -> Result<Self, BadTarget> {
        let (word, name) = text.split_once('/').unwrap_or((text, ""));
        let kind = Kind::WORKLOADS.into_iter().find(|kind| kind.word() == word);
        let kind = kind.ok_or_else(|| BadTarget::Workload(text.to_owned()))?;
        Object::new(kind, "default", name)?;
        Ok(Self {
            kind,
            name: name.to_owned(),
        })
    }
}

/// Reads the way to a machine.
///
/// # Errors
/// A fingerprint that is none.
pub(crate) fn way(
    host: String,
    user: String,
    fingerprint: &str,
    kubectl: String,
) -> Result<Way, BadTarget> {
    Ok(Way(SshWay {
        host,
        user,
        pin: fingerprint.parse()?,
        kubectl,
    }))
}
