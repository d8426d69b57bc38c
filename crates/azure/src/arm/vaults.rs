//! Key vaults as resources: where they are and whom they let in.

use azure_core::http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    id::{PrincipalId, SubscriptionId, VaultId, VaultUrl},
    request::{Change, Idempotency, List, Odd, Read, Request, Target, decode_as},
    wire,
};

const API_VERSION: &str = "2023-07-01";

/// Is what Azure tells about a key vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vault {
    /// Its id.
    pub id: VaultId,
    /// The address of its data plane.
    pub url: VaultUrl,
    /// The tenant whose principals it lets in.
    pub tenant_id: String,
    /// Whether it goes by roles; if not, by access policies.
    pub rbac: bool,
    /// Whom it lets in to do what, unless it goes by roles.
    pub access_policies: Vec<AccessPolicy>,
    /// For how many days deleted objects can be recovered.
    pub soft_delete_days: Option<u32>,
}

/// Is what a vault lets one principal do with managed storage accounts and secrets.
///
/// Permissions for keys and certificates are neither read nor written: Azure leaves kinds that a
/// change does not name as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessPolicy {
    /// The principal's tenant.
    pub tenant_id: String,
    /// The principal.
    pub object_id: PrincipalId,
    /// Permissions on managed storage accounts, in Azure's words.
    pub storage: Vec<String>,
    /// Permissions on secrets, in Azure's words.
    pub secrets: Vec<String>,
}

/// Lists the vaults of a subscription.
pub fn list(subscription: &SubscriptionId) -> List<Vault> {
    let provider = ["Microsoft.KeyVault", "vaults"];
    let target = super::in_subscription(subscription, provider, API_VERSION);
    List::new(target, |value| {
        serde_json::from_value::<Wire>(value)?.into_vault()
    })
}

/// Reads a vault.
pub fn get(vault: &VaultId) -> Request<Vault, Read> {
    let target = super::target(vault.as_str(), &[], API_VERSION);
    Request::read(target, |body| decode_as(body, Wire::into_vault))
}

/// Adds permissions to those a principal has.
pub fn add_access_policy(vault: &VaultId, policy: &AccessPolicy) -> Request<(), Change> {
    change_access_policy(vault, "add", policy)
}

/// Takes permissions away from those a principal has.
pub fn remove_access_policy(vault: &VaultId, policy: &AccessPolicy) -> Request<(), Change> {
    change_access_policy(vault, "remove", policy)
}

fn change_access_policy(vault: &VaultId, act: &str, policy: &AccessPolicy) -> Request<(), Change> {
    let below = ["accessPolicies", act];
    let target: Target = super::target(vault.as_str(), &below, API_VERSION);
    let body = json!({ "properties": { "accessPolicies": [policy_to_json(policy)] } });
    Request::new(Method::Put, target, Idempotency::Repeatable, |_| Ok(())).with_body(&body)
}

fn policy_to_json(policy: &AccessPolicy) -> Value {
    let named = [("storage", &policy.storage), ("secrets", &policy.secrets)];
    let named = named
        .into_iter()
        .filter(|(_, permissions)| !permissions.is_empty());
    let permissions: serde_json::Map<String, Value> = named
        .map(|(kind, permissions)| (kind.to_owned(), json!(permissions)))
        .collect();
    json!({
        "tenantId": policy.tenant_id,
        "objectId": policy.object_id.to_string(),
        "permissions": permissions,
    })
}

#[derive(Deserialize)]
struct Wire {
    id: String,
    properties: WireProperties,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireProperties {
    vault_uri: String,
    tenant_id: String,
    enable_rbac_authorization: Option<bool>,
    #[serde(default, deserialize_with = "wire::null_as_default")]
    access_policies: Vec<WirePolicy>,
    soft_delete_retention_in_days: Option<u32>,
    enable_soft_delete: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WirePolicy {
    tenant_id: String,
    object_id: String,
    #[serde(default, deserialize_with = "wire::null_as_default")]
    permissions: WirePermissions,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WirePermissions {
    #[serde(deserialize_with = "wire::null_as_default")]
    storage: Vec<String>,
    #[serde(deserialize_with = "wire::null_as_default")]
    secrets: Vec<String>,
}

impl Wire {
    fn into_vault(self) -> Result<Vault, Odd> {
        let properties = self.properties;
        let keeps_deleted = properties.enable_soft_delete != Some(false);
        let policies = properties
            .access_policies
            .into_iter()
            .map(WirePolicy::into_policy);
        Ok(Vault {
            id: self.id.parse()?,
            url: VaultUrl::parse_in_any_cloud(&properties.vault_uri)?,
            tenant_id: properties.tenant_id,
            rbac: properties.enable_rbac_authorization.unwrap_or_default(),
            access_policies: policies.collect::<Result<_, Odd>>()?,
            soft_delete_days: properties
                .soft_delete_retention_in_days
                .filter(|_| keeps_deleted),
        })
    }
}

impl WirePolicy {
    fn into_policy(self) -> Result<AccessPolicy, Odd> {
        Ok(AccessPolicy {
            tenant_id: self.tenant_id,
            object_id: self.object_id.parse()?,
            storage: self.permissions.storage,
            secrets: self.permissions.secrets,
        })
    }
}
