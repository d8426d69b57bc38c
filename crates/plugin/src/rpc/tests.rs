//! What a core is answered, on the example of a resource that misbehaves as it is told to.

mod asked;
mod done;
mod identities;
mod toy;

use proto::tfplugin6 as tf;
use proto::tfplugin6::provider_server::Provider as _;
use tokio_util::sync::CancellationToken;

use super::{Arc, Diagnostics, Request, Running, Service, Status, schema, wire};
use crate::diagnostic::Diagnostic;
use crate::testing::{Harness, Outcome, Stored};
use crate::value::Value;
use toy::asked::ASKED;
use toy::done::{ACTION, FUNCTION};
use toy::{TYPE, Toy};

fn config(name: &str, behaviour: &str) -> Value {
    Value::object([("name", name.into()), ("behaviour", behaviour.into())])
}

fn summaries(diagnostics: &Diagnostics) -> Vec<&str> {
    diagnostics
        .iter()
        .map(|diagnostic: &Diagnostic| diagnostic.summary.as_str())
        .collect()
}

fn stored(outcome: &Outcome) -> &Stored {
    outcome.stored.as_ref().expect("the core stores something")
}

const BUG: &str = "Bug in this provider";

async fn created() -> (Harness, Stored) {
    let harness = Harness::new(Toy::default());
    let made = harness.create(TYPE, config("a", "good")).await;
    assert_eq!(summaries(&made.diagnostics), [""; 0]);
    let made = stored(&made).clone();
    (harness, made)
}

#[tokio::test]
async fn a_whole_life_needs_no_messages() {
    let (harness, made) = created().await;
    assert!(harness.describe().await.is_empty());
    assert!(harness.configure(Value::object([])).await.is_empty());
    assert_eq!(made.state.get("id").as_str(), Some("id-a"));
    assert_eq!(made.state.get("days").as_i64(), Some(90));
    let read = harness.read(TYPE, &made).await;
    assert_eq!(read.stored.as_ref(), Some(&made));
    assert!(
        harness
            .plan(TYPE, Some(&made), config("a", "good"))
            .await
            .is_empty()
    );
    let replaced = harness.plan(TYPE, Some(&made), config("b", "good")).await;
    assert_eq!(replaced.replace, [crate::Path::attribute("name")]);
    assert!(replaced.state.get("id").is_unknown());
    let replaced = harness.apply(TYPE, &replaced).await;
    assert_eq!(stored(&replaced).state.get("id").as_str(), Some("id-b"));
    let gone = harness.destroy(TYPE, stored(&replaced)).await;
    assert!(gone.stored.is_none() && gone.diagnostics.is_empty());
}

/// Checks what is said about a creation, and whether the core stores it all the same.
async fn check_create(behaviour: &str, said: &[&str], kept: bool) {
    let made = Harness::new(Toy::default())
        .create(TYPE, config("a", behaviour))
        .await;
    assert_eq!(summaries(&made.diagnostics), said, "{behaviour}");
    assert_eq!(made.stored.is_some(), kept, "{behaviour}");
    assert!(made.state().is_wholly_known() && made.state().get("secret").is_null());
}

#[tokio::test]
async fn a_creation_that_goes_wrong_forgets_nothing_that_may_exist() {
    check_create("panic", &[BUG], true).await;
    check_create("unknown", &[BUG], true).await;
    check_create("misfit", &[BUG], true).await;
    check_create("nothing", &[BUG], true).await;
    check_create("refuse", &["Refused"], false).await;
    check_create("halfway", &["Halfway"], true).await;
    check_create("write_only", &[], true).await;
}

/// Checks what is said about a change, and which `days` the core stores.
async fn check_update(behaviour: &str, said: &[&str], days: i64) {
    let (harness, made) = created().await;
    let mut changed = config("a", behaviour);
    changed.set("days", 7.into());
    let planned = harness.plan(TYPE, Some(&made), changed).await;
    let updated = harness.apply(TYPE, &planned).await;
    assert_eq!(summaries(&updated.diagnostics), said, "{behaviour}");
    assert_eq!(
        updated.state().get("days").as_i64(),
        Some(days),
        "{behaviour}"
    );
}

#[tokio::test]
async fn a_change_that_goes_wrong_keeps_the_state_before() {
    check_update("good", &[], 7).await;
    check_update("panic", &[BUG], 90).await;
    check_update("misfit", &[BUG], 90).await;
    check_update("nothing", &[BUG], 90).await;
    check_update("refuse", &["Refused"], 90).await;
}

#[tokio::test]
async fn a_removal_or_a_read_that_goes_wrong_keeps_the_state_before() {
    let (harness, mut made) = created().await;
    for (behaviour, said) in [("panic", BUG), ("refuse", "Refused"), ("misfit", BUG)] {
        made.state.set("behaviour", behaviour.into());
        for outcome in [
            harness.destroy(TYPE, &made).await,
            harness.read(TYPE, &made).await,
        ] {
            assert_eq!(
                summaries(&outcome.diagnostics).first(),
                Some(&said),
                "{behaviour}"
            );
            assert_eq!(stored(&outcome).state, made.state, "{behaviour}");
        }
    }
}

#[tokio::test]
async fn a_panic_in_planning_validating_or_upgrading_is_a_message() {
    let harness = Harness::new(Toy::default());
    let bad = config("panic", "good");
    assert_eq!(
        summaries(&harness.plan(TYPE, None, bad.clone()).await.diagnostics),
        [BUG]
    );
    assert_eq!(summaries(&harness.validate(TYPE, bad).await), [BUG]);
    assert_eq!(
        summaries(&harness.upgrade(TYPE, -1, "{}").await.diagnostics),
        [BUG]
    );
}

#[tokio::test]
async fn imports_need_an_id_and_a_state() {
    let harness = Harness::new(Toy::default());
    let imported = harness.import(TYPE, "good").await;
    assert_eq!(stored(&imported).state.get("id").as_str(), Some("good"));
    assert!(stored(&imported).state.get("secret").is_null());
    for (id, said) in [
        ("", "An id is needed to import"),
        ("panic", BUG),
        ("nothing", BUG),
    ] {
        let refused = harness.import(TYPE, id).await;
        assert_eq!(summaries(&refused.diagnostics), [said], "{id}");
        assert!(refused.stored.is_none());
    }
}

#[tokio::test]
async fn stored_states_are_read_converted_or_refused() {
    let harness = Harness::new(Toy::default());
    let current = harness
        .upgrade(TYPE, 2, r#"{"id":"x","days":1e1,"gone":[],"secret":"s"}"#)
        .await;
    let state = current.state();
    assert_eq!(
        (state.get("id").as_str(), state.get("days").as_i64()),
        (Some("x"), Some(10))
    );
    assert!(state.get("secret").is_null() && state.get("name").is_null());
    let older = harness.upgrade(TYPE, 1, r#"{"title":"old"}"#).await;
    assert_eq!(older.state().get("name").as_str(), Some("old"));
    for (version, json, said) in [
        (0, "{}", "State version is not supported"),
        (3, "{}", "State is too new"),
        (2, "{", "State is unreadable"),
        (1, "{", "State is unreadable"),
        (2, r#"{"days":"many"}"#, "State is unreadable"),
    ] {
        assert_eq!(
            summaries(&harness.upgrade(TYPE, version, json).await.diagnostics),
            [said]
        );
    }
}

fn service() -> (Service, CancellationToken) {
    let stop = CancellationToken::new();
    (
        Service::new(Arc::new(Toy::default()), Running::new(), stop.clone()),
        stop,
    )
}

#[tokio::test]
async fn what_is_not_offered_is_named_in_a_message() -> Result<(), Status> {
    let (service, _) = service();
    let name = || "toy_missing".to_owned();
    let request = tf::read_resource::Request {
        type_name: name(),
        ..Default::default()
    };
    let read = service
        .read_resource(Request::new(request))
        .await?
        .into_inner();
    let request = tf::read_data_source::Request {
        type_name: name(),
        ..Default::default()
    };
    let source = service
        .read_data_source(Request::new(request))
        .await?
        .into_inner();
    let request = tf::plan_action::Request {
        action_type: name(),
        ..Default::default()
    };
    let action = service
        .plan_action(Request::new(request))
        .await?
        .into_inner();
    for diagnostics in [read.diagnostics, source.diagnostics, action.diagnostics] {
        let [only] = diagnostics.as_slice() else {
            unreachable!("there is one message")
        };
        assert!(only.detail.contains("toy_missing"), "{}", only.detail);
    }
    Ok(())
}

#[tokio::test]
async fn write_only_values_need_a_core_that_says_so() -> Result<(), Status> {
    let (service, _) = service();
    let mut config = toy::schema().null_object();
    config.set("name", "a".into());
    config.set("secret", "s".into());
    let config = wire::encode(&config, &toy::schema().ty()).ok();
    let request = tf::validate_resource_config::Request {
        type_name: TYPE.to_owned(),
        config,
        client_capabilities: None,
    };
    let found = service
        .validate_resource_config(Request::new(request))
        .await?
        .into_inner();
    let found = Diagnostics::from_wire(found.diagnostics);
    assert_eq!(
        summaries(&found),
        ["Write-only attributes are not supported"]
    );
    Ok(())
}

#[tokio::test]
async fn metadata_names_everything_on_offer() -> Result<(), Status> {
    let (service, _) = service();
    let metadata = service
        .get_metadata(Request::new(tf::get_metadata::Request {}))
        .await?;
    let metadata = metadata.into_inner();
    fn sole<T>(named: &[T], name: impl Fn(&T) -> &str) -> &str {
        let [only] = named else {
            unreachable!("there is one of each kind")
        };
        name(only)
    }
    assert_eq!(sole(&metadata.resources, |named| &named.type_name), TYPE);
    assert_eq!(
        sole(&metadata.list_resources, |named| &named.type_name),
        TYPE
    );
    assert_eq!(
        sole(&metadata.data_sources, |named| &named.type_name),
        ASKED
    );
    let ephemeral = &metadata.ephemeral_resources;
    assert_eq!(sole(ephemeral, |named| &named.type_name), ASKED);
    assert_eq!(sole(&metadata.actions, |named| &named.type_name), ACTION);
    assert_eq!(sole(&metadata.functions, |named| &named.name), FUNCTION);
    assert!(
        metadata
            .server_capabilities
            .is_some_and(|can| can.get_provider_schema_optional)
    );
    Ok(())
}

#[test]
fn a_nested_attribute_has_no_type_beside_its_own_attributes() {
    let described = schema::provider_schema(&service().0);
    let toy = described
        .resource_schemas
        .get(TYPE)
        .and_then(|schema| schema.block.as_ref());
    let mut attributes = toy.expect("a schema").attributes.iter();
    let nested = attributes
        .find(|attribute| attribute.name == "vault")
        .expect("it is there");
    assert!(nested.r#type.is_empty() && nested.nested_type.is_some());
}

#[test]
fn a_stop_ends_one_run_and_a_termination_all() {
    let (service, process) = service();
    let first = service.context();
    service.stop_run();
    assert!(first.is_stopped() && service.context().is_stopped());
    service.begin_run();
    assert!(!service.context().is_stopped());
    process.cancel();
    service.begin_run();
    assert!(service.context().is_stopped());
}
