//! Values on the wire: JSON to the provider, MessagePack from it, and a core's merge of the two.

use anyhow::{Context, Result, bail};
use proto::tfplugin6::DynamicValue;
use proto::tfplugin6::schema::Attribute;
use serde_json::{Map, Value, json};

/// What stands for a value that only applying will tell.
const UNKNOWN: &str = "(known after apply)";

/// Writes a value for the provider.
pub(super) fn encode(value: &Value) -> DynamicValue {
    DynamicValue {
        msgpack: Vec::new(),
        json: value.to_string().into_bytes(),
    }
}

/// Reads a value of either form.
pub(super) fn decode(value: &DynamicValue) -> Result<Value> {
    if value.msgpack.is_empty() {
        return serde_json::from_slice(&value.json).context("a value that is no JSON");
    }
    let mut bytes: &[u8] = &value.msgpack;
    let read = read(&mut bytes)?;
    anyhow::ensure!(bytes.is_empty(), "something stands behind a value");
    Ok(read)
}

/// Merges a configuration with the state before, as a core does before it asks for a plan: what is
/// not configured and may be computed stays as it was.
pub(super) fn proposed(attributes: &[Attribute], config: &Value, prior: &Value) -> Value {
    let field = |value: &Value, name: &str| value.get(name).cloned().unwrap_or_default();
    let merge = |attribute: &Attribute| {
        let (configured, before) = (
            field(config, &attribute.name),
            field(prior, &attribute.name),
        );
        match &attribute.nested_type {
            _ if configured.is_null() && attribute.computed => before,
            Some(inner) if configured.is_object() => {
                proposed(&inner.attributes, &configured, &before)
            }
            _ => configured,
        }
    };
    let merged = attributes
        .iter()
        .map(|attribute| (attribute.name.clone(), merge(attribute)));
    Value::Object(merged.collect())
}

/// Reads one value of MessagePack.
fn read(bytes: &mut &[u8]) -> Result<Value> {
    let marker = take::<1>(bytes)?[0];
    Ok(match marker {
        0x00..=0x7f => json!(marker),
        0x80..=0x8f => object(usize::from(marker & 0x0f), bytes)?,
        0x90..=0x9f => array(usize::from(marker & 0x0f), bytes)?,
        0xa0..=0xbf => text(usize::from(marker & 0x1f), bytes)?,
        0xc0 => Value::Null,
        0xc2 => json!(false),
        0xc3 => json!(true),
        0xc7 => extension(usize::from(take::<1>(bytes)?[0]), bytes)?,
        0xcb => json!(f64::from_be_bytes(take(bytes)?)),
        0xcc => json!(take::<1>(bytes)?[0]),
        0xcd => json!(u16::from_be_bytes(take(bytes)?)),
        0xce => json!(u32::from_be_bytes(take(bytes)?)),
        0xcf => json!(u64::from_be_bytes(take(bytes)?)),
        0xd3 => json!(i64::from_be_bytes(take(bytes)?)),
        0xd4..=0xd8 => extension(1 << (marker - 0xd4), bytes)?,
        0xd9 => text(usize::from(take::<1>(bytes)?[0]), bytes)?,
        0xda => text(usize::from(u16::from_be_bytes(take(bytes)?)), bytes)?,
        0xdc => array(usize::from(u16::from_be_bytes(take(bytes)?)), bytes)?,
        0xde => object(usize::from(u16::from_be_bytes(take(bytes)?)), bytes)?,
        _ => bail!("the marker {marker:#x} is not read here"),
    })
}

fn take<const LENGTH: usize>(bytes: &mut &[u8]) -> Result<[u8; LENGTH]> {
    let (taken, rest) = bytes.split_first_chunk().context("a value breaks off")?;
    *bytes = rest;
    Ok(*taken)
}

fn text(length: usize, bytes: &mut &[u8]) -> Result<Value> {
    let (taken, rest) = bytes
        .split_at_checked(length)
        .context("a text breaks off")?;
    *bytes = rest;
    Ok(json!(std::str::from_utf8(taken)?))
}

/// Everything that cannot be known yet comes as an extension.
fn extension(length: usize, bytes: &mut &[u8]) -> Result<Value> {
    let rest = bytes.get(length + 1..);
    *bytes = rest.context("an extension breaks off")?;
    Ok(json!(UNKNOWN))
}

fn array(length: usize, bytes: &mut &[u8]) -> Result<Value> {
    let items: Result<Vec<Value>> = (0..length).map(|_| read(bytes)).collect();
    items.map(Value::Array)
}

fn object(length: usize, bytes: &mut &[u8]) -> Result<Value> {
    let mut fields = Map::new();
    for _ in 0..length {
        let name = read(bytes)?;
        let name = name.as_str().context("a name that is no text")?.to_owned();
        fields.insert(name, read(bytes)?);
    }
    Ok(Value::Object(fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_provider_writes_is_read() -> Result<()> {
        let written = [
            0x83, 0xa1, b'a', 0xc0, 0xa1, b'b', 0x92, 0x07, 0xc3, 0xa1, b'c', 0xd4, 0, 0,
        ];
        let value = DynamicValue {
            msgpack: written.to_vec(),
            json: Vec::new(),
        };
        let expected = json!({"a": null, "b": [7, true], "c": UNKNOWN});
        assert_eq!(decode(&value)?, expected);
        Ok(())
    }
}
