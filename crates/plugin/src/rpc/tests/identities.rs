//! What a core is told of identities, and of what comes from elsewhere.

use serde_json::{Value as Json, json};

use super::toy::{TYPE, Toy};
use super::{BUG, config, created, stored, summaries};
use crate::resource::MoveRequest;
use crate::testing::{Harness, Stored};
use crate::value::Value;

fn named(name: &str) -> Value {
    Value::object([("name", name.into()), ("shelf", Value::Null)])
}

#[tokio::test]
async fn an_identity_goes_beside_every_state() {
    let (harness, made) = created().await;
    let same = harness.plan(TYPE, Some(&made), config("a", "good")).await;
    assert_eq!(same.identity, named("a"));
    assert_eq!(harness.apply(TYPE, &same).await.identity, named("a"));
    assert_eq!(harness.read(TYPE, &made).await.identity, named("a"));
}

#[tokio::test]
async fn an_identity_that_is_not_known_yet_is_not_sent() {
    let harness = Harness::new(Toy::default());
    let config = Value::object([("name", Value::UNKNOWN)]);
    let planned = harness.plan(TYPE, None, config).await;
    assert!(planned.identity.is_null() && planned.diagnostics.is_empty());
}

/// Checks that a fault in telling the identity is said and does not lose the object.
async fn check_fault(behaviour: &str) {
    let (harness, made) = created().await;
    let mut state = made.state;
    state.set("behaviour", behaviour.into());
    let read = harness
        .read(
            TYPE,
            &Stored {
                state: state.clone(),
                private: Vec::new(),
            },
        )
        .await;
    assert_eq!(summaries(&read.diagnostics), [BUG], "{behaviour}");
    assert_eq!(stored(&read).state, state, "{behaviour}");
    assert!(read.identity.is_null(), "{behaviour}");
}

#[tokio::test]
async fn a_fault_in_telling_the_identity_does_not_lose_the_state() {
    check_fault("faceless").await;
    check_fault("misnamed").await;
}

#[tokio::test]
async fn an_object_is_found_by_its_identity() {
    let harness = Harness::new(Toy::default());
    let identity = Value::object([("name", "a".into()), ("shelf", "top".into())]);
    let imported = harness.import_by_identity(TYPE, &identity).await;
    let found = stored(&imported);
    assert_eq!(found.state.get("name").as_str(), Some("a"));
    assert_eq!(found.state.get("id").as_str(), Some("top"));
    assert_eq!(found.private, b"imported");
    assert_eq!(imported.identity, named("a"));
}

#[tokio::test]
async fn stored_identities_are_read_converted_or_refused() {
    let harness = Harness::new(Toy::default());
    let (current, found) = harness.upgrade_identity(TYPE, 2, r#"{"name":"a"}"#).await;
    assert_eq!((current, found.is_empty()), (named("a"), true));
    let (older, found) = harness.upgrade_identity(TYPE, 1, r#"{"title":"a"}"#).await;
    assert_eq!((older, found.is_empty()), (named("a"), true));
    for (version, json, said) in [
        (3, "{}", "Identity is too new"),
        (2, "{", "Identity is unreadable"),
        (1, "{", "Identity is unreadable"),
        (0, "{}", BUG),
    ] {
        let (_, found) = harness.upgrade_identity(TYPE, version, json).await;
        assert_eq!(summaries(&found), [said]);
    }
}

fn from(source_provider: &str, state: Json) -> MoveRequest {
    MoveRequest {
        source_provider: source_provider.to_owned(),
        source_type: "terraform_data".to_owned(),
        source_version: 0,
        state,
        private: b"kept".to_vec(),
        identity: None,
    }
}

#[tokio::test]
async fn an_object_of_a_known_type_is_taken_over() {
    let harness = Harness::new(Toy::default());
    let builtin = "terraform.io/builtin/terraform";
    let moved = harness
        .move_state(TYPE, from(builtin, json!({ "input": "a" })))
        .await;
    assert_eq!(summaries(&moved.diagnostics), [""; 0]);
    assert_eq!(stored(&moved).private, b"kept");
    assert!(stored(&moved).state.get("secret").is_null());
    assert_eq!(moved.identity, named("a"));
    for (provider, state, said) in [
        (builtin, json!({}), "No name"),
        (
            "example.com/other/other",
            json!({ "input": "a" }),
            "Move is not supported",
        ),
    ] {
        let refused = harness.move_state(TYPE, from(provider, state)).await;
        assert_eq!(summaries(&refused.diagnostics), [said]);
        assert!(refused.stored.is_none());
    }
}

#[tokio::test]
async fn a_generated_configuration_has_what_a_person_would_write() {
    let (harness, made) = created().await;
    let (written, found) = harness.generate_config(TYPE, &made.state).await;
    assert!(found.is_empty());
    assert!(written.get("id").is_null());
    assert_eq!(written.get("name").as_str(), Some("a"));
    assert_eq!(written.get("days").as_i64(), Some(90));
    let planned = harness.plan(TYPE, Some(&made), written).await;
    assert!(planned.is_empty());
}
