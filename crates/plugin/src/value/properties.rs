//! Properties of the wire forms, searched with random values and random bytes.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

use crate::types::Type;
use crate::value::number::Number;
use crate::value::{Refinements, Value, json, msgpack};

/// Makes types that nest a few levels.
fn types() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![
        Just(Type::String),
        Just(Type::Number),
        Just(Type::Bool),
        Just(Type::Dynamic)
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|ty| Type::List(Box::new(ty))),
            inner.clone().prop_map(|ty| Type::Set(Box::new(ty))),
            inner.clone().prop_map(|ty| Type::Map(Box::new(ty))),
            btree_map("[a-z]{1,3}", inner.clone(), 0..4).prop_map(Type::Object),
            vec(inner, 0..4).prop_map(Type::Tuple),
        ]
    })
}

fn numbers() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        any::<u64>().prop_map(Number::from),
        any::<f64>().prop_filter_map("finite", Number::from_f64),
        "-?[0-9]{1,30}(\\.[0-9]{1,20})?(e-?[0-9]{1,2})?"
            .prop_filter_map("a number", |text| text.parse().ok()),
    ]
}

fn refinements() -> impl Strategy<Value = Refinements> {
    (any::<bool>(), proptest::option::of(".{0,4}")).prop_map(|(not_null, string_prefix)| {
        Refinements {
            not_null,
            string_prefix,
        }
    })
}

/// Makes values of a type.
fn values(ty: &Type) -> proptest::strategy::BoxedStrategy<Value> {
    let known = match ty {
        Type::String => ".{0,40}".prop_map(Value::String).boxed(),
        Type::Number => numbers().prop_map(Value::Number).boxed(),
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::List(item) | Type::Set(item) => vec(values(item), 0..4).prop_map(Value::List).boxed(),
        Type::Map(item) => btree_map(".{0,8}", values(item), 0..4)
            .prop_map(Value::Map)
            .boxed(),
        Type::Tuple(types) => {
            let parts: Vec<_> = types.iter().map(values).collect();
            parts.prop_map(Value::List).boxed()
        }
        Type::Object(types) => {
            let parts: Vec<_> = types
                .iter()
                .map(|(name, ty)| {
                    values(ty).prop_map({
                        let name = name.clone();
                        move |value| (name.clone(), value)
                    })
                })
                .collect();
            parts
                .prop_map(|parts| Value::Map(BTreeMap::from_iter(parts)))
                .boxed()
        }
        Type::Dynamic => (any::<i64>(), any::<bool>()).prop_map(open).boxed(),
    };
    prop_oneof![
        6 => known,
        1 => Just(Value::Null),
        1 => refinements().prop_map(Value::Unknown),
    ]
    .boxed()
}

fn open((number, null): (i64, bool)) -> Value {
    let value = if null {
        Value::Null
    } else {
        Value::from(number)
    };
    Value::Dynamic(Box::new(Type::Number), Box::new(value))
}

fn typed_values() -> impl Strategy<Value = (Type, Value)> {
    types().prop_flat_map(|ty| values(&ty).prop_map(move |value| (ty.clone(), value)))
}

proptest! {
    #[test]
    fn a_value_survives_the_wire((ty, value) in typed_values()) {
        let bytes = msgpack::encode(&value, &ty).expect("it was made to fit");
        let back = msgpack::decode(&bytes, &ty);
        prop_assert!(back.as_ref() == Ok(&value));
        prop_assert_eq!(msgpack::encode(&value, &ty), Ok(bytes));
    }

    #[test]
    fn a_type_survives_its_json(ty in types()) {
        prop_assert_eq!(Type::from_bytes(&ty.to_bytes()), Ok(ty));
    }

    #[test]
    fn any_bytes_are_read_or_refused(ty in types(), bytes in vec(any::<u8>(), 0..200)) {
        // What is read fits the type, so it can be written.
        if let Ok(value) = msgpack::decode(&bytes, &ty) {
            prop_assert!(msgpack::encode(&value, &ty).is_ok());
        }
        let _ = json::decode(&bytes, &ty);
    }

    #[test]
    fn bytes_that_were_damaged_are_read_or_refused(
        (ty, value) in typed_values(),
        position in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = msgpack::encode(&value, &ty).expect("it was made to fit");
        let position = position.index(bytes.len());
        if let Some(damaged) = bytes.get_mut(position) {
            *damaged = byte;
        }
        if let Ok(value) = msgpack::decode(&bytes, &ty) {
            prop_assert!(msgpack::encode(&value, &ty).is_ok());
        }
    }

    #[test]
    fn equal_numbers_are_equal_in_both_orders(left in numbers(), right in numbers()) {
        prop_assert_eq!(left == right, right == left);
        prop_assert!(left == left.clone());
    }
}
