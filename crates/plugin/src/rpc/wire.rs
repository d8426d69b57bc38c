//! Values in requests and responses.

use proto::tfplugin6::DynamicValue;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::types::Type;
use crate::value::{Value, json, msgpack};

/// Reads a value in either form; an absent or empty one is null.
///
/// # Errors
/// A message if the value is none of the type.
pub(crate) fn decode(value: Option<&DynamicValue>, ty: &Type) -> Result<Value, Diagnostics> {
    match value {
        Some(value) if !value.msgpack.is_empty() => {
            msgpack::decode(&value.msgpack, ty).map_err(|error| unreadable(&error))
        }
        Some(value) if !value.json.is_empty() => {
            json::decode(&value.json, ty).map_err(|error| unreadable(&error))
        }
        _ => Ok(Value::Null),
    }
}

/// Writes a value.
///
/// # Errors
/// A message if the value is none of the type, which is the provider's fault.
pub(crate) fn encode(value: &Value, ty: &Type) -> Result<DynamicValue, Diagnostics> {
    match msgpack::encode(value, ty) {
        Ok(msgpack) => Ok(DynamicValue {
            msgpack,
            json: Vec::new(),
        }),
        Err(error) => Err(Diagnostic::bug(&format!("It {error}.")).into()),
    }
}

/// Returns the null value, which every type has.
pub(crate) fn null() -> DynamicValue {
    DynamicValue {
        msgpack: vec![0xc0],
        json: Vec::new(),
    }
}

fn unreadable(error: &dyn std::error::Error) -> Diagnostics {
    Diagnostic::error(
        "Unreadable value",
        format!(
            "The provider {error}. The value was written for another version of the provider, or \
             the core and the provider disagree about the schema."
        ),
    )
    .into()
}
