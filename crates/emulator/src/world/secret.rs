//! Plain secrets with their versions. The managed secrets of SAS definitions are not stored; `definition` mints them.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::World;
use super::enrolment::deleted_but_recoverable;
use super::vault::Deletion;
use crate::refusal::Refusal;

/// One secret.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Secret {
    pub(crate) name: String,
    /// Oldest first; never empty.
    pub(crate) versions: Vec<SecretVersion>,
}

/// One value of a secret.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct SecretVersion {
    pub(crate) id: String,
    pub(crate) value: String,
    pub(crate) content_type: Option<String>,
    pub(crate) enabled: bool,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) expires: Option<i64>,
    pub(crate) not_before: Option<i64>,
    pub(crate) tags: BTreeMap<String, String>,
    /// Whether its coming end was announced.
    pub(crate) announced: bool,
}

impl fmt::Debug for SecretVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SecretVersion")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// What a PUT says about a new version.
#[derive(Default)]
pub(crate) struct NewVersion {
    pub(crate) value: String,
    pub(crate) content_type: Option<String>,
    pub(crate) enabled: Option<bool>,
    pub(crate) expires: Option<i64>,
    pub(crate) not_before: Option<i64>,
    pub(crate) tags: BTreeMap<String, String>,
}

/// What a PATCH says about a version; what is absent stays.
#[derive(Default)]
pub(crate) struct SecretChange {
    pub(crate) content_type: Option<String>,
    pub(crate) enabled: Option<bool>,
    pub(crate) expires: Option<i64>,
    pub(crate) not_before: Option<i64>,
    pub(crate) tags: Option<BTreeMap<String, String>>,
}

impl Secret {
    /// Gives a version, or the newest if none is named.
    pub(crate) fn version(&self, id: Option<&str>) -> Result<&SecretVersion, Refusal> {
        let found = match id {
            None => self.versions.last(),
            Some(id) => self
                .versions
                .iter()
                .find(|version| version.id.eq_ignore_ascii_case(id)),
        };
        found.ok_or_else(|| missing(&self.name))
    }
}

impl World {
    /// Finds a secret.
    pub(crate) fn secret(&self, vault: &str, name: &str) -> Result<&Secret, Refusal> {
        self.vault(vault)?
            .secrets
            .get(&name.to_ascii_lowercase())
            .ok_or_else(|| missing(name))
    }

    /// Adds a version to a secret, which is made if there is none.
    pub(crate) fn set_secret(
        &mut self,
        vault: &str,
        name: &str,
        new: NewVersion,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let key = name.to_ascii_lowercase();
        if self.vault(vault)?.deleted_secrets.contains_key(&key) {
            return Err(deleted_but_recoverable("Secret", name));
        }
        let secrets = &mut self.vault_mut(vault)?.secrets;
        let fresh = || Secret {
            name: name.to_owned(),
            versions: Vec::new(),
        };
        let secret = secrets.entry(key).or_insert_with(fresh);
        let seed = format!("{vault}/{name}/{}/{now}", secret.versions.len());
        secret.versions.push(SecretVersion {
            id: Uuid::new_v5(&Uuid::NAMESPACE_URL, seed.as_bytes())
                .simple()
                .to_string(),
            value: new.value,
            content_type: new.content_type,
            enabled: new.enabled.unwrap_or(true),
            created: now,
            updated: now,
            expires: new.expires,
            not_before: new.not_before,
            tags: new.tags,
            announced: false,
        });
        self.expiries.look_again();
        Ok(())
    }

    /// Changes what is said about a version, or about the newest if none is named; its value stays.
    pub(crate) fn update_secret(
        &mut self,
        vault: &str,
        name: &str,
        version: Option<&str>,
        change: SecretChange,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let id = self.secret(vault, name)?.version(version)?.id.clone();
        let secrets = &mut self.vault_mut(vault)?.secrets;
        let versions = secrets
            .get_mut(&name.to_ascii_lowercase())
            .map(|secret| &mut secret.versions);
        let found = versions
            .into_iter()
            .flatten()
            .find(|version| version.id == id);
        let found = found.ok_or_else(|| missing(name))?;
        found.updated = now;
        found.enabled = change.enabled.unwrap_or(found.enabled);
        if change.expires.is_some() {
            found.expires = change.expires;
            found.announced = false;
        }
        found.not_before = change.not_before.or(found.not_before);
        found.content_type = change.content_type.or(found.content_type.take());
        if let Some(tags) = change.tags {
            found.tags = tags;
        }
        self.expiries.look_again();
        Ok(())
    }

    /// Takes a secret away. Gives it as it was, with its dates if it can be recovered.
    pub(crate) fn delete_secret(
        &mut self,
        vault: &str,
        name: &str,
        now: Timestamp,
    ) -> Result<(Secret, Option<Deletion>), Refusal> {
        let vault = self.vault_mut(vault)?;
        let key = name.to_ascii_lowercase();
        let secret = vault.secrets.remove(&key).ok_or_else(|| missing(name))?;
        let deletion = vault.deletion(now);
        if let Some(deletion) = deletion {
            vault
                .deleted_secrets
                .insert(key, (secret.clone(), deletion));
        }
        Ok((secret, deletion))
    }

    /// Brings a deleted secret back.
    pub(crate) fn recover_secret(&mut self, vault: &str, name: &str) -> Result<(), Refusal> {
        let vault = self.vault_mut(vault)?;
        let key = name.to_ascii_lowercase();
        let (secret, _) = vault
            .deleted_secrets
            .remove(&key)
            .ok_or_else(|| missing(name))?;
        vault.secrets.insert(key, secret);
        Ok(())
    }

    /// Takes a deleted secret away for good.
    pub(crate) fn purge_secret(&mut self, vault: &str, name: &str) -> Result<(), Refusal> {
        let vault = self.vault_mut(vault)?;
        vault.check_purge()?;
        let purged = vault.deleted_secrets.remove(&name.to_ascii_lowercase());
        purged.map(|_| ()).ok_or_else(|| missing(name))
    }
}

/// Refuses a name under which there is no secret.
pub(crate) fn missing(name: &str) -> Refusal {
    Refusal::new(
        404,
        "SecretNotFound",
        format!(
            "A secret with (name/id) {name} was not found in this key vault. If you recently deleted this secret you may \
             be able to recover it using the correct recovery command. For help resolving this issue, please see \
             https://go.microsoft.com/fwlink/?linkid=2125182"
        ),
    )
}
