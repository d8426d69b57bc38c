//! The data sources, and what they have in common: questions about key ages, answered without keys.

pub(crate) mod account;
pub(crate) mod compliance;

use std::time::Duration;

use engine::observe::Hole;
use jiff::Timestamp;
use plugin::{Attribute, Diagnostic, Path, Value};
use rotation::drift::Demand;
use rotation::finding::Finding;
use rotation::period::Period;
use rotation::profile::Profile;

use crate::convert::{check, text};
use crate::diagnostic::sentence;
use crate::provider::Shared;

/// How long a question may take; a tenant of a thousand accounts takes minutes.
const LIMIT: Duration = Duration::from_mins(20);

const DEFAULT_MAX_KEY_AGE_DAYS: u32 = 90;
const DEFAULT_DUE_SOON_DAYS: u32 = 14;

/// Describes what is demanded of keys, and of which moment the answer is.
fn demanded() -> [Attribute; 3] {
    let period = |name: &str, description: &str| {
        Attribute::string(name)
            .optional()
            .check(|value| check(value, str::parse::<Period>))
            .describe(description)
    };
    [
        period(
            "max_key_age",
            "The age that no key may outgrow, as an ISO 8601 duration. Default: `P90D`.",
        ),
        period(
            "due_soon",
            "How long before that age a key counts as due soon, as an ISO 8601 duration. Default: \
             `P14D`.",
        ),
        Attribute::string("as_of")
            .optional()
            .check(|value| check(value, str::parse::<Timestamp>))
            .describe(
                "The moment that ages are reckoned for (RFC 3339), so that the answer does not \
                 change while nothing changes. Default: now.",
            ),
    ]
}

/// Reads what is demanded, and of which moment.
fn demand(config: &Value, shared: &Shared) -> (Demand, Timestamp) {
    let period = |name: &str, default: u32| {
        let given = text(config, &Path::attribute(name)).parse().ok();
        given.unwrap_or_else(|| Period::days(default))
    };
    let demand = Demand {
        max_key_age: period("max_key_age", DEFAULT_MAX_KEY_AGE_DAYS),
        due_soon: period("due_soon", DEFAULT_DUE_SOON_DAYS),
        profile: Profile::Keys,
    };
    let as_of = text(config, &Path::attribute("as_of")).parse();
    (demand, as_of.unwrap_or_else(|_| shared.clock().now()))
}

/// Describes the attributes of one finding.
fn finding_attributes() -> Vec<Attribute> {
    vec![
        told("code", "The kind of finding, such as `key-overdue`."),
        told("severity", "`high`, `medium`, `low` or `info`."),
        told("message", "What was found."),
        told("remediation", "What the owner can do."),
    ]
}

/// Gives one finding.
fn finding_value(finding: &Finding) -> Value {
    Value::object([
        ("code", Value::from(finding.code.as_str())),
        ("severity", Value::from(finding.severity.as_str())),
        ("message", Value::from(finding.message.as_str())),
        (
            "remediation",
            Value::from(finding.code.explanation().remediation),
        ),
    ])
}

/// Describes the parts of a scope that were not examined.
fn unscanned(of: &str) -> Attribute {
    let attributes = vec![
        told("scope", "The id of the part, or the best name there is."),
        told("code", "The kind of part, such as `vault-unreadable`."),
        told("reason", "Why it was not examined."),
    ];
    Attribute::list_of_objects("unscanned", attributes)
        .computed()
        .describe(format!(
            "What could not be examined of {of}. It is not taken to be in order."
        ))
}

/// Gives the parts of a scope that were not examined.
fn unscanned_value(holes: &[Hole]) -> Value {
    Value::list(holes.iter().map(|hole| {
        Value::object([
            ("scope", Value::from(hole.scope.as_str())),
            ("code", Value::from(hole.code.as_str())),
            ("reason", Value::from(sentence(&hole.cause))),
        ])
    }))
}

/// Describes a text that is answered.
fn told(name: &str, description: &str) -> Attribute {
    Attribute::string(name).computed().describe(description)
}

/// Reads texts of a list into ids.
fn parsed_list<T: std::str::FromStr<Err: ToString>>(
    config: &Value,
    name: &str,
) -> Result<Option<Vec<T>>, Diagnostic> {
    let Some(items) = config.get(name).items() else {
        return Ok(None);
    };
    let parsed = items.iter().map(|item| {
        item.as_str()
            .unwrap_or_default()
            .parse()
            .map_err(|error: T::Err| {
                Diagnostic::error("Invalid value", format!("{}.", error.to_string()))
                    .at(Path::attribute(name))
            })
    });
    parsed.collect::<Result<_, _>>().map(Some)
}
