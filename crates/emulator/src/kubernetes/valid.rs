//! What a secret may be: its form as it is stored, and what is refused.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::failure::{Failure, Problem};

const KEPT_METADATA: &[&str] = &[
    "name",
    "generateName",
    "namespace",
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "labels",
    "annotations",
    "finalizers",
    "ownerReferences",
];
/// A secret holds no more bytes.
const LARGEST: usize = 1 << 20;
const KEY_RULE: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
const NAME_RULE: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
/// Keys that a type demands.
const DEMANDED: &[(&str, &[&str])] = &[
    ("kubernetes.io/tls", &["tls.crt", "tls.key"]),
    ("kubernetes.io/ssh-auth", &["ssh-privatekey"]),
    ("kubernetes.io/dockerconfigjson", &[".dockerconfigjson"]),
];

/// Brings what a client has sent into the form that is stored: texts are folded into the data, what is empty or unknown is
/// left out.
pub(super) fn normal(sent: &Value) -> Value {
    let member = |name: &str| sent.get(name).filter(|value| !value.is_null());
    let mut data = object(member("data"));
    for (key, text) in object(member("stringData")) {
        let text = text.as_str().unwrap_or_default();
        data.insert(key, json!(STANDARD.encode(text)));
    }
    let mut metadata = object(member("metadata"));
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    };
    metadata.retain(|name, value| KEPT_METADATA.contains(&name.as_str()) && !is_empty(value));
    let mut secret = Map::new();
    secret.insert("kind".to_owned(), json!("Secret"));
    secret.insert("apiVersion".to_owned(), json!("v1"));
    secret.insert("metadata".to_owned(), Value::Object(metadata));
    if !data.is_empty() {
        secret.insert("data".to_owned(), Value::Object(data));
    }
    for name in ["type", "immutable"] {
        if let Some(value) = member(name) {
            secret.insert(name.to_owned(), value.clone());
        }
    }
    Value::Object(secret)
}

/// Gives the place of the first byte of the data that is no Base64.
pub(super) fn not_base64(secret: &Value) -> Option<usize> {
    let values = secret.get("data").and_then(Value::as_object)?.values();
    let mut wrong = values.filter_map(|value| {
        let text = value.as_str().unwrap_or_default();
        match STANDARD.decode(text) {
            Ok(_) => None,
            Err(base64::DecodeError::InvalidByte(place, _)) => Some(place),
            Err(_) => Some(text.len()),
        }
    });
    wrong.next()
}

/// Refuses a secret that cannot be what it is, or become what it is from what it was.
pub(super) fn check(new: &Value, old: Option<&Value>) -> Result<(), Failure> {
    let name = text(new, "/metadata/name");
    let mut problems = Vec::new();
    if let Some(old) = old {
        changes(new, old, &mut problems);
    }
    if !is_name(name) {
        problems.push(invalid("metadata.name", name, NAME_RULE));
    }
    data(new, &mut problems);
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Failure::invalid(name, &problems))
    }
}

fn changes(new: &Value, old: &Value, problems: &mut Vec<Problem>) {
    let kind = text(new, "/type");
    if kind != text(old, "/type") {
        problems.push(invalid("type", kind, "field is immutable"));
    }
    if old.get("immutable") != Some(&Value::Bool(true)) {
        return;
    }
    for (field, is_changed) in [
        (
            "immutable",
            new.get("immutable") != Some(&Value::Bool(true)),
        ),
        ("data", new.get("data") != old.get("data")),
    ] {
        if is_changed {
            problems.push(Problem {
                field: field.to_owned(),
                reason: "FieldValueForbidden",
                text: "Forbidden: field is immutable when `immutable` is set".to_owned(),
            });
        }
    }
}

fn data(new: &Value, problems: &mut Vec<Problem>) {
    let data = object(new.get("data"));
    let mut size = 0;
    for (key, value) in &data {
        if !is_key(key) {
            problems.push(invalid(&format!("data[{key}]"), key, KEY_RULE));
        }
        let bytes = STANDARD.decode(value.as_str().unwrap_or_default());
        size += bytes.map_or(0, |bytes| bytes.len());
    }
    if size > LARGEST {
        problems.push(Problem {
            field: "data".to_owned(),
            reason: "FieldValueTooLong",
            text: format!("Too long: must have at most {LARGEST} bytes"),
        });
    }
    let demanded = DEMANDED
        .iter()
        .find(|(kind, _)| *kind == text(new, "/type"));
    let missing = demanded
        .iter()
        .flat_map(|(_, keys)| keys.iter())
        .filter(|key| !data.contains_key(**key));
    problems.extend(missing.map(|key| Problem {
        field: format!("data[{key}]"),
        reason: "FieldValueRequired",
        text: "Required value".to_owned(),
    }));
}

fn invalid(field: &str, value: &str, rule: &str) -> Problem {
    Problem {
        field: field.to_owned(),
        reason: "FieldValueInvalid",
        text: format!("Invalid value: \"{value}\": {rule}"),
    }
}

fn is_key(key: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    !key.is_empty() && key.bytes().all(allowed)
}

fn is_name(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_part = |part: &str| {
        let bytes = part.as_bytes();
        let ends = [bytes.first(), bytes.last()];
        ends.into_iter()
            .all(|end| end.copied().is_some_and(is_letter))
            && bytes.iter().all(|byte| is_letter(*byte) || *byte == b'-')
    };
    name.len() <= 253 && name.split('.').all(is_part)
}

/// Gives a text inside an object, or an empty one.
pub(super) fn text<'v>(object: &'v Value, pointer: &str) -> &'v str {
    let found = object.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_default()
}

fn object(value: Option<&Value>) -> Map<String, Value> {
    value
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default()
}
