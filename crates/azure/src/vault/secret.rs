//! Secrets of a vault, among them the ones that mint SAS tokens.

use std::collections::BTreeMap;

use azure_core::http::Method;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::{last_segment, list_target, target};
use crate::{
    id::{SecretName, VaultUrl},
    request::{Change, Disclose, Idempotency, List, Odd, Request, decode_as},
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

/// Is a version of a secret without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretVersion {
    /// The name of the version.
    pub version: String,
    /// Whether the value can be had.
    pub enabled: bool,
    /// When the version was made.
    pub created: Option<Timestamp>,
    /// When anything but its value was changed last.
    pub updated: Option<Timestamp>,
    /// When the value stops being good.
    pub expires: Option<Timestamp>,
    /// What the value is, in the words of whoever stored it.
    pub content_type: Option<String>,
    /// Whether the vault makes the value itself.
    pub managed: bool,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// Is what a vault must be told to keep a new value.
#[derive(Debug, Clone)]
pub struct NewSecret {
    /// The value.
    pub value: SecretString,
    /// What the value is, for those who read it.
    pub content_type: &'static str,
    /// When the value stops being good.
    pub expires: Option<Timestamp>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// Lists the versions of a secret, without their values.
pub fn versions(vault: &VaultUrl, name: &SecretName) -> List<SecretVersion> {
    let segments = ["secrets", name.as_str(), "versions"];
    List::new(list_target(vault, &segments), |value| {
        serde_json::from_value::<WireVersion>(value)?.into_version()
    })
}

/// Has the vault keep a new value, as a new version.
///
/// It is never repeated by machinery, because each execution makes another version. After an
/// unclear answer list the versions.
pub fn set(vault: &VaultUrl, name: &SecretName, new: &NewSecret) -> Request<SecretVersion, Change> {
    let mut attributes = json!({ "enabled": true });
    if let (Some(expires), Some(members)) = (new.expires, attributes.as_object_mut()) {
        members.insert("exp".to_owned(), json!(expires.as_second()));
    }
    let body = json!({
        "value": new.value.expose_secret(),
        "contentType": new.content_type,
        "attributes": attributes,
        "tags": new.tags,
    });
    let target = target(vault, &["secrets", name.as_str()]);
    Request::new(Method::Put, target, Idempotency::Never, decode).with_body(&body)
}

/// Gives a version other tags; its value stays.
pub fn retag(
    vault: &VaultUrl,
    name: &SecretName,
    version: &str,
    tags: &BTreeMap<String, String>,
) -> Request<SecretVersion, Change> {
    let target = target(vault, &["secrets", name.as_str(), version]);
    let body = json!({ "tags": tags });
    Request::new(Method::Patch, target, Idempotency::Repeatable, decode).with_body(&body)
}

fn decode(body: &[u8]) -> Result<SecretVersion, Odd> {
    decode_as(body, WireVersion::into_version)
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
    Request::new(Method::Get, target, Idempotency::Repeatable, |body| {
        decode_as(body, Wire::into_secret)
    })
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireVersion {
    id: String,
    content_type: Option<String>,
    managed: Option<bool>,
    #[serde(default, deserialize_with = "wire::null_as_default")]
    attributes: Attributes,
    #[serde(default, deserialize_with = "wire::tags")]
    tags: BTreeMap<String, String>,
}

impl WireVersion {
    fn into_version(self) -> Result<SecretVersion, Odd> {
        Ok(SecretVersion {
            version: last_segment(&self.id)?.to_owned(),
            enabled: self.attributes.enabled.0,
            created: self.attributes.created.0,
            updated: self.attributes.updated.0,
            expires: self.attributes.exp.0,
            content_type: self.content_type,
            managed: self.managed.unwrap_or_default(),
            tags: self.tags,
        })
    }
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
