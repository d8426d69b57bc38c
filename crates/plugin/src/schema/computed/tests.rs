//! What follows from the schema alone, in cases.

use super::{configurable, fill, forget, replacements, without_write_only};
use crate::path::Path;
use crate::schema::{Attribute, Schema};
use crate::value::Value;

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

fn rules() -> Schema {
    let inner = || {
        vec![
            Attribute::string("name").required().replace(),
            Attribute::string("id").computed(),
            Attribute::number("days").optional_computed().default(7),
        ]
    };
    Schema::new(0, "")
        .attribute(Attribute::list_of_objects("list", inner()))
        .attribute(Attribute::map_of_objects("map", inner()))
        .attribute(Attribute::set_of_objects(
            "set",
            vec![Attribute::string("name")],
        ))
}

fn rule(name: &str, id: Value, days: Value) -> Value {
    Value::object([("name", name.into()), ("id", id), ("days", days)])
}

#[test]
fn each_object_of_a_list_or_a_map_is_filled_in_by_itself() {
    let unset = |name: &str| rule(name, Value::Null, Value::Null);
    let new = |name: &str| rule(name, Value::UNKNOWN, 7.into());
    let old = |name: &str| rule(name, "1".into(), 7.into());
    let map = |a: Value, b: Value| Value::object([("a", a), ("b", b)]);
    let config = Value::object([
        ("list", Value::list([unset("x"), unset("y")])),
        ("map", map(unset("x"), Value::UNKNOWN)),
    ]);
    let made = fill(&rules(), None, &config, config.clone());
    assert_eq!(made.get("list"), &Value::list([new("x"), new("y")]));
    assert_eq!(made.get("map"), &map(new("x"), Value::UNKNOWN));
    let prior = Value::object([
        ("list", Value::list([old("x")])),
        ("map", Value::object([("a", old("x"))])),
    ]);
    let proposed = Value::object([
        ("list", Value::list([old("x"), unset("y")])),
        ("map", map(old("x"), Value::UNKNOWN)),
    ]);
    let changed = fill(&rules(), Some(&prior), &config, proposed);
    assert_eq!(changed.get("list"), &Value::list([old("x"), new("y")]));
    assert_eq!(changed.get("map"), &map(old("x"), Value::UNKNOWN));
    let forgotten = forget(&rules(), changed);
    assert_eq!(forgotten.get("list"), &Value::list([new("x"), new("y")]));
}

#[test]
fn a_replacement_names_the_object_it_is_for() {
    let one = |name: &str| rule(name, Value::Null, Value::Null);
    let check = |name: &str, old: Value, new: Value, expected: &[&str]| {
        let with = |value| Value::object([(name, value)]);
        let paths = replacements(&rules(), &with(old), &with(new));
        let shown: Vec<String> = paths.iter().map(Path::to_string).collect();
        assert_eq!(shown, expected);
    };
    let list = |items: Vec<Value>| Value::List(items);
    check("list", list(vec![one("x")]), list(vec![one("x")]), &[]);
    check(
        "list",
        list(vec![one("x")]),
        list(vec![one("y")]),
        &["list[0].name"],
    );
    check(
        "list",
        list(vec![one("x")]),
        list(vec![]),
        &["list[0].name"],
    );
    check(
        "list",
        list(vec![one("x")]),
        Value::UNKNOWN,
        &["list[0].name"],
    );
    let map = |key: &str| Value::object([(key, one("x"))]);
    check(
        "map",
        map("a"),
        map("b"),
        &["map[\"a\"].name", "map[\"b\"].name"],
    );
    check(
        "set",
        list(vec![]),
        list(vec![Value::object([("name", "x".into())])]),
        &[],
    );
}

#[test]
fn what_a_person_would_write_has_nothing_computed() {
    let state = Value::object([("list", Value::list([rule("x", "1".into(), 9.into())]))]);
    let written = configurable(&rules(), state);
    let kept = rule("x", Value::Null, 9.into());
    assert_eq!(written.get("list"), &Value::list([kept]));
}
