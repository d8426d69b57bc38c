//! Vaults: their settings, who may do what in them, and the objects they hold. The life of those objects is in
//! `enrolment`, `definition` and `secret`; the end of a vault in `deleted_vault`.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::World;
use super::access::AccessPolicy;
use super::directory::Caller;
use super::enrolment::Enrolment;
use super::group;
use super::secret::Secret;
use crate::refusal::Refusal;

/// The resource type.
pub(crate) const KIND: &str = "Microsoft.KeyVault/vaults";

/// The kind of object that an operation touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Objects {
    Storage,
    Secrets,
}

impl Objects {
    /// Gives Key Vault's name for the kind.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Storage => "storage",
            Self::Secrets => "secrets",
        }
    }
}

/// When something was deleted and when it will be gone.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Deletion {
    pub(crate) deleted: Timestamp,
    pub(crate) purge: Timestamp,
}

/// One vault.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Vault {
    pub(crate) subscription: String,
    pub(crate) resource_group: String,
    pub(crate) name: String,
    pub(crate) location: String,
    pub(crate) rbac: bool,
    /// For how long deleted objects can be recovered; nothing if they are gone at once.
    pub(crate) soft_delete_days: Option<u32>,
    /// Whether nobody may purge what is deleted before its time.
    pub(crate) purge_protection: bool,
    pub(crate) policies: Vec<AccessPolicy>,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) enrolments: BTreeMap<String, Enrolment>,
    pub(crate) deleted_enrolments: BTreeMap<String, (Enrolment, Deletion)>,
    pub(crate) secrets: BTreeMap<String, Secret>,
    pub(crate) deleted_secrets: BTreeMap<String, (Secret, Deletion)>,
}

/// What a PUT or PATCH says about a vault; what is absent stays.
#[derive(Debug, Default)]
pub(crate) struct VaultChange {
    pub(crate) policies: Option<Vec<AccessPolicy>>,
    pub(crate) rbac: Option<bool>,
    pub(crate) purge_protection: Option<bool>,
    pub(crate) soft_delete_days: Option<u32>,
    pub(crate) tags: Option<BTreeMap<String, String>>,
}

/// Says whether a text can be the name of a vault.
pub(crate) fn is_vault_name(name: &str) -> bool {
    (3..=24).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

impl Vault {
    /// Makes an empty vault with access policies, of which there are none yet.
    pub(crate) fn new(
        (subscription, resource_group, name): (&str, &str, &str),
        location: &str,
    ) -> Self {
        Self {
            subscription: subscription.to_owned(),
            resource_group: resource_group.to_owned(),
            name: name.to_owned(),
            location: location.to_owned(),
            rbac: false,
            soft_delete_days: Some(90),
            purge_protection: false,
            policies: Vec::new(),
            tags: BTreeMap::new(),
            enrolments: BTreeMap::new(),
            deleted_enrolments: BTreeMap::new(),
            secrets: BTreeMap::new(),
            deleted_secrets: BTreeMap::new(),
        }
    }

    /// Gives the resource id.
    pub(crate) fn id(&self) -> String {
        group::resource_id(&self.subscription, &self.resource_group, KIND, &self.name)
    }

    /// Gives Key Vault's name for what happens to deleted objects.
    pub(crate) fn recovery_level(&self) -> &'static str {
        match (self.soft_delete_days, self.purge_protection) {
            (None, _) => "Purgeable",
            (Some(days), true) if days < 90 => "CustomizedRecoverable",
            (Some(_), true) => "Recoverable",
            (Some(days), false) if days < 90 => "CustomizedRecoverable+Purgeable",
            (Some(_), false) => "Recoverable+Purgeable",
        }
    }

    /// Refuses to purge where a vault protects what is deleted.
    pub(crate) fn check_purge(&self) -> Result<(), Refusal> {
        if !self.purge_protection {
            return Ok(());
        }
        let message = "Operation \"purge\" is not allowed because purge protection is enabled for this vault. Key Vault \
                       service will automatically purge it after the retention period has passed.";
        Err(Refusal::forbidden(message))
    }

    /// Gives the dates of a deletion at `now`, or nothing if the vault deletes at once.
    pub(crate) fn deletion(&self, now: Timestamp) -> Option<Deletion> {
        let kept = SignedDuration::from_hours(24 * i64::from(self.soft_delete_days?));
        Some(Deletion {
            deleted: now,
            purge: now.checked_add(kept).unwrap_or(Timestamp::MAX),
        })
    }

    /// Forgets deleted objects whose time is over.
    pub(crate) fn purge_expired(&mut self, now: Timestamp) {
        let kept = |deletion: &Deletion| now < deletion.purge;
        self.deleted_enrolments
            .retain(|_, (_, deletion)| kept(deletion));
        self.deleted_secrets
            .retain(|_, (_, deletion)| kept(deletion));
        for enrolment in self.enrolments.values_mut() {
            enrolment
                .deleted_definitions
                .retain(|_, (_, deletion)| kept(deletion));
        }
    }
}

impl World {
    /// Adds a vault.
    pub(crate) fn add_vault(&mut self, vault: Vault) {
        self.ensure_group(&vault.subscription, &vault.resource_group, &vault.location);
        self.vaults.insert(vault.name.to_ascii_lowercase(), vault);
    }

    /// Changes the settings of a vault.
    pub(crate) fn change_vault(
        &mut self,
        vault: &str,
        change: VaultChange,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let vault = self.vault_mut(vault)?;
        vault.rbac = change.rbac.unwrap_or(vault.rbac);
        vault.purge_protection |= change.purge_protection.unwrap_or(false);
        vault.soft_delete_days = change.soft_delete_days.or(vault.soft_delete_days);
        if let Some(policies) = change.policies {
            vault.policies = policies;
        }
        if let Some(tags) = change.tags {
            vault.tags = tags;
        }
        let id = vault.id();
        let action = "Microsoft.KeyVault/vaults/write";
        self.activity.record(action, &id, &caller.client_id, now);
        Ok(())
    }
}
