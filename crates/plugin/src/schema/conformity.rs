//! Compares an answer with the configuration that it answers: what was configured comes back as it was.

use crate::path::Path;
use crate::schema::{Attribute, Kind, Nesting, Schema, nested};
use crate::types::Type;
use crate::value::Value;

/// Finds where an answer decides what only the configuration may decide, by the rules of the cores.
///
/// An attribute that the configuration leaves out is free if it is computed, and null otherwise. Write-only
/// attributes never come back.
pub(crate) fn deviations(schema: &Schema, config: &Value, answer: &Value) -> Vec<Path> {
    let mut found = Vec::new();
    compare_object(
        &schema.attributes,
        config,
        answer,
        &Path::root(),
        &mut found,
    );
    found
}

fn compare_object(
    attributes: &[Attribute],
    config: &Value,
    answer: &Value,
    path: &Path,
    found: &mut Vec<Path>,
) {
    for attribute in attributes {
        let here = path.clone().then(&attribute.name);
        let (configured, value) = (config.get(&attribute.name), answer.get(&attribute.name));
        match &attribute.kind {
            _ if attribute.write_only => found.extend((!value.is_null()).then_some(here)),
            Kind::Nested(nesting, inner)
                if *nesting != Nesting::Set && configured.is_known() && value.is_known() =>
            {
                compare_objects(*nesting, inner, configured, value, &here, found);
            }
            _ if configured.is_null() && attribute.is_computed() => {}
            _ if same_or_unknown(&attribute.ty(), configured, value) => {}
            _ => found.push(here),
        }
    }
}

fn compare_objects(
    nesting: Nesting,
    attributes: &[Attribute],
    configured: &Value,
    value: &Value,
    path: &Path,
    found: &mut Vec<Path>,
) {
    for place in nested::places(nesting, configured, value) {
        let (config, answer) = (
            nested::part(configured, place.as_ref()),
            nested::part(value, place.as_ref()),
        );
        let here = nested::path(path, place);
        if config.is_known() && answer.is_known() {
            compare_object(attributes, config, answer, &here, found);
        } else if config.is_null() != answer.is_null() || config.is_unknown() != answer.is_unknown()
        {
            found.push(here);
        }
    }
}

fn same_or_unknown(ty: &Type, configured: &Value, answered: &Value) -> bool {
    (configured.is_unknown() && answered.is_unknown()) || ty.same(configured, answered)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Schema {
        let inner = || {
            vec![
                Attribute::string("name").required(),
                Attribute::string("id").computed(),
            ]
        };
        Schema::new(0, "")
            .attribute(Attribute::string("id").computed())
            .attribute(Attribute::string("mode").optional_computed())
            .attribute(Attribute::string("secret").write_only())
            .attribute(Attribute::object("one", inner()))
            .attribute(Attribute::list_of_objects("list", inner()))
            .attribute(Attribute::map_of_objects("map", inner()))
            .attribute(Attribute::set_of_objects(
                "set",
                vec![Attribute::string("name")],
            ))
    }

    fn inner(name: &str, id: &str) -> Value {
        Value::object([("name", name.into()), ("id", Some(id).into())])
    }

    fn check(name: &'static str, configured: Value, answered: Value, expected: &[&str]) {
        let with = |value| Value::object([(name, value)]);
        let found = deviations(&schema(), &with(configured), &with(answered));
        let shown: Vec<String> = found.iter().map(Path::to_string).collect();
        assert_eq!(shown, expected, "{name}");
    }

    #[test]
    fn only_what_is_computed_and_not_configured_is_free() {
        check("id", Value::Null, "x".into(), &[]);
        check("mode", Value::Null, "x".into(), &[]);
        check("mode", "y".into(), "x".into(), &["mode"]);
        check("mode", Value::UNKNOWN, Value::UNKNOWN, &[]);
        check("secret", "s".into(), Value::Null, &[]);
        check("secret", "s".into(), "s".into(), &["secret"]);
        check("one", Value::Null, inner("a", "1"), &["one"]);
        check("one", inner("a", "1"), Value::Null, &["one"]);
    }

    #[test]
    fn objects_are_compared_where_they_stand() {
        let unset = |name: &str| Value::object([("name", name.into()), ("id", Value::Null)]);
        check("one", unset("a"), inner("b", "1"), &["one.name"]);
        let list = |items: Vec<Value>| Value::List(items);
        check(
            "list",
            list(vec![unset("a")]),
            list(vec![inner("a", "1")]),
            &[],
        );
        check(
            "list",
            list(vec![unset("a"), unset("b")]),
            list(vec![inner("a", "1"), inner("c", "2")]),
            &["list[1].name"],
        );
        check(
            "list",
            list(vec![unset("a")]),
            list(vec![inner("a", "1"), inner("b", "2")]),
            &["list[1]"],
        );
        let map = |key: &str, object: Value| Value::object([(key, object)]);
        check("map", map("k", unset("a")), map("k", inner("a", "1")), &[]);
        check(
            "map",
            map("k", unset("a")),
            map("l", inner("a", "1")),
            &["map[\"k\"]", "map[\"l\"]"],
        );
    }

    #[test]
    fn the_objects_of_a_set_have_no_order() {
        let name = |name: &str| Value::object([("name", name.into())]);
        let both = Value::list([name("a"), name("b")]);
        check(
            "set",
            both.clone(),
            Value::list([name("b"), name("a")]),
            &[],
        );
        check("set", both, Value::list([name("b"), name("c")]), &["set"]);
    }
}
