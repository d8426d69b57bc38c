//! No secret reaches the log, an error or a debug text, at the most talkative level.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use tracing_subscriber::fmt::MakeWriter;

use crate::{
    arm,
    client::Client,
    cloud::Cloud,
    env::Env,
    fixtures::{account, secret, vault},
    id::KeyName,
    identity::{SignIn, SignInSettings, credential::Credential},
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

/// Lists the ways to sign in that hold a secret, as variables.
fn ways() -> [Vec<(&'static str, &'static str)>; 5] {
    const FILE: &str = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/fixtures/throw-away/throw-away-modern.p12"
    );
    [
        vec![("ARM_CLIENT_SECRET", "canary-client-secret")],
        vec![
            ("ARM_CLIENT_CERTIFICATE_PATH", FILE),
            ("ARM_CLIENT_CERTIFICATE_PASSWORD", "canary-password"),
        ],
        vec![("ARM_OIDC_TOKEN", "canary-given-token")],
        vec![
            ("ARM_OIDC_REQUEST_URL", "https://github.example/github-job"),
            ("ARM_OIDC_REQUEST_TOKEN", "canary-bearer"),
        ],
        vec![
            (
                "ARM_OIDC_REQUEST_URL",
                "https://pipelines.example/pipelines-job",
            ),
            ("ARM_OIDC_REQUEST_TOKEN", "canary-bearer"),
            ("ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID", "connection"),
        ],
    ]
}

/// Makes a client that signs in by these variables, over the script.
fn signing_in(way: &[(&str, &str)], transport: &ScriptedTransport) -> Client {
    let application = [
        ("ARM_TENANT_ID", "11111111-1111-1111-1111-111111111111"),
        ("ARM_CLIENT_ID", "44444444-4444-4444-4444-444444444444"),
    ];
    let env = Env::from_pairs(application.iter().chain(way).copied());
    let sign_in = SignIn::choose(&SignInSettings::default(), &env).expect("a way to sign in");
    let retry = RetrySettings::default();
    let parts = super::parts(transport, retry);
    let means = parts.sign_in_means(Cloud::Public);
    let credential = Credential::of_sign_in(sign_in, means).expect("a credential");
    super::client(transport, credential, retry)
}

fn script() -> [Step; 8] {
    let challenge = r#"Bearer authorization="https://x/t", resource="https://vault.azure.net""#;
    let token = r#"{"token_type":"Bearer","expires_in":3600,"access_token":"canary-token"}"#;
    let keys = r#"{"keys":[{"keyName":"key1","value":"canary-key","permissions":"FULL"}]}"#;
    let odd = r#"{"keys":[{"keyName":"key1","value":["canary-odd-key"]}]}"#;
    let github = r#"{"value":"canary-github-jwt"}"#;
    let pipelines = r#"{"oidcToken":"canary-pipelines-jwt"}"#;
    [
        Step::answer("GET", "/github-job", 200, github).always(),
        Step::answer("POST", "/pipelines-job", 200, pipelines).always(),
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

/// Signs in, has secrets disclosed, and writes whatever can be written about it.
async fn use_everything(way: &[(&str, &str)]) -> String {
    let transport = ScriptedTransport::new(script()).without_challenges();
    let client = signing_in(way, &transport);
    let keys = client
        .send(arm::storage::list_keys(&account()))
        .await
        .expect("keys");
    let regenerate = arm::storage::regenerate_key(&account(), KeyName::Key1);
    let error = client.send(regenerate).await.expect_err("an odd key");
    let secret = vault_operations::secret::get(&vault(), &secret());
    let secret = client.send(secret).await.expect("a secret");
    assert!(transport.unused().iter().all(|line| line.contains("-job")));
    let cause = std::error::Error::source(&error).map(ToString::to_string);
    format!("{keys:?} {secret:?} {error} {error:?} {cause:?} {client:?}")
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
    let mut shown = String::new();
    for way in ways() {
        shown.push_str(&use_everything(&way).await);
    }
    let log = log.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let log = String::from_utf8_lossy(&log);
    for line in ["/listKeys", "/github-job", "/pipelines-job"] {
        assert!(log.contains(line), "{line} was not logged");
    }
    assert!(!log.contains("canary"), "{log}");
    assert!(!shown.contains("canary"), "{shown}");
}
