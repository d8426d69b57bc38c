//! Writes values to MessagePack.

use std::collections::BTreeMap;

use rmp::encode as wire;

use super::{EncodeError, NULLNESS, REFINED_UNKNOWN, STRING_PREFIX, UNKNOWN};
use crate::path::Path;
use crate::types::Type;
use crate::value::number::Number;
use crate::value::{Refinements, Value};

type Written = Result<(), EncodeError>;

pub(super) fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = Vec::new();
    write(&mut bytes, value, ty, &Path::root())?;
    Ok(bytes)
}

fn write(out: &mut Vec<u8>, value: &Value, ty: &Type, path: &Path) -> Written {
    match (value, ty) {
        (Value::Null, _) => sure(wire::write_nil(out)),
        (Value::Unknown(refinements), _) => unknown(out, refinements, path)?,
        (value, Type::Dynamic) => dynamic(out, value, path)?,
        (Value::Bool(truth), Type::Bool) => sure(wire::write_bool(out, *truth)),
        (Value::Number(number), Type::Number) => write_number(out, number, path)?,
        (Value::String(text), Type::String) => write_text(out, text, path)?,
        (Value::List(items), Type::List(ty) | Type::Set(ty)) => {
            write_items(
                out,
                items.iter().zip(std::iter::repeat(&**ty)),
                items.len(),
                path,
            )?;
        }
        (Value::List(items), Type::Tuple(types)) if items.len() == types.len() => {
            write_items(out, items.iter().zip(types), items.len(), path)?;
        }
        (Value::Map(entries), Type::Map(ty)) => map(out, entries, ty, path)?,
        (Value::Map(entries), Type::Object(types)) => object(out, entries, types, path)?,
        (value, ty) => return Err(unfit(path, value, ty)),
    }
    Ok(())
}

fn write_items<'a>(
    out: &mut Vec<u8>,
    items: impl Iterator<Item = (&'a Value, &'a Type)>,
    length: usize,
    path: &Path,
) -> Written {
    sure(wire::write_array_len(out, size(length, path)?));
    for (index, (item, ty)) in items.enumerate() {
        write(
            out,
            item,
            ty,
            &path.clone().index(i64::try_from(index).unwrap_or(i64::MAX)),
        )?;
    }
    Ok(())
}

fn map(out: &mut Vec<u8>, entries: &BTreeMap<String, Value>, ty: &Type, path: &Path) -> Written {
    sure(wire::write_map_len(out, size(entries.len(), path)?));
    for (key, value) in entries {
        write_text(out, key, path)?;
        write(out, value, ty, &path.clone().key(key))?;
    }
    Ok(())
}

/// A core refuses an object with one attribute too few or too many, and does not say which: so say it here.
fn object(
    out: &mut Vec<u8>,
    entries: &BTreeMap<String, Value>,
    types: &BTreeMap<String, Type>,
    path: &Path,
) -> Written {
    if let Some(extra) = entries.keys().find(|name| !types.contains_key(*name)) {
        return Err(error(
            &path.clone().then(extra),
            "the schema has no such attribute",
        ));
    }
    sure(wire::write_map_len(out, size(types.len(), path)?));
    for (name, ty) in types {
        let here = path.clone().then(name);
        let value = entries
            .get(name)
            .ok_or_else(|| error(&here, "the attribute is missing"))?;
        write_text(out, name, path)?;
        write(out, value, ty, &here)?;
    }
    Ok(())
}

/// A value of an open type travels with its type; the type of a value without one is read off it.
fn dynamic(out: &mut Vec<u8>, value: &Value, path: &Path) -> Written {
    let (ty, value) = match value {
        Value::Dynamic(ty, value) => ((**ty).clone(), &**value),
        value => (own_type(value), value),
    };
    let json = ty.to_bytes();
    sure(wire::write_array_len(out, 2));
    sure(wire::write_bin_len(out, size(json.len(), path)?));
    out.extend_from_slice(&json);
    write(out, value, &ty, path)
}

fn own_type(value: &Value) -> Type {
    match value {
        Value::Null | Value::Unknown(_) => Type::Dynamic,
        Value::Bool(_) => Type::Bool,
        Value::Number(_) => Type::Number,
        Value::String(_) => Type::String,
        Value::List(items) => Type::Tuple(items.iter().map(own_type).collect()),
        Value::Map(entries) => Type::Object(
            entries
                .iter()
                .map(|(name, value)| (name.clone(), own_type(value)))
                .collect(),
        ),
        Value::Dynamic(ty, _) => (**ty).clone(),
    }
}

/// Whole numbers beyond `i64` and decimal fractions travel as text, which every core takes exactly.
fn write_number(out: &mut Vec<u8>, number: &Number, path: &Path) -> Written {
    match (number.as_i64(), number.as_binary_fraction()) {
        (Some(whole), _) => sure(wire::write_sint(out, whole)),
        (None, Some(fraction)) => sure(wire::write_f64(out, fraction)),
        (None, None) => write_text(out, &number.to_string(), path)?,
    }
    Ok(())
}

fn write_text(out: &mut Vec<u8>, text: &str, path: &Path) -> Written {
    sure(wire::write_str_len(out, size(text.len(), path)?));
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

/// Without refinements only the plain code is understood, never the refined one with nothing in it.
fn unknown(out: &mut Vec<u8>, refinements: &Refinements, path: &Path) -> Written {
    if *refinements == Refinements::default() {
        sure(wire::write_ext_meta(out, 1, UNKNOWN));
        out.push(0);
        return Ok(());
    }
    let body = refinement_body(refinements, path)?;
    sure(wire::write_ext_meta(
        out,
        size(body.len(), path)?,
        REFINED_UNKNOWN,
    ));
    out.extend_from_slice(&body);
    Ok(())
}

fn refinement_body(refinements: &Refinements, path: &Path) -> Result<Vec<u8>, EncodeError> {
    let mut body = Vec::new();
    let count = u32::from(refinements.not_null) + u32::from(refinements.string_prefix.is_some());
    sure(wire::write_map_len(&mut body, count));
    if refinements.not_null {
        sure(wire::write_uint(&mut body, NULLNESS));
        sure(wire::write_bool(&mut body, false));
    }
    if let Some(prefix) = &refinements.string_prefix {
        sure(wire::write_uint(&mut body, STRING_PREFIX));
        write_text(&mut body, prefix, path)?;
    }
    Ok(body)
}

/// Takes the success of writing into memory, which has no way to fail.
fn sure<T, E: std::fmt::Debug>(written: Result<T, E>) {
    written
        .map(|_| ())
        .expect("writing into a vector cannot fail");
}

fn size(length: usize, path: &Path) -> Result<u32, EncodeError> {
    u32::try_from(length).map_err(|_| error(path, "it is too large"))
}

fn unfit(path: &Path, value: &Value, ty: &Type) -> EncodeError {
    let ty = String::from_utf8_lossy(&ty.to_bytes()).into_owned();
    error(path, &format!("expected {ty}, got {value:?}"))
}

fn error(path: &Path, reason: &str) -> EncodeError {
    EncodeError {
        path: path.clone(),
        reason: reason.to_owned(),
    }
}
