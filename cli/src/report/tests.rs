//! One report with everything in it: as JSON, held against the schema, and as people read it.

use std::collections::BTreeSet;

use engine::check::{CheckedAccount, Outcome};
use engine::observe::{Hole, HoleCause};
use jiff::Timestamp;
use rotation::drift::{Demand, assess};
use rotation::finding::FindingCode;
use rotation::observation::{Enrolment, Observation, PerSlot, Renewal, SeenPeriod, SharedKey};
use rotation::period::Period;
use rotation::slot::KeySlot;
use serde_json::{Value, json};

use super::human::Paint;
use super::{Report, human, json};

const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000001";

fn moment(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn account(name: &str, observation: Observation) -> CheckedAccount {
    let demand = Demand {
        max_key_age: Period::days(90),
        due_soon: Period::days(14),
    };
    let id = format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-prod/providers/Microsoft.Storage/\
         storageAccounts/{name}"
    );
    let assessment = assess(&observation, &demand, moment("2026-06-01T12:00:00Z"));
    CheckedAccount {
        id: id.parse().expect("an id"),
        observation,
        assessment,
    }
}

fn seen(key1: Option<&str>, key2: Option<&str>, enrolments: Vec<Enrolment>) -> Observation {
    Observation {
        key_times: PerSlot {
            key1: key1.map(moment),
            key2: key2.map(moment),
        },
        shared_key: SharedKey::Allowed,
        key_expiration_days: Some(90),
        enrolments,
    }
}

fn enrolled(period: &str) -> Enrolment {
    Enrolment {
        vault: "kv-prod".to_owned(),
        name: "logs".to_owned(),
        active: Some(KeySlot::Key2),
        renewal: Renewal::Automatic,
        period: Some(SeenPeriod::new(period)),
        enrolled_at: None,
    }
}

fn outcome(accounts: Vec<CheckedAccount>, holes: Vec<Hole>) -> Outcome {
    Outcome {
        as_of: moment("2026-06-01T12:00:00Z"),
        accounts,
        holes,
    }
}

fn mixed() -> Report {
    let young = Some("2026-05-20T12:00:00Z");
    let accounts = vec![
        account(
            "stfresh",
            seen(young, Some("2026-05-31T12:00:01Z"), vec![enrolled("P30D")]),
        ),
        account("stold", seen(Some("2026-01-01T00:00:00Z"), young, vec![])),
        account("stunknown", seen(None, young, vec![])),
        account(
            "stoff",
            Observation {
                shared_key: SharedKey::Refused,
                ..seen(None, None, vec![])
            },
        ),
    ];
    let hole = Hole {
        code: FindingCode::VaultUnreadable,
        scope: "/subscriptions/1/vaults/kv-locked".to_owned(),
        cause: HoleCause::Odd {
            reason: "no JSON at line 1".to_owned(),
        },
    };
    Report::from(&outcome(accounts, vec![hole]))
}

fn value(report: &Report) -> Value {
    let text = json::text(report).expect("a report is JSON");
    assert!(text.ends_with("}\n"), "{text}");
    serde_json::from_str(&text).expect("a report is JSON")
}

#[test]
fn the_json_report_is_the_contract() {
    let accounts = vec![account(
        "stold",
        seen(Some("2026-01-01T00:00:00Z"), None, vec![enrolled("P30D")]),
    )];
    let report = value(&Report::from(&outcome(accounts, vec![])));
    let pointer = |path: &str| report.pointer(path).cloned().unwrap_or_default();
    assert_eq!(pointer("/format_version"), json!(1));
    assert_eq!(pointer("/as_of"), json!("2026-06-01T12:00:00Z"));
    assert_eq!(pointer("/complete"), json!(true));
    assert_eq!(pointer("/unscanned"), json!([]));
    assert_eq!(pointer("/accounts/0/verdict"), json!("stalled"));
    assert_eq!(
        pointer("/accounts/0/keys"),
        json!({
            "key1": {"created_at": "2026-01-01T00:00:00Z", "age_days": 151, "verdict": "stalled"},
            "key2": {"created_at": null, "age_days": null, "verdict": "unknown"},
        })
    );
    assert_eq!(
        pointer("/accounts/0/enrolment"),
        json!({
            "vault": "kv-prod",
            "name": "logs",
            "active_key": "key2",
            "auto_regenerate": true,
            "rotation_period": "P30D",
        })
    );
    assert_eq!(pointer("/accounts/0/findings/0/code"), json!("key-overdue"));
    assert_eq!(pointer("/accounts/0/findings/0/severity"), json!("high"));
}

#[test]
fn a_report_with_a_hole_is_not_complete_and_counts_everything() {
    let report = value(&mixed());
    assert_eq!(report.get("complete"), Some(&json!(false)));
    assert_eq!(
        report.get("summary"),
        Some(&json!({
            "compliant": 1, "due_soon": 0, "overdue": 1, "stalled": 0, "unknown": 1,
            "not_applicable": 1, "unscanned": 1,
        }))
    );
    assert_eq!(
        report.pointer("/accounts/0/keys/key2/age_days"),
        Some(&json!(0))
    );
}

#[test]
fn a_report_has_the_fields_of_the_schema_and_no_others() {
    let schema: Value =
        serde_json::from_str(include_str!("../../schema/report.v1.json")).expect("JSON");
    hold_against(&value(&mixed()), &schema, &schema, "report");
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
    if let (Value::Object(fields), Some(Value::Object(properties))) =
        (value, schema.get("properties"))
    {
        let present: BTreeSet<_> = fields.keys().collect();
        assert_eq!(present, properties.keys().collect(), "{place}");
        let required = schema
            .get("required")
            .and_then(Value::as_array)
            .expect("all required");
        assert_eq!(required.len(), properties.len(), "{place}");
        for (name, field) in fields {
            let field_schema = properties.get(name).expect("compared above");
            hold_against(field, field_schema, root, &format!("{place}.{name}"));
        }
    }
    if let (Value::Array(items), Some(item_schema)) = (value, schema.get("items")) {
        for (number, item) in items.iter().enumerate() {
            hold_against(item, item_schema, root, &format!("{place}[{number}]"));
        }
    }
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

#[test]
fn people_read_a_table_what_was_found_and_what_to_do() {
    insta::assert_snapshot!(human::text(&mixed(), Paint::Plain));
}

#[test]
fn colour_adds_nothing_but_colour() {
    let plain = human::text(&mixed(), Paint::Plain);
    let colored = human::text(&mixed(), Paint::Colored);
    assert!(colored.contains("\u{1b}[31moverdue\u{1b}[0m"), "{colored}");
    let mut stripped = colored;
    for code in ["\u{1b}[0m", "\u{1b}[31m", "\u{1b}[32m", "\u{1b}[33m"] {
        stripped = stripped.replace(code, "");
    }
    assert_eq!(stripped, plain);
}
