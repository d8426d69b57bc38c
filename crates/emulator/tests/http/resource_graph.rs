//! Resource Graph on the wire.

use emulator::Fleet;
use serde_json::{Value, json};

use crate::client::{Answer, Bench, Failure};

async fn ask(bench: &Bench, version: &str, body: &Value) -> Result<Answer, Failure> {
    let path = format!("/providers/Microsoft.ResourceGraph/resources?api-version={version}");
    bench.management("POST", &path, &body.to_string()).await
}

fn many() -> Result<Fleet, Failure> {
    let sizes = "accounts=1500,subscriptions=2,vaults=2".parse()?;
    Ok(Fleet::generated(sizes, "2026-06-01T00:00:00Z".parse()?))
}

#[tokio::test]
async fn a_query_is_answered_by_the_page_with_the_quota_in_the_headers() -> Result<(), Failure> {
    let bench = Bench::with(many()?).await?;
    let query = "Resources | where type =~ 'microsoft.storage/storageaccounts' | project id, name | order by name asc";
    let mut body = json!({"query": query});
    let first = ask(&bench, "2022-10-01", &body).await?;
    let number = |answer: &Answer, name: &str| answer.body.get(name).and_then(Value::as_u64);
    assert_eq!(
        (number(&first, "totalRecords"), number(&first, "count")),
        (Some(1500), Some(1000))
    );
    assert_eq!(first.text("/data/0/name"), "stgen00000000");
    assert!(first.headers.contains_key("x-ms-user-quota-remaining"));
    assert!(first.headers.contains_key("x-ms-user-quota-resets-after"));
    if let Some(body) = body.as_object_mut() {
        body.insert(
            "options".to_owned(),
            json!({"$skipToken": first.text("/$skipToken")}),
        );
    }
    let second = ask(&bench, "2022-10-01", &body).await?;
    assert_eq!(second.text("/data/0/name"), "stgen00001000");
    assert_eq!(second.body.get("$skipToken"), None);
    Ok(())
}

#[tokio::test]
async fn the_old_version_answers_with_a_table_and_one_subscription_can_be_asked()
-> Result<(), Failure> {
    let bench = Bench::with(many()?).await?;
    let body = json!({
        "query": "resources | where type =~ 'Microsoft.KeyVault/vaults'",
        "subscriptions": ["50b5c000-0000-4000-8000-000000000001"],
    });
    let table = ask(&bench, "2019-04-01", &body).await?;
    assert_eq!(table.text("/data/columns/0/name"), "id");
    assert_eq!(
        table
            .body
            .pointer("/data/rows")
            .and_then(Value::as_array)
            .map(Vec::len),
        Some(1)
    );
    let refused = ask(&bench, "2022-10-01", &json!({"query": "Disks"})).await?;
    assert_eq!(refused.status, 400);
    Ok(())
}
