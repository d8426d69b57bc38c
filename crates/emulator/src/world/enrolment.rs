//! Enrolments: storage accounts whose keys a vault manages, from enrolment to recovery. When a key is due is decided in
//! `rotation`; the SAS definitions of an enrolment are in `definition`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::World;
use super::account::{KeySlot, LIST_KEYS, PerSlot, REGENERATE_KEY, missing_account};
use super::definition::Definition;
use super::directory::Caller;
use super::settings::CallerCheck;
use super::vault::Deletion;
use crate::period::Period;
use crate::refusal::Refusal;

/// What Key Vault says when its own principal may not touch the account.
const NO_ROLE: &str =
    "Key vault service doesn't have proper permissions to access the storage account";

/// One storage account in one vault. Its name is the vault's own, not the account's.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Enrolment {
    pub(crate) name: String,
    pub(crate) resource_id: String,
    pub(crate) active: KeySlot,
    pub(crate) auto_regenerate: bool,
    pub(crate) period: Period,
    pub(crate) enabled: bool,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) definitions: BTreeMap<String, Definition>,
    pub(crate) deleted_definitions: BTreeMap<String, (Definition, Deletion)>,
    /// The keys as Key Vault last saw them; a regeneration behind its back leaves them stale.
    pub(crate) cached: PerSlot<u32>,
    /// When the vault regenerates next; nothing if it never does by itself.
    pub(crate) due: Option<Timestamp>,
    /// Whether a due regeneration failed because Key Vault lacks its role.
    pub(crate) stalled: bool,
}

/// What a PUT says about an enrolment.
#[derive(Clone, Debug)]
pub(crate) struct NewEnrolment {
    pub(crate) resource_id: String,
    pub(crate) active: KeySlot,
    pub(crate) auto_regenerate: bool,
    pub(crate) period: Period,
    pub(crate) enabled: bool,
    pub(crate) tags: BTreeMap<String, String>,
}

/// What a PATCH says about an enrolment; what is absent stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct EnrolmentChange {
    pub(crate) active: Option<KeySlot>,
    pub(crate) auto_regenerate: Option<bool>,
    pub(crate) period: Option<Period>,
    pub(crate) enabled: Option<bool>,
    pub(crate) tags: Option<BTreeMap<String, String>>,
}

impl Enrolment {
    /// Starts the period.
    pub(super) fn schedule(&mut self, now: Timestamp) {
        self.stalled = false;
        self.due = if self.auto_regenerate {
            self.period.after(now)
        } else {
            None
        };
    }
}

impl World {
    /// Finds an enrolment.
    pub(crate) fn enrolment(&self, vault: &str, name: &str) -> Result<&Enrolment, Refusal> {
        self.vault(vault)?
            .enrolments
            .get(&name.to_ascii_lowercase())
            .ok_or_else(|| missing(name))
    }

    /// Finds an enrolment to change it.
    pub(crate) fn enrolment_mut(
        &mut self,
        vault: &str,
        name: &str,
    ) -> Result<&mut Enrolment, Refusal> {
        self.vault_mut(vault)?
            .enrolments
            .get_mut(&name.to_ascii_lowercase())
            .ok_or_else(|| missing(name))
    }

    /// Finds a deleted enrolment that can still be recovered.
    pub(crate) fn deleted_enrolment(
        &self,
        vault: &str,
        name: &str,
    ) -> Result<&(Enrolment, Deletion), Refusal> {
        self.vault(vault)?
            .deleted_enrolments
            .get(&name.to_ascii_lowercase())
            .ok_or_else(|| missing(name))
    }

    /// Enrols an account on behalf of `caller`, or replaces an enrolment of the same name, whose period then starts anew.
    pub(crate) fn enrol(
        &mut self,
        vault: &str,
        name: &str,
        new: NewEnrolment,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let key = name.to_ascii_lowercase();
        if self.vault(vault)?.deleted_enrolments.contains_key(&key) {
            return Err(deleted_but_recoverable("Storage account", name));
        }
        let resource_id = self
            .account(&new.resource_id)
            .map(super::account::Account::id);
        let resource_id = resource_id.ok_or_else(|| missing_account(&new.resource_id))?;
        let needed: &[&str] = match self.settings.caller_check {
            CallerCheck::ListAndRegenerate => &[LIST_KEYS, REGENERATE_KEY],
            CallerCheck::Least => &[LIST_KEYS],
        };
        self.check_key_access(caller, needed, &resource_id)?;
        let mut enrolment = Enrolment::from_new(name, new, now);
        enrolment.cached = self.current_generations(&resource_id);
        self.activity
            .record(LIST_KEYS, &resource_id, &caller.client_id, now);
        if let Some(old) = self.vault_mut(vault)?.enrolments.remove(&key) {
            enrolment.created = old.created;
            enrolment.definitions = old.definitions;
            enrolment.deleted_definitions = old.deleted_definitions;
        }
        enrolment.schedule(now);
        self.expect_rotation(enrolment.due);
        self.vault_mut(vault)?.enrolments.insert(key, enrolment);
        Ok(())
    }

    /// Changes an enrolment. A new period or switch starts the period anew; the creation time stays.
    pub(crate) fn update_enrolment(
        &mut self,
        vault: &str,
        name: &str,
        change: EnrolmentChange,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let enrolment = self.enrolment_mut(vault, name)?;
        let reschedules = change.period.is_some() || change.auto_regenerate.is_some();
        enrolment.active = change.active.unwrap_or(enrolment.active);
        enrolment.auto_regenerate = change.auto_regenerate.unwrap_or(enrolment.auto_regenerate);
        enrolment.enabled = change.enabled.unwrap_or(enrolment.enabled);
        enrolment.updated = now;
        // A switch that was off may have held up a regeneration.
        let recheck = change.enabled.is_some();
        if let Some(period) = change.period {
            enrolment.period = period;
        }
        if let Some(tags) = change.tags {
            enrolment.tags = tags;
        }
        let due = reschedules.then(|| {
            enrolment.schedule(now);
            enrolment.due
        });
        if let Some(due) = due {
            self.expect_rotation(due);
        }
        if recheck {
            self.looked_at = u64::MAX;
        }
        Ok(())
    }

    /// Regenerates the named key on behalf of `caller` and makes it the active one.
    pub(crate) fn regenerate_managed(
        &mut self,
        vault: &str,
        name: &str,
        slot: KeySlot,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let resource_id = self.enrolment(vault, name)?.resource_id.clone();
        if self.account(&resource_id).is_none() {
            return Err(missing_account(&resource_id));
        }
        let needed: &[&str] = match self.settings.caller_check {
            CallerCheck::ListAndRegenerate => &[LIST_KEYS, REGENERATE_KEY],
            CallerCheck::Least => &[REGENERATE_KEY],
        };
        self.check_key_access(caller, needed, &resource_id)?;
        self.renew(vault, name, slot, &caller.client_id.clone(), now)
    }

    /// Regenerates a key, activates it, reads both keys anew and starts the period.
    pub(super) fn renew(
        &mut self,
        vault: &str,
        name: &str,
        slot: KeySlot,
        caller: &str,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let resource_id = self.enrolment(vault, name)?.resource_id.clone();
        self.regenerate_key(&resource_id, slot, caller, now)?;
        let cached = self.current_generations(&resource_id);
        let enrolment = self.enrolment_mut(vault, name)?;
        enrolment.active = slot;
        enrolment.cached = cached;
        enrolment.created = now;
        enrolment.updated = now;
        enrolment.schedule(now);
        let due = enrolment.due;
        self.expect_rotation(due);
        Ok(())
    }

    /// Ends an enrolment with its SAS definitions. Gives it as it was, with its dates if it can be recovered.
    pub(crate) fn delete_enrolment(
        &mut self,
        vault: &str,
        name: &str,
        now: Timestamp,
    ) -> Result<(Enrolment, Option<Deletion>), Refusal> {
        let vault = self.vault_mut(vault)?;
        let key = name.to_ascii_lowercase();
        let enrolment = vault.enrolments.remove(&key).ok_or_else(|| missing(name))?;
        let deletion = vault.deletion(now);
        if let Some(deletion) = deletion {
            vault
                .deleted_enrolments
                .insert(key, (enrolment.clone(), deletion));
        }
        Ok((enrolment, deletion))
    }

    /// Brings a deleted enrolment back; its period starts anew.
    pub(crate) fn recover_enrolment(
        &mut self,
        vault: &str,
        name: &str,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let key = name.to_ascii_lowercase();
        let vault = self.vault_mut(vault)?;
        let (mut enrolment, _) = vault
            .deleted_enrolments
            .remove(&key)
            .ok_or_else(|| missing(name))?;
        enrolment.schedule(now);
        let due = enrolment.due;
        vault.enrolments.insert(key, enrolment);
        self.expect_rotation(due);
        Ok(())
    }

    /// Takes a deleted enrolment away for good.
    pub(crate) fn purge_enrolment(&mut self, vault: &str, name: &str) -> Result<(), Refusal> {
        let vault = self.vault_mut(vault)?;
        vault.check_purge()?;
        let purged = vault.deleted_enrolments.remove(&name.to_ascii_lowercase());
        purged.map(|_| ()).ok_or_else(|| missing(name))
    }

    /// Refuses unless the caller may perform `actions` on the account and Key Vault holds its role there. Key Vault passes
    /// on what Resource Manager says about the caller.
    fn check_key_access(
        &self,
        caller: &Caller,
        actions: &[&str],
        resource_id: &str,
    ) -> Result<(), Refusal> {
        for action in actions {
            self.permit(caller, action, resource_id)
                .map_err(|refusal| Refusal::forbidden(refusal.message))?;
        }
        if self
            .roles
            .use_for_keys(&self.directory.key_vault.object_id, resource_id)
        {
            return Ok(());
        }
        Err(Refusal::forbidden(NO_ROLE))
    }

    /// Gives the keys that an account has now.
    pub(super) fn current_generations(&self, resource_id: &str) -> PerSlot<u32> {
        self.account(resource_id)
            .map(|account| account.generations)
            .unwrap_or_default()
    }
}

impl Enrolment {
    fn from_new(name: &str, new: NewEnrolment, now: Timestamp) -> Self {
        Self {
            name: name.to_owned(),
            resource_id: new.resource_id.trim_end_matches('/').to_owned(),
            active: new.active,
            auto_regenerate: new.auto_regenerate,
            period: new.period,
            enabled: new.enabled,
            created: now,
            updated: now,
            tags: new.tags,
            definitions: BTreeMap::new(),
            deleted_definitions: BTreeMap::new(),
            cached: PerSlot::default(),
            due: None,
            stalled: false,
        }
    }
}

/// Refuses a name that a deleted object still holds.
pub(crate) fn deleted_but_recoverable(kind: &str, name: &str) -> Refusal {
    let message = format!(
        "{kind} {name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, \
         the {} can only be recovered or purged.",
        kind.to_ascii_lowercase()
    );
    Refusal::new(409, "Conflict", message).with_inner("ObjectIsDeletedButRecoverable")
}

/// Refuses a name under which there is no enrolment.
pub(crate) fn missing(name: &str) -> Refusal {
    Refusal::new(
        404,
        "StorageAccountNotFound",
        format!("A storage account with name {name} was not found in this key vault."),
    )
}
