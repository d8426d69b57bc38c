//! Management locks: what keeps resources from being changed or deleted, whoever asks.

use serde::Deserialize;

use crate::{
    id::SubscriptionId,
    request::{List, Odd},
};

const API_VERSION: &str = "2016-09-01";
const PROVIDER: &str = "/providers/microsoft.authorization/locks/";

/// Is a lock on a scope and everything below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// Its name.
    pub name: String,
    /// The resource, group or subscription it is on.
    pub scope: String,
    /// What it forbids.
    pub level: LockLevel,
}

/// Says what a lock forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockLevel {
    /// Deleting.
    CanNotDelete,
    /// Deleting and changing, and every POST: also the one that lists keys.
    ReadOnly,
}

/// Lists the locks of a subscription and of everything in it.
pub fn list(subscription: &SubscriptionId) -> List<Lock> {
    let scope = format!("/subscriptions/{subscription}");
    let target = super::authorization_of(&scope, "locks", API_VERSION);
    List::new(target, |value| {
        serde_json::from_value::<Wire>(value)?.into_lock()
    })
}

impl Lock {
    /// Tells whether it holds for a resource.
    #[must_use]
    pub fn covers(&self, resource: &str) -> bool {
        let (scope, resource) = (
            self.scope.to_ascii_lowercase(),
            resource.to_ascii_lowercase(),
        );
        resource
            .strip_prefix(&scope)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

#[derive(Deserialize)]
struct Wire {
    id: String,
    name: String,
    properties: WireProperties,
}

#[derive(Deserialize)]
struct WireProperties {
    level: String,
}

impl Wire {
    fn into_lock(self) -> Result<Lock, Odd> {
        let level = match self.properties.level.to_ascii_lowercase().as_str() {
            "readonly" => LockLevel::ReadOnly,
            "cannotdelete" => LockLevel::CanNotDelete,
            _ => return Err(Odd::new("an unknown level of a lock")),
        };
        let at = self.id.to_ascii_lowercase().find(PROVIDER);
        let scope = at.and_then(|at| self.id.get(..at));
        Ok(Lock {
            scope: scope
                .ok_or_else(|| Odd::new("a lock without a scope"))?
                .to_owned(),
            name: self.name,
            level,
        })
    }
}
