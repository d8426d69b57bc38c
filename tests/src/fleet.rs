//! Fleets: what the emulated Azure of a test holds at the start.

use serde_json::{Value, json};

/// The subscription of every fleet here.
pub const SUBSCRIPTION: &str = "11111111-1111-4111-8111-111111111111";
/// The resource group of every account and vault here.
pub const GROUP: &str = "rg-suite";
/// The vault of every fleet here.
pub const VAULT: &str = "kvsuite";
/// The cluster of [`with_cluster`].
pub const CLUSTER: &str = "aks-suite";
/// The address of that cluster's API.
pub const CLUSTER_API: &str = "https://aks-suite.hcp.westeurope.azmk8s.io";
/// The account of [`one_account`].
pub const ACCOUNT: &str = "stsuite";

/// Returns a fleet of one account with keys of the year before last, and one vault, now.
#[must_use]
pub fn one_account() -> Value {
    of(&[account(ACCOUNT, Some("2025-01-01T00:00:00Z"))], None)
}

/// Returns a fleet of the accounts and one vault whose clock starts at `now`, or at the real time.
#[must_use]
pub fn of(accounts: &[Value], now: Option<&str>) -> Value {
    let vault = json!({ "resource_group": GROUP, "name": VAULT, "rbac": false });
    let mut fleet = with_vaults(accounts, &[vault]);
    if let (Some(now), Some(fields)) = (now, fleet.as_object_mut()) {
        fields.insert("now".to_owned(), json!(now));
    }
    fleet
}

/// Returns a fleet of the accounts and vaults whose clock starts at the real time.
#[must_use]
pub fn with_vaults(accounts: &[Value], vaults: &[Value]) -> Value {
    json!({
        "tenant_id": "22222222-2222-4222-8222-222222222222",
        "subscriptions": [{
            "id": SUBSCRIPTION,
            "name": "suite",
            "accounts": accounts,
            "vaults": vaults,
        }],
    })
}

/// Returns a vault that manages the accounts of these records and keeps what is deleted.
#[must_use]
pub fn vault(name: &str, managed: &[Value]) -> Value {
    json!({
        "resource_group": GROUP, "name": name, "rbac": false,
        "soft_delete_days": 90, "managed": managed,
    })
}

/// Returns a vault's record of an account; the vault renews its keys by itself if `auto_regenerate`.
#[must_use]
pub fn record(name: &str, account: &str, auto_regenerate: bool) -> Value {
    json!({
        "name": name, "account": account, "active_key": "key1",
        "auto_regenerate": auto_regenerate, "period": "P30D",
    })
}

/// Returns an account whose keys were made at `created`; `None` stands for unknown times.
#[must_use]
pub fn account(name: &str, created: Option<&str>) -> Value {
    json!({
        "resource_group": GROUP,
        "name": name,
        "location": "westeurope",
        "key1_created": created,
        "key2_created": created,
    })
}

/// Returns a function app without settings.
#[must_use]
pub fn app(name: &str) -> Value {
    json!({ "resource_group": GROUP, "name": name, "kind": "functionapp,linux" })
}

/// Returns the resource id of an app.
#[must_use]
pub fn app_id(name: &str) -> String {
    format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Web/sites/{name}"
    )
}

/// Returns the resource id of an account.
#[must_use]
pub fn account_id(name: &str) -> String {
    format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}\
         /providers/Microsoft.Storage/storageAccounts/{name}"
    )
}

/// Adds a cluster with the namespace `team`, whose administrator has the token, to a fleet. It runs
/// the deployment `web` there.
#[must_use]
pub fn with_cluster(mut fleet: Value, token: &str) -> Value {
    let cluster = json!({
        "resource_group": GROUP, "name": CLUSTER, "namespaces": ["team"],
        "users": [{"name": "pod", "token": token, "admin": true}, {"name": "guest", "token": "guest"}],
        "workloads": [{"namespace": "team", "kind": "deployment", "name": "web", "replicas": 2}],
    });
    if let Some(subscription) = fleet
        .pointer_mut("/subscriptions/0")
        .and_then(Value::as_object_mut)
    {
        subscription.insert("clusters".to_owned(), json!([cluster]));
    }
    fleet
}

/// Returns the resource id of the cluster.
#[must_use]
pub fn cluster_id() -> String {
    format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}\
         /providers/Microsoft.ContainerService/managedClusters/{CLUSTER}"
    )
}
