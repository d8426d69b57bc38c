//! The types of the configuration language and their JSON form.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use thiserror::Error;

use crate::value::Value;

/// A type of the configuration language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// Text.
    String,
    /// A number of any size.
    Number,
    /// True or false.
    Bool,
    /// Any type; each value brings its own.
    Dynamic,
    /// Values of one type, in order.
    List(Box<Type>),
    /// Different values of one type, in no order.
    Set(Box<Type>),
    /// Values of one type under names.
    Map(Box<Type>),
    /// Attributes, each of its own type.
    Object(BTreeMap<String, Type>),
    /// A fixed number of values, each of its own type.
    Tuple(Vec<Type>),
}

/// The JSON does not describe a type.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("not a type of the configuration language")]
pub struct UnknownType;

impl Type {
    /// Returns the JSON form, in which types travel.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Type::String => Json::from("string"),
            Type::Number => Json::from("number"),
            Type::Bool => Json::from("bool"),
            Type::Dynamic => Json::from("dynamic"),
            Type::List(item) => compound("list", item.to_json()),
            Type::Set(item) => compound("set", item.to_json()),
            Type::Map(item) => compound("map", item.to_json()),
            Type::Object(attributes) => compound(
                "object",
                attributes
                    .iter()
                    .map(|(name, ty)| (name.clone(), ty.to_json()))
                    .collect(),
            ),
            Type::Tuple(items) => compound("tuple", items.iter().map(Type::to_json).collect()),
        }
    }

    /// Returns the JSON form as compact text.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_json().to_string().into_bytes()
    }

    /// Reads the JSON form.
    ///
    /// # Errors
    /// [`UnknownType`] if the JSON does not describe a type.
    pub fn from_json(json: &Json) -> Result<Type, UnknownType> {
        match json {
            Json::String(name) => primitive(name),
            // An object with optional attributes has a third part that names them; values need no such list.
            Json::Array(parts) => match parts.as_slice() {
                [Json::String(name), inner, ..] => from_compound(name, inner),
                _ => Err(UnknownType),
            },
            _ => Err(UnknownType),
        }
    }

    /// Reads the JSON form from its text.
    ///
    /// # Errors
    /// [`UnknownType`] if the text is no JSON or does not describe a type.
    pub fn from_bytes(bytes: &[u8]) -> Result<Type, UnknownType> {
        Type::from_json(&serde_json::from_slice(bytes).map_err(|_| UnknownType)?)
    }

    /// Tells whether two values of this type mean the same: the order within a set does not count.
    #[must_use]
    pub fn same(&self, left: &Value, right: &Value) -> bool {
        match (self, left, right) {
            (Type::Set(item), Value::List(left), Value::List(right)) => same_set(item, left, right),
            (Type::List(item), Value::List(left), Value::List(right)) => {
                left.len() == right.len()
                    && left
                        .iter()
                        .zip(right)
                        .all(|(left, right)| item.same(left, right))
            }
            (Type::Map(item), Value::Map(left), Value::Map(right)) => {
                left.len() == right.len()
                    && left.iter().all(|(name, value)| {
                        right.get(name).is_some_and(|other| item.same(value, other))
                    })
            }
            (Type::Object(types), Value::Map(_), Value::Map(_)) => types
                .iter()
                .all(|(name, ty)| ty.same(left.get(name), right.get(name))),
            (Type::Tuple(types), Value::List(left), Value::List(right)) => {
                left.len() == right.len()
                    && types
                        .iter()
                        .zip(left.iter().zip(right))
                        .all(|(ty, (l, r))| ty.same(l, r))
            }
            _ => left == right,
        }
    }
}

fn compound(name: &str, inner: Json) -> Json {
    Json::Array(vec![Json::from(name), inner])
}

fn primitive(name: &str) -> Result<Type, UnknownType> {
    match name {
        "string" => Ok(Type::String),
        "number" => Ok(Type::Number),
        "bool" => Ok(Type::Bool),
        "dynamic" => Ok(Type::Dynamic),
        _ => Err(UnknownType),
    }
}

fn from_compound(name: &str, inner: &Json) -> Result<Type, UnknownType> {
    match (name, inner) {
        ("list", item) => Ok(Type::List(Box::new(Type::from_json(item)?))),
        ("set", item) => Ok(Type::Set(Box::new(Type::from_json(item)?))),
        ("map", item) => Ok(Type::Map(Box::new(Type::from_json(item)?))),
        ("object", Json::Object(attributes)) => attributes
            .iter()
            .map(|(name, ty)| Ok((name.clone(), Type::from_json(ty)?)))
            .collect::<Result<_, _>>()
            .map(Type::Object),
        ("tuple", Json::Array(items)) => items
            .iter()
            .map(Type::from_json)
            .collect::<Result<_, _>>()
            .map(Type::Tuple),
        _ => Err(UnknownType),
    }
}

fn same_set(item: &Type, left: &[Value], right: &[Value]) -> bool {
    let mut rest: Vec<&Value> = right.iter().collect();
    left.len() == right.len()
        && left.iter().all(|value| {
            let found = rest.iter().position(|other| item.same(value, other));
            found.is_some_and(|index| {
                rest.swap_remove(index);
                true
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_travel_as_compact_json() {
        for text in [
            r#""string""#,
            r#"["map","number"]"#,
            r#"["object",{"a":"bool","b":["tuple",["string","dynamic"]]}]"#,
            r#"["set",["list","string"]]"#,
        ] {
            let ty = Type::from_bytes(text.as_bytes()).expect("a type");
            assert_eq!(String::from_utf8_lossy(&ty.to_bytes()), text);
        }
    }

    #[test]
    fn what_describes_no_type_is_refused() {
        for text in [
            "",
            "null",
            r#""text""#,
            r#"["list"]"#,
            r#"["tuple","string"]"#,
            "[]",
            "{}",
        ] {
            assert_eq!(
                Type::from_bytes(text.as_bytes()),
                Err(UnknownType),
                "{text}"
            );
        }
    }

    #[test]
    fn the_order_within_a_set_does_not_count() {
        let set = Type::Set(Box::new(Type::Number));
        let list = Type::List(Box::new(Type::Number));
        let (left, right) = (
            Value::list([Value::from(1), Value::from(2)]),
            Value::list([Value::from(2), Value::from(1)]),
        );
        assert!(set.same(&left, &right));
        assert!(!list.same(&left, &right));
        assert!(!set.same(&left, &Value::list([Value::from(1), Value::from(1)])));
    }
}
