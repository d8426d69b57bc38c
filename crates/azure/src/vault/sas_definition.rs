//! SAS definitions: what tokens a vault mints for a managed storage account.

use std::collections::BTreeMap;

use azure_core::http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{last_segment, list_target, target};
use crate::{
    id::{ManagedStorageName, SasDefinitionName, VaultUrl},
    request::{Change, Idempotency, List, Odd, Read, Request, Target, decode_as},
    sas::{SasTemplate, text::without_signature},
    wire::{self, Attributes, Seconds},
};

/// Is a SAS definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SasDefinition {
    /// Its id, an address.
    pub id: String,
    /// Its name.
    pub name: SasDefinitionName,
    /// The address of the secret that mints its tokens.
    pub secret_id: String,
    /// The template of its tokens; a signature that somebody left in it is taken out.
    pub template_uri: String,
    /// What kind of token it mints, `account` or `service`.
    pub sas_type: String,
    /// How long its tokens live, in ISO 8601.
    pub validity_period: String,
    /// Whether tokens can be had.
    pub enabled: bool,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// Is a SAS definition as lists show it: without template and validity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SasDefinitionItem {
    /// Its id, an address.
    pub id: String,
    /// Its name.
    pub name: SasDefinitionName,
    /// The address of the secret that mints its tokens.
    pub secret_id: String,
    /// Whether tokens can be had.
    pub enabled: bool,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// Is a SAS definition that was deleted and can be recovered; lists leave template and validity out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedSasDefinition {
    /// Its id before it was deleted.
    pub id: String,
    /// Its name.
    pub name: SasDefinitionName,
    /// The address of the secret that minted its tokens.
    pub secret_id: Option<String>,
    /// The template of its tokens; a signature that somebody left in it is taken out.
    pub template_uri: Option<String>,
    /// What kind of token it minted, `account` or `service`.
    pub sas_type: Option<String>,
    /// How long its tokens lived, in ISO 8601.
    pub validity_period: Option<String>,
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

/// Is what a vault must be told to define account tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSasDefinition {
    /// The template of the tokens.
    pub template: SasTemplate,
    /// How long the tokens are to live, in ISO 8601.
    pub validity_period: String,
    /// Whether tokens can be had.
    pub enabled: bool,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// Is a change of a SAS definition; what is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SasDefinitionUpdate {
    /// The template of the tokens.
    pub template: Option<SasTemplate>,
    /// How long the tokens are to live, in ISO 8601.
    pub validity_period: Option<String>,
    /// Whether tokens can be had.
    pub enabled: Option<bool>,
    /// All its tags.
    pub tags: Option<BTreeMap<String, String>>,
}

/// Lists the SAS definitions of a managed storage account.
pub fn list(vault: &VaultUrl, account: &ManagedStorageName) -> List<SasDefinitionItem> {
    List::new(
        list_target(vault, &["storage", account.as_str(), "sas"]),
        |value| serde_json::from_value::<Wire>(value)?.into_item(),
    )
}

/// Reads a SAS definition.
pub fn get(
    vault: &VaultUrl,
    account: &ManagedStorageName,
    name: &SasDefinitionName,
) -> Request<SasDefinition, Read> {
    Request::read(live(vault, account, name), decode)
}

/// Makes a SAS definition or writes it anew.
pub fn set(
    vault: &VaultUrl,
    account: &ManagedStorageName,
    name: &SasDefinitionName,
    new: &NewSasDefinition,
) -> Request<SasDefinition, Change> {
    let body = json!({
        "templateUri": new.template.to_template_uri(),
        "sasType": "account",
        "validityPeriod": new.validity_period,
        "attributes": { "enabled": new.enabled },
        "tags": new.tags,
    });
    let target = live(vault, account, name);
    Request::new(Method::Put, target, Idempotency::Repeatable, decode).with_body(&body)
}

/// Changes a SAS definition.
pub fn update(
    vault: &VaultUrl,
    account: &ManagedStorageName,
    name: &SasDefinitionName,
    update: &SasDefinitionUpdate,
) -> Request<SasDefinition, Change> {
    let template = update.template.as_ref();
    let members = [
        (
            "templateUri",
            template.map(|template| json!(template.to_template_uri())),
        ),
        ("sasType", template.map(|_| json!("account"))),
        (
            "validityPeriod",
            update.validity_period.as_ref().map(|period| json!(period)),
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
    let target = live(vault, account, name);
    Request::new(Method::Patch, target, Idempotency::Repeatable, decode).with_body(&body)
}

/// Removes a SAS definition; with soft delete it can be recovered.
pub fn delete(
    vault: &VaultUrl,
    account: &ManagedStorageName,
    name: &SasDefinitionName,
) -> Request<(), Change> {
    Request::delete(live(vault, account, name))
}

/// Lists the deleted SAS definitions of a managed storage account.
pub fn list_deleted(vault: &VaultUrl, account: &ManagedStorageName) -> List<DeletedSasDefinition> {
    let target = list_target(vault, &["deletedstorage", account.as_str(), "sas"]);
    List::new(target, |value| {
        serde_json::from_value::<Wire>(value)?.into_deleted()
    })
}

/// Reads a deleted SAS definition.
pub fn get_deleted(
    vault: &VaultUrl,
    account: &ManagedStorageName,
    name: &SasDefinitionName,
) -> Request<DeletedSasDefinition, Read> {
    let target = target(
        vault,
        &["deletedstorage", account.as_str(), "sas", name.as_str()],
    );
    Request::read(target, |body| decode_as(body, Wire::into_deleted))
}

/// Brings a deleted SAS definition back; see [`super::managed_storage::recover`].
pub fn recover(
    vault: &VaultUrl,
    account: &ManagedStorageName,
    name: &SasDefinitionName,
) -> Request<SasDefinition, Change> {
    let segments = [
        "deletedstorage",
        account.as_str(),
        "sas",
        name.as_str(),
        "recover",
    ];
    Request::new(
        Method::Post,
        target(vault, &segments),
        Idempotency::Repeatable,
        decode,
    )
}

fn live(vault: &VaultUrl, account: &ManagedStorageName, name: &SasDefinitionName) -> Target {
    target(vault, &["storage", account.as_str(), "sas", name.as_str()])
}

fn decode(body: &[u8]) -> Result<SasDefinition, Odd> {
    decode_as(body, Wire::into_definition)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    id: String,
    sid: Option<String>,
    template_uri: Option<String>,
    sas_type: Option<String>,
    validity_period: Option<String>,
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
    fn into_definition(self) -> Result<SasDefinition, Odd> {
        let template = self.template_uri.ok_or_else(|| Odd::new("no template"))?;
        Ok(SasDefinition {
            name: last_segment(&self.id)?.parse()?,
            id: self.id,
            secret_id: self.sid.ok_or_else(|| Odd::new("no secret id"))?,
            template_uri: without_signature(&template),
            sas_type: self.sas_type.unwrap_or_default(),
            validity_period: self.validity_period.unwrap_or_default(),
            enabled: self.attributes.enabled.0,
            tags: self.tags,
        })
    }

    fn into_item(self) -> Result<SasDefinitionItem, Odd> {
        Ok(SasDefinitionItem {
            name: last_segment(&self.id)?.parse()?,
            id: self.id,
            secret_id: self.sid.unwrap_or_default(),
            enabled: self.attributes.enabled.0,
            tags: self.tags,
        })
    }

    fn into_deleted(self) -> Result<DeletedSasDefinition, Odd> {
        Ok(DeletedSasDefinition {
            name: last_segment(&self.id)?.parse()?,
            id: self.id,
            secret_id: self.sid,
            template_uri: self.template_uri.as_deref().map(without_signature),
            sas_type: self.sas_type,
            validity_period: self.validity_period,
            enabled: self.attributes.enabled.0,
            tags: self.tags,
            recovery_id: self.recovery_id,
            deleted: self.deleted_date.0,
            scheduled_purge: self.scheduled_purge_date.0,
        })
    }
}
