//! One report with everything in it, in every format; and the JSON ones against the schema.

mod hostile;
pub(crate) mod model;
mod schema;

use clap::ValueEnum;
use rotation::finding::Severity;
use rotation::observation::Renewal;
use serde_json::{Value, json};

use self::model::{account, demand, enrolled, everything, outcome, seen};
use super::Report;
use super::format::{self, Format};
use super::human::{GroupBy, Look, Paint};

const PLAIN: Look = Look {
    paint: Paint::Plain,
    width: None,
    group_by: GroupBy::Subscription,
};

fn written(format: Format, look: &Look) -> String {
    let (outcome, demand) = (everything(), demand());
    let mut out = Vec::new();
    format::write(
        &Report::new(&outcome, &demand, Severity::Info),
        format,
        look,
        &mut out,
    )
    .expect("memory takes it");
    String::from_utf8(out).expect("reports are text")
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// Takes our own version out of a report, so that a release changes no snapshot.
fn without_version(text: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    text.replace(&format!("\"{version}\""), "\"0.0.0\"")
        .replace(&format!("keyrotation {version}"), "keyrotation 0.0.0")
}

#[test]
fn every_format_writes_the_same_outcome() {
    for format in Format::value_variants() {
        let text = without_version(&written(*format, &PLAIN));
        insta::assert_snapshot!(format.name(), text);
    }
}

#[test]
fn a_narrow_screen_gets_narrow_lines() {
    let look = Look {
        width: Some(80),
        ..PLAIN
    };
    insta::assert_snapshot!("human-80-columns", written(Format::Human, &look));
}

#[test]
fn accounts_stand_together_by_what_was_asked_for() {
    let check = |group_by, expected: &[&str]| {
        let text = written(Format::Human, &Look { group_by, ..PLAIN });
        let titles = [
            "Subscription ",
            "Vault ",
            "No vault",
            "Severity ",
            "Nothing ",
        ];
        let titles: Vec<_> = text
            .lines()
            .filter(|line| titles.iter().any(|title| line.starts_with(title)))
            .map(|line| line.chars().take(21).collect::<String>())
            .collect();
        assert_eq!(titles, expected, "{text}");
    };
    let subscription = "Subscription 00000000";
    check(GroupBy::Subscription, &[subscription, subscription]);
    check(
        GroupBy::Vault,
        &[
            "Vault =cmd|' /c calc'",
            "Vault kv-prod",
            "No vault that was rea",
        ],
    );
    check(
        GroupBy::Severity,
        &["Severity high", "Severity low", "Nothing to do"],
    );
}

#[test]
fn colour_adds_nothing_but_colour() {
    let paint = Paint::Colored;
    let colored = written(Format::Human, &Look { paint, ..PLAIN });
    assert!(colored.contains("\u{1b}[31moverdue\u{1b}[0m"), "{colored}");
    let mut stripped = colored;
    for code in ["\u{1b}[0m", "\u{1b}[31m", "\u{1b}[32m", "\u{1b}[33m"] {
        stripped = stripped.replace(code, "");
    }
    assert_eq!(stripped, written(Format::Human, &PLAIN));
}

#[test]
fn the_json_report_is_the_contract() {
    let record = enrolled("kv-prod", Renewal::Automatic, Some("P30D"));
    let place = "00000000-0000-0000-0000-000000000001/rg-prod/stold";
    let old = Some("2026-01-01T00:00:00Z");
    let outcome = outcome(vec![account(place, seen(old, None, vec![record]))], vec![]);
    let demand = demand();
    let mut out = Vec::new();
    format::write(
        &Report::new(&outcome, &demand, Severity::Info),
        Format::Json,
        &PLAIN,
        &mut out,
    )
    .expect("memory takes it");
    let report = value(&String::from_utf8(out).expect("text"));
    let pointer = |path: &str| report.pointer(path).cloned().unwrap_or_default();
    assert_eq!(pointer("/format_version"), json!(1));
    assert_eq!(pointer("/as_of"), json!("2026-06-01T12:00:00Z"));
    assert_eq!(pointer("/complete"), json!(true));
    assert_eq!(pointer("/unscanned"), json!([]));
    assert_eq!(
        pointer("/demand"),
        json!({"profile": "keys", "max_key_age": "P90D", "due_soon": "P14D"})
    );
    assert_eq!(pointer("/accounts/0/verdict"), json!("stalled"));
    assert_eq!(
        pointer("/accounts/0/keys"),
        json!({
            "key1": {"created_at": "2026-01-01T00:00:00Z", "age_days": 151, "verdict": "stalled"},
            "key2": {"created_at": null, "age_days": null, "verdict": "unknown"},
        })
    );
    let enrolment = json!({
        "vault": "kv-prod",
        "name": "logs",
        "active_key": "key2",
        "auto_regenerate": true,
        "rotation_period": "P30D",
    });
    assert_eq!(pointer("/accounts/0/enrolment"), enrolment);
    assert_eq!(pointer("/accounts/0/enrolments"), json!([enrolment]));
    assert_eq!(pointer("/accounts/0/findings/0/code"), json!("key-overdue"));
    assert_eq!(pointer("/accounts/0/findings/0/severity"), json!("high"));
}

#[test]
fn a_report_with_a_hole_is_not_complete_and_counts_everything() {
    let report = value(&written(Format::Json, &PLAIN));
    assert_eq!(report.get("complete"), Some(&json!(false)));
    assert_eq!(
        report.get("summary"),
        Some(&json!({
            "compliant": 1, "due_soon": 1, "overdue": 2, "stalled": 1, "unknown": 1,
            "not_applicable": 1, "unscanned": 2,
        }))
    );
    assert_eq!(
        report.pointer("/accounts/1/keys/key2/age_days"),
        Some(&json!(0))
    );
}
