//! The bytes that a core really sends, and those it must not send.

use super::{DEPTH, decode, encode};
use crate::types::Type;
use crate::value::number::Number;
use crate::value::{Refinements, Value};

const TEXT: &str = r#""string""#;
const NUMBER: &str = r#""number""#;
const DYNAMIC: &str = r#""dynamic""#;
const BOOLS: &str = r#"["list","bool"]"#;
const FLAGS: &str = r#"["map","bool"]"#;

fn ty(text: &str) -> Type {
    Type::from_bytes(text.as_bytes()).expect("a type")
}

fn number(text: &str) -> Value {
    Value::Number(text.parse().expect("a number"))
}

/// Checks that the bytes and the value are two forms of the same, both ways.
fn check(ty_text: &str, bytes: &[u8], value: &Value) {
    let ty = ty(ty_text);
    assert!(
        decode(bytes, &ty).as_ref() == Ok(value),
        "decoding {bytes:02x?}"
    );
    assert_eq!(
        encode(value, &ty).as_deref(),
        Ok(bytes),
        "encoding {value:?}"
    );
}

fn check_refused(ty_text: &str, bytes: &[u8], reason: &str) {
    let error = decode(bytes, &ty(ty_text))
        .map(|_| ())
        .expect_err("it must be refused");
    assert_eq!(
        error.to_string(),
        format!("cannot read the value: {reason}"),
        "{bytes:02x?}"
    );
}

fn text_bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    rmp::encode::write_str(&mut bytes, text).expect("memory takes all");
    bytes
}

#[test]
fn null_and_unknown_have_the_bytes_of_a_core() {
    check(TEXT, &[0xc0], &Value::Null);
    check(TEXT, &[0xd4, 0, 0], &Value::UNKNOWN);
    let not_null = Refinements {
        not_null: true,
        string_prefix: None,
    };
    check(
        TEXT,
        &[0xc7, 3, 12, 0x81, 1, 0xc2],
        &Value::Unknown(not_null),
    );
    let prefix = Refinements {
        not_null: true,
        string_prefix: Some("pre-".to_owned()),
    };
    let bytes = [0xc7, 9, 12, 0x82, 1, 0xc2, 2, 0xa4, b'p', b'r', b'e', b'-'];
    check(TEXT, &bytes, &Value::Unknown(prefix));
}

#[test]
fn other_extensions_and_refinements_are_plain_unknowns() {
    let unknown = |bytes: &[u8]| decode(bytes, &Type::Number) == Ok(Value::UNKNOWN);
    assert!(unknown(&[0xd5, 42, 1, 2]));
    // A lower bound of a number, which is not kept.
    assert!(unknown(&[0xc7, 5, 12, 0x81, 3, 0x92, 1, 0xc3]));
    assert_eq!(
        encode(&Value::UNKNOWN, &Type::Number).as_deref(),
        Ok(&[0xd4, 0, 0][..])
    );
}

#[test]
fn numbers_have_the_bytes_of_a_core() {
    check(NUMBER, &[7], &Value::from(7));
    check(NUMBER, &[0xfd], &Value::from(-3));
    check(
        NUMBER,
        &[0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0],
        &Value::from(i64::MIN),
    );
    check(
        NUMBER,
        &[0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0],
        &Value::Number(Number::from_f64(1.5).expect("finite")),
    );
    for text in [
        "0.1",
        "18446744073709551615",
        "18446744073709551616",
        "1000000000000000000000000000000",
    ] {
        check(NUMBER, &text_bytes(text), &number(text));
    }
}

#[test]
fn whole_numbers_beyond_range_are_never_sent_as_floats_or_unsigned() {
    let unsigned = [0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    let float = [0xcb, 0x43, 0xf0, 0, 0, 0, 0, 0, 0];
    for (bytes, text) in [
        (unsigned, "18446744073709551615"),
        (float, "18446744073709551616"),
    ] {
        let value = decode(&bytes, &Type::Number).expect("a number");
        assert_eq!(encode(&value, &Type::Number), Ok(text_bytes(text)));
    }
}

#[test]
fn collections_have_the_bytes_of_a_core() {
    let items = Value::list([Value::from("a"), Value::Null]);
    for ty in [
        r#"["list","string"]"#,
        r#"["set","string"]"#,
        r#"["tuple",["string","bool"]]"#,
    ] {
        check(ty, &[0x92, 0xa1, b'a', 0xc0], &items);
    }
    let object = Value::object([("a", Value::from(true)), ("b", Value::Null)]);
    let bytes = [0x82, 0xa1, b'a', 0xc3, 0xa1, b'b', 0xc0];
    check(r#"["object",{"a":"bool","b":"string"}]"#, &bytes, &object);
    check(r#"["map","bool"]"#, &bytes, &object);
}

#[test]
fn open_values_have_the_bytes_of_a_core() {
    let open = |ty_text: &str, value: Value| Value::Dynamic(Box::new(ty(ty_text)), Box::new(value));
    let pair = |ty_text: &str, rest: &[u8]| {
        let mut bytes = vec![
            0x92,
            0xc4,
            u8::try_from(ty_text.len()).expect("a short type"),
        ];
        bytes.extend_from_slice(ty_text.as_bytes());
        bytes.extend_from_slice(rest);
        bytes
    };
    let check = |ty_text: &str, rest: &[u8], value: Value| {
        check(DYNAMIC, &pair(ty_text, rest), &open(ty_text, value));
    };
    check(NUMBER, &[7], Value::from(7));
    check(TEXT, &[0xc0], Value::Null);
    check(TEXT, &[0xd4, 0, 0], Value::UNKNOWN);
    let inner = Value::list([Value::from("x"), Value::from(true), Value::Null]);
    check(
        r#"["object",{"a":"number","b":["tuple",["string","bool","dynamic"]]}]"#,
        &[
            0x82, 0xa1, b'a', 1, 0xa1, b'b', 0x93, 0xa1, b'x', 0xc3, 0xc0,
        ],
        Value::object([("a", Value::from(1)), ("b", inner)]),
    );
    assert!(decode(&[0xc0], &Type::Dynamic) == Ok(Value::Null));
}

#[test]
fn a_value_without_a_type_of_its_own_is_sent_with_the_one_read_off_it() {
    let value = Value::object([("a", Value::list([Value::from(1), Value::Null]))]);
    let bytes = encode(&value, &Type::Dynamic).expect("it has a type");
    let Ok(Value::Dynamic(own, back)) = decode(&bytes, &Type::Dynamic) else {
        unreachable!("an open value comes back with its type")
    };
    assert_eq!(
        *own,
        ty(r#"["object",{"a":["tuple",["number","dynamic"]]}]"#)
    );
    assert_eq!(*back, value);
}

#[test]
fn broken_bytes_are_refused() {
    check_refused(TEXT, &[], "the bytes end too early");
    check_refused(TEXT, &[0xc0, 0xc0], "bytes follow the value");
    check_refused(TEXT, &[0xa2, 0xff, 0xfe], "a text that is not UTF-8");
    check_refused(TEXT, &[0xc1], "not a text");
    check_refused(
        TEXT,
        &[0xdb, 0xff, 0xff, 0xff, 0xff],
        "the bytes end too early",
    );
    check_refused(TEXT, &[0xc7, 200, 12], "the bytes end too early");
    check_refused(
        BOOLS,
        &[0xdd, 0xff, 0xff, 0xff, 0xff],
        "the bytes end too early",
    );
    check_refused(
        FLAGS,
        &[0xdf, 0xff, 0xff, 0xff, 0xff],
        "the bytes end too early",
    );
}

#[test]
fn bytes_of_another_type_are_refused() {
    let object = r#"["object",{"a":"bool","b":"bool"}]"#;
    let infinite = [0xcb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0];
    check_refused(NUMBER, &text_bytes("many"), "a text that is no number");
    check_refused(NUMBER, &infinite, "an infinite number");
    check_refused(NUMBER, &[0xc3], "not a number");
    check_refused(FLAGS, &[0x81, 0x01, 0xc3], "not a text");
    check_refused(
        FLAGS,
        &[0x82, 0xa1, b'a', 0xc3, 0xa1, b'a', 0xc3],
        "a key that is there twice",
    );
    check_refused(
        object,
        &[0x81, 0xa1, b'a', 0xc3],
        "an object without all its attributes",
    );
    check_refused(
        r#"["tuple",["bool"]]"#,
        &[0x90],
        "a tuple of another length",
    );
    check_refused(
        DYNAMIC,
        &[0x92, 0xa1, b'x', 0xc0],
        "an open value of an unknown type",
    );
    check_refused(
        DYNAMIC,
        &[0x91, 0xc0],
        "an open value that is no pair of type and value",
    );
    let extra = [0x82, 0xa1, b'a', 0xc3, 0xa1, b'c', 0xc3];
    check_refused(object, &extra, "an attribute that the schema does not have");
}

#[test]
fn a_refusal_names_the_place() {
    let error = decode(&[0x92, 0xc3, 0x01], &ty(BOOLS))
        .map(|_| ())
        .expect_err("a number");
    assert_eq!(error.to_string(), "cannot read `[1]`: not a truth value");
}

#[test]
fn depth_has_a_bound() {
    let level = [&[0x92, 0xc4, 9][..], DYNAMIC.as_bytes()].concat();
    let mut bytes = level.repeat(DEPTH);
    bytes.push(0xc0);
    assert!(decode(&bytes, &Type::Dynamic).is_ok());
    let deeper = [level, bytes].concat();
    check_refused(DYNAMIC, &deeper, "nested too deep");
}

#[test]
fn what_does_not_fit_is_not_sent_and_the_message_names_the_place_only() {
    let object = ty(r#"["object",{"a":["list","number"]}]"#);
    let message = |value: Value| {
        encode(&value, &object)
            .expect_err("it does not fit")
            .to_string()
    };
    assert_eq!(
        message(Value::object([])),
        "cannot write `a`: the attribute is missing"
    );
    let extra = Value::object([("a", Value::Null), ("b", Value::Null)]);
    assert_eq!(
        message(extra),
        "cannot write `b`: the schema has no such attribute"
    );
    let wrong = Value::object([("a", Value::list([Value::from("secret")]))]);
    assert_eq!(
        message(wrong),
        r#"cannot write `a[0]`: expected "number", got String"#
    );
}
