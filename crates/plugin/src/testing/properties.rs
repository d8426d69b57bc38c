//! Planning by the schema alone, on arbitrary configurations with nested objects, as a core judges it.

use std::collections::BTreeMap;

use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};

use super::rules;
use crate::schema::{Attribute, Schema, computed, conformity};
use crate::value::Value;

fn schema() -> Schema {
    let leaf = || {
        vec![
            Attribute::string("name").required(),
            Attribute::string("id").computed(),
            Attribute::number("days").optional_computed().default(7),
            Attribute::string("secret").write_only(),
        ]
    };
    let mut inner = leaf();
    inner.push(Attribute::list_of_objects("parts", leaf()));
    inner.push(Attribute::object("one", leaf()).optional_computed());
    Schema::new(0, "")
        .attribute(Attribute::list_of_objects("list", inner.clone()))
        .attribute(Attribute::map_of_objects("map", inner))
        .attribute(Attribute::set_of_objects(
            "set",
            vec![Attribute::string("name")],
        ))
}

/// What a person wrote: something, nothing, or what another object will tell.
fn text() -> impl Strategy<Value = Value> {
    prop_oneof![
        "[a-c]{1,2}".prop_map(Value::from),
        Just(Value::Null),
        Just(Value::UNKNOWN)
    ]
}

fn object(
    attributes: Vec<(&'static str, proptest::strategy::BoxedStrategy<Value>)>,
) -> impl Strategy<Value = Value> {
    let (names, values): (Vec<_>, Vec<_>) = attributes.into_iter().unzip();
    values.prop_map(move |values| Value::object(names.iter().copied().zip(values)))
}

fn list(item: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let items = proptest::collection::vec(item, 0..4).prop_map(Value::List);
    proptest::option::weighted(0.8, items).prop_map(Value::from)
}

fn leaf() -> Vec<(&'static str, proptest::strategy::BoxedStrategy<Value>)> {
    let days = proptest::option::of(any::<i64>()).prop_map(Value::from);
    vec![
        ("name", text().boxed()),
        ("days", days.boxed()),
        ("secret", text().boxed()),
    ]
}

fn config() -> impl Strategy<Value = Value> {
    let inner = || {
        let mut attributes = leaf();
        attributes.push(("parts", list(object(leaf())).boxed()));
        let one = prop_oneof![object(leaf()), Just(Value::Null)];
        attributes.push(("one", one.boxed()));
        prop_oneof![9 => object(attributes), 1 => Just(Value::UNKNOWN)]
    };
    let keyed = proptest::collection::btree_map("[a-b]", inner(), 0..3);
    let map = keyed.prop_map(|entries: BTreeMap<String, Value>| Value::Map(entries));
    let set = list(object(vec![("name", text().boxed())]));
    let config = object(vec![
        ("list", list(inner()).boxed()),
        ("map", map.boxed()),
        ("set", set.boxed()),
    ]);
    config.prop_map(|config| rules::complete(&schema().attributes, config))
}

fn plan(prior: Option<&Value>, config: &Value) -> Value {
    let schema = schema();
    let proposed = rules::proposed(&schema.attributes, prior, config);
    let filled = computed::fill(&schema, prior, config, proposed);
    computed::without_write_only(&schema, filled)
}

proptest! {
    #[test]
    fn a_plan_keeps_what_is_configured(config in config(), before in config()) {
        let made = plan(None, &config);
        assert_eq!(conformity::deviations(&schema(), &config, &made), []);
        let prior = plan(None, &before).with_unknown_as_null();
        let changed = plan(Some(&prior), &config);
        assert_eq!(conformity::deviations(&schema(), &config, &changed), []);
    }

    #[test]
    fn planning_again_changes_nothing(config in config()) {
        let config = config.with_unknown_as_null();
        let applied = plan(None, &config).with_unknown_as_null();
        assert!(plan(Some(&applied), &config) == applied);
    }
}
