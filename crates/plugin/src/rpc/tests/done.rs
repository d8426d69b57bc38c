//! What a core is answered by functions and actions.

use proto::tfplugin6 as tf;
use proto::tfplugin6::provider_server::Provider as _;

use super::toy::Toy;
use super::toy::done::{ACTION, FUNCTION};
use super::{BUG, Request, Status, service, summaries, wire};
use crate::function::FunctionError;
use crate::testing::Harness;
use crate::types::Type;
use crate::value::Value;

async fn call(between: Value, times: Value, words: &[&str]) -> Result<Value, FunctionError> {
    let mut arguments = vec![between, times];
    arguments.extend(words.iter().map(|word| Value::from(*word)));
    Harness::new(Toy::default())
        .call(FUNCTION, &arguments)
        .await
}

#[tokio::test]
async fn a_function_takes_what_its_signature_allows() -> Result<(), FunctionError> {
    let joined = call("-".into(), 2.into(), &["a", "b"]).await?;
    assert_eq!(joined.as_str(), Some("a-ba-b"));
    let joined = call(Value::Null, 1.into(), &[]).await?;
    assert_eq!(joined.as_str(), Some(""));
    let joined = call("-".into(), Value::UNKNOWN, &["a"]).await?;
    assert!(joined.is_unknown());
    Ok(())
}

/// Checks which argument is blamed, and how the text begins.
async fn check_refused(between: Value, times: Value, argument: Option<i64>, text: &str) {
    let refused = call(between, times, &["a"]).await.expect_err(text);
    assert_eq!(refused.argument, argument, "{text}");
    assert!(refused.text.starts_with(text), "{}", refused.text);
}

#[tokio::test]
async fn a_function_blames_an_argument_or_itself() {
    check_refused(
        "-".into(),
        (-1).into(),
        Some(1),
        "It must be a whole number",
    )
    .await;
    check_refused("-".into(), Value::Null, Some(1), "`times` must not be null").await;
    check_refused(
        Value::UNKNOWN,
        1.into(),
        Some(0),
        "`between` must not be unknown",
    )
    .await;
    check_refused("panic".into(), 1.into(), None, BUG).await;
    check_refused("misfit".into(), 1.into(), None, BUG).await;
    check_refused("unknown".into(), 1.into(), None, BUG).await;
}

async fn raw_call(name: &str, arguments: Vec<tf::DynamicValue>) -> Result<String, Status> {
    let request = tf::call_function::Request {
        name: name.to_owned(),
        arguments,
    };
    let answer = service().0.call_function(Request::new(request)).await?;
    let error = answer.into_inner().error.unwrap_or_default();
    Ok(error.text)
}

#[tokio::test]
async fn arguments_are_counted_before_they_are_read() -> Result<(), Status> {
    let one = || tf::DynamicValue {
        msgpack: vec![0x01],
        json: Vec::new(),
    };
    assert_eq!(
        raw_call("none", vec![]).await?,
        "This provider has no function `none`."
    );
    assert_eq!(
        raw_call(FUNCTION, vec![]).await?,
        "The function takes 2 arguments, not 0."
    );
    // An empty value is null, which the first parameter takes; the number does not fit the third.
    let sent = vec![tf::DynamicValue::default(), one(), one()];
    let text = raw_call(FUNCTION, sent).await?;
    assert!(text.starts_with("Unreadable value"), "{text}");
    let sent = vec![tf::DynamicValue::default(), one()];
    assert_eq!(raw_call(FUNCTION, sent).await?, "");
    Ok(())
}

fn told(behaviour: &str) -> Value {
    Value::object([("behaviour", behaviour.into())])
}

#[tokio::test]
async fn an_action_tells_its_progress_and_then_its_end() {
    let harness = Harness::new(Toy::default());
    let done = harness.invoke(ACTION, told("good")).await;
    assert_eq!(done.progress, ["begins", "ends"]);
    assert!(done.diagnostics.is_empty());
    let broken = harness.invoke(ACTION, told("panic")).await;
    assert_eq!(broken.progress, ["begins"]);
    assert_eq!(summaries(&broken.diagnostics), [BUG]);
}

#[tokio::test]
async fn an_action_is_warned_of_while_planning() {
    let harness = Harness::new(Toy::default());
    let unknown = Value::object([("behaviour", Value::UNKNOWN)]);
    assert_eq!(
        summaries(&harness.plan_action(ACTION, unknown).await),
        ["Heavy"]
    );
    assert_eq!(
        summaries(&harness.plan_action(ACTION, told("panic")).await),
        [BUG]
    );
}

#[tokio::test]
async fn an_action_ends_when_the_core_asks_to_stop() {
    let harness = Harness::new(Toy::default());
    let (stopped, ()) = tokio::join!(harness.invoke(ACTION, told("wait")), harness.stop());
    assert_eq!(stopped.progress, ["begins"]);
    assert_eq!(summaries(&stopped.diagnostics), ["Stopped"]);
}

#[tokio::test]
async fn an_action_goes_on_when_the_core_has_gone() -> Result<(), Status> {
    let (service, _) = service();
    let ty = Type::Object([("behaviour".to_owned(), Type::String)].into());
    let request = tf::invoke_action::Request {
        action_type: ACTION.to_owned(),
        config: wire::encode(&told("wait"), &ty).ok(),
        client_capabilities: None,
    };
    drop(service.invoke_action(Request::new(request)).await?);
    assert!(service.running.count() > 0);
    service.stop_run();
    service.running.none().await;
    Ok(())
}
