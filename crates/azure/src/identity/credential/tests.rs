//! Tests of credentials: memory, bounds and fresh starts.

use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::fixtures::clock;

/// Hands out `token-1`, `token-2` and so on, each good for an hour.
#[derive(Debug, Default)]
struct Counting {
    asked: AtomicU32,
}

#[async_trait]
impl TokenCredential for Counting {
    async fn get_token(
        &self,
        _scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let number = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        tokio::task::yield_now().await;
        let expires_on = azure_core::time::OffsetDateTime::from_unix_timestamp(3600);
        Ok(AccessToken::new(
            format!("token-{number}"),
            expires_on.expect("a time"),
        ))
    }
}

#[derive(Debug)]
struct Silent;

#[async_trait]
impl TokenCredential for Silent {
    async fn get_token(
        &self,
        _scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        std::future::pending().await
    }
}

async fn ask(credential: &Remembering, scope: &str) -> String {
    let token = credential.get_token(&[scope], None).await.expect("a token");
    token.token.secret().to_owned()
}

#[tokio::test]
async fn a_forgetful_credential_is_asked_once_for_each_scope() {
    let inner = Arc::new(Counting::default());
    let credential = Remembering::new(inner.clone(), clock());
    let (first, second) = tokio::join!(ask(&credential, "a"), ask(&credential, "a"));
    assert_eq!((first.as_str(), second.as_str()), ("token-1", "token-1"));
    assert_eq!(ask(&credential, "b").await, "token-2");
    assert_eq!(inner.asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_token_near_its_end_is_asked_for_anew() {
    let clock = clock();
    let credential = Remembering::new(Arc::new(Counting::default()), clock.clone());
    assert_eq!(ask(&credential, "a").await, "token-1");
    clock.advance(Duration::from_secs(3299));
    assert_eq!(ask(&credential, "a").await, "token-1");
    clock.advance(Duration::from_secs(1));
    assert_eq!(ask(&credential, "a").await, "token-2");
}

#[tokio::test]
async fn a_refused_token_makes_one_new_credential_whoever_reports_it() {
    let built = Arc::new(AtomicU32::new(0));
    let count = built.clone();
    let build = move || {
        count.fetch_add(1, Ordering::Relaxed);
        Ok(Arc::new(Counting::default()) as Arc<dyn TokenCredential>)
    };
    let credential = Credential::new(build, LONGEST_WAIT).expect("a credential");
    let token = credential.token("a").await.expect("a token");
    credential.renew(token.generation).expect("a credential");
    credential.renew(token.generation).expect("a credential");
    assert_eq!(built.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn an_identity_that_never_answers_is_given_up() {
    let build = || Ok(Arc::new(Silent) as Arc<dyn TokenCredential>);
    let credential = Credential::new(build, Duration::ZERO).expect("a credential");
    let error = credential.token("a").await.err().expect("no token");
    assert_eq!(error.to_string(), "no token came within 0 seconds");
}
