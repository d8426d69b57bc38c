//! Values as a core sees them: null, unknown or known.
//!
//! The wire forms are in [`msgpack`] and [`json`]; what type a value must have is said by a
//! [`Type`]. `Debug` prints shapes and never contents, because any value may be a secret.

pub mod json;
pub mod msgpack;
pub mod number;
#[cfg(test)]
mod properties;

use std::collections::BTreeMap;
use std::fmt;

use crate::path::{Path, Step};
use crate::types::Type;
use crate::value::number::Number;

/// One value of a configuration, a plan or a state.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// Absent.
    Null,
    /// Not decided yet; the refinements say what is known of it all the same.
    Unknown(Refinements),
    /// True or false.
    Bool(bool),
    /// A number of any size and precision.
    Number(Number),
    /// A text.
    String(String),
    /// A list, a set or a tuple.
    List(Vec<Value>),
    /// A map or an object.
    Map(BTreeMap<String, Value>),
    /// A value whose type the schema leaves open, together with the type that it has.
    Dynamic(Box<Type>, Box<Value>),
}

/// What is known of an unknown value. Bounds of numbers and lengths are not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refinements {
    /// Whether the value is certain not to be null.
    pub not_null: bool,
    /// What the text is certain to begin with.
    pub string_prefix: Option<String>,
}

static NULL: Value = Value::Null;

impl Value {
    /// An unknown value of which nothing is known.
    pub const UNKNOWN: Value = Value::Unknown(Refinements {
        not_null: false,
        string_prefix: None,
    });

    /// Makes an unknown value of which nothing is known.
    #[must_use]
    pub fn unknown() -> Value {
        Value::UNKNOWN
    }

    /// Makes an object of attributes, or a map of entries.
    pub fn object<'a>(entries: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
        Value::Map(
            entries
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    }

    /// Makes a list, a set or a tuple.
    pub fn list(items: impl IntoIterator<Item = Value>) -> Value {
        Value::List(items.into_iter().collect())
    }

    /// Tells whether the value is null, also where its type is open.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self.inner(), Value::Null)
    }

    /// Tells whether the value itself is unknown, also where its type is open.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self.inner(), Value::Unknown(_))
    }

    /// Tells whether the value is neither null nor unknown; parts of it may be.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !self.is_null() && !self.is_unknown()
    }

    /// Tells whether nothing in the value is unknown.
    #[must_use]
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Value::Unknown(_) => false,
            Value::List(items) => items.iter().all(Value::is_wholly_known),
            Value::Map(entries) => entries.values().all(Value::is_wholly_known),
            Value::Dynamic(_, value) => value.is_wholly_known(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        }
    }

    /// Returns one attribute or entry; null if there is none or this is no object.
    #[must_use]
    pub fn get(&self, name: &str) -> &Value {
        self.entries()
            .and_then(|entries| entries.get(name))
            .unwrap_or(&NULL)
    }

    /// Puts one attribute or entry in place; a value that is no object stays as it is.
    pub fn set(&mut self, name: &str, value: Value) {
        if let Value::Map(entries) = self {
            entries.insert(name.to_owned(), value);
        }
    }

    /// Returns the value a path leads to; null if it leads nowhere.
    #[must_use]
    pub fn at(&self, path: &Path) -> &Value {
        path.steps()
            .iter()
            .fold(self, |value, step| value.step(step))
    }

    /// Returns the text of a known string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self.inner() {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns a known truth value.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.inner() {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// Returns a known whole number; a fraction or a number beyond the range is refused.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self.inner() {
            Value::Number(number) => number.as_i64(),
            _ => None,
        }
    }

    /// Returns the attributes of a known object or the entries of a known map.
    #[must_use]
    pub fn entries(&self) -> Option<&BTreeMap<String, Value>> {
        match self.inner() {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// Returns the items of a known list, set or tuple.
    #[must_use]
    pub fn items(&self) -> Option<&[Value]> {
        match self.inner() {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// Replaces everything unknown in the value by null.
    #[must_use]
    pub fn with_unknown_as_null(self) -> Value {
        match self {
            Value::Unknown(_) => Value::Null,
            Value::List(items) => Value::list(items.into_iter().map(Value::with_unknown_as_null)),
            Value::Map(entries) => Value::Map(
                entries
                    .into_iter()
                    .map(|(name, value)| (name, value.with_unknown_as_null()))
                    .collect(),
            ),
            Value::Dynamic(ty, value) => Value::Dynamic(ty, Box::new(value.with_unknown_as_null())),
            known => known,
        }
    }

    fn inner(&self) -> &Value {
        match self {
            Value::Dynamic(_, value) => value.inner(),
            value => value,
        }
    }

    /// Returns the part that one step leads to; null if it leads nowhere.
    pub(crate) fn step(&self, step: &Step) -> &Value {
        match step {
            Step::Attribute(name) | Step::Key(name) => self.get(name),
            Step::Index(index) => self
                .items()
                .and_then(|items| items.get(usize::try_from(*index).ok()?))
                .unwrap_or(&NULL),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("Null"),
            Value::Unknown(_) => f.write_str("Unknown"),
            Value::Bool(_) => f.write_str("Bool"),
            Value::Number(_) => f.write_str("Number"),
            Value::String(_) => f.write_str("String"),
            Value::List(items) => write!(f, "List({})", items.len()),
            Value::Map(entries) => write!(f, "Map({})", entries.len()),
            Value::Dynamic(_, value) => write!(f, "Dynamic({value:?})"),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::String(text)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Value::Bool(truth)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Number(Number::from(number))
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Value {
        Value::object([
            ("name", Value::from("logs")),
            ("days", Value::from(90)),
            ("tags", Value::object([("team", Value::UNKNOWN)])),
            ("items", Value::list([Value::from(true), Value::Null])),
            (
                "open",
                Value::Dynamic(Box::new(Type::String), Box::new(Value::from("x"))),
            ),
        ])
    }

    #[test]
    fn a_path_leads_to_a_value_or_to_null() {
        let sample = sample();
        let tags = Path::attribute("tags");
        assert!(sample.at(&tags.clone().key("team")).is_unknown());
        assert!(sample.at(&tags.key("other").key("deeper")).is_null());
        assert_eq!(
            sample.at(&Path::attribute("items").index(0)).as_bool(),
            Some(true)
        );
        assert!(sample.at(&Path::attribute("items").index(-1)).is_null());
        assert_eq!(sample.at(&Path::root()), &sample);
    }

    #[test]
    fn debug_shows_shapes_and_no_contents() {
        assert_eq!(format!("{:?}", sample()), "Map(5)");
        assert_eq!(format!("{:?}", sample().get("open")), "Dynamic(String)");
        assert_eq!(format!("{:?}", sample().get("days")), "Number");
    }

    #[test]
    fn an_open_value_reads_like_the_value_in_it() {
        assert_eq!(sample().get("open").as_str(), Some("x"));
        assert!(Value::Dynamic(Box::new(Type::String), Box::new(Value::Null)).is_null());
    }

    #[test]
    fn unknown_parts_become_null_wherever_they_are() {
        assert!(!sample().is_wholly_known());
        let settled = sample().with_unknown_as_null();
        assert!(settled.is_wholly_known());
        assert!(settled.get("tags").get("team").is_null());
        assert_eq!(settled.get("name").as_str(), Some("logs"));
    }
}
