//! The shapes of Resource Manager.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::world::access::AccessPolicy;
use crate::world::account::{Account, KIND as ACCOUNT, KeySlot};
use crate::world::deleted_vault::DeletedVault;
use crate::world::group::Group;
use crate::world::role::{Role, RoleAssignment};
use crate::world::vault::{KIND as VAULT, Vault};
use crate::world::{Subscription, World};

/// Writes a subscription.
pub(crate) fn subscription(world: &World, entry: &Subscription) -> Value {
    json!({
        "id": format!("/subscriptions/{}", entry.id),
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": entry.id,
        "tenantId": world.tenant,
        "displayName": entry.name,
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    })
}

/// Writes a resource group.
pub(crate) fn resource_group(group: &Group) -> Value {
    json!({
        "id": group.id(),
        "name": group.name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": group.location,
        "tags": group.tags,
        "properties": {"provisioningState": "Succeeded"},
    })
}

/// Whether an answer tells when keys were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyTimes {
    Shown,
    Hidden,
}

/// Writes an account. An age that is not known is null.
pub(crate) fn account(cloud: &Cloud, entry: &Account, key_times: KeyTimes) -> Value {
    let endpoint =
        |service: &str| format!("https://{}.{service}.{}/", entry.name, cloud.storage_suffix);
    let mut properties = json!({
        "networkAcls": {"bypass": "AzureServices", "virtualNetworkRules": [], "ipRules": [], "defaultAction": "Allow"},
        "supportsHttpsTrafficOnly": true,
        "minimumTlsVersion": "TLS1_2",
        "allowBlobPublicAccess": false,
        "accessTier": "Hot",
        "provisioningState": "Succeeded",
        "creationTime": precise(entry.created),
        "primaryEndpoints": {
            "blob": endpoint("blob"),
            "queue": endpoint("queue"),
            "table": endpoint("table"),
            "file": endpoint("file"),
        },
        "primaryLocation": entry.location,
        "statusOfPrimary": "available",
        "privateEndpointConnections": [],
        // Clients look into it before they change an account.
        "encryption": {
            "services": {"file": encrypted(entry.created), "blob": encrypted(entry.created)},
            "keySource": "Microsoft.Storage",
        },
    });
    if let Some(properties) = properties.as_object_mut() {
        if let Some(allowed) = entry.allow_shared_key {
            properties.insert("allowSharedKeyAccess".to_owned(), json!(allowed));
        }
        if key_times == KeyTimes::Shown {
            let shown = entry.shown_key_created();
            let created = |slot| shown.at(slot).map(precise);
            let times = json!({"key1": created(KeySlot::Key1), "key2": created(KeySlot::Key2)});
            properties.insert("keyCreationTime".to_owned(), times);
            if let Some(policy) = &entry.sas_policy {
                properties.insert("sasPolicy".to_owned(), json!(policy));
            }
            if let Some(days) = entry.key_expiration_days {
                properties.insert(
                    "keyPolicy".to_owned(),
                    json!({"keyExpirationPeriodInDays": days}),
                );
            }
        }
    }
    let tier = entry.sku.split('_').next().unwrap_or_default();
    json!({
        "sku": {"name": entry.sku, "tier": tier},
        "kind": entry.kind,
        "id": entry.id(),
        "name": entry.name,
        "type": ACCOUNT,
        "location": entry.location,
        "tags": entry.tags,
        "properties": properties,
    })
}

fn encrypted(since: Timestamp) -> Value {
    json!({"keyType": "Account", "enabled": true, "lastEnabledTime": precise(since)})
}

/// Writes both keys with their values.
pub(crate) fn keys(world: &World, entry: &Account, key_times: KeyTimes) -> Value {
    let keys: Vec<Value> = KeySlot::BOTH
        .into_iter()
        .map(|slot| {
            let value = entry.key(&world.mint, slot).expose();
            let mut key = json!({"keyName": slot.as_str(), "value": value, "permissions": "FULL"});
            let created = entry.key_created.at(slot);
            let created = created.filter(|_| key_times == KeyTimes::Shown);
            if let (Some(created), Some(key)) = (created, key.as_object_mut()) {
                key.insert("creationTime".to_owned(), json!(precise(created)));
            }
            key
        })
        .collect();
    json!({"keys": keys})
}

/// Writes a vault.
pub(crate) fn vault(world: &World, entry: &Vault) -> Value {
    let mut properties = json!({
        "sku": {"family": "A", "name": "standard"},
        "tenantId": world.tenant,
        "accessPolicies": policies(world, &entry.policies),
        "enabledForDeployment": false,
        "enabledForDiskEncryption": false,
        "enabledForTemplateDeployment": false,
        "enableSoftDelete": entry.soft_delete_days.is_some(),
        "enableRbacAuthorization": entry.rbac,
        "vaultUri": format!("{}/", world.cloud.vault_url(&entry.name)),
        "provisioningState": "Succeeded",
        "publicNetworkAccess": "Enabled",
    });
    if let (Some(days), Some(properties)) = (entry.soft_delete_days, properties.as_object_mut()) {
        properties.insert("softDeleteRetentionInDays".to_owned(), json!(days));
        if entry.purge_protection {
            properties.insert("enablePurgeProtection".to_owned(), json!(true));
        }
    }
    json!({
        "id": entry.id(),
        "name": entry.name,
        "type": VAULT,
        "location": entry.location,
        "tags": entry.tags,
        "properties": properties,
    })
}

/// Writes a deleted vault.
pub(crate) fn deleted_vault(entry: &DeletedVault) -> Value {
    let DeletedVault { vault, deletion } = entry;
    let mut properties = json!({
        "vaultId": vault.id(),
        "location": vault.location,
        "tags": vault.tags,
        "deletionDate": precise(deletion.deleted),
        "scheduledPurgeDate": precise(deletion.purge),
    });
    if let (true, Some(properties)) = (vault.purge_protection, properties.as_object_mut()) {
        properties.insert("purgeProtectionEnabled".to_owned(), json!(true));
    }
    json!({
        "id": entry.id(),
        "name": vault.name,
        "type": "Microsoft.KeyVault/deletedVaults",
        "properties": properties,
    })
}

/// Writes access policies.
pub(crate) fn policies(world: &World, entries: &[AccessPolicy]) -> Value {
    let policy = |entry: &AccessPolicy| json!({"tenantId": world.tenant, "objectId": entry.object_id, "permissions": entry.permissions});
    entries.iter().map(policy).collect()
}

/// Writes a role assignment.
pub(crate) fn role_assignment(world: &World, entry: &RoleAssignment) -> Value {
    let is_application = world.directory.is_application(&entry.principal_id);
    let subscription = entry.scope.split('/').take(3).collect::<Vec<_>>().join("/");
    json!({
        "properties": {
            "roleDefinitionId":
                format!("{subscription}/providers/Microsoft.Authorization/roleDefinitions/{}", entry.role),
            "principalId": entry.principal_id,
            "principalType": if is_application { "ServicePrincipal" } else { "User" },
            "scope": if entry.scope.is_empty() { "/" } else { &entry.scope },
            "createdOn": precise(entry.created),
            "updatedOn": precise(entry.created),
            "createdBy": entry.created_by,
            "updatedBy": entry.created_by,
        },
        "id": entry.id(),
        "type": "Microsoft.Authorization/roleAssignments",
        "name": entry.name,
    })
}

/// Writes a role.
pub(crate) fn role(scope: &str, entry: &Role) -> Value {
    let subscription = scope.split('/').take(3).collect::<Vec<_>>().join("/");
    let subscription = if subscription == "/" {
        ""
    } else {
        &subscription
    };
    json!({
        "properties": {
            "roleName": entry.name,
            "type": if entry.custom { "CustomRole" } else { "BuiltInRole" },
            "description": entry.description,
            "assignableScopes": entry.assignable_scopes,
            "permissions": [{
                "actions": entry.actions,
                "notActions": entry.not_actions,
                "dataActions": entry.data_actions,
                "notDataActions": entry.not_data_actions,
            }],
        },
        "id": format!("{subscription}/providers/Microsoft.Authorization/roleDefinitions/{}", entry.id),
        "type": "Microsoft.Authorization/roleDefinitions",
        "name": entry.id,
    })
}

/// Writes a time with the seven digits that Azure gives.
pub(super) fn precise(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%7fZ").to_string()
}
