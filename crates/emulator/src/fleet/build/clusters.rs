//! The Kubernetes clusters of a fleet document.

use super::check::{group, wrong};
use super::{Builder, DEFAULT_LOCATION};
use crate::fleet::FleetError;
use crate::fleet::beside::ClusterEntry;
use crate::kubernetes::Objects;
use crate::kubernetes::workloads::Workloads;
use crate::world::cluster::{Cluster, User};

impl Builder {
    /// Adds a cluster.
    pub(super) fn cluster(
        &mut self,
        at: &str,
        subscription: &str,
        entry: &ClusterEntry,
    ) -> Result<(), FleetError> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if entry.name.is_empty() || entry.name.len() > 54 || !entry.name.bytes().all(allowed) {
            let problem = "a cluster's name has up to 54 lower-case letters, digits and hyphens";
            return Err(wrong(&format!("{at}.name"), problem));
        }
        self.claim(at, "cluster", &entry.name)?;
        group(at, &entry.resource_group)?;
        let location = entry.location.as_deref().unwrap_or(DEFAULT_LOCATION);
        let suffix = self.world.cloud.cluster_suffix;
        let token = self
            .world
            .mint
            .client_secret(&format!("cluster/{}", entry.name));
        let own = User {
            name: "clusterUser".to_owned(),
            admin: true,
        };
        let users = entry.users.iter().map(|user| {
            let (name, admin) = (user.name.clone(), user.admin);
            (user.token.clone(), User { name, admin })
        });
        let standard = "default".to_owned();
        let namespaces = entry.namespaces.iter().chain([&standard]);
        let mut workloads = Workloads::default();
        for workload in &entry.workloads {
            if !namespaces.clone().any(|one| *one == workload.namespace) {
                let problem = "a workload is in `default` or in one of the cluster's `namespaces`";
                return Err(wrong(&format!("{at}.workloads"), problem));
            }
            let place = (
                workload.namespace.as_str(),
                workload.kind,
                workload.name.as_str(),
            );
            let replicas = workload.replicas.unwrap_or(1);
            workloads.add(place, (replicas, workload.stuck), self.now);
        }
        self.world.add_cluster(Cluster {
            subscription: subscription.to_owned(),
            resource_group: entry.resource_group.clone(),
            name: entry.name.clone(),
            location: location.to_owned(),
            host: format!("{}.hcp.{location}.{suffix}", entry.name),
            users: users.chain([(token.clone(), own)]).collect(),
            token,
            entra_sign_in: entry.entra_sign_in,
            objects: Objects::with_namespaces(namespaces.map(String::as_str)),
            workloads,
        });
        Ok(())
    }
}
