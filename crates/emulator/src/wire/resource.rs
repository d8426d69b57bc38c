//! Resources of any type in the one shape that lists and Resource Graph give them.

use serde_json::{Value, json};

use super::management;
use super::site::site;
use crate::world::World;
use crate::world::account::Account;
use crate::world::site::Site;
use crate::world::vault::Vault;

/// Writes an account as Resource Graph knows it: the ages of its keys are not part of it.
pub(crate) fn account_row(world: &World, entry: &Account) -> Value {
    let body = management::account(world.cloud, entry, management::KeyTimes::Hidden);
    let place = (entry.subscription.as_str(), entry.resource_group.as_str());
    row(world, &body, place)
}

/// Writes a vault as Resource Graph knows it.
pub(crate) fn vault_row(world: &World, entry: &Vault) -> Value {
    let body = management::vault(world, entry);
    let place = (entry.subscription.as_str(), entry.resource_group.as_str());
    row(world, &body, place)
}

/// Writes an app as Resource Graph knows it.
pub(crate) fn site_row(world: &World, entry: &Site) -> Value {
    let place = (entry.subscription.as_str(), entry.resource_group.as_str());
    row(world, &site(entry), place)
}

/// Leaves of a resource what the list of all resources shows.
pub(crate) fn generic(body: &Value) -> Value {
    let of = |name: &str| body.get(name).cloned().unwrap_or_default();
    let mut resource = json!({
        "id": of("id"),
        "name": of("name"),
        "type": of("type"),
        "location": of("location"),
        "tags": of("tags"),
    });
    for name in ["kind", "sku"] {
        if let (Some(value), Some(resource)) = (body.get(name), resource.as_object_mut()) {
            resource.insert(name.to_owned(), value.clone());
        }
    }
    resource
}

fn row(world: &World, body: &Value, (subscription, group): (&str, &str)) -> Value {
    let of = |name: &str| body.get(name).cloned().unwrap_or_default();
    let text = |name: &str| of(name).as_str().unwrap_or_default().to_owned();
    json!({
        "id": of("id"),
        "name": of("name"),
        "type": text("type").to_ascii_lowercase(),
        "tenantId": world.tenant,
        "kind": text("kind"),
        "location": of("location"),
        "resourceGroup": group.to_ascii_lowercase(),
        "subscriptionId": subscription,
        "managedBy": "",
        "sku": of("sku"),
        "plan": null,
        "properties": of("properties"),
        "tags": of("tags"),
        "identity": null,
        "zones": null,
        "extendedLocation": null,
    })
}
