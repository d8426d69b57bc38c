//! Kubernetes clusters: who may use one, and the objects in it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::World;
use super::group;
use crate::kubernetes::Objects;
use crate::kubernetes::workloads::Workloads;

/// The resource type.
pub(crate) const KIND: &str = "Microsoft.ContainerService/managedClusters";
/// Who may ask for the credential of a user may use the cluster with a token of Entra's too.
pub(crate) const USE: &str =
    "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action";
/// The application that stands for all clusters: tokens of Entra's for a cluster are for it.
pub(crate) const AUDIENCE: &str = "6dae42f8-4368-4678-94ff-3960e28e3630";

/// One user of a cluster.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct User {
    pub(crate) name: String,
    /// Whether it may do everything; else it may do nothing.
    pub(crate) admin: bool,
}

/// One cluster.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Cluster {
    pub(crate) subscription: String,
    pub(crate) resource_group: String,
    pub(crate) name: String,
    pub(crate) location: String,
    /// The host name of its API.
    pub(crate) host: String,
    /// By their tokens.
    pub(crate) users: BTreeMap<String, User>,
    /// The token that the cluster's own credential holds.
    pub(crate) token: String,
    /// Whether that credential names a plugin that signs in to Entra ID instead.
    #[serde(default)]
    pub(crate) entra_sign_in: bool,
    pub(crate) objects: Objects,
    #[serde(default)]
    pub(crate) workloads: Workloads,
}

// Its tokens are secret.
impl fmt::Debug for Cluster {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Cluster")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Cluster {
    /// Gives the resource id.
    pub(crate) fn id(&self) -> String {
        group::resource_id(&self.subscription, &self.resource_group, KIND, &self.name)
    }
}

impl World {
    /// Adds a cluster.
    pub(crate) fn add_cluster(&mut self, cluster: Cluster) {
        self.ensure_group(
            &cluster.subscription,
            &cluster.resource_group,
            &cluster.location,
        );
        self.clusters.insert(cluster.host.clone(), cluster);
    }

    /// Finds a cluster by its resource id, in any case of letters.
    pub(crate) fn cluster(&self, id: &str) -> Option<&Cluster> {
        let mut all = self.clusters.values();
        all.find(|cluster| cluster.id().eq_ignore_ascii_case(id))
    }
}
