//! Walks over the objects of a nested attribute, and finds the one at the same place of another value.
//!
//! A place is the step that leads to an object: none for the only one, and none for those of a set, which have
//! no address of their own.

use std::collections::BTreeSet;

use crate::path::{Path, Step};
use crate::schema::Nesting;
use crate::value::Value;

/// Returns the objects of an attribute with their places; there are none in a null or unknown attribute.
pub(crate) fn objects(nesting: Nesting, value: &Value) -> Vec<(Option<Step>, &Value)> {
    match (nesting, value) {
        (Nesting::Single, Value::Map(_)) => vec![(None, value)],
        (Nesting::List, Value::List(items)) => items
            .iter()
            .enumerate()
            .map(|(position, item)| (Some(index(position)), item))
            .collect(),
        (Nesting::Set, Value::List(items)) => items.iter().map(|item| (None, item)).collect(),
        (Nesting::Map, Value::Map(entries)) => entries
            .iter()
            .map(|(key, object)| (Some(Step::Key(key.clone())), object))
            .collect(),
        _ => Vec::new(),
    }
}

/// Returns every place that either of two values of an attribute has, in order; a set has none.
pub(crate) fn places(nesting: Nesting, one: &Value, other: &Value) -> Vec<Option<Step>> {
    match nesting {
        Nesting::Single => vec![None],
        Nesting::Set => Vec::new(),
        Nesting::List => {
            let length = |value: &Value| value.items().map_or(0, <[Value]>::len);
            let longest = length(one).max(length(other));
            (0..longest).map(|position| Some(index(position))).collect()
        }
        Nesting::Map => {
            let keys = |value: &Value| value.entries().cloned().unwrap_or_default().into_keys();
            let all: BTreeSet<String> = keys(one).chain(keys(other)).collect();
            all.into_iter().map(|key| Some(Step::Key(key))).collect()
        }
    }
}

/// Returns what is at a place; every part of an unknown value is unknown.
pub(crate) fn part<'v>(value: &'v Value, place: Option<&Step>) -> &'v Value {
    match place {
        Some(step) if !value.is_unknown() => value.step(step),
        _ => value,
    }
}

/// Returns the path to a place in an attribute.
pub(crate) fn path(attribute: &Path, place: Option<Step>) -> Path {
    match place {
        Some(step) => attribute.clone().step(step),
        None => attribute.clone(),
    }
}

/// Changes every object of an attribute; a null or unknown attribute stays as it is.
pub(crate) fn map_objects(
    nesting: Nesting,
    value: Value,
    change: impl Fn(Option<&Step>, Value) -> Value,
) -> Value {
    match (nesting, value) {
        (Nesting::Single, value) => change(None, value),
        (Nesting::List, Value::List(items)) => {
            let items = items.into_iter().enumerate();
            Value::list(items.map(|(position, item)| change(Some(&index(position)), item)))
        }
        (Nesting::Set, Value::List(items)) => {
            Value::list(items.into_iter().map(|item| change(None, item)))
        }
        (Nesting::Map, Value::Map(entries)) => {
            let entries = entries.into_iter().map(|(key, object)| {
                let object = change(Some(&Step::Key(key.clone())), object);
                (key, object)
            });
            Value::Map(entries.collect())
        }
        (_, value) => value,
    }
}

fn index(position: usize) -> Step {
    Step::Index(i64::try_from(position).unwrap_or(i64::MAX))
}
