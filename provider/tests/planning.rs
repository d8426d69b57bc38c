//! Plans and validations of both resources, as a core would ask for them: without Azure.

use std::sync::Arc;

use azure::{Env, ManualClock};
use plugin::testing::{Harness, Planned, Stored};
use plugin::{Diagnostics, Value};

const ACCOUNT: &str = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/\
                       providers/Microsoft.Storage/storageAccounts/stlogs";
const POLICY: &str = "keyrotation_policy";
const DEFINITION: &str = "keyrotation_sas_definition";
const POLICY_ID: &str = "https://kv1.vault.azure.net/storage/stlogs";

fn harness() -> Harness {
    let now = "2026-01-01T00:00:00Z".parse().expect("a time");
    let nothing: [(&str, &str); 0] = [];
    let clock = Arc::new(ManualClock::new(now));
    Harness::new(provider::KeyRotation::new(Env::from_pairs(nothing), clock))
}

fn policy(changes: &[(&str, Value)]) -> Value {
    let mut config = Value::object([
        ("storage_account_id", Value::from(ACCOUNT)),
        ("key_vault", vault(&[])),
    ]);
    for (name, value) in changes {
        config.set(name, value.clone());
    }
    config
}

fn vault(changes: &[(&str, Value)]) -> Value {
    let mut config = Value::object([("vault_uri", Value::from("https://kv1.vault.azure.net/"))]);
    for (name, value) in changes {
        config.set(name, value.clone());
    }
    config
}

fn definition(changes: &[(&str, Value)]) -> Value {
    let mut config = Value::object([
        ("policy_id", Value::from(POLICY_ID)),
        ("name", Value::from("blobrw4hours")),
        ("services", Value::from("b")),
        ("resource_types", Value::from("sco")),
        ("permissions", Value::from("rw")),
        ("validity_period", Value::from("PT4H")),
    ]);
    for (name, value) in changes {
        config.set(name, value.clone());
    }
    config
}

/// Stores what a plan promises, with something in the place of what only Azure can say.
fn applied(planned: &Planned) -> Stored {
    let mut state = planned.state.clone();
    for name in [
        "active_key",
        "key1_created_at",
        "key2_created_at",
        "next_rotation_due",
        "secret_id",
    ] {
        if state.get(name).is_unknown() {
            state.set(name, Value::from("from Azure"));
        }
    }
    Stored {
        state,
        private: Vec::new(),
    }
}

fn paths(diagnostics: &Diagnostics) -> Vec<String> {
    diagnostics
        .iter()
        .map(|found| {
            found
                .path
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default()
        })
        .collect()
}

fn text(planned: &Planned, name: &str) -> String {
    planned
        .state
        .get(name)
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test]
async fn a_core_accepts_the_schemas() {
    let found = harness().describe().await;
    assert!(found.is_empty(), "{found:?}");
}

#[tokio::test]
async fn a_policy_needs_an_account_and_a_vault_only() {
    let planned = harness().plan(POLICY, None, policy(&[])).await;
    assert!(
        !planned.diagnostics.has_errors(),
        "{:?}",
        planned.diagnostics
    );
    assert_eq!(text(&planned, "id"), POLICY_ID);
    assert_eq!(text(&planned, "rotation_period"), "P30D");
    assert_eq!(text(&planned, "max_key_age"), "P90D");
    assert_eq!(text(&planned, "longest_key_life"), "P60D");
    assert_eq!(
        planned.state.get("key_vault").get("name").as_str(),
        Some("stlogs")
    );
    let granting = planned.state.get("key_vault").get("grant_access");
    assert!(granting.is_null(), "the provider block decides");
    assert!(planned.state.get("active_key").is_unknown());
}

#[tokio::test]
async fn the_end_of_the_vaults_feature_is_told_once_in_a_plan() {
    let harness = harness();
    for expected in [vec!["key_vault"], vec![], vec![]] {
        let planned = harness.plan(POLICY, None, policy(&[])).await;
        assert_eq!(paths(&planned.diagnostics), expected);
        assert!(!planned.diagnostics.has_errors());
    }
}

#[tokio::test]
async fn planning_again_after_apply_changes_nothing() {
    let harness = harness();
    for (kind, config) in [(POLICY, policy(&[])), (DEFINITION, definition(&[]))] {
        let first = harness.plan(kind, None, config.clone()).await;
        let stored = applied(&first);
        let second = harness.plan(kind, Some(&stored), config).await;
        assert!(second.is_empty(), "{kind}: {:?}", second.diagnostics);
    }
}

#[tokio::test]
async fn the_address_of_a_secret_is_told_once_it_mints_tokens() {
    let harness = harness();
    let first = harness.plan(DEFINITION, None, definition(&[])).await;
    assert!(first.state.get("secret_id").is_unknown());
    let changed = definition(&[("permissions", Value::from("r"))]);
    let stored = applied(&first);
    let second = harness.plan(DEFINITION, Some(&stored), changed).await;
    assert!(second.state.get("secret_id").is_known());
    let renamed = definition(&[("name", Value::from("other"))]);
    let third = harness.plan(DEFINITION, Some(&stored), renamed).await;
    assert!(third.state.get("secret_id").is_unknown());
}

#[tokio::test]
async fn what_is_unknown_stays_unknown() {
    let unknown = policy(&[("storage_account_id", Value::UNKNOWN)]);
    let planned = harness().plan(POLICY, None, unknown).await;
    assert!(
        !planned.diagnostics.has_errors(),
        "{:?}",
        planned.diagnostics
    );
    assert!(planned.state.get("id").is_unknown());
    assert!(planned.state.get("key_vault").get("name").is_unknown());
    let unknown = definition(&[("policy_id", Value::UNKNOWN), ("services", Value::UNKNOWN)]);
    let planned = harness().plan(DEFINITION, None, unknown).await;
    for name in ["id", "secret_id", "template_uri"] {
        assert!(planned.state.get(name).is_unknown(), "{name}");
    }
}

async fn check_change(before: Value, after: Value, replaced: &[&str], kind: &str) {
    let harness = harness();
    let first = harness.plan(kind, None, before).await;
    let second = harness.plan(kind, Some(&applied(&first)), after).await;
    assert!(!second.diagnostics.has_errors(), "{:?}", second.diagnostics);
    let found: Vec<_> = second.replace.iter().map(ToString::to_string).collect();
    assert_eq!(found, replaced);
}

#[tokio::test]
async fn only_another_identity_makes_a_new_policy() {
    let to = |after: Value, replaced: &'static [&'static str]| async move {
        check_change(policy(&[]), after, replaced, POLICY).await;
    };
    let elsewhere = ACCOUNT.replace("stlogs", "stother");
    to(
        policy(&[("storage_account_id", Value::from(elsewhere))]),
        &["storage_account_id"],
    )
    .await;
    let name = vault(&[("name", Value::from("other"))]);
    to(policy(&[("key_vault", name)]), &["key_vault.name"]).await;
    let other = vault(&[("vault_uri", Value::from("https://kv2.vault.azure.net/"))]);
    to(policy(&[("key_vault", other)]), &["key_vault.vault_uri"]).await;
    to(policy(&[("rotation_period", Value::from("P15D"))]), &[]).await;
    let tags = Value::object([("team", Value::from("a"))]);
    to(policy(&[("tags", tags)]), &[]).await;
    let active = vault(&[("initial_active_key", Value::from("key2"))]);
    to(policy(&[("key_vault", active)]), &[]).await;
}

#[tokio::test]
async fn another_spelling_of_the_same_is_not_another_identity() {
    let to = |after: Value| async move { check_change(policy(&[]), after, &[], POLICY).await };
    let spelled = ACCOUNT.replace("resourceGroups", "resourcegroups");
    to(policy(&[("storage_account_id", Value::from(spelled))])).await;
    let without_slash = vault(&[("vault_uri", Value::from("https://KV1.vault.azure.net"))]);
    to(policy(&[("key_vault", without_slash)])).await;
}

#[tokio::test]
async fn another_name_makes_a_new_definition_and_other_letters_do_not() {
    let to = |after: Value, replaced: &'static [&'static str]| async move {
        check_change(definition(&[]), after, replaced, DEFINITION).await;
    };
    to(definition(&[("name", Value::from("other"))]), &["name"]).await;
    to(definition(&[("permissions", Value::from("r"))]), &[]).await;
    to(definition(&[("validity_period", Value::from("PT8H"))]), &[]).await;
}

#[tokio::test]
async fn a_pace_too_slow_for_the_limit_warns_and_names_the_longest_that_fits() {
    let slow = policy(&[("rotation_period", Value::from("P60D"))]);
    let planned = harness().plan(POLICY, None, slow).await;
    assert_eq!(
        paths(&planned.diagnostics),
        ["rotation_period", "key_vault"]
    );
    assert!(!planned.diagnostics.has_errors());
    let warning = planned
        .diagnostics
        .iter()
        .next()
        .map(|found| found.detail.clone());
    let warning = warning.unwrap_or_default();
    assert!(
        warning.contains("P120D") && warning.contains("P45D"),
        "{warning}"
    );
}

#[tokio::test]
async fn a_token_that_may_outlive_its_key_warns() {
    let harness = harness();
    let daily = policy(&[("rotation_period", Value::from("P1D"))]);
    harness.plan(POLICY, None, daily).await;
    for (validity, expected) in [("P1D", vec![]), ("P2D", vec!["validity_period"])] {
        let config = definition(&[("validity_period", Value::from(validity))]);
        let planned = harness.plan(DEFINITION, None, config).await;
        assert_eq!(paths(&planned.diagnostics), expected, "{validity}");
    }
}

#[tokio::test]
async fn letters_and_template_are_two_ways_to_the_same() {
    let harness = harness();
    let letters = harness.plan(DEFINITION, None, definition(&[])).await;
    let template = "sv=2018-03-28&ss=b&srt=sco&sp=rw&spr=https";
    assert_eq!(text(&letters, "template_uri"), template);
    assert_eq!(text(&letters, "signed_version"), "2018-03-28");
    let raw = definition(&[
        ("services", Value::Null),
        ("resource_types", Value::Null),
        ("permissions", Value::Null),
        (
            "template_uri",
            Value::from("sv=2015-04-05&ss=bq&srt=o&sp=r"),
        ),
    ]);
    let raw = harness.plan(DEFINITION, None, raw).await;
    assert_eq!(text(&raw, "services"), "bq");
    assert_eq!(text(&raw, "signed_version"), "2015-04-05");
}
