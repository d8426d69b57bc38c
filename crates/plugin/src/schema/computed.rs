//! The generic part of planning: what follows from the schema alone.
//!
//! What a change means for the object is left to [`Resource::plan`](crate::Resource::plan).

use std::collections::BTreeMap;

use crate::path::Path;
use crate::schema::{Attribute, Kind, Mode, Schema};
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

fn fill_object(
    attributes: &[Attribute],
    prior: Option<&Value>,
    config: &Value,
    proposed: Value,
) -> Value {
    map_attributes(attributes, proposed, |attribute, value| {
        let configured = config.get(&attribute.name);
        match &attribute.kind {
            Kind::Nested(nested) if configured.is_known() => {
                let prior = prior.map(|prior| prior.get(&attribute.name));
                // An object that is added to an existing resource is new itself.
                fill_object(
                    nested,
                    prior.filter(|prior| prior.is_known()),
                    configured,
                    value,
                )
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
        let (old, new) = (prior.get(&attribute.name), planned.get(&attribute.name));
        let here = path.clone().then(&attribute.name);
        if attribute.replace && !(new.is_wholly_known() && attribute.ty().same(old, new)) {
            found.push(here);
        } else if let Kind::Nested(nested) = &attribute.kind
            && (old.is_known() || new.is_known())
        {
            find_replacements(nested, &here, old, new, found);
        }
    }
}

fn forget_computed(attributes: &[Attribute], planned: Value) -> Value {
    map_attributes(attributes, planned, |attribute, value| {
        match &attribute.kind {
            _ if attribute.mode == Mode::Computed => Value::UNKNOWN,
            Kind::Nested(nested) => forget_computed(nested, value),
            Kind::Plain(_) => value,
        }
    })
}

fn strip(attributes: &[Attribute], value: Value) -> Value {
    map_attributes(attributes, value, |attribute, value| {
        match &attribute.kind {
            _ if attribute.write_only => Value::Null,
            Kind::Nested(nested) => strip(nested, value),
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
mod tests {
    use super::*;

    fn schema() -> Schema {
        Schema::new(0, "")
            .attribute(Attribute::string("id").computed())
            .attribute(Attribute::string("name").required().replace())
            .attribute(Attribute::number("days").optional_computed().default(90))
            .attribute(Attribute::string("mode").optional_computed())
            .attribute(Attribute::string("secret").write_only())
            .attribute(Attribute::object(
                "vault",
                vec![
                    Attribute::string("uri").required().replace(),
                    Attribute::string("version").computed(),
                ],
            ))
    }

    /// Makes an object of the schema; attributes that are not named are null.
    fn object<const N: usize>(attributes: [(&str, Value); N]) -> Value {
        let mut object = schema().null_object();
        for (name, value) in attributes {
            object.set(name, value);
        }
        object
    }

    fn vault(uri: &str, version: Value) -> Value {
        Value::object([("uri", Value::from(uri)), ("version", version)])
    }

    fn check_filled(prior: Option<&Value>, config: &Value, proposed: &Value, expected: &Value) {
        let filled = fill(&schema(), prior, config, proposed.clone());
        assert_eq!(filled.entries(), expected.entries());
        for (name, value) in expected.entries().into_iter().flatten() {
            assert_eq!(filled.get(name), value, "{name}");
        }
    }

    #[test]
    fn a_new_object_has_defaults_and_unknowns_where_nothing_is_configured() {
        let config = object([("name", "a".into()), ("vault", vault("u", Value::Null))]);
        let expected = object([
            ("id", Value::UNKNOWN),
            ("name", "a".into()),
            ("days", 90.into()),
            ("mode", Value::UNKNOWN),
            ("vault", vault("u", Value::UNKNOWN)),
        ]);
        check_filled(None, &config, &config, &expected);
    }

    #[test]
    fn what_is_configured_stays_also_when_unknown() {
        let config = object([
            ("name", Value::UNKNOWN),
            ("days", 7.into()),
            ("mode", Value::UNKNOWN),
            ("vault", Value::UNKNOWN),
        ]);
        let mut expected = config.clone();
        expected.set("id", Value::UNKNOWN);
        check_filled(None, &config, &config, &expected);
    }

    #[test]
    fn a_change_keeps_prior_values_and_returns_to_defaults() {
        let prior = object([
            ("id", "1".into()),
            ("name", "a".into()),
            ("days", 7.into()),
            ("mode", "x".into()),
        ]);
        let config = object([("name", "a".into()), ("vault", vault("u", Value::Null))]);
        let mut proposed = prior.clone();
        proposed.set("vault", vault("u", Value::Null));
        let mut expected = prior.clone();
        expected.set("days", 90.into());
        // The vault is new, although the object is not.
        expected.set("vault", vault("u", Value::UNKNOWN));
        check_filled(Some(&prior), &config, &proposed, &expected);
    }

    fn check_replaced(prior: &Value, planned: &Value, expected: &[&str]) {
        let paths = replacements(&schema(), prior, planned);
        let shown: Vec<String> = paths.iter().map(Path::to_string).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_replacement_is_needed_where_the_schema_says_so() {
        let prior = object([("name", "a".into()), ("vault", vault("u", Value::Null))]);
        let with = |name: &str, value: Value| {
            let mut planned = prior.clone();
            planned.set(name, value);
            planned
        };
        check_replaced(&prior, &prior, &[]);
        check_replaced(&prior, &with("days", 3.into()), &[]);
        check_replaced(&prior, &with("name", "b".into()), &["name"]);
        check_replaced(&prior, &with("name", Value::UNKNOWN), &["name"]);
        check_replaced(
            &prior,
            &with("vault", vault("v", Value::Null)),
            &["vault.uri"],
        );
        check_replaced(&prior, &with("vault", Value::Null), &["vault.uri"]);
        check_replaced(
            &with("vault", Value::Null),
            &with("vault", Value::Null),
            &[],
        );
    }

    #[test]
    fn a_replacement_makes_only_computed_attributes_unknown() {
        let planned = object([
            ("id", "1".into()),
            ("days", 7.into()),
            ("mode", "x".into()),
            ("vault", vault("u", "3".into())),
        ]);
        let forgotten = forget(&schema(), planned);
        assert!(forgotten.get("id").is_unknown());
        assert!(forgotten.get("vault").get("version").is_unknown());
        assert_eq!(forgotten.get("mode").as_str(), Some("x"));
        assert_eq!(forgotten.get("vault").get("uri").as_str(), Some("u"));
    }

    #[test]
    fn write_only_values_are_nulled_wherever_they_are() {
        let nested = Schema::new(0, "").attribute(Attribute::object(
            "outer",
            vec![
                Attribute::string("secret").write_only(),
                Attribute::string("kept"),
            ],
        ));
        let outer = Value::object([("secret", "s".into()), ("kept", "k".into())]);
        let stripped = without_write_only(&nested, Value::object([("outer", outer)]));
        assert!(stripped.get("outer").get("secret").is_null());
        assert_eq!(stripped.get("outer").get("kept").as_str(), Some("k"));
    }
}
