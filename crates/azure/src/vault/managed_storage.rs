//! Managed storage accounts: accounts whose keys a vault regenerates.

use std::{collections::BTreeMap, fmt};

use azure_core::http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{last_segment, list_target, target};
use crate::{
    id::{KeyName, ManagedStorageName, StorageAccountId, VaultUrl},
    request::{Change, Idempotency, List, Odd, Read, Request, decode_as},
    wire::{self, Attributes, Seconds},
};

/// Is the storage account a vault manages, as the vault recorded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManagedResource {
    /// A storage account of today's kind.
    Account(StorageAccountId),
    /// Something else, such as a classic account.
    Other(String),
}

impl ManagedResource {
    fn new(text: String) -> Self {
        text.parse().map_or(Self::Other(text), Self::Account)
    }

    /// Borrows the account's id, unless it is something else.
    #[must_use]
    pub fn account(&self) -> Option<&StorageAccountId> {
        match self {
            Self::Account(id) => Some(id),
            Self::Other(_) => None,
        }
    }

    /// Tells whether it is this account.
    #[must_use]
    pub fn is(&self, account: &StorageAccountId) -> bool {
        self.account() == Some(account)
    }
}

impl fmt::Display for ManagedResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => id.fmt(f),
            Self::Other(text) => f.write_str(text),
        }
    }
}

/// Is an enrolment: what a vault knows about an account it manages.
///
/// There is no time of the last or next regeneration in it, and `created` moves with each
/// regeneration that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedStorage {
    /// Its id, an address.
    pub id: String,
    /// Its name in the vault.
    pub name: ManagedStorageName,
    /// The account.
    pub resource_id: ManagedResource,
    /// The key that tokens are signed with, in Azure's word.
    pub active_key: String,
    /// Whether the vault regenerates keys by itself.
    pub auto_regenerate: Option<bool>,
    /// How often it does, in ISO 8601.
    pub regeneration_period: Option<String>,
    /// Whether tokens can be had.
    pub enabled: bool,
    /// When the vault says it was made.
    pub created: Option<Timestamp>,
    /// When the vault says it was changed.
    pub updated: Option<Timestamp>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// Is an enrolment as lists show it: without active key and period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedStorageItem {
    /// Its id, an address.
    pub id: String,
    /// Its name in the vault.
    pub name: ManagedStorageName,
    /// The account.
    pub resource_id: ManagedResource,
    /// Whether tokens can be had.
    pub enabled: bool,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// Is an enrolment that was deleted and can be recovered; lists leave active key and period out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedManagedStorage {
    /// Its id before it was deleted.
    pub id: String,
    /// Its name in the vault.
    pub name: ManagedStorageName,
    /// The account.
    pub resource_id: ManagedResource,
    /// The key that tokens were signed with, in Azure's word.
    pub active_key: Option<String>,
    /// Whether the vault regenerated keys by itself.
    pub auto_regenerate: Option<bool>,
    /// How often it did, in ISO 8601.
    pub regeneration_period: Option<String>,
    /// Whether tokens could be had.
    pub enabled: bool,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Its id while it is deleted.
    pub recovery_id: Option<String>,
    /// When it was deleted.
    pub deleted: Option<Timestamp>,
    /// When it will be gone for good.
    pub scheduled_purge: Option<Timestamp>,
}

/// Is what a vault must be told to enrol an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewManagedStorage {
    /// The account.
    pub resource_id: StorageAccountId,
    /// The key that tokens are to be signed with.
    pub active_key: KeyName,
    /// Whether the vault is to regenerate keys by itself.
    pub auto_regenerate: bool,
    /// How often it is to do so, in ISO 8601.
    pub regeneration_period: Option<String>,
    /// Whether tokens can be had.
    pub enabled: bool,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// Is a change of an enrolment; what is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ManagedStorageUpdate {
    /// The key that tokens are to be signed with.
    pub active_key: Option<KeyName>,
    /// Whether the vault is to regenerate keys by itself.
    pub auto_regenerate: Option<bool>,
    /// How often it is to do so, in ISO 8601.
    pub regeneration_period: Option<String>,
    /// Whether tokens can be had.
    pub enabled: Option<bool>,
    /// All its tags.
    pub tags: Option<BTreeMap<String, String>>,
}

/// Lists the enrolments of a vault that were deleted and can be recovered.
pub fn list_deleted(vault: &VaultUrl) -> List<DeletedManagedStorage> {
    List::new(list_target(vault, &["deletedstorage"]), |value| {
        serde_json::from_value::<Wire>(value)?.into_deleted()
    })
}

/// Lists the enrolments of a vault.
pub fn list(vault: &VaultUrl) -> List<ManagedStorageItem> {
    List::new(list_target(vault, &["storage"]), |value| {
        serde_json::from_value::<Wire>(value)?.into_item()
    })
}

/// Reads an enrolment.
pub fn get(vault: &VaultUrl, name: &ManagedStorageName) -> Request<ManagedStorage, Read> {
    Request::read(target(vault, &["storage", name.as_str()]), decode)
}

/// Enrols an account, or writes an enrolment anew.
///
/// It is never repeated by machinery: whether a second execution restarts the vault's rotation
/// clock is not known. Read the enrolment back instead.
pub fn set(
    vault: &VaultUrl,
    name: &ManagedStorageName,
    new: &NewManagedStorage,
) -> Request<ManagedStorage, Change> {
    let mut body = json!({
        "resourceId": new.resource_id.as_str(),
        "activeKeyName": new.active_key.as_str(),
        "autoRegenerateKey": new.auto_regenerate,
        "attributes": { "enabled": new.enabled },
        "tags": new.tags,
    });
    if let (Some(period), Some(members)) = (&new.regeneration_period, body.as_object_mut()) {
        members.insert("regenerationPeriod".to_owned(), json!(period));
    }
    let target = target(vault, &["storage", name.as_str()]);
    Request::new(Method::Put, target, Idempotency::Never, decode).with_body(&body)
}

/// Changes an enrolment without regenerating anything.
pub fn update(
    vault: &VaultUrl,
    name: &ManagedStorageName,
    update: &ManagedStorageUpdate,
) -> Request<ManagedStorage, Change> {
    let members = [
        (
            "activeKeyName",
            update.active_key.map(|key| json!(key.as_str())),
        ),
        ("autoRegenerateKey", update.auto_regenerate.map(Value::from)),
        (
            "regenerationPeriod",
            update
                .regeneration_period
                .as_ref()
                .map(|period| json!(period)),
        ),
        (
            "attributes",
            update.enabled.map(|enabled| json!({ "enabled": enabled })),
        ),
        ("tags", update.tags.as_ref().map(|tags| json!(tags))),
    ];
    let given = members
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let body = Value::Object(given.collect::<Map<_, _>>());
    let target = target(vault, &["storage", name.as_str()]);
    Request::new(Method::Patch, target, Idempotency::Repeatable, decode).with_body(&body)
}

/// Ends an enrolment; with soft delete it can be recovered.
pub fn delete(vault: &VaultUrl, name: &ManagedStorageName) -> Request<(), Change> {
    Request::delete(target(vault, &["storage", name.as_str()]))
}

/// Reads a deleted enrolment.
pub fn get_deleted(
    vault: &VaultUrl,
    name: &ManagedStorageName,
) -> Request<DeletedManagedStorage, Read> {
    let target = target(vault, &["deletedstorage", name.as_str()]);
    Request::read(target, |body| decode_as(body, Wire::into_deleted))
}

/// Brings a deleted enrolment back.
///
/// It may be repeated: there is nothing left to bring back after the first time, so a 404 of a later
/// try is an error whose `may_have_executed` holds.
pub fn recover(vault: &VaultUrl, name: &ManagedStorageName) -> Request<ManagedStorage, Change> {
    let target = target(vault, &["deletedstorage", name.as_str(), "recover"]);
    Request::new(Method::Post, target, Idempotency::Repeatable, decode)
}

/// Removes a deleted enrolment for good.
pub fn purge(vault: &VaultUrl, name: &ManagedStorageName) -> Request<(), Change> {
    Request::delete(target(vault, &["deletedstorage", name.as_str()]))
}

/// Has the vault regenerate a key and make it the active one.
///
/// It is never repeated by machinery, because each execution makes another key.
pub fn regenerate_key(
    vault: &VaultUrl,
    name: &ManagedStorageName,
    key: KeyName,
) -> Request<ManagedStorage, Change> {
    let target = target(vault, &["storage", name.as_str(), "regeneratekey"]);
    let body = json!({ "keyName": key.as_str() });
    Request::new(Method::Post, target, Idempotency::Never, decode).with_body(&body)
}

pub(super) fn decode(body: &[u8]) -> Result<ManagedStorage, Odd> {
    decode_as(body, Wire::into_managed)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    id: String,
    resource_id: String,
    active_key_name: Option<String>,
    auto_regenerate_key: Option<bool>,
    regeneration_period: Option<String>,
    #[serde(default, deserialize_with = "wire::null_as_default")]
    attributes: Attributes,
    #[serde(default, deserialize_with = "wire::tags")]
    tags: BTreeMap<String, String>,
    recovery_id: Option<String>,
    #[serde(default)]
    deleted_date: Seconds,
    #[serde(default)]
    scheduled_purge_date: Seconds,
}

impl Wire {
    fn into_managed(self) -> Result<ManagedStorage, Odd> {
        Ok(ManagedStorage {
            name: last_segment(&self.id)?.parse()?,
            id: self.id,
            resource_id: ManagedResource::new(self.resource_id),
            active_key: self
                .active_key_name
                .ok_or_else(|| Odd::new("no active key"))?,
            auto_regenerate: self.auto_regenerate_key,
            regeneration_period: self.regeneration_period,
            enabled: self.attributes.enabled.0,
            created: self.attributes.created.0,
            updated: self.attributes.updated.0,
            tags: self.tags,
        })
    }

    fn into_item(self) -> Result<ManagedStorageItem, Odd> {
        Ok(ManagedStorageItem {
            name: last_segment(&self.id)?.parse()?,
            id: self.id,
            resource_id: ManagedResource::new(self.resource_id),
            enabled: self.attributes.enabled.0,
            tags: self.tags,
        })
    }

    fn into_deleted(self) -> Result<DeletedManagedStorage, Odd> {
        Ok(DeletedManagedStorage {
            name: last_segment(&self.id)?.parse()?,
            id: self.id,
            resource_id: ManagedResource::new(self.resource_id),
            active_key: self.active_key_name,
            auto_regenerate: self.auto_regenerate_key,
            regeneration_period: self.regeneration_period,
            enabled: self.attributes.enabled.0,
            tags: self.tags,
            recovery_id: self.recovery_id,
            deleted: self.deleted_date.0,
            scheduled_purge: self.scheduled_purge_date.0,
        })
    }
}
