//! The functions, as a core calls them.

use std::sync::Arc;

use azure::{Env, ManualClock};
use jiff::Timestamp;
use plugin::Value;
use plugin::testing::Harness;

fn harness() -> Harness {
    let nothing: [(&str, &str); 0] = [];
    let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
    Harness::new(provider::KeyRotation::new(Env::from_pairs(nothing), clock))
}

async fn check_text(function: &str, arguments: &[Value], expected: &str) {
    let answer = harness().call(function, arguments).await;
    let answer = answer.expect("the arguments are right");
    assert_eq!(answer.as_str(), Some(expected), "{function}");
}

async fn check_refused(function: &str, arguments: &[Value], argument: i64, reason: &str) {
    let answer = harness().call(function, arguments).await;
    let error = answer.expect_err("the arguments are wrong");
    assert_eq!(error.argument, Some(argument), "{}", error.text);
    assert!(error.text.contains(reason), "{}", error.text);
    assert!(!error.text.contains("SECRET"), "{}", error.text);
}

fn letters(services: &str, types: &str, permissions: &str) -> Vec<Value> {
    vec![services.into(), types.into(), permissions.into()]
}

fn with_options(options: &[(&str, &str)]) -> Vec<Value> {
    let mut arguments = letters("b", "sco", "rl");
    let options = options
        .iter()
        .map(|(name, text)| (*name, Value::from(*text)));
    arguments.push(Value::object(options));
    arguments
}

#[tokio::test]
async fn a_template_is_put_together_from_letters_and_options() {
    let function = "sas_template";
    let plain = letters("b", "sco", "rl");
    check_text(
        function,
        &plain,
        "sv=2018-03-28&ss=b&srt=sco&sp=rl&spr=https",
    )
    .await;
    let options = with_options(&[
        ("protocol", "https,http"),
        ("ip_range", "203.0.113.1"),
        ("signed_version", "2015-04-05"),
    ]);
    let expected = "sv=2015-04-05&ss=b&srt=sco&sp=rl&spr=https,http&sip=203.0.113.1";
    check_text(function, &options, expected).await;
}

#[tokio::test]
async fn a_template_that_storage_would_refuse_names_its_argument() {
    let function = "sas_template";
    check_refused(function, &letters("x", "s", "r"), 0, "service").await;
    check_refused(function, &letters("b", "", "r"), 1, "resource type").await;
    check_refused(function, &letters("b", "s", "y"), 2, "permission").await;
    let newer = with_options(&[("signed_version", "2019-02-02")]);
    check_refused(function, &newer, 3, "2019-02-02").await;
    check_refused(function, &with_options(&[("until", "x")]), 3, "`until`").await;
    let mut twice = with_options(&[]);
    twice.push(Value::object([]));
    check_refused(function, &twice, 4, "one map").await;
}

#[tokio::test]
async fn a_token_is_taken_apart_without_its_signature() {
    let token = "?sv=2018-03-28&ss=bf&srt=sco&sp=rl&se=2026-01-01T04%3A00%3A00Z&sig=SECRET";
    let said = harness().call("parse_sas_token", &[token.into()]).await;
    let said = said.expect("it is a token");
    let names: Vec<_> = said.entries().into_iter().flatten().collect();
    let texts: Vec<_> = names
        .iter()
        .filter_map(|(_, value)| value.as_str())
        .collect();
    assert!(texts.iter().all(|text| !text.contains("SECRET")));
    assert_eq!(said.get("services").as_str(), Some("bf"));
    assert_eq!(said.get("expires").as_str(), Some("2026-01-01T04:00:00Z"));
    assert_eq!(said.get("has_signature").as_bool(), Some(true));
    assert!(said.get("starts").is_null());
    for text in ["AccountKey=SECRET", "sv=2018-03-28&se=SECRET&sig=SECRET"] {
        check_refused("parse_sas_token", &[text.into()], 0, "SAS token").await;
    }
}

#[tokio::test]
async fn a_key_lives_for_two_periods() {
    check_text("longest_key_life", &["P30D".into()], "P60D").await;
    check_refused("longest_key_life", &["PT1H".into()], 0, "PT1H").await;
}

#[tokio::test]
async fn the_id_of_an_account_has_three_parts() {
    let id = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/Logs/providers/\
              Microsoft.Storage/storageAccounts/stlogs";
    let function = "parse_storage_account_id";
    let parts = harness().call(function, &[id.into()]).await;
    let parts = parts.expect("it is an id");
    assert_eq!(parts.get("resource_group").as_str(), Some("Logs"));
    assert_eq!(parts.get("name").as_str(), Some("stlogs"));
    let subscription = "11111111-1111-4111-8111-111111111111";
    assert_eq!(parts.get("subscription_id").as_str(), Some(subscription));
    check_refused(function, &["/subscriptions/x".into()], 0, "storage account").await;
}
