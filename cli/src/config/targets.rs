//! Where tokens are put, as `keyrotation.toml` declares it: one `[[sync]]` for each place.
//!
//! The words are those of the flags of `sync`, which make one more of the same. A plan of `rotate`
//! repeats those that are put where its secrets go; none of the words is secret.

use std::path::PathBuf;

use rotation::period::Period;
use serde::{Deserialize, Serialize};

use super::word;

/// One place, and what is put there.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TargetRule {
    /// The identifier of a SAS definition or of a secret in a vault.
    pub(crate) from: String,
    /// The file.
    pub(crate) file: Option<PathBuf>,
    /// The secret in a cluster, `[NAMESPACE/]NAME`.
    pub(crate) secret: Option<String>,
    /// The entry in it.
    pub(crate) entry: Option<String>,
    /// The cluster, by its resource id in Azure.
    pub(crate) cluster: Option<String>,
    /// The kubeconfig.
    pub(crate) kubeconfig: Option<PathBuf>,
    /// The context in it.
    pub(crate) context: Option<String>,
    /// The machine that has `kubectl`, where the cluster's API is closed.
    pub(crate) ssh: Option<SshRule>,
    /// What is restarted when the value changes, such as `deployment/web`.
    pub(crate) restart: Vec<String>,
    /// How long before its end a token is replaced, at the latest.
    #[serde(deserialize_with = "word", skip_serializing)]
    pub(crate) refresh_before: Option<Period>,
    /// Whether an entry is taken from another manager.
    pub(crate) force_conflicts: bool,
}

/// A machine behind SSH.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SshRule {
    /// Its name or address, with `:PORT` if it is not 22.
    pub(crate) host: String,
    /// Who signs in.
    pub(crate) user: String,
    /// The SHA-256 fingerprint of its host key.
    pub(crate) fingerprint: String,
    /// The identifier of the vault's secret that holds the private key.
    pub(crate) key: String,
    /// The identifier of the vault's secret that holds the key's passphrase.
    pub(crate) passphrase: Option<String>,
    /// The command that is `kubectl` there.
    pub(crate) kubectl: Option<String>,
}
