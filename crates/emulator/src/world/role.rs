//! Roles and who holds them. A role counts at its scope and everywhere below.

use std::cell::Cell;
use std::collections::BTreeMap;

use jiff::Timestamp;

/// A built-in role.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Role {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) actions: &'static [&'static str],
    pub(crate) not_actions: &'static [&'static str],
    pub(crate) data_actions: &'static [&'static str],
}

/// The role that lets Key Vault manage an account's keys.
pub(crate) const KEY_OPERATOR: &str = "81a9662b-bebf-436f-a333-f67b29880f12";
/// The role that may do everything.
pub(crate) const OWNER: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";

/// The built-in roles that the emulator knows.
pub(crate) const ROLES: &[Role] = &[
    Role {
        id: OWNER,
        name: "Owner",
        description: "Full access to all resources, the right to assign roles included.",
        actions: &["*"],
        not_actions: &[],
        data_actions: &[],
    },
    Role {
        id: "b24988ac-6180-42a0-ab88-20f7382dd24c",
        name: "Contributor",
        description: "Full access to all resources, without the right to assign roles.",
        actions: &["*"],
        not_actions: &[
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
        ],
        data_actions: &[],
    },
    Role {
        id: "acdd72a7-3385-48ef-bd42-f606fba81ae7",
        name: "Reader",
        description: "Sees all resources and changes nothing.",
        actions: &["*/read"],
        not_actions: &[],
        data_actions: &[],
    },
    Role {
        id: "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        name: "User Access Administrator",
        description: "Manages who has access to resources.",
        actions: &["*/read", "Microsoft.Authorization/*"],
        not_actions: &[],
        data_actions: &[],
    },
    Role {
        id: KEY_OPERATOR,
        name: "Storage Account Key Operator Service Role",
        description: "Lists and regenerates the keys of storage accounts.",
        actions: &[
            "Microsoft.Storage/storageAccounts/listkeys/action",
            "Microsoft.Storage/storageAccounts/regeneratekey/action",
        ],
        not_actions: &[],
        data_actions: &[],
    },
    Role {
        id: "17d1049b-9a84-46fb-8f53-869881c3d3ab",
        name: "Storage Account Contributor",
        description: "Manages storage accounts, their keys included.",
        actions: &[
            "Microsoft.Authorization/*/read",
            "Microsoft.Storage/storageAccounts/*",
        ],
        not_actions: &[],
        data_actions: &[],
    },
    Role {
        id: "f25e0fa2-a7c8-4377-a976-54943a77a395",
        name: "Key Vault Contributor",
        description: "Manages vaults, without access to what is in them.",
        actions: &["Microsoft.Authorization/*/read", "Microsoft.KeyVault/*"],
        not_actions: &[],
        data_actions: &[],
    },
    Role {
        id: "00482a5a-887f-4fb3-b363-3b7fe8e74483",
        name: "Key Vault Administrator",
        description: "Performs all data plane operations on a vault with role-based access.",
        actions: &[
            "Microsoft.Authorization/*/read",
            "Microsoft.KeyVault/vaults/*/read",
        ],
        not_actions: &[],
        data_actions: &["Microsoft.KeyVault/vaults/*"],
    },
    Role {
        id: "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
        name: "Key Vault Secrets Officer",
        description: "Performs any action on the secrets of a vault with role-based access.",
        actions: &[
            "Microsoft.Authorization/*/read",
            "Microsoft.KeyVault/vaults/*/read",
        ],
        not_actions: &[],
        data_actions: &["Microsoft.KeyVault/vaults/secrets/*"],
    },
    Role {
        id: "4633458b-17de-408a-b874-0445c86b69e6",
        name: "Key Vault Secrets User",
        description: "Reads the contents of secrets of a vault with role-based access.",
        actions: &[],
        not_actions: &[],
        data_actions: &[
            "Microsoft.KeyVault/vaults/secrets/getSecret/action",
            "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
        ],
    },
];

/// Finds a role by its id, also as the last part of a resource id.
pub(crate) fn role_by_id(id: &str) -> Option<&'static Role> {
    let id = id
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    ROLES.iter().find(|role| role.id.eq_ignore_ascii_case(id))
}

/// Finds a role by its name or id.
pub(crate) fn role_by_name(name: &str) -> Option<&'static Role> {
    ROLES
        .iter()
        .find(|role| role.name.eq_ignore_ascii_case(name))
        .or_else(|| role_by_id(name))
}

/// Somebody's role at a scope.
#[derive(Clone, Debug)]
pub(crate) struct RoleAssignment {
    pub(crate) name: String,
    /// As it was given: a path without a slash at its end; empty for the whole tenant.
    pub(crate) scope: String,
    pub(crate) role: &'static Role,
    pub(crate) principal_id: String,
    pub(crate) created: Timestamp,
    pub(crate) created_by: String,
    /// How many uses still fail because the assignment has not reached every corner of Azure yet.
    pub(crate) pending_uses: Cell<u32>,
}

impl RoleAssignment {
    /// Gives the resource id.
    pub(crate) fn id(&self) -> String {
        format!(
            "{}/providers/Microsoft.Authorization/roleAssignments/{}",
            self.scope, self.name
        )
    }

    fn covers(&self, scope: &str) -> bool {
        covers(&self.scope, scope)
    }
}

/// Says whether `outer` is `inner` or lies above it.
pub(crate) fn covers(outer: &str, inner: &str) -> bool {
    let (outer, inner) = (outer.to_ascii_lowercase(), inner.to_ascii_lowercase());
    inner
        .strip_prefix(&outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// All role assignments, by principal.
#[derive(Debug, Default)]
pub(crate) struct RoleBook {
    by_principal: BTreeMap<String, Vec<RoleAssignment>>,
}

impl RoleBook {
    /// Gives all assignments.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &RoleAssignment> {
        self.by_principal.values().flatten()
    }

    /// Adds an assignment.
    pub(crate) fn add(&mut self, assignment: RoleAssignment) {
        self.by_principal
            .entry(assignment.principal_id.to_ascii_lowercase())
            .or_default()
            .push(assignment);
    }

    /// Finds an assignment by scope and name.
    pub(crate) fn find(&self, scope: &str, name: &str) -> Option<&RoleAssignment> {
        self.iter().find(|entry| {
            entry.name.eq_ignore_ascii_case(name) && entry.scope.eq_ignore_ascii_case(scope)
        })
    }

    /// Takes an assignment away.
    pub(crate) fn remove(&mut self, scope: &str, name: &str) -> Option<RoleAssignment> {
        let is_it = |entry: &RoleAssignment| {
            entry.name.eq_ignore_ascii_case(name) && entry.scope.eq_ignore_ascii_case(scope)
        };
        self.by_principal.values_mut().find_map(|entries| {
            let position = entries.iter().position(is_it)?;
            Some(entries.remove(position))
        })
    }

    /// Says whether a principal may perform an action of Resource Manager at a scope.
    pub(crate) fn allows(&self, principal: &str, action: &str, scope: &str) -> bool {
        self.held(principal, scope)
            .any(|entry| grants(entry.role, action))
    }

    /// Says whether a principal may perform an action on the data of a vault with role-based access.
    pub(crate) fn allows_data(&self, principal: &str, action: &str, scope: &str) -> bool {
        self.held(principal, scope)
            .any(|entry| matches_any(entry.role.data_actions, action))
    }

    /// Says whether a principal has both actions that managing keys takes, and counts this as a use: an assignment that
    /// is still spreading fails its first uses.
    pub(crate) fn use_for_keys(&self, principal: &str, scope: &str) -> bool {
        let mut ready = false;
        for entry in self
            .held(principal, scope)
            .filter(|entry| manages_keys(entry.role))
        {
            match entry.pending_uses.get() {
                0 => ready = true,
                left => entry.pending_uses.set(left - 1),
            }
        }
        ready
    }

    /// Says the same without counting as a use.
    pub(crate) fn can_use_for_keys(&self, principal: &str, scope: &str) -> bool {
        self.held(principal, scope)
            .any(|entry| manages_keys(entry.role) && entry.pending_uses.get() == 0)
    }

    fn held(&self, principal: &str, scope: &str) -> impl Iterator<Item = &RoleAssignment> {
        let entries = self.by_principal.get(&principal.to_ascii_lowercase());
        entries
            .into_iter()
            .flatten()
            .filter(move |entry| entry.covers(scope))
    }
}

fn manages_keys(role: &Role) -> bool {
    grants(role, super::account::LIST_KEYS) && grants(role, super::account::REGENERATE_KEY)
}

fn grants(role: &Role, action: &str) -> bool {
    matches_any(role.actions, action) && !matches_any(role.not_actions, action)
}

fn matches_any(patterns: &[&str], action: &str) -> bool {
    patterns
        .iter()
        .any(|pattern| matches(&pattern.to_ascii_lowercase(), &action.to_ascii_lowercase()))
}

/// Matches a pattern in which a star stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(rest) = text.strip_prefix(head) else {
        return false;
    };
    let ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    ends.filter_map(|at| rest.get(at..))
        .any(|rest| matches(tail, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(role: &str, action: &str, granted: bool) {
        let role = role_by_name(role).expect("a known role");
        assert_eq!(grants(role, action), granted, "{} {action}", role.name);
    }

    #[test]
    fn a_role_grants_its_actions_without_its_exceptions() {
        check(
            "Owner",
            "Microsoft.Authorization/roleAssignments/write",
            true,
        );
        check(
            "Contributor",
            "Microsoft.Authorization/roleAssignments/write",
            false,
        );
        check(
            "Contributor",
            "Microsoft.Storage/storageAccounts/listKeys/action",
            true,
        );
        check("Reader", "Microsoft.Storage/storageAccounts/read", true);
        check(
            "Reader",
            "Microsoft.Storage/storageAccounts/listKeys/action",
            false,
        );
        check(
            KEY_OPERATOR,
            "Microsoft.Storage/storageAccounts/regenerateKey/action",
            true,
        );
        check(
            KEY_OPERATOR,
            "Microsoft.Storage/storageAccounts/read",
            false,
        );
    }

    #[test]
    fn a_role_counts_at_its_scope_and_below() {
        assert!(covers(
            "/subscriptions/A",
            "/subscriptions/a/resourceGroups/rg"
        ));
        assert!(covers("", "/subscriptions/a"));
        assert!(!covers("/subscriptions/a", "/subscriptions/ab"));
        assert!(!covers(
            "/subscriptions/a/resourceGroups/rg",
            "/subscriptions/a"
        ));
    }
}
