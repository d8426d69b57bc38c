//! The exchange with a vault that wants a token.

use super::{client, header, numbered};
use crate::{
    error::Kind,
    fixtures::{managed, vault},
    id::KeyName,
    stage::retry::RetrySettings,
    transport::scripted::{ScriptedTransport, Step},
    vault::managed_storage,
};

const PATH: &str = "/storage/stlogs/regeneratekey";
const GOOD: &str =
    r#"Bearer authorization="https://login.windows.net/t", resource="https://vault.azure.net""#;
const ENROLLED: &str = r#"{"id":"https://kv-logs.vault.azure.net/storage/stlogs","resourceId":"x","activeKeyName":"key2"}"#;

fn challenge(header: &str) -> Step {
    Step::answer("POST", PATH, 401, "").with_header("www-authenticate", header)
}

fn done() -> Step {
    Step::answer("POST", PATH, 200, ENROLLED)
}

/// Sends `times` regenerations and shows what went out: token, body.
async fn exchange(
    steps: impl IntoIterator<Item = Step>,
    times: usize,
) -> (Option<Kind>, Vec<(String, String)>) {
    let transport = ScriptedTransport::new(steps).without_challenges();
    let client = client(&transport, numbered(), RetrySettings::default());
    let mut failure = None;
    for _ in 0..times {
        let request = managed_storage::regenerate_key(&vault(), &managed(), KeyName::Key2);
        failure = client.send(request).await.err().map(|error| error.kind());
    }
    assert_eq!(transport.unused(), [""; 0]);
    let sent = transport.sent().into_iter().map(|sent| {
        let token = header(&sent, "authorization").unwrap_or("none").to_owned();
        (token, sent.body)
    });
    (failure, sent.collect())
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = expected
        .iter()
        .map(|(token, body)| ((*token).to_owned(), (*body).to_owned()));
    owned.collect()
}

const PROBE: (&str, &str) = ("none", "");
const SIGNED: (&str, &str) = ("Bearer token-1", r#"{"keyName":"key2"}"#);

#[tokio::test]
async fn a_vault_is_asked_once_and_without_a_body() {
    let (failure, sent) = exchange([challenge(GOOD), done(), done()], 2).await;
    assert_eq!(failure, None);
    assert_eq!(sent, pairs(&[PROBE, SIGNED, SIGNED]));
}

#[tokio::test]
async fn the_body_comes_back_when_the_question_is_repeated() {
    let busy = Step::answer("POST", PATH, 429, "");
    let (failure, sent) = exchange([busy, challenge(GOOD), done()], 1).await;
    assert_eq!(failure, None);
    assert_eq!(sent, pairs(&[PROBE, PROBE, SIGNED]));
}

#[tokio::test]
async fn a_refused_challenge_is_not_remembered_and_gets_no_token() {
    let foreign = GOOD.replace("vault.azure.net", "management.azure.com");
    let (failure, sent) = exchange([challenge(&foreign)], 1).await;
    assert_eq!(failure, Some(Kind::SignIn));
    assert_eq!(sent, pairs(&[PROBE]));
    let (failure, sent) = exchange([challenge(&foreign), challenge(GOOD), done()], 2).await;
    assert_eq!(failure, None);
    assert_eq!(sent, pairs(&[PROBE, PROBE, SIGNED]));
}

#[tokio::test]
async fn a_vault_that_answers_without_a_token_is_not_believed() {
    let (failure, sent) = exchange([done()], 1).await;
    assert_eq!(failure, Some(Kind::SignIn));
    assert_eq!(sent, pairs(&[PROBE]));
}

#[tokio::test]
async fn a_firewall_in_front_of_the_vault_is_reported_as_it_is() {
    let wall = Step::answer(
        "POST",
        PATH,
        403,
        r#"{"error":{"innererror":{"code":"ForbiddenByFirewall"}}}"#,
    );
    assert_eq!(
        exchange([wall], 1).await,
        (Some(Kind::Answer), pairs(&[PROBE]))
    );
}

#[tokio::test]
async fn a_token_the_vault_refuses_is_replaced_once() {
    let (failure, sent) = exchange([challenge(GOOD), challenge(GOOD), done()], 1).await;
    assert_eq!(failure, None);
    let fresh = ("Bearer token-2", SIGNED.1);
    assert_eq!(sent, pairs(&[PROBE, SIGNED, fresh]));
}
