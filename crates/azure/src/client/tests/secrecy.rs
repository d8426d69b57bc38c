//! No secret reaches the log, an error or a debug text, at the most talkative level.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use tracing_subscriber::fmt::MakeWriter;

use crate::{
    arm,
    client::Client,
    fixtures::{account, clock, secret, vault},
    id::KeyName,
    identity::{SignIn, credential::Credential},
    request::Idempotency,
    stage::retry::RetrySettings,
    transport::scripted::{ScriptedTransport, Step},
    vault as vault_operations,
};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Makes a client that signs in with a client secret, over the script.
fn signing_in(transport: &ScriptedTransport) -> Client {
    let sign_in = SignIn::ClientSecret {
        tenant: "11111111-1111-1111-1111-111111111111".to_owned(),
        client_id: "44444444-4444-4444-4444-444444444444".to_owned(),
        secret: "canary-client-secret".into(),
    };
    let retry = RetrySettings::default();
    let parts = super::parts(transport, retry);
    let options = parts.clone();
    let options = move || options.options(Idempotency::Repeatable);
    let credential = Credential::of_sign_in(sign_in, options, clock()).expect("a credential");
    super::client(transport, credential, retry)
}

fn script() -> [Step; 6] {
    let challenge = r#"Bearer authorization="https://x/t", resource="https://vault.azure.net""#;
    let token = r#"{"token_type":"Bearer","expires_in":3600,"access_token":"canary-token"}"#;
    let keys = r#"{"keys":[{"keyName":"key1","value":"canary-key","permissions":"FULL"}]}"#;
    let odd = r#"{"keys":[{"keyName":"key1","value":["canary-odd-key"]}]}"#;
    [
        Step::answer("POST", "/oauth2/v2.0/token", 503, ""),
        Step::answer("POST", "/oauth2/v2.0/token", 200, token).always(),
        Step::answer("POST", "/listKeys", 200, keys),
        Step::answer("POST", "/regenerateKey", 200, odd),
        Step::answer("GET", "/secrets/stlogs-reader", 401, "")
            .with_header("www-authenticate", challenge),
        Step::answer(
            "GET",
            "/secrets/stlogs-reader",
            200,
            r#"{"value":"?sv=1&sig=canary-sas"}"#,
        ),
    ]
}

#[tokio::test]
async fn no_secret_is_logged_or_shown() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    // For the whole process: a subscriber of one thread misses what other threads have registered.
    // So the log of all other tests is searched too.
    tracing::subscriber::set_global_default(subscriber).expect("the only subscriber");
    let transport = ScriptedTransport::new(script()).without_challenges();
    let client = signing_in(&transport);
    let keys = client
        .send(arm::storage::list_keys(&account()))
        .await
        .expect("keys");
    let regenerate = arm::storage::regenerate_key(&account(), KeyName::Key1);
    let error = client.send(regenerate).await.expect_err("an odd key");
    let secret = vault_operations::secret::get(&vault(), &secret());
    let secret = client.send(secret).await.expect("a secret");
    assert_eq!(transport.unused(), [""; 0]);
    let cause = std::error::Error::source(&error).map(ToString::to_string);
    let shown = format!("{keys:?} {secret:?} {error} {error:?} {cause:?} {client:?}");
    let log = log.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let log = String::from_utf8_lossy(&log);
    assert!(log.contains("/listKeys"), "nothing was logged");
    assert!(!log.contains("canary"), "{log}");
    assert!(!shown.contains("canary"), "{shown}");
}
