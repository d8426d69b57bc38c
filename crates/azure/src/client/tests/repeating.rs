//! Which request is sent again after which failure.

use std::time::Duration;

use super::client;
use crate::{
    arm,
    error::{Error, Kind},
    fixtures::{account, managed, scripted, vault},
    id::KeyName,
    identity::credential::Credential,
    request::{Access, Request},
    stage::retry::RetrySettings,
    transport::scripted::{ScriptedTransport, Step},
    vault::managed_storage::{self, ManagedStorageUpdate, NewManagedStorage},
};

/// Sends a request into a failure that does not end and counts how often it went out.
async fn count<T, A: Access>(request: Request<T, A>, failure: Step) -> (usize, Error) {
    let (client, transport, _) = scripted([failure.always()]);
    let error = client.send(request).await.err().expect("a failure");
    (transport.sent().len(), error)
}

fn enrolment() -> NewManagedStorage {
    NewManagedStorage {
        resource_id: account(),
        active_key: KeyName::Key1,
        auto_regenerate: true,
        regeneration_period: Some("P30D".to_owned()),
        enabled: true,
        tags: std::collections::BTreeMap::new(),
    }
}

/// Tells how often each kind of request goes out into the same failure.
async fn counts(failure: impl Fn(&str) -> Step) -> [usize; 6] {
    let (account, vault, name) = (account(), vault(), managed());
    let update = ManagedStorageUpdate::default();
    [
        count(arm::storage::get(&account), failure("GET")).await.0,
        count(arm::storage::list_keys(&account), failure("POST"))
            .await
            .0,
        count(
            managed_storage::update(&vault, &name, &update),
            failure("PATCH"),
        )
        .await
        .0,
        count(managed_storage::delete(&vault, &name), failure("DELETE"))
            .await
            .0,
        count(
            arm::storage::regenerate_key(&account, KeyName::Key2),
            failure("POST"),
        )
        .await
        .0,
        count(
            managed_storage::set(&vault, &name, &enrolment()),
            failure("PUT"),
        )
        .await
        .0,
    ]
}

#[tokio::test]
async fn after_an_unclear_failure_only_repeatable_requests_are_repeated() {
    for status in [408, 500, 502, 503, 504] {
        let sent = counts(|method| Step::answer(method, "", status, "")).await;
        assert_eq!(sent, [5, 5, 5, 5, 1, 1], "{status}");
    }
    assert_eq!(
        counts(|method| Step::lost(method, "")).await,
        [5, 5, 5, 5, 1, 1]
    );
}

#[tokio::test]
async fn what_was_certainly_not_executed_is_repeated_whatever_it_is() {
    assert_eq!(
        counts(|method| Step::answer(method, "", 429, "")).await,
        [5; 6]
    );
    assert_eq!(counts(|method| Step::unreachable(method, "")).await, [5; 6]);
}

#[tokio::test]
async fn what_would_fail_again_is_not_repeated() {
    for status in [307, 308, 400, 403, 404, 409, 501] {
        assert_eq!(
            counts(|method| Step::answer(method, "", status, "")).await,
            [1; 6],
            "{status}"
        );
    }
    assert_eq!(counts(|method| Step::untrusted(method, "")).await, [1; 6]);
}

#[tokio::test]
async fn errors_tell_at_which_point_it_went_wrong() {
    let regenerate = || arm::storage::regenerate_key(&account(), KeyName::Key2);
    let check = async |failure: Step, kind: Kind, executed: bool| {
        let (_, error) = count(regenerate(), failure).await;
        assert_eq!(
            (error.kind(), error.may_have_executed()),
            (kind, executed),
            "{error}"
        );
    };
    check(Step::lost("POST", ""), Kind::AnswerLost, true).await;
    check(Step::unreachable("POST", ""), Kind::NeverSent, false).await;
    check(Step::untrusted("POST", ""), Kind::Certificate, false).await;
    check(Step::answer("POST", "", 500, ""), Kind::Answer, true).await;
    check(Step::answer("POST", "", 409, ""), Kind::Answer, false).await;
}

#[tokio::test]
async fn gone_after_an_unclear_try_is_gone_by_our_hand() {
    let absent = || Step::answer("DELETE", "/storage/stlogs", 404, "");
    let (client, transport, _) = scripted([Step::lost("DELETE", "/storage/stlogs"), absent()]);
    assert!(
        client
            .send(managed_storage::delete(&vault(), &managed()))
            .await
            .is_ok()
    );
    assert!(transport.unused().is_empty());
    let (client, _, _) = scripted([absent()]);
    let error = client
        .send(managed_storage::delete(&vault(), &managed()))
        .await;
    assert!(error.expect_err("it never was there").is_not_found());
}

#[tokio::test]
async fn an_unclear_try_is_remembered_by_the_error_of_a_later_one() {
    let (client, _, _) = scripted([
        Step::answer("PATCH", "/storage/stlogs", 500, ""),
        Step::answer("PATCH", "/storage/stlogs", 403, ""),
    ]);
    let update = ManagedStorageUpdate::default();
    let error = client
        .send(managed_storage::update(&vault(), &managed(), &update))
        .await;
    let error = error.expect_err("refused");
    assert_eq!(error.status(), Some(403));
    assert!(error.may_have_executed());
}

#[tokio::test]
async fn azure_is_obeyed_when_it_asks_for_a_bearable_wait() {
    let (client, transport, clock) = scripted([
        Step::answer("POST", "/listKeys", 429, "").with_header("retry-after", "17"),
        Step::answer("POST", "/listKeys", 200, r#"{"keys":[]}"#),
    ]);
    assert!(
        client
            .send(arm::storage::list_keys(&account()))
            .await
            .is_ok()
    );
    assert_eq!(clock.sleeps(), [Duration::from_secs(17)]);
    assert!(transport.unused().is_empty());
}

#[tokio::test]
async fn an_unbearable_wait_is_reported_at_once() {
    let (client, transport, clock) =
        scripted([Step::answer("POST", "", 429, "").with_header("retry-after", "600")]);
    let error = client
        .send(arm::storage::list_keys(&account()))
        .await
        .expect_err("throttled");
    assert!(error.is_throttled());
    assert!(clock.sleeps().is_empty());
    assert_eq!(transport.sent().len(), 1);
}

#[tokio::test]
async fn all_tries_together_keep_to_the_deadline() {
    let busy = Step::answer("GET", "", 503, "")
        .with_header("retry-after", "6")
        .always();
    let transport = ScriptedTransport::new([busy]);
    let settings = RetrySettings {
        deadline: Duration::from_secs(10),
        ..RetrySettings::default()
    };
    let client = client(&transport, Credential::fixed("t"), settings);
    assert!(client.send(arm::storage::get(&account())).await.is_err());
    assert_eq!(transport.sent().len(), 2);
}
