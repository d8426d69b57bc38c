//! Fleets of the bench: accounts in one region, so that a limit is known by its subscription.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::workspace;

/// The resource group of all accounts and vaults.
pub(super) const GROUP: &str = "rg-bench";
/// The cluster in the first subscription.
pub(super) const CLUSTER: &str = "aks-bench";
/// When the keys were made.
const OLD: &str = "2025-01-01T00:00:00Z";

/// How many of what there are; names hold the number of the subscription, then that of the account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fleet {
    pub(super) subscriptions: u64,
    /// In each subscription.
    pub(super) accounts: u64,
}

impl Fleet {
    /// Writes the fleet document; gives its path.
    pub(super) fn write(&self, name: &str) -> Result<PathBuf> {
        let folder = workspace::target()?.join("bench");
        fs::create_dir_all(&folder).context("cannot create the folder for fleets")?;
        let file = folder.join(format!("{name}.fleet.json"));
        fs::write(&file, self.document().to_string())
            .with_context(|| format!("cannot write {}", file.display()))?;
        Ok(file)
    }

    fn document(&self) -> Value {
        let subscriptions: Vec<Value> = (0..self.subscriptions).map(|at| self.part(at)).collect();
        json!({
            "tenant_id": "22222222-2222-4222-8222-222222222222",
            "subscriptions": subscriptions,
        })
    }

    fn part(&self, at: u64) -> Value {
        let accounts = (0..self.accounts).map(|number| {
            json!({
                "resource_group": GROUP, "name": account(at, number), "location": "westeurope",
                "key1_created": OLD, "key2_created": OLD,
            })
        });
        let cluster = json!({
            "resource_group": GROUP, "name": CLUSTER, "namespaces": ["bench"],
            "users": [{"name": "bench", "token": "bench", "admin": true}],
        });
        json!({
            "id": subscription(at),
            "name": format!("bench-{at}"),
            "accounts": accounts.collect::<Vec<_>>(),
            "vaults": [{"resource_group": GROUP, "name": vault(at), "rbac": false}],
            "clusters": if at == 0 { vec![cluster] } else { Vec::new() },
        })
    }
}

/// Names a subscription.
pub(super) fn subscription(at: u64) -> String {
    format!("50b5c000-0000-4000-8000-{at:012}")
}

/// Names an account.
pub(super) fn account(subscription: u64, number: u64) -> String {
    format!("stbench{subscription:02}n{number:04}")
}

/// Names the vault of a subscription.
pub(super) fn vault(subscription: u64) -> String {
    format!("kvbench{subscription:02}")
}

/// Gives a vault's address.
pub(super) fn vault_uri(subscription: u64) -> String {
    format!("https://{}.vault.azure.net", vault(subscription))
}

/// Gives the resource id of the cluster.
pub(super) fn cluster_id() -> String {
    format!(
        "/subscriptions/{}/resourceGroups/{GROUP}/providers/Microsoft.ContainerService\
         /managedClusters/{CLUSTER}",
        subscription(0)
    )
}
