//! Data sources and the ephemeral token over scripted answers of Azure.

use std::sync::Arc;
use std::time::SystemTime;

use azure::ManualClock;
use azure::client::Client;
use azure::transport::scripted::{ScriptedTransport, SentRequest, Step};
use jiff::Timestamp;
use plugin::Value;
use plugin::testing::Harness;
use serde_json::json;

const SUBSCRIPTION: &str = "11111111-1111-4111-8111-111111111111";
const VAULT: &str = "https://kv1.vault.azure.net";
const TOKEN: &str = "keyrotation_sas_token";
const MINTED: &str = "?sv=2018-03-28&ss=b&srt=sco&sp=rw&se=2026-01-01T04%3A00%3A00Z&sig=x";

fn account_id() -> String {
    format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Storage/\
         storageAccounts/stlogs"
    )
}

fn harness(script: impl IntoIterator<Item = Step>) -> (Harness, ScriptedTransport) {
    let transport = ScriptedTransport::new(script);
    let now = "2026-03-01T00:00:00Z".parse().expect("a time");
    let clock = Arc::new(ManualClock::new(now));
    let client = Client::with_transport(&transport, clock.clone());
    let harness = Harness::new(provider::KeyRotation::over(client, clock));
    (harness, transport)
}

fn get(path: &str, body: &serde_json::Value) -> Step {
    Step::answer("GET", path, 200, body.to_string())
}

fn refused(path: &str) -> Step {
    let body = r#"{"error":{"code":"Forbidden","message":"no right"}}"#;
    Step::answer("GET", path, 403, body)
}

fn account(key1: &str) -> serde_json::Value {
    json!({"id": account_id(), "name": "stlogs", "location": "x", "properties": {
        "keyCreationTime": {"key1": key1, "key2": "2026-02-01T00:00:00Z"},
        "keyPolicy": {"keyExpirationPeriodInDays": 90},
    }})
}

fn vaults() -> Step {
    let id = format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv1"
    );
    let properties =
        json!({"tenantId": SUBSCRIPTION, "vaultUri": format!("{VAULT}/"), "accessPolicies": []});
    let vault = json!({"id": id, "name": "kv1", "properties": properties});
    get("/vaults", &json!({"value": [vault]}))
}

fn record() -> serde_json::Value {
    json!({
        "id": format!("{VAULT}/storage/stlogs"), "resourceId": account_id(),
        "activeKeyName": "key2", "autoRegenerateKey": true, "regenerationPeriod": "P30D",
        "attributes": {"enabled": true, "created": 1_767_225_600, "updated": 1_767_225_600},
    })
}

fn enrolled() -> Vec<Step> {
    vec![
        vaults(),
        get("/storage", &json!({"value": [record()]})),
        get("/storage/stlogs", &record()).always(),
    ]
}

fn ask(entries: &[(&str, &str)]) -> Value {
    Value::object(
        entries
            .iter()
            .map(|(name, text)| (*name, Value::from(*text))),
    )
}

#[tokio::test]
async fn an_account_shows_its_ages_and_its_enrolment() {
    let mut script = enrolled();
    script.push(get("/stlogs", &account("2026-01-01T00:00:00Z")));
    let (harness, transport) = harness(script);
    let config = ask(&[("storage_account_id", &account_id())]);
    let (state, told) = harness.read_data("keyrotation_account", config).await;
    assert!(told.is_empty(), "{told:?}");
    assert_eq!(state.get("verdict").as_str(), Some("compliant"));
    assert_eq!(state.get("shared_key_allowed").as_bool(), Some(true));
    assert_eq!(state.get("key_expiration_days").as_i64(), Some(90));
    assert_eq!(state.get("key1").get("age_days").as_i64(), Some(59));
    let enrolment = state.get("enrolment");
    assert_eq!(enrolment.get("vault").as_str(), Some("kv1"));
    assert_eq!(enrolment.get("active_key").as_str(), Some("key2"));
    assert_eq!(enrolment.get("auto_regenerate").as_bool(), Some(true));
    // One period after the younger key was made.
    let due = state.get("next_rotation_due").as_str();
    assert_eq!(due, Some("2026-03-03T00:00:00Z"));
    assert!(transport.sent().iter().all(|sent| sent.method == "GET"));
}

#[tokio::test]
async fn an_account_is_judged_as_of_a_moment_and_by_a_limit() {
    let script = [
        get("/stlogs", &account("2026-01-01T00:00:00Z")),
        get("/vaults", &json!({"value": []})),
    ];
    let (harness, _) = harness(script);
    let config = ask(&[
        ("storage_account_id", &account_id()),
        ("max_key_age", "P30D"),
        ("due_soon", "P1D"),
        ("as_of", "2026-02-01T00:00:00Z"),
    ]);
    let (state, told) = harness.read_data("keyrotation_account", config).await;
    assert!(told.is_empty(), "{told:?}");
    assert_eq!(state.get("key1").get("verdict").as_str(), Some("overdue"));
    assert_eq!(state.get("key2").get("age_days").as_i64(), Some(0));
    assert_eq!(state.get("verdict").as_str(), Some("overdue"));
    assert!(state.get("enrolment").is_null());
    assert!(state.get("next_rotation_due").is_null());
}

#[tokio::test]
async fn vaults_that_cannot_be_read_are_said_and_a_missing_account_is_an_error() {
    let config = || ask(&[("storage_account_id", &account_id())]);
    let account = get("/stlogs", &account("2026-02-01T00:00:00Z"));
    let (closed, _) = harness([account, refused("/vaults")]);
    let (state, told) = closed.read_data("keyrotation_account", config()).await;
    assert!(told.is_empty(), "{told:?}");
    assert_eq!(state.get("unscanned").items().map(<[_]>::len), Some(1));
    let body = r#"{"error":{"code":"ResourceNotFound","message":"none"}}"#;
    let (empty, _) = harness([Step::answer("GET", "/stlogs", 404, body)]);
    let (_, told) = empty.read_data("keyrotation_account", config()).await;
    let paths: Vec<_> = told.iter().filter_map(|told| told.path.as_ref()).collect();
    assert_eq!(paths, [&plugin::Path::attribute("storage_account_id")]);
}

async fn check_compliance(accounts: Step, vaults: Step, compliant: bool, complete: bool) -> Value {
    let (harness, _) = harness([accounts, vaults]);
    let ids = Value::list([Value::from(SUBSCRIPTION)]);
    let config = Value::object([("subscription_ids", ids)]);
    let (state, told) = harness.read_data("keyrotation_compliance", config).await;
    assert!(told.is_empty(), "{told:?}");
    assert_eq!(state.get("compliant").as_bool(), Some(compliant));
    assert_eq!(state.get("complete").as_bool(), Some(complete));
    state
}

#[tokio::test]
async fn only_a_scope_that_was_examined_in_full_is_compliant() {
    let accounts = |key1: &str| get("/storageAccounts", &json!({"value": [account(key1)]}));
    let no_vault = || get("/vaults", &json!({"value": []}));
    let nothing = || get("/storageAccounts", &json!({"value": []}));
    let (young, old) = ("2026-02-01T00:00:00Z", "2025-01-01T00:00:00Z");
    let state = check_compliance(accounts(young), no_vault(), true, true).await;
    assert_eq!(state.get("counts").get("compliant").as_i64(), Some(1));
    let state = check_compliance(accounts(old), no_vault(), false, true).await;
    let findings = state.get("findings").items().unwrap_or_default();
    let first = findings.first().expect("there is something to say");
    assert_eq!(first.get("code").as_str(), Some("key-overdue"));
    assert_eq!(first.get("severity").as_str(), Some("high"));
    assert_eq!(
        first.get("account_id").as_str(),
        Some(account_id().as_str())
    );
    check_compliance(accounts(young), refused("/vaults"), false, false).await;
    check_compliance(refused("/storageAccounts"), no_vault(), false, false).await;
    check_compliance(nothing(), no_vault(), false, true).await;
}

#[tokio::test]
async fn an_empty_list_of_subscriptions_is_refused() {
    let (harness, _) = harness([]);
    for ids in [Value::list([]), Value::list([Value::from("x")])] {
        let config = Value::object([("subscription_ids", ids)]);
        let (_, told) = harness.read_data("keyrotation_compliance", config).await;
        assert!(told.has_errors());
    }
}

fn secret(value: &str) -> Step {
    let body = json!({"value": value, "contentType": "application/vnd.ms-sastoken-storage",
        "id": format!("{VAULT}/secrets/stlogs-rw"), "managed": true,
        "attributes": {"enabled": true, "exp": 1_767_240_000}});
    get("/secrets/stlogs-rw", &body)
}

#[tokio::test]
async fn a_token_is_minted_by_one_reading_of_its_secret() {
    let by_definition = format!("{VAULT}/storage/stlogs/sas/rw");
    let by_secret = format!("{VAULT}/secrets/stlogs-rw");
    for (name, id) in [("definition_id", by_definition), ("secret_id", by_secret)] {
        let (harness, transport) = harness([secret(MINTED)]);
        let held = harness.open(TOKEN, ask(&[(name, &id)])).await;
        assert!(held.diagnostics.is_empty(), "{:?}", held.diagnostics);
        let bare = MINTED.trim_start_matches('?');
        assert!(held.result.get("token").as_str() == Some(bare));
        let expires = held.result.get("expires_at").as_str();
        assert_eq!(expires, Some("2026-01-01T04:00:00Z"));
        let renewal: Timestamp = "2026-01-01T03:59:00Z".parse().expect("a time");
        assert_eq!(held.renew_at, Some(SystemTime::from(renewal)));
        let renewed = harness.renew(TOKEN, &held.private).await;
        assert!(!renewed.diagnostics.is_empty() && !renewed.diagnostics.has_errors());
        assert!(renewed.renew_at.is_none());
        assert!(harness.close(TOKEN, &held.private).await.is_empty());
        let lines: Vec<_> = transport.sent().iter().map(SentRequest::line).collect();
        assert_eq!(lines, ["GET /secrets/stlogs-rw"]);
    }
}

#[tokio::test]
async fn a_secret_that_is_no_token_is_never_shown() {
    for value in ["SECRET", "sv=2018-03-28&ss=SECRET"] {
        let (harness, _) = harness([secret(value)]);
        let id = format!("{VAULT}/secrets/stlogs-rw");
        let held = harness.open(TOKEN, ask(&[("secret_id", &id)])).await;
        assert!(held.diagnostics.has_errors() && held.result.is_null());
        let details: String = held
            .diagnostics
            .iter()
            .map(|told| told.detail.as_str())
            .collect();
        assert!(!details.contains("SECRET"), "{details}");
    }
}

#[tokio::test]
async fn a_refused_secret_names_the_permission_on_secrets() {
    let body = json!({"error": {"code": "Forbidden", "message": "The user does not have secrets \
        get permission on key vault 'kv1'.", "innererror": {"code": "ForbiddenByPolicy"}}});
    let step = Step::answer("GET", "/secrets/stlogs-rw", 403, body.to_string());
    let (harness, _) = harness([step]);
    let id = format!("{VAULT}/secrets/stlogs-rw");
    let held = harness.open(TOKEN, ask(&[("secret_id", &id)])).await;
    let told = held.diagnostics.iter().next().expect("it is refused");
    assert!(
        told.detail.contains("--secret-permissions get"),
        "{}",
        told.detail
    );
    assert_eq!(told.path, Some(plugin::Path::attribute("secret_id")));
}

#[tokio::test]
async fn a_token_needs_exactly_one_definition_of_this_cloud() {
    let definition = format!("{VAULT}/storage/stlogs/sas/rw");
    let secret = format!("{VAULT}/secrets/stlogs-rw");
    let versioned = format!("{secret}/0123");
    let both = ask(&[("definition_id", &definition), ("secret_id", &secret)]);
    let elsewhere = "https://kv1.vault.usgovcloudapi.net/secrets/stlogs-rw";
    for config in [
        ask(&[]),
        both,
        ask(&[("secret_id", &versioned)]),
        ask(&[("secret_id", "https://evil.example/secrets/a-b")]),
        ask(&[("secret_id", elsewhere)]),
        ask(&[("definition_id", &secret)]),
    ] {
        let (harness, transport) = harness([]);
        let held = harness.open(TOKEN, config).await;
        assert!(held.diagnostics.has_errors());
        assert!(transport.sent().is_empty());
    }
}
