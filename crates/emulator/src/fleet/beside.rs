//! What a fleet document says beside accounts and vaults: apps and clusters that use keys, and the groups above.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::kubernetes::workloads::Kind;
use crate::world::site::Connection;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ManagementGroupEntry {
    pub(crate) name: String,
    pub(crate) display_name: Option<String>,
    /// The group above; without one it is the tenant's own.
    pub(crate) parent: Option<String>,
    #[serde(default)]
    pub(crate) subscriptions: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SiteEntry {
    pub(crate) resource_group: String,
    pub(crate) name: String,
    pub(crate) location: Option<String>,
    pub(crate) kind: Option<String>,
    #[serde(default)]
    pub(crate) app_settings: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) connection_strings: BTreeMap<String, Connection>,
    #[serde(default)]
    pub(crate) slots: Vec<SlotEntry>,
}

/// A deployment slot, with a configuration of its own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SlotEntry {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) app_settings: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) connection_strings: BTreeMap<String, Connection>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClusterEntry {
    pub(crate) resource_group: String,
    pub(crate) name: String,
    pub(crate) location: Option<String>,
    /// Whether the credential names a plugin that signs in to Entra ID, and holds no token.
    #[serde(default)]
    pub(crate) entra_sign_in: bool,
    /// Beside `default`.
    #[serde(default)]
    pub(crate) namespaces: Vec<String>,
    /// Beside the user of the cluster's own credential.
    #[serde(default)]
    pub(crate) users: Vec<UserEntry>,
    /// What runs pods there.
    #[serde(default)]
    pub(crate) workloads: Vec<WorkloadEntry>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkloadEntry {
    pub(crate) namespace: String,
    pub(crate) kind: Kind,
    pub(crate) name: String,
    /// How many pods; one if it is not said.
    pub(crate) replicas: Option<u32>,
    /// Whether new pods never become ready.
    #[serde(default)]
    pub(crate) stuck: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserEntry {
    pub(crate) name: String,
    pub(crate) token: String,
    #[serde(default)]
    pub(crate) admin: bool,
}
