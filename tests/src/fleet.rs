//! Fleets: what the emulated Azure of a test holds at the start.

use serde_json::{Value, json};

/// The subscription of every fleet here.
pub const SUBSCRIPTION: &str = "11111111-1111-4111-8111-111111111111";
/// The resource group of every account and vault here.
pub const GROUP: &str = "rg-suite";
/// The vault of every fleet here.
pub const VAULT: &str = "kvsuite";
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
    let mut fleet = json!({
        "tenant_id": "22222222-2222-4222-8222-222222222222",
        "subscriptions": [{
            "id": SUBSCRIPTION,
            "name": "suite",
            "accounts": accounts,
            "vaults": [{ "resource_group": GROUP, "name": VAULT, "rbac": false }],
        }],
    });
    if let (Some(now), Some(fields)) = (now, fleet.as_object_mut()) {
        fields.insert("now".to_owned(), json!(now));
    }
    fleet
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

/// Returns the resource id of an account.
#[must_use]
pub fn account_id(name: &str) -> String {
    format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}\
         /providers/Microsoft.Storage/storageAccounts/{name}"
    )
}
