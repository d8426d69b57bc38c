//! Values on the wire and in states: what is read fits its type, and comes back as it was.

use plugin::Type;
use plugin::value::{json, msgpack};

use crate::input::Input;

/// Reads bytes as a value of a type that the first of them choose.
pub(crate) fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let ty = input.ty();
    let back = Type::from_bytes(&ty.to_bytes());
    assert!(back.as_ref() == Ok(&ty), "a type is lost in its JSON");
    let rest = input.rest();
    if let Ok(value) = msgpack::decode(rest, &ty) {
        let written = msgpack::encode(&value, &ty).expect("what is read can be written");
        let again = msgpack::decode(&written, &ty).expect("what is written can be read");
        assert!(again == value, "a value is lost on the wire");
    }
    if let Ok(value) = json::decode(rest, &ty) {
        let written = msgpack::encode(&value, &ty).expect("a state can be sent");
        let again = msgpack::decode(&written, &ty).expect("what is written can be read");
        assert!(again == value, "a state is lost on the wire");
    }
    let made = Input::new(rest).value(&ty);
    let written = msgpack::encode(&made, &ty).expect("it is made for its type");
    let again = msgpack::decode(&written, &ty);
    assert!(again == Ok(made), "a value is lost on the wire");
}
