//! Tests of what an application proves itself with: what is sent, where, and what is said of failures.

use std::sync::Arc;

use azure_core::{
    cloud::{CloudConfiguration, CustomConfiguration},
    http::{ClientOptions, RetryOptions, Transport, Url},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use webpki::{EndEntityCert, ring::RSA_PSS_2048_8192_SHA256_LEGACY_KEY};

use super::{Env, SignIn, fixture, nothing};
use crate::{
    cloud::Cloud,
    fixtures::clock,
    identity::credential::{Credential, Means},
    transport::scripted::{ScriptedTransport, SentRequest, Step},
};

const TENANT: &str = "11111111-1111-1111-1111-111111111111";
const CLIENT: &str = "44444444-4444-4444-4444-444444444444";
const APPLICATION: [(&str, &str); 2] = [("ARM_TENANT_ID", TENANT), ("ARM_CLIENT_ID", CLIENT)];
const GITHUB: [(&str, &str); 3] = [
    ("ARM_USE_OIDC", "true"),
    (
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        "https://github.example/job?api-version=2.0",
    ),
    ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "canary-bearer"),
];
const PIPELINES: [(&str, &str); 3] = [
    ("ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID", "connection"),
    ("SYSTEM_OIDCREQUESTURI", "https://pipelines.example/job"),
    ("SYSTEM_ACCESSTOKEN", "canary-bearer"),
];

/// Signs in by variables over a script, in a cloud.
fn credential(
    variables: &[(&str, &str)],
    transport: &ScriptedTransport,
    cloud: Cloud,
) -> Credential {
    let all = APPLICATION.iter().chain(variables).copied();
    let env = Env::from_pairs(all);
    let sign_in = SignIn::choose(&nothing(), &env).expect("a way to sign in");
    let transport = Transport::new(Arc::new(transport.clone()));
    let options = move || {
        let mut custom = CustomConfiguration::default();
        cloud.authority().clone_into(&mut custom.authority_host);
        ClientOptions {
            transport: Some(transport.clone()),
            retry: RetryOptions::none(),
            cloud: Some(Arc::new(CloudConfiguration::Custom(custom))),
            ..Default::default()
        }
    };
    let means = Means {
        cloud,
        clock: clock(),
        env,
        options: Box::new(options),
    };
    Credential::of_sign_in(sign_in, means).expect("a credential")
}

fn entra() -> Step {
    let body = r#"{"token_type":"Bearer","expires_in":3600,"access_token":"t"}"#;
    Step::answer("POST", "/oauth2/v2.0/token", 200, body).always()
}

/// Asks for tokens of two scopes and gives what was sent.
async fn sent<const N: usize>(
    variables: &[(&str, &str)],
    cloud: Cloud,
    steps: Vec<Step>,
) -> [SentRequest; N] {
    let steps = steps.into_iter().chain([entra()]);
    let transport = ScriptedTransport::new(steps).without_challenges();
    let credential = credential(variables, &transport, cloud);
    for scope in ["a", "b", "a"] {
        let token = credential.token(scope).await.expect("a token");
        assert_eq!(token.text.secret(), "t");
    }
    transport.sent().try_into().expect("as many requests")
}

fn field(sent: &SentRequest, name: &str) -> String {
    let mut fields = url::form_urlencoded::parse(sent.body.as_bytes());
    let found = fields.find(|(key, _)| key == name);
    found
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

fn header<'a>(sent: &'a SentRequest, name: &str) -> &'a str {
    let found = sent.headers.iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value.as_str()).unwrap_or_default()
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn host(url: &str) -> Option<String> {
    Url::parse(url).ok()?.host_str().map(str::to_owned)
}

fn decoded(part: &str) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(part).expect("base64");
    serde_json::from_slice(&bytes).expect("JSON")
}

#[tokio::test]
async fn the_holder_of_a_certificate_signs_each_request_anew() {
    let path = fixture("throw-away-modern.p12");
    let variables = [
        ("ARM_CLIENT_CERTIFICATE_PATH", path.as_str()),
        ("ARM_CLIENT_CERTIFICATE_PASSWORD", "canary-password"),
    ];
    let sent: [_; 2] = sent(&variables, Cloud::UsGovernment, Vec::new()).await;
    let address = format!("https://login.microsoftonline.us/{TENANT}/oauth2/v2.0/token");
    for (number, sent) in sent.iter().enumerate() {
        assert_eq!(sent.url, address);
        assert_eq!(field(sent, "client_id"), CLIENT);
        let assertion = field(sent, "client_assertion");
        let (message, signature) = assertion.rsplit_once('.').expect("a signature");
        let (header, claims) = message.split_once('.').expect("two parts");
        let (header, claims) = (decoded(header), decoded(claims));
        assert_eq!(
            (text(&header, "/alg"), text(&header, "/typ")),
            ("PS256", "JWT")
        );
        assert_eq!(
            claims,
            json!({
                "aud": address, "iss": CLIENT, "sub": CLIENT, "iat": 0, "nbf": 0, "exp": 600,
                "jti": format!("00000000-0000-0000-0000-{:012}", number + 1),
            })
        );
        let chain = header.get("x5c").and_then(Value::as_array);
        assert_eq!(chain.map(Vec::len), Some(2));
        let own = STANDARD.decode(text(&header, "/x5c/0"));
        let own = rustls::pki_types::CertificateDer::from(own.expect("a certificate"));
        let print = ring::digest::digest(&ring::digest::SHA256, &own);
        assert_eq!(text(&header, "/x5t#S256"), URL_SAFE_NO_PAD.encode(print));
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64");
        let certificate = EndEntityCert::try_from(&own).expect("a certificate");
        let algorithm = RSA_PSS_2048_8192_SHA256_LEGACY_KEY;
        certificate
            .verify_signature(algorithm, message.as_bytes(), &signature)
            .expect("a good signature");
    }
}

#[tokio::test]
async fn a_github_job_fetches_a_token_for_each_request() {
    let job = |token: &str| Step::answer("GET", "/job", 200, json!({"value": token}).to_string());
    let jobs = vec![job("jwt-1"), job("jwt-2")];
    let sent: [_; 4] = sent(&GITHUB, Cloud::China, jobs).await;
    let job = "https://github.example/job?api-version=2.0&\
               audience=api%3A%2F%2FAzureADTokenExchangeChina";
    let entra = format!("https://login.chinacloudapi.cn/{TENANT}/oauth2/v2.0/token");
    assert_eq!(
        sent.each_ref().map(|sent| sent.url.as_str()),
        [job, &entra, job, &entra]
    );
    let bearers = sent.each_ref().map(|sent| header(sent, "authorization"));
    let bearer = "Bearer canary-bearer";
    assert_eq!(bearers, [bearer, "", bearer, ""]);
    let assertions = sent.each_ref().map(|sent| field(sent, "client_assertion"));
    assert_eq!(assertions, ["", "jwt-1", "", "jwt-2"]);
}

#[tokio::test]
async fn a_pipelines_job_fetches_a_token_for_its_service_connection() {
    let body = json!({"oidcToken": "jwt"}).to_string();
    let job = Step::answer("POST", "/job", 200, body).always();
    let [job, entra, _, _] = sent(&PIPELINES, Cloud::Public, vec![job]).await;
    let expected = "https://pipelines.example/job?api-version=7.1&serviceConnectionId=connection";
    assert_eq!(job.url, expected);
    assert_eq!(header(&job, "authorization"), "Bearer canary-bearer");
    assert_eq!(header(&job, "x-tfs-fedauthredirect"), "Suppress");
    assert_eq!(header(&job, "content-length"), "0");
    assert_eq!(field(&entra, "client_assertion"), "jwt");
}

#[tokio::test]
async fn a_given_token_is_handed_on() {
    let [sent, _] = sent(&[("ARM_OIDC_TOKEN", "jwt")], Cloud::Public, Vec::new()).await;
    assert_eq!(field(&sent, "client_assertion"), "jwt");
    assert_eq!(field(&sent, "client_id"), CLIENT);
}

#[tokio::test]
async fn a_job_without_a_token_is_told_why_and_nothing_is_sent_elsewhere() {
    let check = async |variables: &[(&str, &str)], step: Step, expected: &str| {
        let transport = ScriptedTransport::new([step, entra()]).without_challenges();
        let credential = credential(variables, &transport, Cloud::Public);
        let error = credential.token("a").await.err().expect("no token");
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        let shown = format!("{error} {error:?} {cause:?}");
        assert!(shown.contains(expected), "{shown}");
        assert!(!shown.contains("canary"), "{shown}");
        let own = variables.iter().find_map(|(_, value)| host(value));
        for sent in transport.sent() {
            assert_eq!(host(&sent.url), own);
        }
    };
    let github = |status, body: &str| Step::answer("GET", "/job", status, body);
    let pipelines = |status, body: &str| Step::answer("POST", "/job", status, body);
    let denied = "GitHub answered 403 when it was asked for the job's token; \
                  the workflow needs `permissions: id-token: write`";
    check(&GITHUB, github(403, "canary"), denied).await;
    let elsewhere = github(302, "").with_header("location", "https://elsewhere.example/canary");
    check(&GITHUB, elsewhere, "GitHub answered 302").await;
    let odd = "GitHub's answer holds no token of the job";
    check(&GITHUB, github(200, r#"{"value":["canary"]}"#), odd).await;
    check(&GITHUB, github(200, "canary"), odd).await;
    let denied = "Azure Pipelines answered 401 when it was asked for the job's token; \
                  the pipeline has to be allowed to use the service connection";
    check(&PIPELINES, pipelines(401, "canary"), denied).await;
    check(
        &PIPELINES,
        pipelines(200, r#"{"oidcToken":null,"x":"canary"}"#),
        "Azure Pipelines's answer holds no token of the job",
    )
    .await;
}
