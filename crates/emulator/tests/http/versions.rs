//! The api-versions of Key Vault, and backups.

use serde_json::{Value, json};

use crate::client::{Bench, Failure};

const DEFINITION: &str = r#"{"templateUri": "sv=2018-03-28&ss=b&srt=sco&sp=rl", "sasType": "account", "validityPeriod": "P1D"}"#;

async fn enrolled() -> Result<Bench, Failure> {
    let bench = Bench::standard().await?;
    bench.grant_key_vault().await?;
    bench.enrol().await?;
    Ok(bench)
}

#[tokio::test]
async fn every_version_of_the_data_plane_is_known_by_its_surface() -> Result<(), Failure> {
    let bench = enrolled().await?;
    for (version, storage, deleted, secrets) in [
        ("2016-10-01", 200, 404, 200),
        ("7.0", 200, 200, 200),
        ("7.3", 200, 200, 200),
        ("7.6-preview.2", 200, 200, 200),
        ("7.6", 200, 200, 200),
        ("2025-06-01-preview", 200, 200, 200),
        ("2025-07-01", 200, 200, 200),
        ("2026-04-01", 400, 400, 200),
        ("2019-01-01", 400, 400, 400),
        ("6.0", 400, 400, 400),
    ] {
        for (path, status) in [
            ("/storage", storage),
            ("/deletedstorage", deleted),
            ("/secrets", secrets),
        ] {
            let answer = bench
                .vault("GET", &format!("{path}?api-version={version}"), "")
                .await?;
            assert_eq!(answer.status, status, "{path} {version}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_first_version_writes_definitions_by_parameters() -> Result<(), Failure> {
    let bench = enrolled().await?;
    let sent = json!({"parameters": {
        "sasType": "account", "signedProtocols": "https", "signedServices": "b", "signedResourceTypes": "sco",
        "signedPermissions": "rl", "signedVersion": "2016-05-31", "validityPeriod": "PT10H",
    }});
    let path = "/storage/logs/sas/read?api-version=2016-10-01";
    let set = bench.vault("PUT", path, &sent.to_string()).await?;
    assert_eq!(set.body.get("parameters"), sent.get("parameters"));
    assert_eq!(set.body.get("templateUri"), None);
    let today = bench
        .vault("GET", "/storage/logs/sas/read?api-version=7.4", "")
        .await?;
    assert_eq!(
        today.text("/templateUri"),
        "sv=2016-05-31&ss=b&srt=sco&sp=rl&spr=https"
    );
    let token = bench
        .vault("GET", "/secrets/logs-read?api-version=7.4", "")
        .await?;
    assert!(
        token
            .text("/value")
            .starts_with("?sv=2016-05-31&ss=b&srt=sco&sp=rl&se=")
    );
    Ok(())
}

#[tokio::test]
async fn a_backup_brings_an_enrolment_back_with_its_definitions() -> Result<(), Failure> {
    let bench = enrolled().await?;
    bench
        .vault("PUT", "/storage/logs/sas/read?api-version=7.4", DEFINITION)
        .await?;
    let backup = bench
        .vault("POST", "/storage/logs/backup?api-version=7.4", "")
        .await?;
    let blob = json!({"value": backup.text("/value")}).to_string();
    let restore = "/storage/restore?api-version=7.4";
    assert_eq!(
        bench.vault("POST", restore, &blob).await?.status,
        409,
        "it is still there"
    );
    bench
        .vault("DELETE", "/storage/logs?api-version=7.4", "")
        .await?;
    assert_eq!(
        bench.vault("POST", restore, &blob).await?.status,
        409,
        "its name is held"
    );
    bench
        .vault("DELETE", "/deletedstorage/logs?api-version=7.4", "")
        .await?;
    assert_eq!(
        bench
            .vault("POST", restore, &blob)
            .await?
            .text("/activeKeyName"),
        "key1"
    );
    assert_eq!(
        bench
            .vault("GET", "/secrets/logs-read?api-version=7.4", "")
            .await?
            .status,
        200
    );
    let foreign = r#"{"value": "Zm9yZWlnbg"}"#;
    assert_eq!(bench.vault("POST", restore, foreign).await?.status, 400);
    Ok(())
}

#[tokio::test]
async fn a_secret_is_updated_backed_up_and_restored() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    let path = "/secrets/plain?api-version=7.4";
    bench
        .vault("PUT", path, r#"{"value": "one", "contentType": "text"}"#)
        .await?;
    let change = r#"{"attributes": {"enabled": true, "exp": 4102444800}, "tags": {"a": "b"}}"#;
    let updated = bench
        .vault("PATCH", "/secrets/plain/?api-version=7.4", change)
        .await?;
    assert_eq!(
        updated.body.pointer("/attributes/exp"),
        Some(&json!(4_102_444_800_i64))
    );
    assert_eq!(
        (updated.text("/tags/a"), updated.body.get("value")),
        ("b".to_owned(), None)
    );
    let backup = bench
        .vault("POST", "/secrets/plain/backup?api-version=7.4", "")
        .await?
        .text("/value");
    assert!(!backup.is_empty());
    bench.vault("DELETE", path, "").await?;
    let deleted = bench
        .vault("GET", "/deletedsecrets?api-version=7.4", "")
        .await?;
    assert!(
        deleted.text("/value/0/id").ends_with("/secrets/plain"),
        "{deleted:?}"
    );
    bench
        .vault("DELETE", "/deletedsecrets/plain?api-version=7.4", "")
        .await?;
    let blob = json!({"value": backup}).to_string();
    let restored = bench
        .vault("POST", "/secrets/restore?api-version=7.4", &blob)
        .await?;
    assert_eq!((restored.status, restored.body.get("value")), (200, None));
    assert_eq!(bench.vault("GET", path, "").await?.text("/value"), "one");
    Ok(())
}

#[tokio::test]
async fn the_secret_of_a_definition_changes_through_its_definition_only() -> Result<(), Failure> {
    let bench = enrolled().await?;
    bench
        .vault("PUT", "/storage/logs/sas/read?api-version=7.4", DEFINITION)
        .await?;
    for (method, body) in [
        ("PUT", r#"{"value": "x"}"#),
        ("PATCH", r#"{"contentType": "x"}"#),
    ] {
        let path = "/secrets/logs-read/?api-version=7.4";
        let refused = bench.vault(method, path, body).await?;
        assert_eq!(refused.status, 409, "{method}");
    }
    let listed = bench.vault("GET", "/secrets?api-version=7.4", "").await?;
    assert_eq!(
        listed.body.pointer("/value/0/managed"),
        Some(&Value::Bool(true))
    );
    Ok(())
}
