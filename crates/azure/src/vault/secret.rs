//! Secrets of a vault, among them the ones that mint SAS tokens.

use std::collections::BTreeMap;

use jiff::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;

use super::{last_segment, list_target, target};
use crate::{
    id::{SecretName, VaultUrl},
    request::{Disclose, Idempotency, List, Odd, Request, decode_as},
    secret::deserialize_secret,
    wire::{self, Attributes},
};

/// Is a secret with its value.
#[derive(Debug, Clone)]
pub struct Secret {
    /// Its value.
    pub value: SecretString,
    /// What the value is, such as `application/vnd.ms-sastoken-storage`.
    pub content_type: Option<String>,
    /// Whether the vault makes the value itself.
    pub managed: bool,
    /// When the value stops being good.
    pub expires: Option<Timestamp>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// Is a secret as lists show it: without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretItem {
    /// Its name.
    pub name: String,
    /// Whether the vault makes the value itself.
    pub managed: bool,
    /// Whether the value can be had.
    pub enabled: bool,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// Lists the secrets of a vault, without their values.
pub fn list(vault: &VaultUrl) -> List<SecretItem> {
    List::new(list_target(vault, &["secrets"]), |value| {
        serde_json::from_value::<WireItem>(value)?.into_item()
    })
}

/// Discloses the newest value of a secret; that of a SAS definition is minted at each request.
pub fn get(vault: &VaultUrl, name: &SecretName) -> Request<Secret, Disclose> {
    let target = target(vault, &["secrets", name.as_str()]);
    Request::new(
        azure_core::http::Method::Get,
        target,
        Idempotency::Repeatable,
        |body| decode_as(body, Wire::into_secret),
    )
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    #[serde(deserialize_with = "deserialize_secret")]
    value: SecretString,
    content_type: Option<String>,
    managed: Option<bool>,
    #[serde(default, deserialize_with = "wire::null_as_default")]
    attributes: Attributes,
    #[serde(default, deserialize_with = "wire::tags")]
    tags: BTreeMap<String, String>,
}

impl Wire {
    #[expect(clippy::unnecessary_wraps, reason = "decoders have one shape")]
    fn into_secret(self) -> Result<Secret, Odd> {
        Ok(Secret {
            value: self.value,
            content_type: self.content_type,
            managed: self.managed.unwrap_or_default(),
            expires: self.attributes.exp.0,
            tags: self.tags,
        })
    }
}

#[derive(Deserialize)]
struct WireItem {
    id: String,
    managed: Option<bool>,
    #[serde(default, deserialize_with = "wire::null_as_default")]
    attributes: Attributes,
    #[serde(default, deserialize_with = "wire::tags")]
    tags: BTreeMap<String, String>,
}

impl WireItem {
    fn into_item(self) -> Result<SecretItem, Odd> {
        Ok(SecretItem {
            name: last_segment(&self.id)?.to_owned(),
            managed: self.managed.unwrap_or_default(),
            enabled: self.attributes.enabled.0,
            tags: self.tags,
        })
    }
}
