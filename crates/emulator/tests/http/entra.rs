//! Signing in, and what an identity with few rights can do.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use emulator::{DEFAULT_CLIENT, DEFAULT_TENANT, Fleet};
use serde_json::Value;

use crate::client::{ACCOUNT, Answer, Bench, Failure, LOGIN, MANAGEMENT, SUBSCRIPTION};

const SCOPE: &str = "scope=https%3A%2F%2Fmanagement.core.windows.net%2F%2F.default";
const ASSERTION: &str = "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion";

async fn sign_in(bench: &Bench, tenant: &str, rest: &str) -> Result<Answer, Failure> {
    let form = format!("grant_type=client_credentials&{rest}");
    bench
        .send(
            "POST",
            LOGIN,
            &format!("/{tenant}/oauth2/v2.0/token"),
            None,
            &form,
        )
        .await
}

async fn check_denied(
    bench: &Bench,
    tenant: &str,
    rest: &str,
    status: u16,
    number: &str,
) -> Result<(), Failure> {
    let answer = sign_in(bench, tenant, rest).await?;
    assert_eq!(answer.status, status, "{rest}");
    let description = answer.text("/error_description");
    assert!(
        description.starts_with(&format!("AADSTS{number}: ")),
        "{rest}: {description}"
    );
    Ok(())
}

fn assertion(expires: i64) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let claims = format!(r#"{{"iss":"https://issuer.example","sub":"job","exp":{expires}}}"#);
    format!("{}.{}.{}", part("{}"), part(&claims), part("signature"))
}

#[tokio::test]
async fn who_cannot_prove_to_be_the_application_is_denied() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    let client = format!("client_id={DEFAULT_CLIENT}&{SCOPE}");
    let unknown = format!("client_id=c11e4700-0000-4000-8000-00000000000f&{SCOPE}&client_secret=x");
    let old = format!("{client}&{ASSERTION}={}", assertion(1));
    let elsewhere = format!(
        "client_id={DEFAULT_CLIENT}&{ASSERTION}={}&scope=https%3A%2F%2Fx",
        assertion(i64::MAX)
    );
    check_denied(
        &bench,
        DEFAULT_TENANT,
        &format!("{client}&client_secret=x"),
        401,
        "7000215",
    )
    .await?;
    check_denied(&bench, DEFAULT_TENANT, &client, 401, "7000218").await?;
    check_denied(&bench, DEFAULT_TENANT, &unknown, 400, "700016").await?;
    check_denied(&bench, DEFAULT_TENANT, &old, 401, "700024").await?;
    check_denied(&bench, DEFAULT_TENANT, &elsewhere, 400, "500011").await?;
    check_denied(&bench, "another-tenant", &client, 400, "90002").await?;
    Ok(())
}

#[tokio::test]
async fn an_assertion_signs_in_and_the_double_slash_of_az_is_understood() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    let form = format!(
        "client_id={DEFAULT_CLIENT}&{SCOPE}&{ASSERTION}={}",
        assertion(i64::MAX)
    );
    let answer = sign_in(&bench, DEFAULT_TENANT, &form).await?;
    let token = answer.text("/access_token");
    let path = format!("{SUBSCRIPTION}?api-version=2022-12-01");
    assert_eq!(
        bench
            .send("GET", MANAGEMENT, &path, Some(&token), "")
            .await?
            .status,
        200
    );
    Ok(())
}

/// A reader of the whole subscription, beside the default application.
fn with_reader() -> Result<Fleet, Failure> {
    let text = serde_json::json!({
        "applications": [{
            "client_id": "c11e4700-0000-4000-8000-0000000000aa",
            "object_id": "0b7ec700-0000-4000-8000-0000000000aa",
            "client_secret": "known",
            "roles": [{"role": "Reader", "scope": SUBSCRIPTION}],
        }],
        "subscriptions": [
            {
                "id": "50b5c000-0000-4000-8000-000000000001",
                "accounts": [{"resource_group": "rg-emulator", "name": "stemulator1"}],
            },
            {"id": "50b5c000-0000-4000-8000-000000000002"},
        ],
    });
    Ok(text.to_string().parse()?)
}

#[tokio::test]
async fn a_reader_sees_accounts_and_no_keys() -> Result<(), Failure> {
    let bench = Bench::with(with_reader()?).await?;
    let form =
        format!("client_id=c11e4700-0000-4000-8000-0000000000aa&client_secret=known&{SCOPE}");
    let token = sign_in(&bench, DEFAULT_TENANT, &form)
        .await?
        .text("/access_token");
    let send = |method, path: String| {
        let (bench, token) = (&bench, &token);
        let body = if path.contains("regenerateKey") {
            r#"{"keyName": "key1"}"#
        } else {
            ""
        };
        async move {
            bench
                .send(method, MANAGEMENT, &path, Some(token), body)
                .await
        }
    };
    let seen = send("GET", "/subscriptions?api-version=2022-12-01".to_owned()).await?;
    assert_eq!(
        seen.body
            .pointer("/value")
            .and_then(Value::as_array)
            .map(Vec::len),
        Some(1)
    );
    assert_eq!(
        send("GET", format!("{ACCOUNT}?api-version=2023-05-01"))
            .await?
            .status,
        200
    );
    for operation in ["listKeys", "regenerateKey"] {
        let refused = send(
            "POST",
            format!("{ACCOUNT}/{operation}?api-version=2023-05-01"),
        )
        .await?;
        assert_eq!(
            refused.refusal(),
            (403, "AuthorizationFailed".to_owned()),
            "{operation}"
        );
    }
    Ok(())
}
