//! The wire form of what a core sends and is answered.

use proto::tfplugin6 as tf;
use proto::tfplugin6::DynamicValue;
use tonic::{Response, Status};

use super::{Outcome, Stored};
use crate::diagnostic::Diagnostics;
use crate::identity::IdentitySchema;
use crate::schema::Schema;
use crate::value::{Value, msgpack};

/// A core of today.
pub(super) fn capabilities() -> tf::ClientCapabilities {
    tf::ClientCapabilities {
        write_only_attributes_allowed: true,
        ..Default::default()
    }
}

/// Takes the answer out of its envelope.
pub(super) fn answer<T>(answered: Result<Response<T>, Status>) -> T {
    answered
        .expect("the service answers with messages, never with a status")
        .into_inner()
}

/// Writes what a core sends.
pub(super) fn wire(value: &Value, schema: &Schema) -> Option<DynamicValue> {
    let msgpack = msgpack::encode(value, &schema.ty()).expect("the test's value fits the schema");
    Some(DynamicValue {
        msgpack,
        json: Vec::new(),
    })
}

/// Reads what a core is sent.
pub(super) fn value(value: Option<&DynamicValue>, schema: &Schema) -> Value {
    let Some(value) = value else {
        return Value::Null;
    };
    msgpack::decode(&value.msgpack, &schema.ty()).expect("the service sends what fits the schema")
}

/// Reads an identity; null if there is none.
pub(super) fn identity(
    data: Option<tf::ResourceIdentityData>,
    schema: Option<&IdentitySchema>,
) -> Value {
    let Some(data) = data.and_then(|data| data.identity_data) else {
        return Value::Null;
    };
    let schema = schema.expect("an identity is sent only for a type that has one");
    msgpack::decode(&data.msgpack, &schema.ty()).expect("the service sends what fits the schema")
}

/// Makes of an answer what a core would store and show.
pub(super) fn outcome(
    schema: &Schema,
    state: Option<&DynamicValue>,
    private: Vec<u8>,
    diagnostics: Vec<tf::Diagnostic>,
    identity: Value,
) -> Outcome {
    let state = value(state, schema);
    let stored = (!state.is_null()).then_some(Stored { state, private });
    Outcome {
        stored,
        identity,
        diagnostics: Diagnostics::from_wire(diagnostics),
    }
}
