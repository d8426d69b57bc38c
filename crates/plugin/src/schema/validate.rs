//! Judges a configuration by its schema.
//!
//! A core has checked types and required attributes already; checked here is what only the provider knows.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::path::Path;
use crate::schema::{Attribute, Kind, Schema, nested};
use crate::value::Value;

/// Whether the core keeps write-only values out of plan and state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WriteOnly {
    /// It does.
    Allowed,
    /// It would store them.
    Refused,
}

/// Runs the schema's checks on every known value, and refuses write-only values that would be stored.
pub(crate) fn validate(schema: &Schema, config: &Value, write_only: WriteOnly) -> Diagnostics {
    let mut found = Diagnostics::new();
    validate_object(
        &schema.attributes,
        config,
        &Path::root(),
        write_only,
        &mut found,
    );
    found
}

fn validate_object(
    attributes: &[Attribute],
    config: &Value,
    path: &Path,
    write_only: WriteOnly,
    found: &mut Diagnostics,
) {
    for attribute in attributes {
        let value = config.get(&attribute.name);
        let here = path.clone().then(&attribute.name);
        found.extend(stored_by_core(attribute, value, &here, write_only));
        if !value.is_known() {
            continue;
        }
        found.extend(failed_check(attribute, value, &here));
        if let Kind::Nested(nesting, inner) = &attribute.kind {
            for (step, object) in nested::objects(*nesting, value) {
                let here = nested::path(&here, step);
                validate_object(inner, object, &here, write_only, found);
            }
        }
    }
}

fn failed_check(attribute: &Attribute, value: &Value, path: &Path) -> Option<Diagnostic> {
    let text = attribute.check?(value).err()?;
    let summary = format!("Invalid value for `{path}`");
    Some(Diagnostic::error(summary, sentence(&text)).at(path.clone()))
}

/// Makes a sentence of the fragment that a check gives.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let mut text: String = first.chain(letters).collect();
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}

/// A core that does not know write-only attributes ignores the mark, and the secret would end in its state.
fn stored_by_core(
    attribute: &Attribute,
    value: &Value,
    path: &Path,
    write_only: WriteOnly,
) -> Option<Diagnostic> {
    let refused = attribute.write_only && write_only == WriteOnly::Refused && !value.is_null();
    refused.then(|| {
        let detail = format!(
            "This version would store the value of `{path}` in its state. Use Terraform 1.11 or \
             OpenTofu 1.11 or later, or leave the attribute out."
        );
        Diagnostic::error("Write-only attributes are not supported", detail).at(path.clone())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Schema {
        let positive = |value: &Value| match value.as_i64() {
            Some(days) if days > 0 => Ok(()),
            _ => Err("It must be at least 1.".to_owned()),
        };
        let days = Attribute::number("days").check(positive);
        Schema::new(0, "")
            .attribute(Attribute::string("secret").write_only())
            .attribute(Attribute::object("schedule", vec![days]))
    }

    fn check(days: Value, secret: Value, write_only: WriteOnly, expected: &[&str]) {
        let schedule = Value::object([("days", days)]);
        let config = Value::object([("secret", secret), ("schedule", schedule)]);
        let found = validate(&schema(), &config, write_only);
        let paths: Vec<String> = found
            .iter()
            .filter_map(|found| found.path.as_ref())
            .map(Path::to_string)
            .collect();
        assert_eq!(paths, expected);
    }

    #[test]
    fn known_values_are_checked_and_others_are_not() {
        check(1.into(), Value::Null, WriteOnly::Allowed, &[]);
        check(
            0.into(),
            Value::Null,
            WriteOnly::Allowed,
            &["schedule.days"],
        );
        check(Value::Null, Value::Null, WriteOnly::Allowed, &[]);
        check(Value::UNKNOWN, Value::Null, WriteOnly::Allowed, &[]);
    }

    #[test]
    fn a_write_only_value_needs_a_core_that_does_not_store_it() {
        check(1.into(), "s".into(), WriteOnly::Allowed, &[]);
        check(1.into(), "s".into(), WriteOnly::Refused, &["secret"]);
        check(1.into(), Value::UNKNOWN, WriteOnly::Refused, &["secret"]);
        check(1.into(), Value::Null, WriteOnly::Refused, &[]);
    }
}
