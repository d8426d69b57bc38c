//! Management locks: what nobody may change or delete, whatever their roles. A lock counts at its scope and below.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::World;
use super::role::covers;
use crate::refusal::Refusal;

/// How much a lock forbids.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) enum LockLevel {
    /// Deleting.
    CanNotDelete,
    /// Everything but reading by GET; reading keys by POST is forbidden too.
    ReadOnly,
}

impl LockLevel {
    /// Gives the wire form.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::CanNotDelete => "CanNotDelete",
            Self::ReadOnly => "ReadOnly",
        }
    }
}

/// One lock.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Lock {
    pub(crate) name: String,
    /// A path without a slash at its end.
    pub(crate) scope: String,
    pub(crate) level: LockLevel,
    pub(crate) notes: Option<String>,
}

impl Lock {
    /// Gives the resource id.
    pub(crate) fn id(&self) -> String {
        format!(
            "{}/providers/Microsoft.Authorization/locks/{}",
            self.scope, self.name
        )
    }
}

/// All locks.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct LockBook {
    /// By resource id in lower case.
    locks: BTreeMap<String, Lock>,
    /// Grows with every change.
    changes: u64,
}

impl LockBook {
    /// Gives all locks.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Lock> {
        self.locks.values()
    }

    /// Gives a number that is another one after every change.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    /// Finds a lock by its scope and name.
    pub(crate) fn find(&self, scope: &str, name: &str) -> Option<&Lock> {
        self.locks.get(&key(scope, name))
    }

    /// Adds a lock or replaces it. Gives the old one.
    pub(crate) fn put(&mut self, lock: Lock) -> Option<Lock> {
        self.changes += 1;
        self.locks.insert(lock.id().to_ascii_lowercase(), lock)
    }

    /// Takes a lock away.
    pub(crate) fn remove(&mut self, scope: &str, name: &str) -> Option<Lock> {
        self.changes += 1;
        self.locks.remove(&key(scope, name))
    }

    /// Takes away all locks at a scope and below it, as the end of a resource does.
    pub(crate) fn remove_below(&mut self, scope: &str) {
        self.changes += 1;
        self.locks.retain(|_, lock| !covers(scope, &lock.scope));
    }
}

impl World {
    /// Refuses, in Resource Manager's words, an action that a lock forbids. Deleting something also ends what is in it, so
    /// locks below count for that.
    pub(crate) fn check_locks(&self, action: &str, scope: &str) -> Result<(), Refusal> {
        let action = action.to_ascii_lowercase();
        if action.ends_with("/read") || action.starts_with("microsoft.authorization/locks/") {
            return Ok(());
        }
        let deletes = action.ends_with("/delete");
        let forbids = |lock: &&Lock| {
            let inside = deletes && covers(scope, &lock.scope);
            let reaches = inside || covers(&lock.scope, scope);
            reaches && (deletes || lock.level == LockLevel::ReadOnly)
        };
        let Some(lock) = self.locks.iter().find(forbids) else {
            return Ok(());
        };
        let operation = if deletes { "delete" } else { "write" };
        let locked = &lock.scope;
        Err(Refusal::new(
            409,
            "ScopeLocked",
            format!(
                "The scope '{scope}' cannot perform {operation} operation because following scope(s) are locked: \
                 '{locked}'. Please remove the lock and try again."
            ),
        ))
    }
}

fn key(scope: &str, name: &str) -> String {
    format!("{scope}/providers/Microsoft.Authorization/locks/{name}").to_ascii_lowercase()
}
