//! Values in JSON, the form in which states are stored.
//!
//! Numbers keep their text, so nothing passes through a float. A state has the shape of the version that
//! wrote it: attributes the type lacks are dropped, and missing ones are null.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;

use crate::path::Path;
use crate::types::Type;
use crate::value::Value;

/// The JSON is no value of the type.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("cannot read `{path}` of the stored state: {reason}")]
pub struct JsonError {
    path: Path,
    reason: &'static str,
}

/// A value of an open type as it is stored.
#[derive(Deserialize)]
struct Open<'a> {
    #[serde(borrow)]
    value: &'a RawValue,
    #[serde(borrow, rename = "type")]
    ty: &'a RawValue,
}

/// Reads a value of a type.
///
/// # Errors
/// [`JsonError`] if the text is no JSON, or a known part of it is none of its type.
pub fn decode(text: &[u8], ty: &Type) -> Result<Value, JsonError> {
    let raw: &RawValue = serde_json::from_slice(text).map_err(|_| JsonError {
        path: Path::root(),
        reason: "it is no JSON",
    })?;
    read(raw, ty, &Path::root())
}

fn read(raw: &RawValue, ty: &Type, path: &Path) -> Result<Value, JsonError> {
    if raw.get() == "null" {
        return Ok(Value::Null);
    }
    match ty {
        Type::String => parse::<String>(raw, path, "it is no text").map(Value::String),
        Type::Bool => parse::<bool>(raw, path, "it is no truth value").map(Value::Bool),
        Type::Number => number(raw, path),
        Type::List(item) | Type::Set(item) => list(raw, path, |_| Some(item)),
        Type::Tuple(types) => tuple(raw, types, path),
        Type::Map(item) => map(raw, item, path),
        Type::Object(types) => object(raw, types, path),
        Type::Dynamic => open(raw, path),
    }
}

/// Some cores stored numbers as texts, so both forms are read.
fn number(raw: &RawValue, path: &Path) -> Result<Value, JsonError> {
    let text = serde_json::from_str::<String>(raw.get()).unwrap_or_else(|_| raw.get().to_owned());
    text.parse()
        .map(Value::Number)
        .map_err(|_| error(path, "it is no number"))
}

fn list<'t>(
    raw: &RawValue,
    path: &Path,
    ty: impl Fn(usize) -> Option<&'t Type>,
) -> Result<Value, JsonError> {
    let mut items = Vec::new();
    for (index, item) in parse::<Vec<&RawValue>>(raw, path, "it is no list")?
        .iter()
        .enumerate()
    {
        let here = path.clone().index(i64::try_from(index).unwrap_or(i64::MAX));
        let ty = ty(index).ok_or_else(|| error(path, "it has too many items"))?;
        items.push(read(item, ty, &here)?);
    }
    Ok(Value::List(items))
}

fn tuple(raw: &RawValue, types: &[Type], path: &Path) -> Result<Value, JsonError> {
    let value = list(raw, path, |index| types.get(index))?;
    if value.items().map(<[Value]>::len) == Some(types.len()) {
        Ok(value)
    } else {
        Err(error(path, "it has too few items"))
    }
}

fn map(raw: &RawValue, item: &Type, path: &Path) -> Result<Value, JsonError> {
    let stored = parse::<BTreeMap<String, &RawValue>>(raw, path, "it is no map")?;
    let entries = stored.into_iter().map(|(key, raw)| {
        let value = read(raw, item, &path.clone().key(&key))?;
        Ok((key, value))
    });
    entries.collect::<Result<_, _>>().map(Value::Map)
}

fn object(raw: &RawValue, types: &BTreeMap<String, Type>, path: &Path) -> Result<Value, JsonError> {
    let stored = parse::<BTreeMap<String, &RawValue>>(raw, path, "it is no object")?;
    let attributes = types.iter().map(|(name, ty)| {
        let value = match stored.get(name) {
            Some(raw) => read(raw, ty, &path.clone().then(name))?,
            None => Value::Null,
        };
        Ok((name.clone(), value))
    });
    attributes.collect::<Result<_, _>>().map(Value::Map)
}

fn open(raw: &RawValue, path: &Path) -> Result<Value, JsonError> {
    let open = parse::<Open<'_>>(raw, path, "it is no pair of value and type")?;
    let ty = Type::from_bytes(open.ty.get().as_bytes())
        .map_err(|_| error(path, "its type is unknown"))?;
    let value = read(open.value, &ty, path)?;
    Ok(Value::Dynamic(Box::new(ty), Box::new(value)))
}

fn parse<'a, T: Deserialize<'a>>(
    raw: &'a RawValue,
    path: &Path,
    reason: &'static str,
) -> Result<T, JsonError> {
    serde_json::from_str(raw.get()).map_err(|_| error(path, reason))
}

fn error(path: &Path, reason: &'static str) -> JsonError {
    JsonError {
        path: path.clone(),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ty(text: &str) -> Type {
        Type::from_bytes(text.as_bytes()).expect("a type")
    }

    fn read_as(json: &str, ty_text: &str) -> Result<Value, String> {
        decode(json.as_bytes(), &ty(ty_text)).map_err(|error| error.to_string())
    }

    #[test]
    fn old_attributes_are_dropped_and_new_ones_are_null() {
        let value = read_as(
            r#"{"a":1,"gone":{"x":[1]}}"#,
            r#"["object",{"a":"number","new":"string"}]"#,
        );
        assert_eq!(
            value,
            Ok(Value::object([("a", Value::from(1)), ("new", Value::Null)]))
        );
    }

    #[test]
    fn numbers_keep_their_precision() {
        for text in [
            "0.1",
            "18446744073709551616",
            "123456789012345678901234567890.5",
            "1e400",
        ] {
            let value = read_as(text, r#""number""#).expect("a number");
            let Value::Number(number) = value else {
                unreachable!("a number was asked for")
            };
            assert_eq!(number.to_string(), text);
        }
    }

    #[test]
    fn an_open_value_is_unpacked_at_any_depth() {
        let value = read_as(
            r#"{"list":[{"value":{"x":7},"type":["object",{"x":"number"}]}]}"#,
            r#"["object",{"list":["list","dynamic"]}]"#,
        )
        .expect("a value");
        let open = value.at(&Path::attribute("list").index(0));
        assert!(matches!(open, Value::Dynamic(..)));
        assert_eq!(open.get("x").as_i64(), Some(7));
    }

    #[test]
    fn what_does_not_fit_is_refused_with_its_path() {
        let refused = |json, ty| read_as(json, ty).expect_err("it does not fit");
        assert_eq!(
            refused(r#"{"a":{"k":"x"}}"#, r#"["object",{"a":["map","number"]}]"#),
            "cannot read `a[\"k\"]` of the stored state: it is no number"
        );
        assert!(refused("[1]", r#"["tuple",["number","number"]]"#).ends_with("too few items"));
        assert!(refused("[1,2]", r#"["tuple",["number"]]"#).ends_with("too many items"));
        assert!(refused("{", r#""string""#).ends_with("it is no JSON"));
    }
}
