//! Tests of the provider block, as a core hands it over.

use azure::clock::SystemClock;
use azure::cloud::Cloud;
use plugin::testing::Harness;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::KeyRotation;

const APPLICATION: [(&str, &str); 3] = [
    ("ARM_TENANT_ID", "t"),
    ("ARM_CLIENT_ID", "c"),
    ("ARM_CLIENT_SECRET", "canary"),
];

/// Configures a provider and gives what it says: the place, the summary and the detail.
async fn configure(block: Value, variables: &[(&str, &str)]) -> Vec<String> {
    let env = Env::from_pairs(variables.iter().copied());
    let harness = Harness::new(KeyRotation::new(env, Arc::new(SystemClock)));
    let said = harness.configure(block).await;
    said.iter()
        .map(|one| format!("{:?} {}: {}", one.path, one.summary, one.detail))
        .collect()
}

async fn check(block: Value, variables: &[(&str, &str)], place: &str, expected: &str) {
    let said = configure(block, variables).await.join("\n");
    assert!(said.contains(expected), "{expected}: {said}");
    assert!(said.contains(place), "{place}: {said}");
    assert!(!said.contains("canary"), "{said}");
}

fn block<'a>(entries: impl IntoIterator<Item = (&'a str, &'a str)>) -> Value {
    Value::object(entries.into_iter().map(|(name, text)| (name, text.into())))
}

fn endpoints(change: (&str, &str)) -> Value {
    let mut endpoints = block([
        ("authority", "https://login.stack.example"),
        ("resource_manager", "https://management.stack.example"),
        ("vault_suffix", "vault.stack.example"),
        ("storage_suffix", "stack.example"),
        ("graph", "https://graph.stack.example"),
    ]);
    endpoints.set(change.0, change.1.into());
    Value::object([
        ("environment", "custom".into()),
        ("cloud_endpoints", endpoints),
    ])
}

#[tokio::test]
async fn a_block_is_refused_at_the_argument_that_mends_it() {
    let secret = [("ARM_CLIENT_SECRET", "canary")];
    check(
        Value::Null,
        &secret,
        "tenant_id",
        "No way to sign in to Azure",
    )
    .await;
    let both = block([("client_secret", "canary"), ("oidc_token", "canary")]);
    check(both, &[], "oidc_token", "Two ways to sign in to Azure").await;
    let file = block([("client_certificate_path", "/nowhere/app.pfx")]);
    check(
        file,
        &APPLICATION,
        "client_certificate_path",
        "Cannot read the file `/nowhere/app.pfx` of client_certificate_path",
    )
    .await;
    let odd = block([("client_certificate", "canary")]);
    check(
        odd,
        &APPLICATION,
        "client_certificate",
        "neither a PEM file",
    )
    .await;
    let plain = block([
        ("oidc_request_url", "http://canary.example"),
        ("oidc_request_token", "canary"),
    ]);
    check(
        plain,
        &APPLICATION,
        "oidc_request_url",
        "it is no https address",
    )
    .await;
    for (name, value) in [
        ("environment", "moon"),
        ("retry_timeout", "soon"),
        ("max_retry_wait", "-1s"),
        ("partner_id", "contoso"),
    ] {
        check(block([(name, value)]), &APPLICATION, name, value).await;
    }
    for (name, value) in [
        ("max_retries", -1_i64),
        ("max_retries", 21),
        ("max_concurrent_requests", 0),
    ] {
        let odd = Value::object([(name, value.into())]);
        check(odd, &APPLICATION, name, "It is a whole number from").await;
    }
    let partner = [&APPLICATION[..], &[("ARM_PARTNER_ID", "contoso")]].concat();
    check(Value::Null, &partner, "partner_id", "Not a partner id").await;
}

#[tokio::test]
async fn a_cloud_is_named_or_described_and_not_both() {
    let good = endpoints(("graph", "https://graph.stack.example/"));
    assert_eq!(configure(good, &APPLICATION).await, [""; 0]);
    let bad = endpoints(("vault_suffix", "https://vault.stack.example"));
    check(bad, &APPLICATION, "vault_suffix", "Not an endpoint").await;
    let alone = block([("environment", "custom")]);
    check(
        alone,
        &APPLICATION,
        "cloud_endpoints",
        "Endpoints are missing",
    )
    .await;
    let mut other = endpoints(("graph", "https://graph.stack.example"));
    other.set("environment", "china".into());
    check(
        other,
        &APPLICATION,
        "cloud_endpoints",
        "Endpoints of another cloud",
    )
    .await;
    let variable = [&APPLICATION[..], &[("ARM_ENVIRONMENT", "moon")]].concat();
    check(
        Value::Null,
        &variable,
        "environment",
        "the variable ARM_ENVIRONMENT",
    )
    .await;
}

#[test]
fn settings_are_those_of_the_block() {
    let settings = |block: Value, variables: &[(&str, &str)]| {
        let all = APPLICATION.iter().chain(variables).copied();
        let settings = settings(&block, &Env::from_pairs(all));
        settings.ok().flatten().expect("settings")
    };
    let default = settings(Value::Null, &[]);
    assert_eq!(default.retry, azure::RetrySettings::default());
    assert_eq!(default.max_concurrent_requests, None);
    assert_eq!(default.cloud, Cloud::Public);
    let mut set = endpoints(("resource_manager_audience", "https://stack.example/a"));
    for (name, text) in [("retry_timeout", "10m"), ("max_retry_wait", "500ms")] {
        set.set(name, text.into());
    }
    set.set("max_retries", 0_i64.into());
    set.set("max_concurrent_requests", 3_i64.into());
    set.set("partner_id", "222c6c49-1b0a-5959-a213-6608f9eb8820".into());
    let set = settings(set, &[("TF_APPEND_USER_AGENT", "ci/1")]);
    assert_eq!(set.retry.tries, 1);
    assert_eq!(set.retry.deadline, Duration::from_secs(600));
    assert_eq!(set.retry.longest_wait, Duration::from_millis(500));
    assert_eq!(set.max_concurrent_requests.map(u32::from), Some(3));
    assert_eq!(set.cloud.arm_scope(), "https://stack.example/a/.default");
    let end = " ci/1 pid-222c6c49-1b0a-5959-a213-6608f9eb8820";
    assert!(set.user_agent.ends_with(end), "{}", set.user_agent);
}

#[test]
fn every_argument_that_holds_a_secret_is_sensitive() {
    let schema = schema();
    let sensitive = schema.attributes.iter().filter(|one| one.sensitive);
    let names: Vec<&str> = sensitive.map(|one| one.name.as_str()).collect();
    let expected = [
        "client_secret",
        "client_certificate",
        "client_certificate_password",
        "oidc_token",
        "oidc_request_token",
    ];
    assert_eq!(names, expected);
}
