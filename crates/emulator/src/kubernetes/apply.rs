//! Server-side apply: what a manager wants to have becomes part of the object, what it no longer wants goes, and fields of
//! others are left alone unless it insists.

use serde_json::{Value, json};

use super::failure::Failure;
use super::fields::{self, Fields, Manager, Operation, Path};
use super::{Stored, Writer};

/// Applies a configuration to an object, or to nothing.
pub(super) fn apply(
    live: Option<&Stored>,
    config: &Value,
    writer: &Writer<'_>,
) -> Result<Stored, Failure> {
    let wanted = fields::fields(config, Operation::Apply);
    let empty = Stored {
        object: json!({"kind": "Secret", "apiVersion": "v1", "metadata": {}}),
        managers: Vec::new(),
    };
    let mut next = live.unwrap_or(&empty).clone();
    let conflicts = conflicts(&next, config, &wanted, writer.manager);
    if !conflicts.is_empty() && !writer.force {
        return Err(refused(&conflicts));
    }
    for (manager, path) in &conflicts {
        for other in &mut next.managers {
            if other.is(&manager.name, manager.operation) {
                other.fields.remove(path);
            }
        }
    }
    let before = next
        .managers
        .iter()
        .find(|one| one.is(writer.manager, Operation::Apply));
    let time = before
        .filter(|before| before.fields == wanted)
        .map_or(writer.now, |before| before.time);
    let owned = fields::take(&mut next.managers, writer.manager, Operation::Apply);
    for path in owned.difference(&wanted) {
        let is_shared = next
            .managers
            .iter()
            .any(|other| other.fields.contains(path));
        if !is_shared {
            remove(&mut next.object, path);
        }
    }
    for path in &wanted {
        if let Some(value) = fields::value(config, path) {
            set(&mut next.object, path, value.clone());
        }
    }
    next.managers.push(Manager {
        operation: Operation::Apply,
        time,
        name: writer.manager.to_owned(),
        fields: wanted,
    });
    fields::tidy(&mut next.managers);
    Ok(next)
}

/// Gives the fields that others own with another value.
fn conflicts(live: &Stored, config: &Value, wanted: &Fields, name: &str) -> Vec<(Manager, Path)> {
    let others = live
        .managers
        .iter()
        .filter(|other| !other.is(name, Operation::Apply));
    others
        .flat_map(|other| {
            let both = wanted.intersection(&other.fields);
            let differs =
                |path: &&Path| fields::value(&live.object, path) != fields::value(config, path);
            both.filter(differs)
                .map(|path| (other.clone(), path.clone()))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn refused(conflicts: &[(Manager, Path)]) -> Failure {
    let shown = |path: &Path| format!(".{}", path.join("."));
    let mut parts: Vec<(String, Vec<String>)> = Vec::new();
    for (manager, path) in conflicts {
        let name = manager.shown();
        match parts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, paths)) => paths.push(shown(path)),
            None => parts.push((name, vec![shown(path)])),
        }
    }
    let written = parts.iter().map(|(name, paths)| match paths.as_slice() {
        [one] => format!("conflict with {name}: {one}"),
        all => format!("conflicts with {name}:\n- {}", all.join("\n- ")),
    });
    let written = written.collect::<Vec<_>>().join("\n");
    let count = match conflicts.len() {
        1 => "1 conflict".to_owned(),
        more => format!("{more} conflicts"),
    };
    let causes: Vec<Value> = conflicts
        .iter()
        .map(|(manager, path)| {
            json!({
                "reason": "FieldManagerConflict",
                "message": format!("conflict with {}", manager.shown()),
                "field": shown(path),
            })
        })
        .collect();
    Failure::new(
        409,
        "Conflict",
        format!("Apply failed with {count}: {written}"),
    )
    .with(json!({"causes": causes}))
}

fn set(object: &mut Value, path: &[String], value: Value) {
    let Some((last, above)) = path.split_last() else {
        return;
    };
    let mut place = object;
    for name in above {
        let Some(members) = place.as_object_mut() else {
            return;
        };
        place = members.entry(name.clone()).or_insert_with(|| json!({}));
    }
    if let Some(members) = place.as_object_mut() {
        members.insert(last.clone(), value);
    }
}

fn remove(object: &mut Value, path: &[String]) {
    let Some((last, above)) = path.split_last() else {
        return;
    };
    let place = above
        .iter()
        .try_fold(object, |value, name| value.get_mut(name));
    if let Some(members) = place.and_then(Value::as_object_mut) {
        members.remove(last);
    }
}
