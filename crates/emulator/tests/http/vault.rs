//! Key Vault on the wire: permissions, soft delete, pages, secrets.

use emulator::Fleet;
use serde_json::Value;

use crate::client::{Bench, Failure, VAULT, enrolment};

const DEFINITION: &str = r#"{"templateUri": "sv=2018-03-28&ss=b&srt=sco&sp=rl", "sasType": "account", "validityPeriod": "P1D"}"#;

/// A vault in which the caller may only read.
fn read_only() -> Result<Fleet, Failure> {
    let text = serde_json::json!({"subscriptions": [{
        "id": "50b5c000-0000-4000-8000-000000000001",
        "accounts": [{"resource_group": "rg-emulator", "name": "stemulator1"}],
        "vaults": [{"resource_group": "rg-emulator", "name": "kv-emulator", "access_policies": [
            {"object_id": emulator::DEFAULT_OBJECT, "storage": ["get", "list"]}]}],
    }]});
    Ok(text.to_string().parse()?)
}

#[tokio::test]
async fn a_caller_does_what_the_access_policy_says_and_no_more() -> Result<(), Failure> {
    let bench = Bench::with(read_only()?).await?;
    assert_eq!(
        bench
            .vault("GET", "/storage?api-version=7.4", "")
            .await?
            .status,
        200
    );
    let refused = bench.enrol().await?;
    assert_eq!(refused.refusal(), (403, "Forbidden".to_owned()));
    assert_eq!(refused.text("/error/innererror/code"), "ForbiddenByPolicy");
    let message = refused.text("/error/message");
    assert!(
        message
            .contains("does not have storage set permission on key vault 'kv-emulator;location="),
        "{message}"
    );
    Ok(())
}

#[tokio::test]
async fn a_deleted_enrolment_holds_its_name_until_it_is_recovered_or_purged() -> Result<(), Failure>
{
    let bench = Bench::standard().await?;
    bench.grant_key_vault().await?;
    bench.enrol().await?;
    bench
        .vault("PUT", "/storage/logs/sas/read?api-version=7.4", DEFINITION)
        .await?;
    let deleted = bench
        .vault("DELETE", "/storage/logs?api-version=7.4", "")
        .await?;
    assert_eq!(
        deleted.text("/recoveryId"),
        format!("https://{VAULT}/deletedstorage/logs")
    );
    assert_eq!(
        bench
            .vault("GET", "/storage/logs?api-version=7.4", "")
            .await?
            .status,
        404
    );
    let taken = bench.enrol().await?;
    assert_eq!(taken.refusal(), (409, "Conflict".to_owned()));
    assert_eq!(
        taken.text("/error/innererror/code"),
        "ObjectIsDeletedButRecoverable"
    );
    assert_eq!(
        bench
            .vault("POST", "/deletedstorage/logs/recover?api-version=7.4", "")
            .await?
            .status,
        200
    );
    assert_eq!(
        bench
            .vault("GET", "/secrets/logs-read?api-version=7.4", "")
            .await?
            .status,
        200
    );
    bench
        .vault("DELETE", "/storage/logs?api-version=7.4", "")
        .await?;
    assert_eq!(
        bench
            .vault("DELETE", "/deletedstorage/logs?api-version=7.4", "")
            .await?
            .status,
        204
    );
    assert_eq!(bench.enrol().await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn what_was_deleted_is_gone_when_its_time_is_over() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    bench.grant_key_vault().await?;
    bench.enrol().await?;
    bench
        .vault("DELETE", "/storage/logs?api-version=7.4", "")
        .await?;
    bench.emulator.control().advance("P91D")?;
    assert_eq!(
        bench
            .vault("GET", "/deletedstorage/logs?api-version=7.4", "")
            .await?
            .status,
        404
    );
    assert_eq!(bench.enrol().await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_list_has_pages_of_at_most_25_and_a_null_link_on_the_last() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    bench.grant_key_vault().await?;
    for index in 0..26 {
        bench
            .vault(
                "PUT",
                &format!("/storage/logs{index:02}?api-version=7.4"),
                &enrolment(),
            )
            .await?;
    }
    let first = bench.vault("GET", "/storage?api-version=7.4", "").await?;
    assert_eq!(
        first
            .body
            .pointer("/value")
            .and_then(Value::as_array)
            .map(Vec::len),
        Some(25)
    );
    let next = first
        .text("/nextLink")
        .replace(&format!("https://{VAULT}"), "");
    let second = bench.vault("GET", &next, "").await?;
    assert_eq!(
        second.text("/value/0/id"),
        format!("https://{VAULT}/storage/logs25")
    );
    assert_eq!(second.body.get("nextLink"), Some(&Value::Null));
    assert_eq!(
        bench
            .vault("GET", "/storage?api-version=7.4&maxresults=26", "")
            .await?
            .status,
        400
    );
    Ok(())
}

#[tokio::test]
async fn names_and_bodies_that_key_vault_would_not_take_are_refused() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    bench.grant_key_vault().await?;
    bench.enrol().await?;
    for (path, body) in [
        ("/storage/with-hyphen?api-version=7.4", enrolment()),
        ("/storage/logs?api-version=6.0", enrolment()),
        ("/storage/logs", enrolment()),
        (
            "/storage/logs?api-version=7.4",
            enrolment().replace("key1", "key3"),
        ),
        (
            "/storage/logs?api-version=7.4",
            enrolment().replace("P15D", "15 days"),
        ),
        ("/storage/logs?api-version=7.4", "{".to_owned()),
        (
            "/storage/logs/sas/read?api-version=7.4",
            DEFINITION.replace("account", "colour"),
        ),
        (
            "/storage/logs/sas/read?api-version=7.4",
            DEFINITION.replace("ss=b&", ""),
        ),
    ] {
        let refused = bench.vault("PUT", path, &body).await?;
        assert_eq!(
            refused.refusal(),
            (400, "BadParameter".to_owned()),
            "{path} {body}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_plain_secret_has_versions_and_can_be_read_by_each() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    let first = bench
        .vault(
            "PUT",
            "/secrets/plain?api-version=7.4",
            r#"{"value": "one"}"#,
        )
        .await?;
    bench
        .vault(
            "PUT",
            "/secrets/plain?api-version=7.4",
            r#"{"value": "two"}"#,
        )
        .await?;
    assert_eq!(
        bench
            .vault("GET", "/secrets/plain/?api-version=7.4", "")
            .await?
            .text("/value"),
        "two"
    );
    let path = first.text("/id").replace(&format!("https://{VAULT}"), "");
    assert_eq!(
        bench
            .vault("GET", &format!("{path}?api-version=7.4"), "")
            .await?
            .text("/value"),
        "one"
    );
    let listed = bench.vault("GET", "/secrets?api-version=7.4", "").await?;
    assert_eq!(
        listed.text("/value/0/id"),
        format!("https://{VAULT}/secrets/plain")
    );
    Ok(())
}
