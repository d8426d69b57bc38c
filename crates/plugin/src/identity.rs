//! Identities: the few attributes by which an object is found again, apart from its state.
//!
//! An identity never changes while the object exists, and nothing in it is ever unknown.

use crate::path::Path;
use crate::types::Type;
use crate::value::Value;

/// The attributes that make the identity of a resource type.
#[derive(Clone, Debug)]
pub struct IdentitySchema {
    /// Version of the stored form; raise it when that changes, and convert in `Resource::upgrade_identity`.
    pub version: i64,
    /// The attributes, in the order of the manual.
    pub attributes: Vec<IdentityAttribute>,
}

/// One attribute of an identity.
#[derive(Clone, Debug)]
pub struct IdentityAttribute {
    /// Its name.
    pub name: String,
    /// What it holds: a text, a number, a truth value, or a list of these.
    pub ty: Type,
    /// Whether it must be given to import an object.
    pub import: ForImport,
    /// What it is for, in Markdown.
    pub description: String,
}

/// Whether an attribute must be given to import an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForImport {
    /// It must.
    Required,
    /// It may; it is null otherwise.
    Optional,
}

impl IdentitySchema {
    /// Makes an identity without attributes.
    #[must_use]
    pub fn new(version: i64) -> IdentitySchema {
        IdentitySchema {
            version,
            attributes: Vec::new(),
        }
    }

    /// Adds an attribute.
    #[must_use]
    pub fn attribute(mut self, attribute: IdentityAttribute) -> IdentitySchema {
        self.attributes.push(attribute);
        self
    }

    /// Returns the type that every identity of this schema has.
    #[must_use]
    pub fn ty(&self) -> Type {
        let attributes = self.attributes.iter();
        Type::Object(
            attributes
                .map(|attribute| (attribute.name.clone(), attribute.ty.clone()))
                .collect(),
        )
    }

    /// Picks the attributes of an identity out of a state that has them under the same names.
    #[must_use]
    pub fn pick(&self, state: &Value) -> Value {
        let attributes = self.attributes.iter();
        Value::object(attributes.map(|attribute| {
            let name = attribute.name.as_str();
            (name, state.get(name).clone())
        }))
    }

    /// Tells whether an identity is enough to find the object: nothing unknown, nothing required missing.
    pub(crate) fn is_complete(&self, identity: &Value) -> bool {
        let mut required = self
            .attributes
            .iter()
            .filter(|attribute| attribute.import == ForImport::Required);
        identity.is_known()
            && identity.is_wholly_known()
            && required.all(|attribute| identity.get(&attribute.name).is_known())
    }

    /// Says what no core would accept of this schema; nothing if all is well.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (position, attribute) in self.attributes.iter().enumerate() {
            let here = Path::attribute(&attribute.name);
            let mut earlier = self.attributes.iter().take(position);
            if earlier.any(|earlier| earlier.name == attribute.name) {
                found.push(format!("`{here}` is there twice"));
            }
            let simple = match &attribute.ty {
                Type::List(item) => is_simple(item),
                ty => is_simple(ty),
            };
            if !simple {
                found.push(format!("`{here}` is neither simple nor a list of what is"));
            }
        }
        found
    }
}

impl IdentityAttribute {
    /// Makes an attribute that importing needs.
    pub fn of(name: impl Into<String>, ty: Type) -> IdentityAttribute {
        IdentityAttribute {
            name: name.into(),
            ty,
            import: ForImport::Required,
            description: String::new(),
        }
    }

    /// Makes a text that importing needs.
    pub fn string(name: impl Into<String>) -> IdentityAttribute {
        IdentityAttribute::of(name, Type::String)
    }

    /// Lets importing do without the attribute.
    #[must_use]
    pub fn optional(mut self) -> IdentityAttribute {
        self.import = ForImport::Optional;
        self
    }

    /// Sets the text of the manual.
    #[must_use]
    pub fn describe(mut self, description: impl Into<String>) -> IdentityAttribute {
        self.description = description.into();
        self
    }
}

fn is_simple(ty: &Type) -> bool {
    matches!(ty, Type::String | Type::Number | Type::Bool)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> IdentitySchema {
        IdentitySchema::new(0)
            .attribute(IdentityAttribute::string("name"))
            .attribute(IdentityAttribute::string("tenant").optional())
    }

    #[test]
    fn an_identity_is_complete_with_all_that_importing_needs() {
        let check = |name: Value, tenant: Value, expected: bool| {
            let state = Value::object([("name", name), ("tenant", tenant), ("x", true.into())]);
            let identity = schema().pick(&state);
            assert_eq!(schema().is_complete(&identity), expected);
        };
        check("a".into(), "t".into(), true);
        check("a".into(), Value::Null, true);
        check("a".into(), Value::UNKNOWN, false);
        check(Value::Null, "t".into(), false);
        assert!(!schema().is_complete(&Value::Null));
    }

    #[test]
    fn an_identity_holds_simple_values_only() {
        let list = |item: Type| Type::List(Box::new(item));
        let schema = schema()
            .attribute(IdentityAttribute::of("list", list(Type::Number)))
            .attribute(IdentityAttribute::of("lists", list(list(Type::Number))))
            .attribute(IdentityAttribute::string("name"));
        assert_eq!(
            schema.problems(),
            [
                "`lists` is neither simple nor a list of what is",
                "`name` is there twice"
            ]
        );
    }
}
