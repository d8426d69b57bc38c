//! Storage accounts and their keys.
//!
//! Creation times come with the account itself, so asking for the age of a key needs no right to
//! see keys.

use std::collections::BTreeMap;

use azure_core::http::Method;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;

use crate::{
    id::{KeyName, ResourceGroupId, StorageAccountId, SubscriptionId},
    request::{Change, Disclose, Idempotency, List, Odd, Read, Request, Target, decode_as},
    secret::{KeyMaterial, deserialize_secret},
    wire,
};

// The first version with creation times is 2021-02-01.
const API_VERSION: &str = "2023-05-01";

/// Is what Azure tells about a storage account without disclosing its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageAccount {
    /// Its id.
    pub id: StorageAccountId,
    /// Its name.
    pub name: String,
    /// The region it is in.
    pub location: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Its kind, such as `StorageV2`.
    pub kind: Option<String>,
    /// Whether requests signed with a key are let in; unset means yes.
    pub allow_shared_key_access: Option<bool>,
    /// When key1 was made; old accounts do not know.
    pub key1_created_at: Option<Timestamp>,
    /// When key2 was made; old accounts do not know.
    pub key2_created_at: Option<Timestamp>,
    /// After how many days Azure calls a key expired.
    pub key_expiration_days: Option<u32>,
    /// When the account was made.
    pub made_at: Option<Timestamp>,
}

/// Is one key of a storage account.
#[derive(Debug, Clone)]
pub struct AccountKey {
    /// Its name: `key1`, `key2`, or that of a Kerberos key.
    pub name: String,
    /// Its value.
    pub value: KeyMaterial,
    /// When it was made, if Azure says so.
    pub created_at: Option<Timestamp>,
}

/// Lists the storage accounts of a subscription.
pub fn list(subscription: &SubscriptionId) -> List<StorageAccount> {
    let provider = ["Microsoft.Storage", "storageAccounts"];
    listing(super::in_subscription(subscription, provider, API_VERSION))
}

/// Lists the storage accounts of a resource group.
pub fn list_in_group(group: &ResourceGroupId) -> List<StorageAccount> {
    let below = ["providers", "Microsoft.Storage", "storageAccounts"];
    listing(super::target(group.as_str(), &below, API_VERSION))
}

fn listing(target: Target) -> List<StorageAccount> {
    List::new(target, |value| {
        serde_json::from_value::<Wire>(value)?.into_account()
    })
}

/// Reads a storage account.
pub fn get(account: &StorageAccountId) -> Request<StorageAccount, Read> {
    Request::read(target(account, &[]), decode_account)
}

/// Sets after how many days Azure calls the account's keys expired.
pub fn set_key_expiration(
    account: &StorageAccountId,
    days: u32,
) -> Request<StorageAccount, Change> {
    let body = json!({ "properties": { "keyPolicy": { "keyExpirationPeriodInDays": days } } });
    let repeatable = Idempotency::Repeatable;
    Request::new(
        Method::Patch,
        target(account, &[]),
        repeatable,
        decode_account,
    )
    .with_body(&body)
}

/// Discloses the keys of an account.
pub fn list_keys(account: &StorageAccountId) -> Request<Vec<AccountKey>, Disclose> {
    // A POST that changes nothing.
    let repeatable = Idempotency::Repeatable;
    Request::new(
        Method::Post,
        target(account, &["listKeys"]),
        repeatable,
        decode_keys,
    )
}

/// Has Azure make a new value for one key; the answer discloses all keys.
///
/// It is never repeated by machinery, because each execution makes another key. After an unclear
/// answer read the account's creation times.
pub fn regenerate_key(
    account: &StorageAccountId,
    key: KeyName,
) -> Request<Vec<AccountKey>, Change> {
    let body = json!({ "keyName": key.as_str() });
    let target = target(account, &["regenerateKey"]);
    Request::new(Method::Post, target, Idempotency::Never, decode_keys).with_body(&body)
}

fn target(account: &StorageAccountId, below: &[&str]) -> Target {
    super::target(account.as_str(), below, API_VERSION)
}

fn decode_account(body: &[u8]) -> Result<StorageAccount, Odd> {
    decode_as(body, Wire::into_account)
}

fn decode_keys(body: &[u8]) -> Result<Vec<AccountKey>, Odd> {
    decode_as(body, |wire: WireKeys| {
        Ok(wire.keys.into_iter().map(AccountKey::from).collect())
    })
}

#[derive(Deserialize)]
struct Wire {
    id: String,
    name: String,
    #[serde(default, deserialize_with = "wire::null_as_default")]
    location: String,
    #[serde(default, deserialize_with = "wire::tags")]
    tags: BTreeMap<String, String>,
    kind: Option<String>,
    #[serde(default, deserialize_with = "wire::null_as_default")]
    properties: WireProperties,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireProperties {
    allow_shared_key_access: Option<bool>,
    #[serde(deserialize_with = "wire::moment")]
    creation_time: Option<Timestamp>,
    #[serde(deserialize_with = "wire::null_as_default")]
    key_creation_time: WireTimes,
    #[serde(deserialize_with = "wire::null_as_default")]
    key_policy: WireKeyPolicy,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireTimes {
    #[serde(deserialize_with = "wire::moment")]
    key1: Option<Timestamp>,
    #[serde(deserialize_with = "wire::moment")]
    key2: Option<Timestamp>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireKeyPolicy {
    key_expiration_period_in_days: Option<u32>,
}

impl Wire {
    fn into_account(self) -> Result<StorageAccount, Odd> {
        Ok(StorageAccount {
            id: self.id.parse()?,
            name: self.name,
            location: self.location,
            tags: self.tags,
            kind: self.kind,
            allow_shared_key_access: self.properties.allow_shared_key_access,
            key1_created_at: self.properties.key_creation_time.key1,
            key2_created_at: self.properties.key_creation_time.key2,
            made_at: self.properties.creation_time,
            // Azure writes 0 for a policy that was taken away again.
            key_expiration_days: self
                .properties
                .key_policy
                .key_expiration_period_in_days
                .filter(|days| *days > 0),
        })
    }
}

#[derive(Deserialize)]
struct WireKeys {
    keys: Vec<WireKey>,
}

// `permissions` is not read: Azure writes `Full` and `FULL`, and we need neither.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireKey {
    key_name: String,
    #[serde(deserialize_with = "deserialize_secret")]
    value: SecretString,
    #[serde(default, deserialize_with = "wire::moment")]
    creation_time: Option<Timestamp>,
}

impl From<WireKey> for AccountKey {
    fn from(wire: WireKey) -> Self {
        Self {
            name: wire.key_name,
            value: wire.value.into(),
            created_at: wire.creation_time,
        }
    }
}
