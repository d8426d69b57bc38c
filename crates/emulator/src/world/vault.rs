//! Vaults: their settings, who may do what in them, and the objects they hold. The life of those objects is in
//! `enrolment`, `definition` and `secret`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::World;
use super::directory::Caller;
use super::enrolment::Enrolment;
use super::secret::Secret;
use crate::refusal::Refusal;

/// The kind of object that an operation touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Objects {
    Storage,
    Secrets,
}

impl Objects {
    fn as_str(self) -> &'static str {
        match self {
            Self::Storage => "storage",
            Self::Secrets => "secrets",
        }
    }
}

/// What one principal may do in a vault, by kind of object; the permissions are in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AccessPolicy {
    pub(crate) object_id: String,
    pub(crate) permissions: BTreeMap<String, BTreeSet<String>>,
}

impl AccessPolicy {
    fn allows(&self, objects: Objects, permission: &str) -> bool {
        let held = self.permissions.get(objects.as_str());
        held.is_some_and(|held| held.contains(permission) || held.contains("all"))
    }
}

/// How `accessPolicies/{kind}` changes the policies of a vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PolicyChange {
    Add,
    Replace,
    Remove,
}

/// When something was deleted and when it will be gone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deletion {
    pub(crate) deleted: Timestamp,
    pub(crate) purge: Timestamp,
}

/// One vault.
#[derive(Clone, Debug)]
pub(crate) struct Vault {
    pub(crate) subscription: String,
    pub(crate) resource_group: String,
    pub(crate) name: String,
    pub(crate) location: String,
    pub(crate) rbac: bool,
    /// For how long deleted objects can be recovered; nothing if they are gone at once.
    pub(crate) soft_delete_days: Option<u32>,
    pub(crate) policies: Vec<AccessPolicy>,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) enrolments: BTreeMap<String, Enrolment>,
    pub(crate) deleted_enrolments: BTreeMap<String, (Enrolment, Deletion)>,
    pub(crate) secrets: BTreeMap<String, Secret>,
    pub(crate) deleted_secrets: BTreeMap<String, (Secret, Deletion)>,
}

impl Vault {
    /// Gives the resource id.
    pub(crate) fn id(&self) -> String {
        let Self {
            subscription,
            resource_group,
            name,
            ..
        } = self;
        format!(
            "/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/Microsoft.KeyVault/vaults/{name}"
        )
    }

    /// Gives Key Vault's name for what happens to deleted objects.
    pub(crate) fn recovery_level(&self) -> &'static str {
        match self.soft_delete_days {
            None => "Purgeable",
            Some(days) if days < 90 => "CustomizedRecoverable+Purgeable",
            Some(_) => "Recoverable+Purgeable",
        }
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
    /// Refuses a caller who lacks a permission on the objects of a vault. `data_action` is the last part of the action
    /// that stands for the permission in a vault with role-based access.
    pub(crate) fn authorize_in_vault(
        &self,
        caller: &Caller,
        vault: &Vault,
        objects: Objects,
        permission: &str,
        data_action: &str,
    ) -> Result<(), Refusal> {
        if vault.rbac {
            return self.authorize_by_role(caller, vault, data_action);
        }
        let policy = vault
            .policies
            .iter()
            .find(|policy| policy.object_id.eq_ignore_ascii_case(&caller.object_id));
        if policy.is_some_and(|policy| policy.allows(objects, permission)) {
            return Ok(());
        }
        let (
            Caller {
                client_id,
                object_id,
            },
            kind,
        ) = (caller, objects.as_str());
        let (tenant, name, location) = (&self.tenant, &vault.name, &vault.location);
        Err(Refusal::forbidden(format!(
            "The user, group or application 'appid={client_id};oid={object_id};iss=https://sts.windows.net/{tenant}/' \
             does not have {kind} {permission} permission on key vault '{name};location={location}'. For help resolving \
             this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287"
        ))
        .with_inner("ForbiddenByPolicy"))
    }

    fn authorize_by_role(
        &self,
        caller: &Caller,
        vault: &Vault,
        data_action: &str,
    ) -> Result<(), Refusal> {
        let action = format!("Microsoft.KeyVault/vaults/{data_action}");
        if self
            .roles
            .allows_data(&caller.object_id, &action, &vault.id())
        {
            return Ok(());
        }
        let (
            Caller {
                client_id,
                object_id,
            },
            id,
            location,
        ) = (caller, vault.id(), &vault.location);
        Err(Refusal::forbidden(format!(
            "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role \
             definitions were changed recently, please observe propagation time.\r\nCaller: \
             appid={client_id};oid={object_id}\r\nAction: '{action}'\r\nResource: '{id}'\r\nAssignment: (not \
             found)\r\nVault: {name};location={location}",
            name = vault.name
        ))
        .with_inner("ForbiddenByRbac"))
    }

    /// Changes the access policies of a vault and gives those that were sent.
    pub(crate) fn change_policies(
        &mut self,
        vault: &str,
        change: PolicyChange,
        policies: Vec<AccessPolicy>,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let vault = self.vault_mut(vault)?;
        match change {
            PolicyChange::Replace => vault.policies = policies,
            PolicyChange::Add => policies
                .into_iter()
                .for_each(|policy| add_policy(&mut vault.policies, policy)),
            PolicyChange::Remove => policies
                .iter()
                .for_each(|policy| remove_policy(&mut vault.policies, policy)),
        }
        let id = vault.id();
        self.activity.record(
            "Microsoft.KeyVault/vaults/accessPolicies/write",
            &id,
            &caller.client_id,
            now,
        );
        Ok(())
    }
}

fn position(policies: &[AccessPolicy], object_id: &str) -> Option<usize> {
    policies
        .iter()
        .position(|policy| policy.object_id.eq_ignore_ascii_case(object_id))
}

/// Unites the new permissions with those the principal has.
fn add_policy(policies: &mut Vec<AccessPolicy>, added: AccessPolicy) {
    let Some(present) = position(policies, &added.object_id).and_then(|at| policies.get_mut(at))
    else {
        policies.push(added);
        return;
    };
    for (kind, permissions) in added.permissions {
        present
            .permissions
            .entry(kind)
            .or_default()
            .extend(permissions);
    }
}

/// Takes the named permissions away, and the whole entry if nothing is left of it or nothing was named.
fn remove_policy(policies: &mut Vec<AccessPolicy>, removed: &AccessPolicy) {
    let Some(at) = position(policies, &removed.object_id) else {
        return;
    };
    let Some(present) = policies.get_mut(at) else {
        return;
    };
    for (kind, permissions) in &removed.permissions {
        if let Some(held) = present.permissions.get_mut(kind) {
            held.retain(|permission| !permissions.contains(permission));
        }
    }
    let nothing_left = present.permissions.values().all(BTreeSet::is_empty);
    let nothing_named = removed.permissions.values().all(BTreeSet::is_empty);
    if nothing_left || nothing_named {
        policies.remove(at);
    }
}
