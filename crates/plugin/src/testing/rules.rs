//! What a core does with the values of a resource: its merge before a plan, and what it accepts afterwards.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::path::Path;
use crate::schema::{Attribute, Kind, Schema, conformity, nested};
use crate::types::Type;
use crate::value::Value;

/// Adds the attributes that a configuration leaves out.
pub(super) fn complete(attributes: &[Attribute], config: Value) -> Value {
    let Value::Map(mut entries) = config else {
        return config;
    };
    for attribute in attributes {
        let value = entries.remove(&attribute.name).unwrap_or(Value::Null);
        let value = match &attribute.kind {
            Kind::Nested(nesting, inner) => {
                nested::map_objects(*nesting, value, |_, object| complete(inner, object))
            }
            Kind::Plain(_) => value,
        };
        entries.insert(attribute.name.clone(), value);
    }
    Value::Map(entries)
}

/// Merges a configuration into a prior state: what is not configured keeps its prior value if it is computed.
pub(super) fn proposed(attributes: &[Attribute], prior: Option<&Value>, config: &Value) -> Value {
    if !config.is_known() {
        return config.clone();
    }
    let merged = attributes.iter().map(|attribute| {
        let configured = config.get(&attribute.name);
        let old = prior
            .map(|prior| prior.get(&attribute.name))
            .filter(|old| !old.is_null());
        let value = match (&attribute.kind, old) {
            _ if attribute.write_only => Value::Null,
            (Kind::Nested(nesting, inner), old) if configured.is_known() => {
                nested::map_objects(*nesting, configured.clone(), |place, object| {
                    let old = old.map(|old| nested::part(old, place));
                    proposed(inner, old.filter(|old| old.is_known()), &object)
                })
            }
            (_, Some(old)) if configured.is_null() && attribute.is_computed() => old.clone(),
            _ => configured.clone(),
        };
        (attribute.name.as_str(), value)
    });
    Value::object(merged)
}

/// Judges a plan: what is configured is planned as configured, and only computed attributes may differ.
pub(super) fn check_plan(schema: &Schema, config: &Value, planned: &Value) -> Diagnostics {
    let paths = conformity::deviations(schema, config, planned);
    paths
        .iter()
        .map(|path| violation("Provider produced invalid plan", path))
        .collect()
}

/// Judges a second plan: what the first one knew must not change.
pub(super) fn check_final_plan(schema: &Schema, first: &Value, last: &Value) -> Diagnostics {
    let path = difference(&schema.ty(), first, last, &Path::root());
    path.map(|path| violation("Provider produced inconsistent final plan", &path))
        .into_iter()
        .collect()
}

/// Judges the result of a plan: what was known must have come true.
pub(super) fn check_applied(schema: &Schema, planned: &Value, state: &Value) -> Diagnostics {
    let path = difference(&schema.ty(), planned, state, &Path::root());
    path.map(|path| violation("Provider produced inconsistent result after apply", &path))
        .into_iter()
        .collect()
}

/// Judges the identity after a plan: one that was planned must not change.
pub(super) fn check_identity(planned: &Value, identity: &Value) -> Diagnostics {
    let changed = !planned.is_null() && !identity.is_null() && planned != identity;
    let changed = changed.then(|| {
        let detail = "A core refuses an identity that differs from the planned one.";
        Diagnostic::error("Provider produced different identity", detail)
    });
    changed.into_iter().collect()
}

/// Finds where a value differs from an expectation of which parts may be unknown.
fn difference(ty: &Type, expected: &Value, actual: &Value, path: &Path) -> Option<Path> {
    if expected.is_unknown() {
        return None;
    }
    match (ty, expected, actual) {
        (Type::Object(types), Value::Map(_), Value::Map(_)) => {
            types.iter().find_map(|(name, ty)| {
                difference(
                    ty,
                    expected.get(name),
                    actual.get(name),
                    &path.clone().then(name),
                )
            })
        }
        (Type::List(item), Value::List(before), Value::List(after))
            if before.len() == after.len() =>
        {
            let pairs = (0..).zip(before.iter().zip(after));
            pairs
                .map(|(index, pair)| (path.clone().index(index), pair))
                .find_map(|(path, (before, after))| difference(item, before, after, &path))
        }
        (Type::Map(item), Value::Map(before), Value::Map(after))
            if before.keys().eq(after.keys()) =>
        {
            before.iter().find_map(|(key, before)| {
                difference(item, before, actual.get(key), &path.clone().key(key))
            })
        }
        // The elements of a set have no order in which to compare them one by one.
        _ if !expected.is_wholly_known() => None,
        _ => (!ty.same(expected, actual)).then(|| path.clone()),
    }
}

fn violation(summary: &str, path: &Path) -> Diagnostic {
    Diagnostic::error(summary, format!("A core refuses this at `{path}`.")).at(path.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Schema {
        Schema::new(0, "")
            .attribute(Attribute::string("id").computed())
            .attribute(Attribute::string("name").required())
            .attribute(Attribute::string("secret").write_only())
            .attribute(Attribute::object("vault", vec![Attribute::string("uri")]))
    }

    fn object<const N: usize>(attributes: [(&str, Value); N]) -> Value {
        complete(&schema().attributes, Value::object(attributes))
    }

    fn paths(found: &Diagnostics) -> Vec<String> {
        found
            .iter()
            .filter_map(|found| found.path.as_ref())
            .map(Path::to_string)
            .collect()
    }

    #[test]
    fn what_is_not_configured_keeps_its_prior_value_if_it_is_computed() {
        let vault = Value::object([("uri", "u".into())]);
        let prior = object([("id", "1".into()), ("name", "a".into()), ("vault", vault)]);
        let config = object([("name", "b".into()), ("secret", "s".into())]);
        let merged = proposed(&schema().attributes, Some(&prior), &config);
        assert!(merged == object([("id", "1".into()), ("name", "b".into())]));
    }

    #[test]
    fn a_plan_may_only_decide_what_is_computed() {
        let vault = |uri: &str| Value::object([("uri", uri.into())]);
        let config = object([("name", "a".into()), ("vault", vault("u"))]);
        let check = |planned: Value| paths(&check_plan(&schema(), &config, &planned));
        let with = |name: &str, value: Value| {
            let mut planned = config.clone();
            planned.set(name, value);
            planned
        };
        assert_eq!(check(with("id", Value::UNKNOWN)), [""; 0]);
        assert_eq!(check(with("name", "b".into())), ["name"]);
        assert_eq!(check(with("secret", "s".into())), ["secret"]);
        assert_eq!(check(with("vault", vault("v"))), ["vault.uri"]);
    }

    #[test]
    fn what_was_planned_must_come_true() {
        let planned = object([("id", Value::UNKNOWN), ("name", "a".into())]);
        let check = |id: &str, name: &str| {
            let state = object([("id", id.into()), ("name", name.into())]);
            paths(&check_applied(&schema(), &planned, &state))
        };
        assert_eq!(check("1", "a"), [""; 0]);
        assert_eq!(check("1", "b"), ["name"]);
    }
}
