//! Web and function apps, in whose settings keys of accounts are.

use emulator::Fleet;
use serde_json::{Value, json};

use crate::client::{Bench, Failure, MANAGEMENT, SUBSCRIPTION};

const READER: &str = "c11e4700-0000-4000-8000-0000000000aa";

fn fleet() -> Result<Fleet, Failure> {
    let text = json!({
        "applications": [{
            "client_id": READER, "object_id": "0b7ec700-0000-4000-8000-0000000000aa", "client_secret": "known",
            "roles": [{"role": "Reader", "scope": SUBSCRIPTION}],
        }],
        "subscriptions": [{"id": "50b5c000-0000-4000-8000-000000000001", "sites": [{
            "resource_group": "rg-apps", "name": "func-logs", "kind": "functionapp,linux",
            "app_settings": {"AzureWebJobsStorage": "old"},
            "connection_strings": {"blobs": {"value": "old", "type": "Custom"}},
        }]}],
    });
    Ok(text.to_string().parse()?)
}

fn path(rest: &str) -> String {
    format!(
        "{SUBSCRIPTION}/resourceGroups/rg-apps/providers/Microsoft.Web/sites/func-logs{rest}?api-version=2023-12-01"
    )
}

#[tokio::test]
async fn settings_and_connection_strings_are_read_by_post_and_written_as_a_whole()
-> Result<(), Failure> {
    let bench = Bench::with(fleet()?).await?;
    let app = bench.management("GET", &path(""), "").await?;
    assert_eq!(app.text("/kind"), "functionapp,linux");
    assert!(!app.body.to_string().contains("old"), "{app:?}");
    for (config, old, new) in [
        (
            "appsettings",
            json!({"AzureWebJobsStorage": "old"}),
            json!({"KEY": "new"}),
        ),
        (
            "connectionstrings",
            json!({"blobs": {"value": "old", "type": "Custom"}}),
            json!({"blobs": {"value": "new", "type": "Custom"}}),
        ),
    ] {
        let list = path(&format!("/config/{config}/list"));
        let before = bench.management("POST", &list, "").await?;
        assert_eq!(before.body.get("properties"), Some(&old));
        let body = json!({"properties": new}).to_string();
        let written = bench
            .management("PUT", &path(&format!("/config/{config}")), &body)
            .await?;
        assert_eq!(written.body.get("properties"), Some(&new));
        let after = bench.management("POST", &list, "").await?;
        assert_eq!(after.body.get("properties"), Some(&new));
        assert_eq!(after.text("/type"), "Microsoft.Web/sites/config");
    }
    Ok(())
}

#[tokio::test]
async fn a_reader_finds_apps_and_sees_no_settings() -> Result<(), Failure> {
    let bench = Bench::with(fleet()?).await?;
    let token = bench
        .token_of(READER, "known", "https://management.azure.com")
        .await?;
    let listed = format!("{SUBSCRIPTION}/providers/Microsoft.Web/sites?api-version=2023-12-01");
    let listed = bench
        .send("GET", MANAGEMENT, &listed, Some(&token), "")
        .await?;
    assert_eq!(listed.text("/value/0/name"), "func-logs");
    let query = json!({"query": "Resources | where type =~ 'microsoft.web/sites' | project name"});
    let graph = "/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01";
    let found = bench
        .send("POST", MANAGEMENT, graph, Some(&token), &query.to_string())
        .await?;
    assert_eq!(
        found.body.get("data"),
        Some(&json!([{"name": "func-logs"}]))
    );
    for (method, rest) in [
        ("POST", "/config/appsettings/list"),
        ("POST", "/config/connectionstrings/list"),
        ("PUT", "/config/appsettings"),
    ] {
        let refused = bench
            .send(
                method,
                MANAGEMENT,
                &path(rest),
                Some(&token),
                r#"{"properties": {}}"#,
            )
            .await?;
        assert_eq!(
            refused.refusal(),
            (403, "AuthorizationFailed".to_owned()),
            "{rest}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn an_app_is_made_and_goes_with_its_group() -> Result<(), Failure> {
    let bench = Bench::with(fleet()?).await?;
    let other = path("").replace("func-logs", "web-new");
    let body = r#"{"location": "westeurope", "properties": {}}"#;
    let made = bench.management("PUT", &other, body).await?;
    assert_eq!((made.status, made.text("/kind")), (200, "app".to_owned()));
    assert_eq!(bench.management("DELETE", &other, "").await?.status, 200);
    assert_eq!(bench.management("DELETE", &other, "").await?.status, 204);
    let again = bench.management("PUT", &path(""), body).await?;
    assert_eq!(again.status, 200);
    let kept = bench
        .management("POST", &path("/config/appsettings/list"), "")
        .await?;
    assert_eq!(kept.text("/properties/AzureWebJobsStorage"), "old");
    let slots = bench.management("GET", &path("/slots"), "").await?;
    assert_eq!(slots.body.get("value"), Some(&Value::Array(Vec::new())));
    let group = format!("{SUBSCRIPTION}/resourceGroups/rg-apps?api-version=2022-12-01");
    assert_eq!(bench.management("DELETE", &group, "").await?.status, 200);
    assert_eq!(bench.management("GET", &path(""), "").await?.status, 404);
    Ok(())
}
