//! Reports that are written, read back and put together.

use super::*;
use crate::exit_code::ExitCode;
use crate::report::tests::model::{demand, everything};
use crate::report::{Report, json};

fn written(scope: &[&str], holes: bool) -> String {
    let mut outcome = everything();
    outcome.scope = scope.iter().map(|words| (*words).to_owned()).collect();
    if !holes {
        outcome.holes.clear();
    }
    let (demand, mut out) = (demand(), Vec::new());
    json::write(&Report::new(&outcome, &demand, Severity::Info), &mut out)
        .expect("memory takes it");
    String::from_utf8(out).expect("text")
}

fn merged(texts: &[String]) -> Result<Merged, MergeError> {
    let reports = texts.iter().map(|text| Merged::read(text));
    Merged::of(reports.collect::<Result<_, _>>()?)
}

#[test]
fn a_report_that_is_read_back_is_written_the_same() {
    let text = written(&["every readable subscription"], true);
    let merged = merged(std::slice::from_ref(&text)).expect("a report");
    let mut out = Vec::new();
    json::write(&Report::merged(&merged, Severity::Info), &mut out).expect("memory takes it");
    let again: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
    let first: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    // The holes are put in order.
    for part in [
        "accounts", "summary", "demand", "scope", "complete", "as_of",
    ] {
        assert_eq!(again.get(part), first.get(part), "{part}");
    }
}

#[test]
fn what_two_reports_say_is_there_once() {
    let text = written(&["a"], true);
    let merged = merged(&[text.clone(), text]).expect("reports");
    assert_eq!(merged.accounts.len(), everything().accounts.len());
    assert_eq!(merged.unscanned.len(), everything().holes.len());
    assert_eq!(merged.scope, ["a"]);
}

#[test]
fn a_share_of_which_there_is_no_report_is_a_hole() {
    let check = |shards: &[&str], missing: &[&str]| {
        let texts: Vec<_> = shards
            .iter()
            .map(|shard| written(&["a", shard], false))
            .collect();
        let merged = merged(&texts).expect("reports");
        let holes: Vec<_> = merged
            .unscanned
            .iter()
            .map(|hole| hole.scope.as_str())
            .collect();
        assert_eq!(holes, missing, "{shards:?}");
        let mut only_young = merged;
        only_young
            .accounts
            .retain(|account| account.name == "stfresh");
        let code = ExitCode::from(&only_young.standing(Severity::Info));
        assert_eq!(code == ExitCode::Passed, missing.is_empty(), "{shards:?}");
    };
    check(&["shard 1/2", "shard 2/2"], &[]);
    check(&["shard 2/3"], &["shard 1/3", "shard 3/3"]);
    check(&["shard 1/1"], &[]);
}

#[test]
fn reports_of_other_rules_or_versions_are_refused() {
    let check = |from: &str, to: &str, expected: &str| {
        let text = written(&[], false);
        let other = text.replace(from, to);
        assert_ne!(text, other);
        let refused = merged(&[text, other]).map(|merged| merged.accounts.len());
        let said = refused.map_err(|error| error.to_string());
        assert!(
            said.as_ref().is_err_and(|said| said.contains(expected)),
            "{said:?}"
        );
    };
    check(
        "\"max_key_age\": \"P90D\"",
        "\"max_key_age\": \"P60D\"",
        "demands something else",
    );
    check(
        "\"profile\": \"keys\"",
        "\"profile\": \"cis\"",
        "demands something else",
    );
    check(
        "\"format_version\": 1",
        "\"format_version\": 2",
        "version is 2",
    );
    check("key-overdue", "key-rusty", "`key-rusty` is no finding");
    check(
        "\"verdict\": \"overdue\"",
        "\"verdict\": \"fine\"",
        "`fine` is no verdict",
    );
    assert!(Merged::read("[]").is_err());
    assert!(matches!(Merged::of(Vec::new()), Err(MergeError::Nothing)));
}
