//! The generic part of planning: what follows from the schema alone.
//!
//! What a change means for the object is left to [`Resource::plan`](crate::Resource::plan).

use std::collections::BTreeMap;

use crate::path::{Path, Step};
use crate::schema::{Attribute, Kind, Mode, Nesting, Schema, nested};
use crate::value::Value;

/// Fills in what was not configured: the default, else unknown for a new object and the prior value otherwise.
///
/// Starts from the core's own merge, in which computed attributes of a new object are null.
pub(crate) fn fill(
    schema: &Schema,
    prior: Option<&Value>,
    config: &Value,
    proposed: Value,
) -> Value {
    fill_object(&schema.attributes, prior, config, proposed)
}

/// Finds the changes that need a new object. An unknown value may turn out different, so it counts as a change.
pub(crate) fn replacements(schema: &Schema, prior: &Value, planned: &Value) -> Vec<Path> {
    let mut found = Vec::new();
    find_replacements(
        &schema.attributes,
        &Path::root(),
        prior,
        planned,
        &mut found,
    );
    found
}

/// Makes what only the provider decides unknown again, because a new object will decide it anew.
pub(crate) fn forget(schema: &Schema, planned: Value) -> Value {
    forget_computed(&schema.attributes, planned)
}

/// Nulls write-only attributes, which may be in nothing but a configuration.
pub(crate) fn without_write_only(schema: &Schema, value: Value) -> Value {
    strip(&schema.attributes, value)
}

/// Keeps of a state what a person could have written: what only the provider decides becomes null.
pub(crate) fn configurable(schema: &Schema, state: Value) -> Value {
    null_computed(&schema.attributes, state)
}

fn fill_object(
    attributes: &[Attribute],
    prior: Option<&Value>,
    config: &Value,
    proposed: Value,
) -> Value {
    map_attributes(attributes, proposed, |attribute, value| {
        let configured = config.get(&attribute.name);
        match &attribute.kind {
            // Nothing is computed in a set.
            Kind::Nested(Nesting::Set, _) if configured.is_known() => value,
            Kind::Nested(nesting, inner) if configured.is_known() => {
                let prior = prior.map(|prior| prior.get(&attribute.name));
                nested::map_objects(*nesting, value, |step, object| {
                    // An object that is added to an existing resource is new itself.
                    let old = prior.map(|prior| nested::part(prior, step));
                    let old = old.filter(|old| old.is_known());
                    fill_object(inner, old, nested::part(configured, step), object)
                })
            }
            _ if configured.is_null() && attribute.is_computed() => {
                let otherwise = if prior.is_some() {
                    value
                } else {
                    Value::UNKNOWN
                };
                attribute.default.clone().unwrap_or(otherwise)
            }
            _ => value,
        }
    })
}

fn find_replacements(
    attributes: &[Attribute],
    path: &Path,
    prior: &Value,
    planned: &Value,
    found: &mut Vec<Path>,
) {
    for attribute in attributes {
        let here = path.clone().then(&attribute.name);
        let step = Some(&Step::Attribute(attribute.name.clone()));
        let (old, new) = (nested::part(prior, step), nested::part(planned, step));
        if attribute.replace && !(new.is_wholly_known() && attribute.ty().same(old, new)) {
            found.push(here);
        } else if let Kind::Nested(nesting, inner) = &attribute.kind
            && (old.is_known() || new.is_known())
        {
            for step in nested::places(*nesting, old, new) {
                let (old, new) = (
                    nested::part(old, step.as_ref()),
                    nested::part(new, step.as_ref()),
                );
                find_replacements(inner, &nested::path(&here, step), old, new, found);
            }
        }
    }
}

fn forget_computed(attributes: &[Attribute], planned: Value) -> Value {
    map_attributes(attributes, planned, |attribute, value| {
        match &attribute.kind {
            _ if attribute.mode == Mode::Computed => Value::UNKNOWN,
            Kind::Nested(nesting, inner) => {
                nested::map_objects(*nesting, value, |_, object| forget_computed(inner, object))
            }
            Kind::Plain(_) => value,
        }
    })
}

fn strip(attributes: &[Attribute], value: Value) -> Value {
    map_attributes(attributes, value, |attribute, value| {
        match &attribute.kind {
            _ if attribute.write_only => Value::Null,
            Kind::Nested(nesting, inner) => {
                nested::map_objects(*nesting, value, |_, object| strip(inner, object))
            }
            Kind::Plain(_) => value,
        }
    })
}

fn null_computed(attributes: &[Attribute], state: Value) -> Value {
    map_attributes(attributes, state, |attribute, value| {
        match &attribute.kind {
            _ if attribute.mode == Mode::Computed => Value::Null,
            Kind::Nested(nesting, inner) => {
                nested::map_objects(*nesting, value, |_, object| null_computed(inner, object))
            }
            Kind::Plain(_) => value,
        }
    })
}

/// Changes the attributes that an object has; what is no object, or no attribute of the schema, stays as it is.
fn map_attributes(
    attributes: &[Attribute],
    object: Value,
    change: impl Fn(&Attribute, Value) -> Value,
) -> Value {
    let Value::Map(entries) = object else {
        return object;
    };
    let by_name: BTreeMap<&str, &Attribute> = attributes
        .iter()
        .map(|attribute| (attribute.name.as_str(), attribute))
        .collect();
    let changed = entries.into_iter().map(|(name, value)| {
        let value = match by_name.get(name.as_str()) {
            Some(attribute) => change(attribute, value),
            None => value,
        };
        (name, value)
    });
    Value::Map(changed.collect())
}

#[cfg(test)]
mod tests;
