//! The JSON report and the records of the stream, held against the published schema.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{PLAIN, value, written};
use crate::report::format::Format;

fn schema() -> Value {
    value(include_str!("../../../schema/report.v1.json"))
}

#[test]
fn a_report_has_the_fields_of_the_schema_and_no_others() {
    let schema = schema();
    let report = value(&written(Format::Json, &PLAIN));
    hold_against(&report, &schema, &schema, "report");
}

#[test]
fn a_record_of_the_stream_has_the_fields_of_its_kind_and_no_others() {
    let schema = schema();
    let stream = written(Format::Jsonl, &PLAIN);
    let mut kinds = Vec::new();
    for line in stream.lines() {
        let record = value(line);
        let kind = record.get("record").and_then(Value::as_str);
        let kind = kind.expect("a kind").to_owned();
        let definition = schema.pointer(&format!("/$defs/{kind}_record"));
        hold_against(
            &record,
            definition.expect("a kind of the schema"),
            &schema,
            &kind,
        );
        kinds.push(kind);
    }
    kinds.dedup();
    assert_eq!(kinds, ["run", "account", "unscanned", "summary"]);
}

/// Checks required fields, unknown fields, types and enumerations, as far as our schema uses them.
fn hold_against(value: &Value, schema: &Value, root: &Value, place: &str) {
    if let Some(pointer) = schema.get("$ref").and_then(Value::as_str) {
        let target = root
            .pointer(pointer.trim_start_matches('#'))
            .expect("a definition");
        return hold_against(value, target, root, place);
    }
    if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
        let wanted = choices
            .iter()
            .find(|one| one.get("type").is_some() == value.is_null());
        return hold_against(value, wanted.expect("a choice"), root, place);
    }
    if let Some(allowed) = schema.get("enum").and_then(Value::as_array) {
        assert!(
            allowed.contains(value),
            "{place}: {value} is not one of {allowed:?}"
        );
    }
    if let Some(expected) = schema.get("type") {
        let types: Vec<_> = match expected {
            Value::Array(types) => types.iter().collect(),
            one => vec![one],
        };
        assert!(
            types.contains(&&json!(type_of(value))),
            "{place}: {value} is no {expected}"
        );
    }
    hold_parts(value, schema, root, place);
}

fn hold_parts(value: &Value, schema: &Value, root: &Value, place: &str) {
    // Names that others choose, such as those of tags, are no fields.
    let of_any_name = schema.get("additionalProperties");
    if let (Value::Object(fields), Some(field)) = (value, of_any_name) {
        for (name, found) in fields {
            hold_against(found, field, root, &format!("{place}.{name}"));
        }
    } else if let Value::Object(fields) = value {
        let properties = properties(schema, root);
        let present: BTreeSet<_> = fields.keys().cloned().collect();
        let known: BTreeSet<_> = properties.iter().map(|(name, _)| name.clone()).collect();
        assert_eq!(present, known, "{place}");
        for (name, field) in &properties {
            let found = fields.get(name).expect("compared above");
            hold_against(found, field, root, &format!("{place}.{name}"));
        }
    }
    if let (Value::Array(items), Some(item_schema)) = (value, schema.get("items")) {
        for (number, item) in items.iter().enumerate() {
            hold_against(item, item_schema, root, &format!("{place}[{number}]"));
        }
    }
}

/// Lists the fields of an object, those that it takes over from others among them. All are required.
fn properties(schema: &Value, root: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for part in schema
        .get("allOf")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let pointer = part
            .get("$ref")
            .and_then(Value::as_str)
            .expect("a reference");
        let target = root.pointer(pointer.trim_start_matches('#'));
        found.extend(properties(target.expect("a definition"), root));
    }
    let own = schema.get("properties").and_then(Value::as_object);
    let own = own.expect("an object has fields");
    let required = schema.get("required").and_then(Value::as_array);
    assert_eq!(required.map_or(0, Vec::len), own.len(), "{schema}");
    found.extend(
        own.iter()
            .map(|(name, field)| (name.clone(), field.clone())),
    );
    found
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
