//! The patches that are no apply: merge, strategic merge and JSON patch.

use serde_json::{Map, Value, json};

use super::failure::Failure;

/// The kinds of patches, by their content type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Apply,
    /// A strategic merge differs from a plain one in lists only, of which a secret has none that counts.
    Merge,
    Json,
}

impl Kind {
    /// Reads a content type.
    pub(crate) fn of(content_type: &str) -> Result<Self, Failure> {
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        match kind {
            "application/apply-patch+yaml" => Ok(Self::Apply),
            "application/merge-patch+json" | "application/strategic-merge-patch+json" => {
                Ok(Self::Merge)
            }
            "application/json-patch+json" => Ok(Self::Json),
            _ => {
                let message = "415: Unsupported Media Type";
                Err(Failure::new(415, "UnsupportedMediaType", message).with(json!({})))
            }
        }
    }
}

/// Merges a patch into a value: null removes a member.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(members) = target.as_object_mut() else {
        return;
    };
    for (name, change) in changes {
        if change.is_null() {
            members.remove(name);
        } else {
            merge(members.entry(name.clone()).or_insert(Value::Null), change);
        }
    }
}

/// Performs the operations of a JSON patch.
pub(crate) fn json_patch(target: &mut Value, operations: &Value) -> Result<(), Failure> {
    let rejected = || {
        let message = "the server rejected our request due to an error in our request";
        Failure::new(422, "Invalid", message).with(json!({}))
    };
    for operation in operations.as_array().ok_or_else(rejected)? {
        perform(target, operation).ok_or_else(rejected)?;
    }
    Ok(())
}

fn perform(target: &mut Value, operation: &Value) -> Option<()> {
    let path = operation.get("path")?.as_str()?;
    let (above, last) = path.rsplit_once('/')?;
    let last = last.replace("~1", "/").replace("~0", "~");
    match operation.get("op")?.as_str()? {
        "test" => (target.pointer(path) == operation.get("value")).then_some(()),
        "add" => {
            let members = target.pointer_mut(above)?.as_object_mut()?;
            members.insert(last, operation.get("value")?.clone());
            Some(())
        }
        "replace" => {
            let place = target.pointer_mut(path)?;
            *place = operation.get("value")?.clone();
            Some(())
        }
        "remove" => {
            let members = target.pointer_mut(above)?.as_object_mut()?;
            members.remove(&last).map(|_| ())
        }
        _ => None,
    }
}
