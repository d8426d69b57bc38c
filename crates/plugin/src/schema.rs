//! Schemas: what a person may write, what the provider fills in, and the manual of both.
//!
//! Descriptions are Markdown and are the manual: pages are generated from them. Checking a configuration is
//! in [`validate`], filling in what was not configured in [`computed`].

pub mod computed;
pub(crate) mod conformity;
pub(crate) mod nested;
pub(crate) mod problems;
pub mod validate;

use std::fmt;

use crate::types::Type;
use crate::value::Value;

/// Judges a known value at validation; the text of the error is shown with the attribute's position.
pub type Check = fn(&Value) -> Result<(), String>;

/// The attributes of a provider block or of a resource type.
#[derive(Clone, Debug)]
pub struct Schema {
    /// Version of the stored form; raise it when that changes, and convert in `Resource::upgrade`.
    pub version: i64,
    /// What the thing is, in Markdown.
    pub description: String,
    /// The attributes, in the order of the manual.
    pub attributes: Vec<Attribute>,
    /// Why the whole thing should no longer be used.
    pub deprecation: Option<String>,
}

/// One attribute of a schema.
#[derive(Clone)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Who gives the value.
    pub mode: Mode,
    /// Whether a core hides the value.
    pub sensitive: bool,
    /// Whether the value is only ever read from the configuration and never stored.
    pub write_only: bool,
    /// What it is for, in Markdown.
    pub description: String,
    /// What to use instead.
    pub deprecation: Option<String>,
    /// The value if none is configured.
    pub default: Option<Value>,
    /// Whether a change after creation needs a new object.
    pub replace: bool,
    /// What is checked of a known value.
    pub check: Option<Check>,
}

/// What an attribute holds.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A value of a type.
    Plain(Type),
    /// Objects with attributes of their own.
    Nested(Nesting, Vec<Attribute>),
}

/// How many objects a nested attribute holds, and how they are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// One.
    Single,
    /// Any number, by their position.
    List,
    /// Any number, by nothing but their contents. So nothing in them is computed, write-only or of an open type.
    Set,
    /// Any number, by a key.
    Map,
}

/// Who gives the value of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The configuration must.
    Required,
    /// The configuration may; it is null otherwise.
    Optional,
    /// The provider does.
    Computed,
    /// The configuration may; the provider does otherwise.
    OptionalComputed,
}

impl Schema {
    /// Makes a schema without attributes.
    pub fn new(version: i64, description: impl Into<String>) -> Schema {
        let description = description.into();
        Schema {
            version,
            description,
            attributes: Vec::new(),
            deprecation: None,
        }
    }

    /// Adds an attribute.
    #[must_use]
    pub fn attribute(mut self, attribute: Attribute) -> Schema {
        self.attributes.push(attribute);
        self
    }

    /// Says why the whole thing should no longer be used.
    #[must_use]
    pub fn deprecated(mut self, why: impl Into<String>) -> Schema {
        self.deprecation = Some(why.into());
        self
    }

    /// Returns the type that every value of this schema has.
    #[must_use]
    pub fn ty(&self) -> Type {
        object_type(&self.attributes)
    }

    /// Returns an object in which every attribute is null.
    #[must_use]
    pub fn null_object(&self) -> Value {
        Value::object(
            self.attributes
                .iter()
                .map(|attribute| (attribute.name.as_str(), Value::Null)),
        )
    }
}

impl Attribute {
    /// Makes an optional attribute of a type.
    pub fn of(name: impl Into<String>, ty: Type) -> Attribute {
        Attribute::new(name.into(), Kind::Plain(ty))
    }

    /// Makes an optional text.
    pub fn string(name: impl Into<String>) -> Attribute {
        Attribute::of(name, Type::String)
    }

    /// Makes an optional number.
    pub fn number(name: impl Into<String>) -> Attribute {
        Attribute::of(name, Type::Number)
    }

    /// Makes an optional truth value.
    pub fn bool(name: impl Into<String>) -> Attribute {
        Attribute::of(name, Type::Bool)
    }

    /// Makes an optional map.
    pub fn map_of(name: impl Into<String>, item: Type) -> Attribute {
        Attribute::of(name, Type::Map(Box::new(item)))
    }

    /// Makes an optional list.
    pub fn list_of(name: impl Into<String>, item: Type) -> Attribute {
        Attribute::of(name, Type::List(Box::new(item)))
    }

    /// Makes an optional set.
    pub fn set_of(name: impl Into<String>, item: Type) -> Attribute {
        Attribute::of(name, Type::Set(Box::new(item)))
    }

    /// Makes an optional object with attributes of its own.
    pub fn object(name: impl Into<String>, attributes: Vec<Attribute>) -> Attribute {
        Attribute::nested(name, Nesting::Single, attributes)
    }

    /// Makes an optional list of objects with attributes of their own.
    pub fn list_of_objects(name: impl Into<String>, attributes: Vec<Attribute>) -> Attribute {
        Attribute::nested(name, Nesting::List, attributes)
    }

    /// Makes an optional set of objects with attributes of their own.
    pub fn set_of_objects(name: impl Into<String>, attributes: Vec<Attribute>) -> Attribute {
        Attribute::nested(name, Nesting::Set, attributes)
    }

    /// Makes an optional map of objects with attributes of their own.
    pub fn map_of_objects(name: impl Into<String>, attributes: Vec<Attribute>) -> Attribute {
        Attribute::nested(name, Nesting::Map, attributes)
    }

    /// Makes an optional attribute that holds objects with attributes of their own.
    pub fn nested(
        name: impl Into<String>,
        nesting: Nesting,
        attributes: Vec<Attribute>,
    ) -> Attribute {
        Attribute::new(name.into(), Kind::Nested(nesting, attributes))
    }

    /// Demands the value from the configuration.
    #[must_use]
    pub fn required(self) -> Attribute {
        self.mode(Mode::Required)
    }

    /// Lets the configuration leave the value out.
    #[must_use]
    pub fn optional(self) -> Attribute {
        self.mode(Mode::Optional)
    }

    /// Leaves the value to the provider.
    #[must_use]
    pub fn computed(self) -> Attribute {
        self.mode(Mode::Computed)
    }

    /// Leaves the value to the provider unless it is configured.
    #[must_use]
    pub fn optional_computed(self) -> Attribute {
        self.mode(Mode::OptionalComputed)
    }

    /// Has cores hide the value.
    #[must_use]
    pub fn sensitive(mut self) -> Attribute {
        self.sensitive = true;
        self
    }

    /// Keeps the value out of plan and state: it is only ever in the configuration.
    #[must_use]
    pub fn write_only(mut self) -> Attribute {
        self.write_only = true;
        self
    }

    /// Sets the text of the manual.
    #[must_use]
    pub fn describe(mut self, description: impl Into<String>) -> Attribute {
        self.description = description.into();
        self
    }

    /// Says what to use instead.
    #[must_use]
    pub fn deprecated(mut self, instead: impl Into<String>) -> Attribute {
        self.deprecation = Some(instead.into());
        self
    }

    /// Sets the value for when none is configured; only for `optional_computed` attributes.
    #[must_use]
    pub fn default(mut self, value: impl Into<Value>) -> Attribute {
        self.default = Some(value.into());
        self
    }

    /// Makes a change after creation need a new object.
    #[must_use]
    pub fn replace(mut self) -> Attribute {
        self.replace = true;
        self
    }

    /// Checks each known value at validation.
    #[must_use]
    pub fn check(mut self, check: Check) -> Attribute {
        self.check = Some(check);
        self
    }

    /// Returns the type of the value.
    #[must_use]
    pub fn ty(&self) -> Type {
        match &self.kind {
            Kind::Plain(ty) => ty.clone(),
            Kind::Nested(nesting, attributes) => nesting.of(object_type(attributes)),
        }
    }

    /// Tells whether the provider gives the value when the configuration does not.
    pub(crate) fn is_computed(&self) -> bool {
        matches!(self.mode, Mode::Computed | Mode::OptionalComputed)
    }

    fn new(name: String, kind: Kind) -> Attribute {
        Attribute {
            name,
            kind,
            mode: Mode::Optional,
            sensitive: false,
            write_only: false,
            description: String::new(),
            deprecation: None,
            default: None,
            replace: false,
            check: None,
        }
    }

    fn mode(mut self, mode: Mode) -> Attribute {
        self.mode = mode;
        self
    }
}

impl Nesting {
    fn of(self, object: Type) -> Type {
        match self {
            Nesting::Single => object,
            Nesting::List => Type::List(Box::new(object)),
            Nesting::Set => Type::Set(Box::new(object)),
            Nesting::Map => Type::Map(Box::new(object)),
        }
    }
}

impl fmt::Debug for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attribute")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

fn object_type(attributes: &[Attribute]) -> Type {
    Type::Object(
        attributes
            .iter()
            .map(|attribute| (attribute.name.clone(), attribute.ty()))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_null_object_has_every_attribute() {
        let schema = Schema::new(0, "")
            .attribute(Attribute::string("a"))
            .attribute(Attribute::object("b", vec![Attribute::number("c")]));
        let names = schema
            .null_object()
            .entries()
            .map(std::collections::BTreeMap::len);
        assert_eq!(names, Some(2));
    }
}
