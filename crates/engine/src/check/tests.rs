//! Scripted checks: which lists are read, and what comes of them.

use std::sync::Arc;

use azure::client::Client;
use azure::clock::ManualClock;
use azure::transport::scripted::{ScriptedTransport, Step};
use rotation::drift::Verdict;
use rotation::period::Period;

use super::*;

const ID: &str = "00000000-0000-0000-0000-000000000001";
const NOW: &str = "2026-06-01T00:00:00Z";

async fn look(scope: &Scope, script: Vec<Step>) -> Result<Outcome, CheckError> {
    let transport = ScriptedTransport::new(script);
    let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
    let client = Client::with_transport(&transport, clock).reader();
    let demand = Demand {
        max_key_age: Period::days(90),
        due_soon: Period::days(14),
        profile: Profile::Keys,
    };
    let question = Question::new(scope.clone(), demand);
    let outcome = check(&client, &question, NOW.parse().expect("a moment")).await;
    assert_eq!(transport.unused(), Vec::<String>::new());
    outcome
}

fn get(path: &str, body: &str) -> Step {
    Step::answer("GET", path, 200, body)
}

fn one_old_account() -> Vec<Step> {
    let body = format!(
        r#"{{"value":[{{"id":"/subscriptions/{ID}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/stlogs",
        "name":"stlogs","properties":{{"keyCreationTime":{{"key1":"2026-01-01T00:00:00Z","key2":null}}}}}}]}}"#
    );
    vec![
        get("/storageAccounts", &body),
        get("/vaults", r#"{"value":[]}"#),
    ]
}

fn subscriptions(items: &str) -> Step {
    get("/subscriptions", &format!(r#"{{"value":[{items}]}}"#))
}

#[tokio::test]
async fn every_readable_subscription_is_examined_as_of_now() {
    let listed = format!(r#"{{"subscriptionId":"{ID}"}},{{"subscriptionId":7,"id":"/odd"}}"#);
    let script = [vec![subscriptions(&listed)], one_old_account()].concat();
    let outcome = look(&Scope::default(), script)
        .await
        .expect("it can be listed");
    let verdicts: Vec<_> = outcome
        .accounts
        .iter()
        .map(|one| one.assessment.verdict)
        .collect();
    assert_eq!(verdicts, [Verdict::Overdue]);
    let holes: Vec<_> = outcome
        .holes
        .iter()
        .map(|hole| hole.scope.as_str())
        .collect();
    assert_eq!(holes, ["/odd"]);
    assert_eq!(outcome.as_of.to_string(), NOW);
}

#[tokio::test]
async fn a_named_subscription_is_examined_once_and_without_listing_others() {
    let id: SubscriptionId = ID.parse().expect("an id");
    let scope = Scope::subscriptions(vec![id.clone(), id]);
    let outcome = look(&scope, one_old_account())
        .await
        .expect("nothing is listed");
    assert_eq!(outcome.accounts.len(), 1);
}

#[tokio::test]
async fn if_no_subscription_can_be_listed_there_is_no_outcome() {
    let refusal = Step::answer("GET", "/subscriptions", 403, "{}");
    let error = look(&Scope::default(), vec![refusal])
        .await
        .expect_err("a refusal");
    assert_eq!(
        error.to_string(),
        "cannot list the subscriptions that can be read"
    );
}
