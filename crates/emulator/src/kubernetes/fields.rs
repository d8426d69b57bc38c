//! Who owns which field of an object, and how that is written as `managedFields`.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::written_time;

/// The names that lead to a field; the last one is `.` for the map itself.
pub(crate) type Path = Vec<String>;
/// Some fields of an object.
pub(crate) type Fields = BTreeSet<Path>;

/// The maps of an object, each entry of which has its owners.
const MAPS: &[&[&str]] = &[
    &["data"],
    &["metadata", "labels"],
    &["metadata", "annotations"],
];
/// What is owned as a whole.
const WHOLE: &[&[&str]] = &[
    &["type"],
    &["immutable"],
    &["metadata", "generateName"],
    &["metadata", "finalizers"],
    &["metadata", "ownerReferences"],
];

/// How fields came to be owned.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) enum Operation {
    Apply,
    Update,
}

/// One owner with its fields.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Manager {
    pub(crate) operation: Operation,
    pub(crate) time: Timestamp,
    pub(crate) name: String,
    pub(crate) fields: Fields,
}

impl Manager {
    /// Says whether it is the owner of that name and kind.
    pub(crate) fn is(&self, name: &str, operation: Operation) -> bool {
        self.name == name && self.operation == operation
    }

    /// Names the owner as a conflict does.
    pub(crate) fn shown(&self) -> String {
        match self.operation {
            Operation::Apply => format!("\"{}\"", self.name),
            Operation::Update => {
                format!("\"{}\" using v1 at {}", self.name, written_time(self.time))
            }
        }
    }
}

/// Gives the fields that an object has. An update owns the maps too, an apply only what is in them.
pub(crate) fn fields(object: &Value, operation: Operation) -> Fields {
    let mut found = Fields::new();
    for names in MAPS {
        let Some(Value::Object(members)) = inside(object, names) else {
            continue;
        };
        let keys = members.keys().map(String::as_str);
        let itself = (operation == Operation::Update && !members.is_empty()).then_some(".");
        found.extend(keys.chain(itself).map(|key| path(names, Some(key))));
    }
    let present = WHOLE.iter().filter(|names| inside(object, names).is_some());
    found.extend(present.map(|names| path(names, None)));
    found
}

/// Gives what is at a path.
pub(crate) fn value<'v>(object: &'v Value, path: &[String]) -> Option<&'v Value> {
    path.iter()
        .filter(|name| *name != ".")
        .try_fold(object, |value, name| value.get(name))
}

/// Moves the fields that an update has changed to its manager, and forgets those that are gone.
pub(crate) fn after_update(
    managers: &mut Vec<Manager>,
    name: &str,
    old: Option<&Value>,
    new: &Value,
    now: Timestamp,
) {
    let before = old
        .map(|old| fields(old, Operation::Update))
        .unwrap_or_default();
    let after = fields(new, Operation::Update);
    let is_changed = |path: &&Path| {
        let is_map = path.last().is_some_and(|last| last == ".");
        let was = old.and_then(|old| value(old, path));
        !before.contains(*path) || (!is_map && was != value(new, path))
    };
    let changed: Fields = after.iter().filter(is_changed).cloned().collect();
    for manager in managers.iter_mut() {
        manager
            .fields
            .retain(|path| after.contains(path) && !changed.contains(path));
    }
    if !changed.is_empty() {
        let mut fields = take(managers, name, Operation::Update);
        fields.extend(changed);
        managers.push(Manager {
            operation: Operation::Update,
            time: now,
            name: name.to_owned(),
            fields,
        });
    }
    tidy(managers);
}

/// Takes the entry of a manager out and gives its fields.
pub(crate) fn take(managers: &mut Vec<Manager>, name: &str, operation: Operation) -> Fields {
    let place = managers.iter().position(|one| one.is(name, operation));
    place.map_or_else(Fields::new, |place| managers.remove(place).fields)
}

/// Leaves out managers that own nothing, and puts the others in order.
pub(crate) fn tidy(managers: &mut Vec<Manager>) {
    managers.retain(|manager| !manager.fields.is_empty());
    managers.sort_by(|one, other| {
        let key = |manager: &Manager| (manager.operation, written_time(manager.time));
        (key(one), &one.name).cmp(&(key(other), &other.name))
    });
}

/// Writes all managers; nothing if there are none.
pub(crate) fn written(managers: &[Manager]) -> Option<Value> {
    if managers.is_empty() {
        return None;
    }
    let entry = |manager: &Manager| {
        json!({
            "manager": manager.name,
            "operation": match manager.operation {
                Operation::Apply => "Apply",
                Operation::Update => "Update",
            },
            "apiVersion": "v1",
            "time": written_time(manager.time),
            "fieldsType": "FieldsV1",
            "fieldsV1": tree(&manager.fields),
        })
    };
    Some(managers.iter().map(entry).collect())
}

fn tree(fields: &Fields) -> Value {
    let mut root = Map::new();
    for path in fields {
        let mut place = &mut root;
        for name in path {
            let name = if name == "." {
                name.clone()
            } else {
                format!("f:{name}")
            };
            let inner = place.entry(name).or_insert_with(|| json!({}));
            let Value::Object(inner) = inner else { break };
            place = inner;
        }
    }
    Value::Object(root)
}

fn inside<'v>(object: &'v Value, names: &[&str]) -> Option<&'v Value> {
    names
        .iter()
        .try_fold(object, |value, name| value.get(*name))
}

fn path(names: &[&str], last: Option<&str>) -> Path {
    let all = names.iter().copied().chain(last);
    all.map(str::to_owned).collect()
}
