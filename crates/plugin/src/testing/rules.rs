//! What a core does with the values of a resource: its merge before a plan, and what it accepts afterwards.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::path::Path;
use crate::schema::{Attribute, Kind, Schema};
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
            Kind::Nested(nested) => complete(nested, value),
            Kind::Plain(_) => value,
        };
        entries.insert(attribute.name.clone(), value);
    }
    Value::Map(entries)
}

/// Merges a configuration into a prior state: what is not configured keeps its prior value if it is computed.
pub(super) fn proposed(attributes: &[Attribute], prior: Option<&Value>, config: &Value) -> Value {
    let merged = attributes.iter().map(|attribute| {
        let configured = config.get(&attribute.name);
        let old = prior
            .map(|prior| prior.get(&attribute.name))
            .filter(|old| !old.is_null());
        let value = match (&attribute.kind, old) {
            _ if attribute.write_only => Value::Null,
            (Kind::Nested(nested), old) if configured.is_known() => {
                proposed(nested, old, configured)
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
    let mut found = Diagnostics::new();
    check_planned_object(
        &schema.attributes,
        config,
        planned,
        &Path::root(),
        &mut found,
    );
    found
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

fn check_planned_object(
    attributes: &[Attribute],
    config: &Value,
    planned: &Value,
    path: &Path,
    found: &mut Diagnostics,
) {
    for attribute in attributes {
        let here = path.clone().then(&attribute.name);
        let (configured, value) = (config.get(&attribute.name), planned.get(&attribute.name));
        match &attribute.kind {
            _ if attribute.write_only => found.extend(
                (!value.is_null()).then(|| violation("Provider produced invalid plan", &here)),
            ),
            Kind::Nested(nested) if configured.is_known() => {
                check_planned_object(nested, configured, value, &here, found);
            }
            _ if configured.is_null() && attribute.is_computed() => {}
            _ if same_or_unknown(&attribute.ty(), configured, value) => {}
            _ => found.push(violation("Provider produced invalid plan", &here)),
        }
    }
}

fn same_or_unknown(ty: &Type, configured: &Value, planned: &Value) -> bool {
    (configured.is_unknown() && planned.is_unknown()) || ty.same(configured, planned)
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
