//! Resource groups. An account or a vault is in one; the end of a group is the end of all that is in it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::World;
use super::directory::Caller;
use super::role::covers;

/// One resource group.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Group {
    pub(crate) subscription: String,
    pub(crate) name: String,
    pub(crate) location: String,
    pub(crate) tags: BTreeMap<String, String>,
}

impl Group {
    /// Gives the resource id.
    pub(crate) fn id(&self) -> String {
        group_id(&self.subscription, &self.name)
    }
}

impl World {
    /// Finds a resource group.
    pub(crate) fn group(&self, subscription: &str, name: &str) -> Option<&Group> {
        self.groups
            .get(&group_id(subscription, name).to_ascii_lowercase())
    }

    /// Says whether a resource group exists.
    pub(crate) fn has_group(&self, subscription: &str, name: &str) -> bool {
        self.group(subscription, name).is_some()
    }

    /// Makes a resource group, or changes the tags of the one there is.
    pub(crate) fn put_group(&mut self, group: Group) {
        let key = group.id().to_ascii_lowercase();
        match self.groups.get_mut(&key) {
            Some(present) => present.tags = group.tags,
            None => {
                self.groups.insert(key, group);
            }
        }
    }

    /// Makes a resource group unless it is there.
    pub(crate) fn ensure_group(&mut self, subscription: &str, name: &str, location: &str) {
        if !self.has_group(subscription, name) {
            self.put_group(Group {
                subscription: subscription.to_owned(),
                name: name.to_owned(),
                location: location.to_owned(),
                tags: BTreeMap::new(),
            });
        }
    }

    /// Takes a resource group away with all that is in it. Says whether there was one.
    pub(crate) fn delete_group(
        &mut self,
        subscription: &str,
        name: &str,
        caller: &Caller,
        now: Timestamp,
    ) -> bool {
        let Some(group) = self
            .groups
            .remove(&group_id(subscription, name).to_ascii_lowercase())
        else {
            return false;
        };
        let id = group.id();
        let inside: Vec<String> = self
            .accounts
            .values()
            .map(super::account::Account::id)
            .filter(|account| covers(&id, account))
            .collect();
        for account in inside {
            self.delete_account(&account, caller, now);
        }
        let inside = self
            .vaults
            .values()
            .filter(|vault| covers(&id, &vault.id()));
        let inside: Vec<String> = inside.map(|vault| vault.name.clone()).collect();
        for vault in inside {
            self.delete_vault(&vault, caller, now);
        }
        self.clusters
            .retain(|_, cluster| !covers(&id, &cluster.id()));
        let inside = self.sites.keys().filter(|site| covers(&id, site));
        for site in inside.cloned().collect::<Vec<String>>() {
            self.delete_site(&site, caller, now);
        }
        self.roles.remove_below(&id);
        self.locks.remove_below(&id);
        let action = "Microsoft.Resources/subscriptions/resourceGroups/delete";
        self.activity.record(action, &id, &caller.client_id, now);
        true
    }
}

/// Gives the id of a resource.
pub(crate) fn resource_id(subscription: &str, group: &str, kind: &str, name: &str) -> String {
    format!("{}/providers/{kind}/{name}", group_id(subscription, group))
}

fn group_id(subscription: &str, name: &str) -> String {
    format!("/subscriptions/{subscription}/resourceGroups/{name}")
}
