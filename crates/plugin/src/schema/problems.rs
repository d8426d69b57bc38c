//! Finds what no core would accept of a schema, or what this crate could not keep its promise about.

use crate::path::Path;
use crate::schema::{Attribute, Kind, Mode, Nesting, Schema};
use crate::types::Type;

/// What the schema is for, on which depends what its attributes can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A resource: planned, stored and changed.
    Managed,
    /// A data source or an ephemeral resource: asked for, and filled in by the answer.
    Answered,
    /// A provider, an action or a list: a configuration and nothing else.
    Configured,
}

/// Says what is wrong with a schema; nothing if all is well.
pub(crate) fn problems(schema: &Schema, purpose: Purpose) -> Vec<String> {
    let mut found = Vec::new();
    collect(&schema.attributes, purpose, &Path::root(), &mut found);
    found
}

fn collect(attributes: &[Attribute], purpose: Purpose, path: &Path, found: &mut Vec<String>) {
    for (position, attribute) in attributes.iter().enumerate() {
        let here = path.clone().then(&attribute.name);
        let mut earlier = attributes.iter().take(position);
        if earlier.any(|earlier| earlier.name == attribute.name) {
            found.push(format!("`{here}` is there twice"));
        }
        let problem = contradiction(attribute).or_else(|| unfit(attribute, purpose));
        found.extend(problem.map(|problem| format!("`{here}` is {problem}")));
        if let Kind::Nested(nesting, inner) = &attribute.kind {
            collect(inner, purpose, &here, found);
            if *nesting == Nesting::Set {
                collect_in_set(inner, &here, found);
            }
        }
    }
}

fn contradiction(attribute: &Attribute) -> Option<&'static str> {
    let settable = attribute.mode != Mode::Computed;
    match attribute {
        _ if attribute.write_only && attribute.is_computed() => Some("write-only and computed"),
        _ if attribute.default.is_some() && attribute.mode != Mode::OptionalComputed => {
            Some("given a default, but not optional and computed")
        }
        _ if !settable && (attribute.replace || attribute.check.is_some()) => {
            Some("judged like a configured attribute, but computed")
        }
        _ => None,
    }
}

/// Says what would be ignored where nothing is planned or stored.
fn unfit(attribute: &Attribute, purpose: Purpose) -> Option<&'static str> {
    match purpose {
        Purpose::Managed => None,
        Purpose::Configured if attribute.is_computed() => {
            Some("computed, but nothing is answered here")
        }
        _ if attribute.default.is_some() || attribute.replace => {
            Some("given a default or a replacement, but nothing is planned here")
        }
        Purpose::Answered if attribute.write_only => Some("write-only, but nothing is stored here"),
        _ => None,
    }
}

/// The objects of a set are told apart by their contents alone, so these must be known and comparable.
fn collect_in_set(attributes: &[Attribute], path: &Path, found: &mut Vec<String>) {
    for attribute in attributes {
        let here = path.clone().then(&attribute.name);
        let problem = match &attribute.kind {
            _ if attribute.is_computed() => Some("computed"),
            _ if attribute.write_only => Some("write-only"),
            _ if attribute.replace => Some("cause for a replacement"),
            Kind::Plain(ty) if is_open(ty) => Some("of an open type"),
            _ => None,
        };
        found.extend(problem.map(|problem| format!("`{here}` is {problem}, but in a set")));
        // A set within reports its own.
        if let Kind::Nested(nesting, inner) = &attribute.kind
            && *nesting != Nesting::Set
        {
            collect_in_set(inner, &here, found);
        }
    }
}

fn is_open(ty: &Type) -> bool {
    match ty {
        Type::Dynamic => true,
        Type::String | Type::Number | Type::Bool => false,
        Type::List(item) | Type::Set(item) | Type::Map(item) => is_open(item),
        Type::Object(attributes) => attributes.values().any(is_open),
        Type::Tuple(items) => items.iter().any(is_open),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(attributes: Vec<Attribute>, purpose: Purpose, expected: &[&str]) {
        let schema = attributes
            .into_iter()
            .fold(Schema::new(0, ""), Schema::attribute);
        assert_eq!(problems(&schema, purpose), expected, "{purpose:?}");
    }

    #[test]
    fn contradictions_are_named_with_their_path() {
        let attributes = vec![
            Attribute::string("a").computed().write_only(),
            Attribute::object("b", vec![Attribute::number("c").default(3)]),
            Attribute::string("a"),
        ];
        check(
            attributes,
            Purpose::Managed,
            &[
                "`a` is write-only and computed",
                "`b.c` is given a default, but not optional and computed",
                "`a` is there twice",
            ],
        );
    }

    #[test]
    fn a_set_holds_nothing_that_is_decided_later_or_cannot_be_compared() {
        let open = Type::List(Box::new(Type::Dynamic));
        let deeper = Attribute::list_of_objects("list", vec![Attribute::string("c").computed()]);
        let inner = vec![
            Attribute::string("a").write_only(),
            Attribute::of("b", open),
            deeper,
            Attribute::string("d").replace(),
        ];
        check(
            vec![Attribute::set_of_objects("set", inner)],
            Purpose::Managed,
            &[
                "`set.a` is write-only, but in a set",
                "`set.b` is of an open type, but in a set",
                "`set.list.c` is computed, but in a set",
                "`set.d` is cause for a replacement, but in a set",
            ],
        );
    }

    #[test]
    fn what_would_be_ignored_is_refused() {
        let computed = || vec![Attribute::string("a").computed()];
        let default = || vec![Attribute::string("a").optional_computed().default("x")];
        let secret = || vec![Attribute::string("a").write_only()];
        check(computed(), Purpose::Answered, &[]);
        check(secret(), Purpose::Configured, &[]);
        check(
            computed(),
            Purpose::Configured,
            &["`a` is computed, but nothing is answered here"],
        );
        check(
            default(),
            Purpose::Answered,
            &["`a` is given a default or a replacement, but nothing is planned here"],
        );
        check(
            secret(),
            Purpose::Answered,
            &["`a` is write-only, but nothing is stored here"],
        );
    }
}
