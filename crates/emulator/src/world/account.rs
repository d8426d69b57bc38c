//! Storage accounts and their two keys. A key is stored as the number of its regeneration; its value is derived from
//! the world's mint whenever it is needed.

use std::cell::Cell;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::World;
use super::directory::Caller;
use super::group;
use super::tags::Tags;
use crate::canary::{KeyMaterial, Mint};
use crate::refusal::Refusal;

/// The resource type.
pub(crate) const KIND: &str = "Microsoft.Storage/storageAccounts";

/// The action that reading both keys takes.
pub(crate) const LIST_KEYS: &str = "Microsoft.Storage/storageAccounts/listKeys/action";
/// The action that regenerating a key takes.
pub(crate) const REGENERATE_KEY: &str = "Microsoft.Storage/storageAccounts/regenerateKey/action";

/// The action that reading an account takes.
pub(crate) const READ: &str = "Microsoft.Storage/storageAccounts/read";
/// The action that making and changing an account takes.
pub(crate) const WRITE: &str = "Microsoft.Storage/storageAccounts/write";
/// The action that deleting an account takes.
pub(crate) const DELETE: &str = "Microsoft.Storage/storageAccounts/delete";

/// One of the two places for a key.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) enum KeySlot {
    Key1,
    Key2,
}

impl KeySlot {
    /// Both slots, in order.
    pub(crate) const BOTH: [Self; 2] = [Self::Key1, Self::Key2];

    /// Reads a key name.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::BOTH
            .into_iter()
            .find(|slot| slot.as_str().eq_ignore_ascii_case(text))
    }

    /// Gives the key name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Key1 => "key1",
            Self::Key2 => "key2",
        }
    }

    /// Gives the other slot.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Key1 => Self::Key2,
            Self::Key2 => Self::Key1,
        }
    }
}

/// Something that each of the two slots has.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct PerSlot<T> {
    pub(crate) key1: T,
    pub(crate) key2: T,
}

impl<T: Copy> PerSlot<T> {
    /// Gives what `slot` has.
    pub(crate) fn at(&self, slot: KeySlot) -> T {
        match slot {
            KeySlot::Key1 => self.key1,
            KeySlot::Key2 => self.key2,
        }
    }

    fn at_mut(&mut self, slot: KeySlot) -> &mut T {
        match slot {
            KeySlot::Key1 => &mut self.key1,
            KeySlot::Key2 => &mut self.key2,
        }
    }
}

/// What an account demands of shared access signatures: it is shown, and Azure merely logs or blocks by it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SasPolicy {
    pub(crate) sas_expiration_period: String,
    #[serde(default = "log")]
    pub(crate) expiration_action: String,
}

fn log() -> String {
    "Log".to_owned()
}

/// The creation times that readers still see after a regeneration.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct StaleTimes {
    left: Cell<u32>,
    key_created: PerSlot<Option<Timestamp>>,
}

/// One storage account.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Account {
    pub(crate) subscription: String,
    pub(crate) resource_group: String,
    pub(crate) name: String,
    pub(crate) location: String,
    pub(crate) created: Timestamp,
    /// How often each key was regenerated.
    pub(crate) generations: PerSlot<u32>,
    /// When each key was made; unknown for a key older than Azure's record of it.
    pub(crate) key_created: PerSlot<Option<Timestamp>>,
    pub(crate) key_expiration_days: Option<u32>,
    pub(crate) allow_shared_key: Option<bool>,
    pub(crate) sas_policy: Option<Box<SasPolicy>>,
    pub(crate) kind: String,
    pub(crate) sku: String,
    pub(crate) stale: Option<Box<StaleTimes>>,
    pub(crate) tags: Tags,
}

/// Says whether a text can be the name of an account.
pub(crate) fn is_account_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (3..=24).contains(&name.len()) && name.bytes().all(allowed)
}

impl Account {
    /// Gives the resource id.
    pub(crate) fn id(&self) -> String {
        group::resource_id(&self.subscription, &self.resource_group, KIND, &self.name)
    }

    /// Gives the creation times as a reader sees them, who may be late.
    pub(crate) fn shown_key_created(&self) -> PerSlot<Option<Timestamp>> {
        match &self.stale {
            Some(stale) if stale.left.get() > 0 => {
                stale.left.set(stale.left.get() - 1);
                stale.key_created
            }
            _ => self.key_created,
        }
    }

    /// Gives the current value of a key.
    pub(crate) fn key(&self, mint: &Mint, slot: KeySlot) -> KeyMaterial {
        mint.storage_key(&self.name, slot.as_str(), self.generations.at(slot))
    }
}

/// What a PATCH may change of an account.
#[derive(Clone, Debug, Default)]
pub(crate) struct AccountChange {
    pub(crate) key_expiration_days: Option<u32>,
    pub(crate) allow_shared_key: Option<bool>,
    pub(crate) sas_policy: Option<SasPolicy>,
    pub(crate) tags: Option<BTreeMap<String, String>>,
}

impl World {
    /// Adds an account.
    pub(crate) fn add_account(&mut self, account: Account) {
        self.key_revision += 1;
        self.ensure_group(
            &account.subscription,
            &account.resource_group,
            &account.location,
        );
        self.accounts
            .insert(account.id().to_ascii_lowercase(), account);
    }

    /// Adds an account that was asked for by `caller`.
    pub(crate) fn create_account(&mut self, mut account: Account, caller: &Caller, now: Timestamp) {
        // An account that takes up the name of one that is gone must not have its keys.
        let unused = u32::try_from(self.key_revision).unwrap_or(u32::MAX);
        account.generations = PerSlot {
            key1: unused,
            key2: unused,
        };
        self.activity
            .record(WRITE, &account.id(), &caller.client_id, now);
        self.add_account(account);
    }

    /// Makes a new value for one key and records the action under `caller`.
    pub(crate) fn regenerate_key(
        &mut self,
        resource_id: &str,
        slot: KeySlot,
        caller: &str,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let account = self
            .accounts
            .get_mut(&resource_id.to_ascii_lowercase())
            .ok_or_else(|| missing_account(resource_id))?;
        if self.settings.stale_key_time_requests > 0 {
            account.stale = Some(Box::new(StaleTimes {
                left: Cell::new(self.settings.stale_key_time_requests),
                key_created: account.key_created,
            }));
        }
        *account.generations.at_mut(slot) += 1;
        *account.key_created.at_mut(slot) = Some(now);
        let id = account.id();
        self.key_revision += 1;
        self.activity.record(REGENERATE_KEY, &id, caller, now);
        Ok(())
    }

    /// Changes the settings of an account.
    pub(crate) fn update_account(
        &mut self,
        resource_id: &str,
        change: AccountChange,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let account = self
            .accounts
            .get_mut(&resource_id.to_ascii_lowercase())
            .ok_or_else(|| missing_account(resource_id))?;
        if change.key_expiration_days.is_some() {
            let unknown_age = KeySlot::BOTH
                .iter()
                .any(|slot| account.key_created.at(*slot).is_none());
            if unknown_age {
                return Err(Refusal::new(
                    400,
                    "InvalidKeyPolicy",
                    "The creation time of a key is unknown; regenerate both keys before setting a key policy.",
                ));
            }
            account.key_expiration_days = change.key_expiration_days;
        }
        account.allow_shared_key = change.allow_shared_key.or(account.allow_shared_key);
        if let Some(policy) = change.sas_policy {
            account.sas_policy = Some(Box::new(policy));
        }
        if let Some(tags) = change.tags {
            account.tags = tags.into();
        }
        let id = account.id();
        self.activity.record(WRITE, &id, &caller.client_id, now);
        Ok(())
    }

    /// Takes an account away with the roles and locks on it. A vault that manages its keys does not hear of it.
    pub(crate) fn delete_account(
        &mut self,
        resource_id: &str,
        caller: &Caller,
        now: Timestamp,
    ) -> bool {
        let Some(account) = self.accounts.remove(&resource_id.to_ascii_lowercase()) else {
            return false;
        };
        let id = account.id();
        self.key_revision += 1;
        self.roles.remove_below(&id);
        self.locks.remove_below(&id);
        self.activity.record(DELETE, &id, &caller.client_id, now);
        true
    }

    /// Says whether the name of an account is in use; names are unique in all of Azure.
    pub(crate) fn has_account_named(&self, name: &str) -> bool {
        self.accounts.values().any(|account| account.name == name)
    }
}

/// Refuses a resource id under which there is no account.
pub(crate) fn missing_account(resource_id: &str) -> Refusal {
    let part = |name: &str| {
        let mut segments = resource_id.split('/');
        segments.find(|segment| segment.eq_ignore_ascii_case(name));
        segments.next().unwrap_or_default().to_owned()
    };
    let (name, group) = (part("storageAccounts"), part("resourceGroups"));
    Refusal::new(
        404,
        "ResourceNotFound",
        format!(
            "The Resource 'Microsoft.Storage/storageAccounts/{name}' under resource group '{group}' was not found."
        ),
    )
}
