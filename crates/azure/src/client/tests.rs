//! Tests of the client over the scripted transport.

mod challenge;
mod paging;
mod repeating;
mod secrecy;

use std::sync::Arc;

use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};

use super::{
    Client,
    pipelines::{Parts, Pipelines},
};
use crate::{
    arm,
    cloud::Cloud,
    env::Env,
    error::Kind,
    fixtures::{account, clock, scripted},
    identity::credential::Credential,
    stage::{
        retry::{Bounds, RetrySettings},
        throttle::Throttle,
    },
    transport::scripted::{ScriptedTransport, SentRequest, Step},
};

fn header<'a>(sent: &'a SentRequest, name: &str) -> Option<&'a str> {
    let found = sent.headers.iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value.as_str())
}

/// Makes a client with a credential and retry settings of its own.
fn client(transport: &ScriptedTransport, credential: Credential, retry: RetrySettings) -> Client {
    let pipelines = Pipelines::new(Cloud::Public, parts(transport, retry), credential);
    Client {
        bounds: Bounds::default(),
        pipelines: Arc::new(pipelines),
    }
}

fn parts(transport: &ScriptedTransport, retry: RetrySettings) -> Parts {
    let nothing: [(&str, &str); 0] = [];
    let clock = clock();
    Parts {
        throttle: Throttle::new(clock.clone(), Cloud::Public.vault_suffix()),
        transport: Arc::new(transport.clone()),
        clock,
        env: Env::from_pairs(nothing),
        retry,
        user_agent: "keyrotation/test".to_owned(),
        authority: Cloud::Public.authority(),
    }
}

const ACCOUNT: &str = r#"{"id":"/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/logs/providers/Microsoft.Storage/storageAccounts/stlogs","name":"stlogs","location":"westeurope"}"#;

#[tokio::test]
async fn every_request_names_itself_and_us() {
    let step = Step::answer("GET", "/stlogs", 200, ACCOUNT).always();
    let transport = ScriptedTransport::new([step]);
    let client = client(&transport, Credential::fixed("t"), RetrySettings::default());
    for _ in 0..2 {
        client
            .send(arm::storage::get(&account()))
            .await
            .expect("an account");
    }
    let sent = transport.sent();
    let ids: Vec<_> = sent
        .iter()
        .map(|sent| header(sent, "x-ms-client-request-id"))
        .collect();
    assert_eq!(
        ids,
        [
            Some("00000000-0000-0000-0000-000000000001"),
            Some("00000000-0000-0000-0000-000000000002"),
        ]
    );
    assert!(
        sent.iter()
            .all(|sent| header(sent, "user-agent") == Some("keyrotation/test"))
    );
    assert!(
        sent.iter()
            .all(|sent| header(sent, "authorization") == Some("Bearer t"))
    );
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_an_error_of_a_done_request() {
    let (client, _, _) = scripted(
        [Step::answer("POST", "/regenerateKey", 200, r#"{"keys":7}"#)
            .with_header("x-ms-request-id", "r1")],
    );
    let request = arm::storage::regenerate_key(&account(), crate::id::KeyName::Key1);
    let error = client.send(request).await.expect_err("no keys");
    assert_eq!(
        (error.kind(), error.request_id()),
        (Kind::Unreadable, Some("r1"))
    );
    assert!(error.may_have_executed());
}

#[tokio::test]
async fn the_caller_is_the_one_of_the_token() {
    let (client, _, _) = scripted([]);
    let caller = client.reader().caller().await.expect("a caller");
    assert_eq!(
        caller.object_id.to_string(),
        "33333333-3333-3333-3333-333333333333"
    );
    assert_eq!(caller.tenant_id, "11111111-1111-1111-1111-111111111111");
    assert_eq!(
        caller.app_id.as_deref(),
        Some("44444444-4444-4444-4444-444444444444")
    );
}

/// Gives each credential it makes a token of its own.
#[derive(Debug)]
struct Numbered(usize);

#[async_trait::async_trait]
impl TokenCredential for Numbered {
    async fn get_token(
        &self,
        _scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let end = azure_core::time::OffsetDateTime::from_unix_timestamp(4_000_000_000);
        Ok(AccessToken::new(
            format!("token-{}", self.0),
            end.expect("a time"),
        ))
    }
}

fn numbered() -> Credential {
    let count = std::sync::atomic::AtomicUsize::new(1);
    let build = move || {
        let number = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(Arc::new(Numbered(number)) as Arc<dyn TokenCredential>)
    };
    Credential::new(build, std::time::Duration::from_secs(5)).expect("a credential")
}

async fn tokens_sent(steps: impl IntoIterator<Item = Step>) -> (bool, Vec<String>) {
    let transport = ScriptedTransport::new(steps);
    let client = client(&transport, numbered(), RetrySettings::default());
    let result = client.send(arm::storage::get(&account())).await;
    let sent = transport.sent();
    let tokens = sent.iter().filter_map(|sent| header(sent, "authorization"));
    (result.is_ok(), tokens.map(str::to_owned).collect())
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let refused = || {
        Step::answer(
            "GET",
            "/stlogs",
            401,
            r#"{"error":{"code":"ExpiredAuthenticationToken"}}"#,
        )
    };
    let (ok, tokens) = tokens_sent([refused(), Step::answer("GET", "/stlogs", 200, ACCOUNT)]).await;
    assert!(ok);
    assert_eq!(tokens, ["Bearer token-1", "Bearer token-2"]);
    let (ok, tokens) = tokens_sent([refused().always()]).await;
    assert!(!ok);
    assert_eq!(tokens, ["Bearer token-1", "Bearer token-2"]);
}
