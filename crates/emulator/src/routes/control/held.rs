//! What the world holds, secrets included, for tools beside the emulator that compare what its clients believe with what
//! is so.

use serde_json::{Value, json};

use crate::routes::reply::Reply;
use crate::shared::Shared;
use crate::world::account::{Account, KeySlot};
use crate::world::cluster::Cluster;
use crate::world::secret::{Secret, SecretVersion};

/// Writes all accounts with their keys, when those were made, and how often each slot was regenerated.
pub(super) fn accounts(shared: &Shared) -> Reply {
    let (world, _) = shared.world();
    let account = |entry: &Account| {
        let key = |slot| entry.key(&world.mint, slot).expose();
        let made = |slot| entry.key_created.at(slot).map(|time| time.to_string());
        json!({
            "id": entry.id(),
            "name": entry.name,
            "key1": key(KeySlot::Key1),
            "key2": key(KeySlot::Key2),
            "key1_created": made(KeySlot::Key1),
            "key2_created": made(KeySlot::Key2),
            "key1_regenerations": entry.generations.at(KeySlot::Key1),
            "key2_regenerations": entry.generations.at(KeySlot::Key2),
        })
    };
    let accounts: Vec<Value> = world.accounts.values().map(account).collect();
    Reply::ok(json!({"accounts": accounts}))
}

/// Writes the secrets of all vaults with their versions, the oldest first, and those of all clusters.
pub(super) fn secrets(shared: &Shared) -> Reply {
    let (world, _) = shared.world();
    let of_vaults = world.vaults.values().flat_map(|vault| {
        let secrets = vault.secrets.values();
        secrets.map(|secret| of_vault(&vault.name, secret))
    });
    let of_vaults: Vec<Value> = of_vaults.collect();
    let of_clusters: Vec<Value> = world.clusters.values().flat_map(of_cluster).collect();
    Reply::ok(json!({"vaults": of_vaults, "clusters": of_clusters}))
}

fn of_vault(vault: &str, secret: &Secret) -> Value {
    let version = |version: &SecretVersion| {
        json!({
            "version": version.id,
            "value": version.value,
            "created": version.created.to_string(),
        })
    };
    let versions: Vec<Value> = secret.versions.iter().map(version).collect();
    json!({"vault": vault, "name": secret.name, "versions": versions})
}

fn of_cluster(cluster: &Cluster) -> Vec<Value> {
    let secrets = cluster.objects.secrets();
    let written = secrets.map(|(namespace, name, object)| {
        json!({
            "cluster": cluster.name,
            "namespace": namespace,
            "name": name,
            "data": object.get("data"),
        })
    });
    written.collect()
}

/// Shows all there is, as the snapshot would keep it.
pub(super) fn world(shared: &Shared) -> Reply {
    let (world, now) = shared.world();
    Reply::ok(json!({"now": now.to_string(), "world": &*world}))
}
