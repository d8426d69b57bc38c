//! The roles and locks of a fleet document.

use uuid::Uuid;

use super::Builder;
use super::check::{guid, wrong};
use crate::fleet::{ApplicationEntry, DEFAULT_OBJECT, Document, FleetError, SubscriptionEntry};
use crate::world::lock::Lock;
use crate::world::role::{Role, RoleAssignment};

impl Builder {
    /// Defines the roles of the tenant's own.
    pub(super) fn role_definitions(&mut self, document: &Document) -> Result<(), FleetError> {
        for (index, entry) in document.role_definitions.iter().enumerate() {
            let at = format!("role_definitions[{index}]");
            let id = match &entry.id {
                Some(id) => guid(&format!("{at}.id"), id)?,
                None => Uuid::new_v5(&Uuid::NAMESPACE_URL, entry.name.as_bytes()).to_string(),
            };
            if self.world.roles.role_by_name(&entry.name).is_some() {
                return Err(wrong(&format!("{at}.name"), "there is such a role already"));
            }
            self.world.roles.define(Role {
                id,
                name: entry.name.clone(),
                description: String::new(),
                actions: entry.actions.clone(),
                not_actions: Vec::new(),
                data_actions: entry.data_actions.clone(),
                not_data_actions: Vec::new(),
                custom: true,
                assignable_scopes: vec!["/".to_owned()],
            });
        }
        Ok(())
    }

    /// Sets the locks of a subscription.
    pub(super) fn locks(&mut self, at: &str, entry: &SubscriptionEntry) -> Result<(), FleetError> {
        let id = guid(&format!("{at}.id"), &entry.id)?;
        for (index, lock) in entry.locks.iter().enumerate() {
            let inside = lock.scope.trim_matches('/');
            if !inside.is_empty() && !inside.to_ascii_lowercase().starts_with("resourcegroups/") {
                let problem = "starts with resourceGroups/, or is empty for the whole subscription";
                return Err(wrong(&format!("{at}.locks[{index}].scope"), problem));
            }
            let scope = format!("/subscriptions/{id}/{inside}");
            self.world.locks.put(Lock {
                name: lock.name.clone(),
                scope: scope.trim_end_matches('/').to_owned(),
                level: lock.level,
                notes: None,
            });
        }
        Ok(())
    }

    /// Gives an application its roles.
    pub(super) fn roles(&mut self, at: &str, entry: &ApplicationEntry) -> Result<(), FleetError> {
        for (index, granted) in entry.roles.iter().enumerate() {
            let role = self.world.roles.role_by_name(&granted.role);
            let role = role.map(|role| role.id.clone());
            let role = role.ok_or_else(|| {
                wrong(
                    &format!("{at}.roles[{index}].role"),
                    "no role that is known here",
                )
            })?;
            self.assign(&role, &entry.object_id, granted.scope.trim_end_matches('/'));
        }
        Ok(())
    }

    /// Assigns a role and gives the name of the assignment.
    pub(super) fn assign(&mut self, role: &str, principal_id: &str, scope: &str) -> String {
        let seed = format!("{scope}/{principal_id}/{role}");
        let name = Uuid::new_v5(&Uuid::NAMESPACE_URL, seed.as_bytes()).to_string();
        self.world.roles.add(RoleAssignment {
            name: name.clone(),
            scope: scope.to_owned(),
            role: role.to_owned(),
            principal_id: principal_id.to_owned(),
            created: self.now,
            created_by: DEFAULT_OBJECT.to_owned(),
            pending_uses: Default::default(),
        });
        name
    }
}
