//! Management groups: a tree above the subscriptions, with the tenant's own group at its root. A role on a group counts in
//! all that is below it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::World;

/// One management group.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct ManagementGroup {
    pub(crate) name: String,
    pub(crate) display_name: String,
    /// The name of the group above; nothing for the root.
    pub(crate) parent: Option<String>,
}

impl ManagementGroup {
    /// Gives the id.
    pub(crate) fn id(&self) -> String {
        group_id(&self.name)
    }
}

/// All management groups, and where the subscriptions are.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct ManagementGroups {
    /// By name in lower case.
    groups: BTreeMap<String, ManagementGroup>,
    /// The name of its group by the id of a subscription in lower case; the root's subscriptions are not listed.
    members: BTreeMap<String, String>,
    root: String,
}

/// What is somewhere below a group.
pub(crate) enum Descendant<'a> {
    Group(&'a ManagementGroup),
    Subscription {
        id: &'a str,
        name: &'a str,
        parent: &'a str,
    },
}

impl ManagementGroups {
    /// Makes the tree of a tenant: its root alone.
    pub(crate) fn of(tenant: &str) -> Self {
        let mut groups = Self {
            root: tenant.to_owned(),
            ..Self::default()
        };
        groups.add(ManagementGroup {
            name: tenant.to_owned(),
            display_name: "Tenant Root Group".to_owned(),
            parent: None,
        });
        groups
    }

    /// Adds a group.
    pub(crate) fn add(&mut self, group: ManagementGroup) {
        self.groups.insert(group.name.to_ascii_lowercase(), group);
    }

    /// Puts a subscription into a group.
    pub(crate) fn place(&mut self, subscription: &str, group: &str) {
        self.members
            .insert(subscription.to_ascii_lowercase(), group.to_owned());
    }

    /// Gives the name of the tenant's own group.
    pub(crate) fn root(&self) -> &str {
        &self.root
    }

    /// Finds a group by its name.
    pub(crate) fn find(&self, name: &str) -> Option<&ManagementGroup> {
        self.groups.get(&name.to_ascii_lowercase())
    }

    /// Gives all groups in the order of their names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &ManagementGroup> {
        self.groups.values()
    }

    /// Gives the name of the group that a subscription is in.
    pub(crate) fn of_subscription(&self, subscription: &str) -> &str {
        let found = self.members.get(&subscription.to_ascii_lowercase());
        found.map_or(&self.root, String::as_str)
    }

    /// Gives a group and all above it, as ids in lower case.
    pub(crate) fn and_above(&self, name: &str) -> Vec<String> {
        let mut scopes = Vec::new();
        let mut next = self.find(name);
        // A tree has no more levels than groups; a circle in a document must not be walked for ever.
        while let Some(group) = next.filter(|_| scopes.len() < self.groups.len()) {
            scopes.push(group.id().to_ascii_lowercase());
            next = group.parent.as_deref().and_then(|name| self.find(name));
        }
        scopes
    }
}

impl World {
    /// Gives all that is below a group: groups first, then subscriptions.
    pub(crate) fn descendants<'a>(&'a self, name: &str) -> impl Iterator<Item = Descendant<'a>> {
        let tree = &self.management_groups;
        let scope = group_id(name).to_ascii_lowercase();
        let above = scope.clone();
        let groups = tree.iter().filter(move |group| {
            let parent = group.parent.as_deref();
            parent.is_some_and(|parent| tree.and_above(parent).contains(&above))
        });
        let subscriptions = self.subscriptions.values().filter_map(move |entry| {
            let parent = tree.of_subscription(&entry.id);
            tree.and_above(parent)
                .contains(&scope)
                .then_some(Descendant::Subscription {
                    id: &entry.id,
                    name: &entry.name,
                    parent,
                })
        });
        groups.map(Descendant::Group).chain(subscriptions)
    }

    /// Lets roles on management groups count below them, as the tree now is.
    pub(crate) fn apply_management_groups(&mut self) {
        let tree = &self.management_groups;
        let groups = tree
            .iter()
            .map(|group| (group.id().to_ascii_lowercase(), tree.and_above(&group.name)));
        let subscriptions = self.subscriptions.keys().map(|id| {
            let scopes = tree.and_above(tree.of_subscription(id));
            (format!("/subscriptions/{id}"), scopes)
        });
        self.roles.set_above(groups.chain(subscriptions).collect());
    }
}

/// Gives the id of a group.
pub(crate) fn group_id(name: &str) -> String {
    format!("/providers/Microsoft.Management/managementGroups/{name}")
}
