//! Who may do what in a vault: by its access policies, or by roles where it has role-based access.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::World;
use super::directory::Caller;
use super::vault::{Objects, Vault};
use crate::refusal::Refusal;

/// What one principal may do in a vault, by kind of object; the permissions are as they were written.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct AccessPolicy {
    pub(crate) object_id: String,
    pub(crate) permissions: BTreeMap<String, BTreeSet<String>>,
}

impl AccessPolicy {
    fn allows(&self, objects: Objects, permission: &str) -> bool {
        let held = self.permissions.get(objects.as_str());
        held.is_some_and(|held| {
            let is_it = |one: &String| {
                one.eq_ignore_ascii_case(permission) || one.eq_ignore_ascii_case("all")
            };
            held.iter().any(is_it)
        })
    }
}

/// How `accessPolicies/{kind}` changes the policies of a vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PolicyChange {
    Add,
    Replace,
    Remove,
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
            let named = |one: &String| {
                permissions
                    .iter()
                    .any(|other| other.eq_ignore_ascii_case(one))
            };
            held.retain(|permission| !named(permission));
        }
    }
    let nothing_left = present.permissions.values().all(BTreeSet::is_empty);
    let nothing_named = removed.permissions.values().all(BTreeSet::is_empty);
    if nothing_left || nothing_named {
        policies.remove(at);
    }
}
