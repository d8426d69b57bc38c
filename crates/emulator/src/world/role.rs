//! Roles and who holds them. A role counts at its scope and everywhere below.

use std::cell::Cell;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::account::{LIST_KEYS, REGENERATE_KEY};

mod built_in;

/// The role that lets Key Vault manage an account's keys.
pub(crate) const KEY_OPERATOR: &str = "81a9662b-bebf-436f-a333-f67b29880f12";
/// The role that may see management groups.
pub(crate) const GROUP_READER: &str = "ac63b705-f282-497d-ac71-919bf39d939d";
/// The role that may do everything.
pub(crate) const OWNER: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";

/// A role, built-in or of the tenant's own.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Role {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) actions: Vec<String>,
    pub(crate) not_actions: Vec<String>,
    pub(crate) data_actions: Vec<String>,
    pub(crate) not_data_actions: Vec<String>,
    pub(crate) custom: bool,
    pub(crate) assignable_scopes: Vec<String>,
}

impl Role {
    fn grants(&self, action: &str) -> bool {
        matches_any(&self.actions, action) && !matches_any(&self.not_actions, action)
    }

    fn grants_data(&self, action: &str) -> bool {
        matches_any(&self.data_actions, action) && !matches_any(&self.not_data_actions, action)
    }

    fn manages_keys(&self) -> bool {
        self.grants(LIST_KEYS) && self.grants(REGENERATE_KEY)
    }
}

/// Somebody's role at a scope.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct RoleAssignment {
    pub(crate) name: String,
    /// As it was given: a path without a slash at its end; empty for the whole tenant.
    pub(crate) scope: String,
    /// The id of the role.
    pub(crate) role: String,
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
}

/// Says whether `outer` is `inner` or lies above it.
pub(crate) fn covers(outer: &str, inner: &str) -> bool {
    let head = inner.get(..outer.len());
    head.is_some_and(|head| head.eq_ignore_ascii_case(outer))
        && inner
            .get(outer.len()..)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The assignments of one principal, by scope in lower case.
type ByScope = BTreeMap<String, Vec<RoleAssignment>>;

/// All roles and role assignments.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct RoleBook {
    /// By id in lower case.
    roles: BTreeMap<String, Role>,
    /// By object id in lower case.
    by_principal: BTreeMap<String, ByScope>,
    /// The management groups above a scope, by scope; all in lower case.
    above: BTreeMap<String, Vec<String>>,
    /// Grows with every change of what somebody may do.
    changes: Cell<u64>,
}

impl Default for RoleBook {
    fn default() -> Self {
        let built_in = built_in::BUILT_IN.iter().map(built_in::BuiltIn::role);
        Self {
            roles: built_in.map(|role| (role.id.clone(), role)).collect(),
            by_principal: BTreeMap::new(),
            above: BTreeMap::new(),
            changes: Cell::new(0),
        }
    }
}

impl RoleBook {
    /// Gives all roles.
    pub(crate) fn roles(&self) -> impl Iterator<Item = &Role> {
        self.roles.values()
    }

    /// Finds a role by its id, also as the last part of a resource id.
    pub(crate) fn role(&self, id: &str) -> Option<&Role> {
        let id = id.trim_end_matches('/').rsplit('/').next();
        self.roles.get(&id.unwrap_or_default().to_ascii_lowercase())
    }

    /// Finds a role by its name or id.
    pub(crate) fn role_by_name(&self, name: &str) -> Option<&Role> {
        let named = self
            .roles()
            .find(|role| role.name.eq_ignore_ascii_case(name));
        named.or_else(|| self.role(name))
    }

    /// Adds a role of the tenant's own or replaces one.
    pub(crate) fn define(&mut self, role: Role) {
        self.note_change();
        self.roles.insert(role.id.to_ascii_lowercase(), role);
    }

    /// Takes a role of the tenant's own away.
    pub(crate) fn undefine(&mut self, id: &str) -> Option<Role> {
        self.note_change();
        let key = self.role(id).filter(|role| role.custom)?.id.clone();
        self.roles.remove(&key.to_ascii_lowercase())
    }

    /// Gives a number that is another one after every change of what somebody may do.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.get()
    }

    /// Gives all assignments.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &RoleAssignment> {
        self.by_principal
            .values()
            .flat_map(BTreeMap::values)
            .flatten()
    }

    /// Adds an assignment.
    pub(crate) fn add(&mut self, assignment: RoleAssignment) {
        self.note_change();
        self.by_principal
            .entry(assignment.principal_id.to_ascii_lowercase())
            .or_default()
            .entry(assignment.scope.to_ascii_lowercase())
            .or_default()
            .push(assignment);
    }

    /// Says which management groups are above which scopes; all in lower case.
    pub(crate) fn set_above(&mut self, above: BTreeMap<String, Vec<String>>) {
        self.note_change();
        self.above = above;
    }

    /// Finds an assignment by scope and name.
    pub(crate) fn find(&self, scope: &str, name: &str) -> Option<&RoleAssignment> {
        let scope = scope.to_ascii_lowercase();
        let mut at_scope = self
            .by_principal
            .values()
            .filter_map(|scopes| scopes.get(&scope))
            .flatten();
        at_scope.find(|entry| entry.name.eq_ignore_ascii_case(name))
    }

    /// Finds the assignment of the same role to the same principal at the same scope.
    pub(crate) fn find_same(&self, wanted: &RoleAssignment) -> Option<&RoleAssignment> {
        let principal = wanted.principal_id.to_ascii_lowercase();
        let scopes = self.by_principal.get(&principal)?;
        let mut at_scope = scopes.get(&wanted.scope.to_ascii_lowercase())?.iter();
        at_scope.find(|entry| entry.role == wanted.role)
    }

    /// Takes an assignment away.
    pub(crate) fn remove(&mut self, scope: &str, name: &str) -> Option<RoleAssignment> {
        self.note_change();
        let scope = scope.to_ascii_lowercase();
        let mut at_scope = self
            .by_principal
            .values_mut()
            .filter_map(|scopes| scopes.get_mut(&scope));
        at_scope.find_map(|entries| {
            let position = entries
                .iter()
                .position(|entry| entry.name.eq_ignore_ascii_case(name))?;
            Some(entries.remove(position))
        })
    }

    /// Takes away all assignments at a scope and below it, as the end of a resource does.
    pub(crate) fn remove_below(&mut self, scope: &str) {
        self.note_change();
        for scopes in self.by_principal.values_mut() {
            scopes.retain(|held, _| !covers(scope, held));
        }
    }

    /// Says whether a principal may perform an action of Resource Manager at a scope.
    pub(crate) fn allows(&self, principal: &str, action: &str, scope: &str) -> bool {
        self.held(principal, scope)
            .any(|(role, _)| role.grants(action))
    }

    /// Says whether a principal may perform an action on the data of a vault with role-based access.
    pub(crate) fn allows_data(&self, principal: &str, action: &str, scope: &str) -> bool {
        self.held(principal, scope)
            .any(|(role, _)| role.grants_data(action))
    }

    /// Gives the roles that a principal holds at a scope.
    pub(crate) fn roles_of(&self, principal: &str, scope: &str) -> impl Iterator<Item = &Role> {
        self.held(principal, scope).map(|(role, _)| role)
    }

    /// Says whether a principal has both actions that managing keys takes, and counts this as a use: an assignment that
    /// is still spreading fails its first uses.
    pub(crate) fn use_for_keys(&self, principal: &str, scope: &str) -> bool {
        let mut ready = false;
        for (_, entry) in self.managing_keys(principal, scope) {
            match entry.pending_uses.get() {
                0 => ready = true,
                left => {
                    entry.pending_uses.set(left - 1);
                    self.note_change();
                }
            }
        }
        ready
    }

    /// Says the same without counting as a use.
    pub(crate) fn can_use_for_keys(&self, principal: &str, scope: &str) -> bool {
        self.managing_keys(principal, scope)
            .any(|(_, entry)| entry.pending_uses.get() == 0)
    }

    fn managing_keys(
        &self,
        principal: &str,
        scope: &str,
    ) -> impl Iterator<Item = (&Role, &RoleAssignment)> {
        self.held(principal, scope)
            .filter(|(role, _)| role.manages_keys())
    }

    fn held(&self, principal: &str, scope: &str) -> impl Iterator<Item = (&Role, &RoleAssignment)> {
        let scopes = self.by_principal.get(&principal.to_ascii_lowercase());
        let mut above = scope_and_above(&scope.to_ascii_lowercase());
        let groups = above.iter().find_map(|one| self.above.get(one));
        above.extend(groups.into_iter().flatten().cloned());
        let entries = scopes
            .into_iter()
            .flat_map(move |scopes| above.clone().into_iter().filter_map(|one| scopes.get(&one)));
        entries
            .flatten()
            .filter_map(|entry| Some((self.roles.get(&entry.role)?, entry)))
    }

    fn note_change(&self) {
        self.changes.set(self.changes.get() + 1);
    }
}

/// Gives a scope and all that lie above it, the whole tenant last.
fn scope_and_above(scope: &str) -> Vec<String> {
    let cuts = scope.match_indices('/').map(|(at, _)| at);
    let cuts = cuts.chain([scope.len()]);
    let mut scopes: Vec<String> = cuts
        .filter_map(|at| scope.get(..at).map(str::to_owned))
        .collect();
    scopes.reverse();
    scopes.dedup();
    scopes
}

fn matches_any(patterns: &[String], action: &str) -> bool {
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
        let book = RoleBook::default();
        let role = book.role_by_name(role).expect("a known role");
        assert_eq!(role.grants(action), granted, "{} {action}", role.name);
    }

    #[test]
    fn a_role_grants_its_actions_without_its_exceptions() {
        let assign = "Microsoft.Authorization/roleAssignments/write";
        check("Owner", assign, true);
        check("Contributor", assign, false);
        check("Contributor", LIST_KEYS, true);
        check("Reader", "Microsoft.Storage/storageAccounts/read", true);
        check("Reader", LIST_KEYS, false);
        check(KEY_OPERATOR, REGENERATE_KEY, true);
        check(
            KEY_OPERATOR,
            "Microsoft.Storage/storageAccounts/read",
            false,
        );
    }

    #[test]
    fn a_role_counts_at_its_scope_and_below() {
        let group = "/subscriptions/a/resourceGroups/rg";
        assert!(covers("/subscriptions/A", group));
        assert!(covers("", "/subscriptions/a"));
        assert!(!covers("/subscriptions/a", "/subscriptions/ab"));
        assert!(!covers(group, "/subscriptions/a"));
        assert_eq!(
            scope_and_above("/subscriptions/a"),
            ["/subscriptions/a", "/subscriptions", ""]
        );
        assert_eq!(scope_and_above(""), [""]);
    }
}
