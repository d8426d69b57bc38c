//! Tokens without a secret, and the walls of the control interface.

use crate::client::{Bench, Failure, MANAGEMENT, SUBSCRIPTION, control};

#[tokio::test]
async fn both_identity_endpoints_give_a_token_that_works() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    let resource = "resource=https%3A%2F%2Fmanagement.azure.com%2F&api-version=2019-08-01";
    let endpoints = [
        (
            format!("/msi/token?{resource}"),
            ("x-identity-header", "keyrotation-emulator"),
        ),
        (
            format!("/metadata/identity/oauth2/token?{resource}"),
            ("metadata", "true"),
        ),
    ];
    for (path, header) in endpoints {
        assert!(
            control(&bench.emulator, "GET", &path, &[]).await?.status >= 400,
            "{path}"
        );
        let answer = control(&bench.emulator, "GET", &path, &[header]).await?;
        assert!(
            answer.text("/expires_on").parse::<i64>().is_ok(),
            "{answer:?}"
        );
        let token = answer.text("/access_token");
        let path = format!("{SUBSCRIPTION}?api-version=2022-12-01");
        assert_eq!(
            bench
                .send("GET", MANAGEMENT, &path, Some(&token), "")
                .await?
                .status,
            200
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_web_page_that_rebinds_its_name_gets_nothing() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    let answer = control(
        &bench.emulator,
        "GET",
        "/accounts",
        &[("host", "evil.example")],
    )
    .await?;
    assert_eq!(answer.refusal(), (403, "NotLoopback".to_owned()));
    let answer = control(&bench.emulator, "GET", "/accounts", &[]).await?;
    assert_eq!(
        answer
            .body
            .pointer("/accounts")
            .and_then(serde_json::Value::as_array)
            .map(Vec::len),
        Some(3)
    );
    Ok(())
}
