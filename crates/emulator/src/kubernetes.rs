//! The API of a Kubernetes cluster as far as tokens are delivered to it: namespaces, secrets with server-side apply, and the
//! restart of what reads them.
//! It is pure over its objects; whom a token belongs to, and the wire, are for the routes. What it answers is held against
//! the recorded answers of a real server by `cargo xtask golden`.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) mod apply;
pub(crate) mod failure;
pub(crate) mod fields;
pub(crate) mod list;
pub(crate) mod patch;
pub(crate) mod secrets;
pub(crate) mod valid;
pub(crate) mod workloads;

use failure::Failure;
use fields::Manager;

/// The log of changes forgets its oldest entries beyond this number.
const KEPT: usize = 1000;

/// A secret as it is stored. Its values are secret, so it has no `Debug` of its own making.
#[derive(Clone, Deserialize, PartialEq, Serialize)]
pub(crate) struct Stored {
    /// The object as it is read, without its managed fields.
    pub(crate) object: Value,
    pub(crate) managers: Vec<Manager>,
}

/// A change, for those who watch.
#[derive(Clone, Deserialize, Serialize)]
struct Change {
    revision: u64,
    namespace: String,
    kind: String,
    object: Value,
}

/// The objects of one cluster.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Objects {
    revision: u64,
    /// The secrets of each namespace, by their names.
    namespaces: BTreeMap<String, BTreeMap<String, Stored>>,
    changes: Vec<Change>,
    made: u64,
}

impl fmt::Debug for Objects {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Objects")
            .field("revision", &self.revision)
            .finish_non_exhaustive()
    }
}

/// How a request wants to write.
#[derive(Clone, Debug)]
pub(crate) struct Writer<'a> {
    /// The name under which fields are owned.
    pub(crate) manager: &'a str,
    /// Whether fields of others are taken.
    pub(crate) force: bool,
    /// Whether nothing is to be stored.
    pub(crate) dry_run: bool,
    pub(crate) now: Timestamp,
}

impl Objects {
    /// Makes an API with empty namespaces.
    pub(crate) fn with_namespaces<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        Self {
            revision: 1,
            namespaces: names
                .map(|name| (name.to_owned(), BTreeMap::new()))
                .collect(),
            changes: Vec::new(),
            made: 0,
        }
    }

    /// Gives the names of all namespaces.
    pub(crate) fn namespaces(&self) -> impl Iterator<Item = &str> {
        self.namespaces.keys().map(String::as_str)
    }

    /// Writes a namespace; nothing if there is none of that name.
    pub(crate) fn namespace(&self, name: &str) -> Result<Value, Failure> {
        if !self.namespaces.contains_key(name) {
            return Err(Failure::not_found("namespaces", name));
        }
        Ok(json!({
            "kind": "Namespace",
            "apiVersion": "v1",
            "metadata": {"name": name, "uid": uid(name), "resourceVersion": "1"},
            "spec": {"finalizers": ["kubernetes"]},
            "status": {"phase": "Active"},
        }))
    }

    /// Gives every secret as it is stored, with its namespace and name.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = (&str, &str, &Value)> {
        self.namespaces.iter().flat_map(|(namespace, secrets)| {
            secrets
                .iter()
                .map(|(name, stored)| (namespace.as_str(), name.as_str(), &stored.object))
        })
    }

    fn secrets_of(&mut self, namespace: &str) -> Result<&mut BTreeMap<String, Stored>, Failure> {
        let found = self.namespaces.get_mut(namespace);
        found.ok_or_else(|| Failure::not_found("namespaces", namespace))
    }

    fn find(&self, namespace: &str, name: &str) -> Result<&Stored, Failure> {
        let found = self.namespaces.get(namespace).and_then(|all| all.get(name));
        found.ok_or_else(|| Failure::not_found("secrets", name))
    }

    fn note(&mut self, namespace: &str, kind: &str, object: Value) {
        if self.changes.len() == KEPT {
            self.changes.remove(0);
        }
        self.changes.push(Change {
            revision: self.revision,
            namespace: namespace.to_owned(),
            kind: kind.to_owned(),
            object,
        });
    }
}

impl Stored {
    /// Writes the object with its managed fields.
    pub(crate) fn written(&self) -> Value {
        let mut object = self.object.clone();
        let managed = fields::written(&self.managers);
        let metadata = object.get_mut("metadata").and_then(Value::as_object_mut);
        if let (Some(managed), Some(metadata)) = (managed, metadata) {
            metadata.insert("managedFields".to_owned(), managed);
        }
        object
    }

    /// Gives a text of the metadata.
    pub(crate) fn metadata(&self, name: &str) -> &str {
        let found = self
            .object
            .pointer("/metadata")
            .and_then(|all| all.get(name));
        found.and_then(Value::as_str).unwrap_or_default()
    }
}

/// Makes the unique id of an object.
fn uid(seed: &str) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, seed.as_bytes()).to_string()
}

/// Writes a time as objects have it.
pub(crate) fn written_time(now: Timestamp) -> String {
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
