//! Resource Manager on the wire.

use serde_json::{Value, json};

use crate::client::{ACCOUNT, Bench, Failure, MANAGEMENT, SUBSCRIPTION};

const STORAGE: &str = "providers/Microsoft.Storage/storageAccounts";

async fn check_refused(bench: &Bench, path: &str, status: u16, code: &str) -> Result<(), Failure> {
    let answer = bench.management("GET", path, "").await?;
    assert_eq!(answer.refusal(), (status, code.to_owned()), "{path}");
    Ok(())
}

#[tokio::test]
async fn what_is_missing_is_refused_in_the_recorded_words() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    let version = "api-version=2023-05-01";
    let other = "/subscriptions/50b5c000-0000-4000-8000-00000000000f";
    let group = format!("{SUBSCRIPTION}/resourceGroups");
    check_refused(&bench, SUBSCRIPTION, 400, "MissingApiVersionParameter").await?;
    check_refused(
        &bench,
        &format!("{other}/{STORAGE}?{version}"),
        404,
        "SubscriptionNotFound",
    )
    .await?;
    check_refused(
        &bench,
        &format!("{group}/none/{STORAGE}/stnone?{version}"),
        404,
        "ResourceGroupNotFound",
    )
    .await?;
    check_refused(
        &bench,
        &format!("{group}/rg-emulator/{STORAGE}/stnone?{version}"),
        404,
        "ResourceNotFound",
    )
    .await?;
    check_refused(
        &bench,
        &format!("{SUBSCRIPTION}/providers/Microsoft.Compute/disks?{version}"),
        404,
        "InvalidResourceType",
    )
    .await?;
    let answer = bench
        .send(
            "GET",
            MANAGEMENT,
            &format!("{SUBSCRIPTION}?{version}"),
            None,
            "",
        )
        .await?;
    assert_eq!(answer.refusal(), (401, "AuthenticationFailed".to_owned()));
    Ok(())
}

#[tokio::test]
async fn accounts_are_listed_page_by_page_with_ages_that_may_be_null() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    let path = format!("{SUBSCRIPTION}/{STORAGE}?api-version=2023-05-01");
    let whole = bench.management("GET", &path, "").await?;
    let ages: Vec<Option<&Value>> = (0..3)
        .map(|at| {
            whole
                .body
                .pointer(&format!("/value/{at}/properties/keyCreationTime/key2"))
        })
        .collect();
    assert_eq!(
        ages.iter()
            .filter(|age| **age == Some(&Value::Null))
            .count(),
        1
    );
    let old = bench
        .management("GET", &path.replace("2023-05-01", "2019-06-01"), "")
        .await?;
    assert_eq!(
        old.body.pointer("/value/0/properties/keyCreationTime"),
        None
    );
    assert_eq!(whole.body.get("nextLink"), None);
    Ok(())
}

#[tokio::test]
async fn a_regeneration_is_answered_with_both_keys_and_noted_in_the_activity_log()
-> Result<(), Failure> {
    let bench = Bench::standard().await?;
    let path = format!("{ACCOUNT}/regenerateKey?api-version=2023-05-01");
    let answer = bench
        .management("POST", &path, r#"{"keyName":"key2"}"#)
        .await?;
    assert_eq!(
        (
            answer.text("/keys/1/keyName"),
            answer.text("/keys/1/permissions")
        ),
        ("key2".into(), "FULL".into())
    );
    let filter = format!(
        "eventTimestamp%20ge%20'{}'%20and%20resourceUri%20eq%20'{ACCOUNT}'",
        bench.emulator.control().now().strftime("%Y-%m-%d")
    );
    let filter = filter.replace("'%20and", "T00:00:00Z'%20and");
    let log = format!(
        "{SUBSCRIPTION}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01"
    );
    let events = bench
        .management("GET", &format!("{log}&$filter={filter}"), "")
        .await?;
    assert_eq!(
        events.text("/value/0/operationName/value"),
        "Microsoft.Storage/storageAccounts/regenerateKey/action"
    );
    let old = bench
        .management(
            "GET",
            &format!("{log}&$filter=eventTimestamp%20ge%20'2001-01-01T00:00:00Z'"),
            "",
        )
        .await?;
    assert_eq!(
        old.text("/Message"),
        "The start time cannot be more than 90 days in the past."
    );
    Ok(())
}

#[tokio::test]
async fn a_role_is_assigned_once() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    assert_eq!(bench.grant_key_vault().await?.status, 201);
    assert_eq!(bench.grant_key_vault().await?.status, 200, "the same again");
    let roles = format!("{ACCOUNT}/providers/Microsoft.Authorization/roleAssignments");
    let body = json!({"properties": {
        "roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/81a9662b-bebf-436f-a333-f67b29880f12",
        "principalId": bench.emulator.control().key_vault_principal(),
    }});
    let other = format!("{roles}/a5516000-0000-4000-8000-000000000002?api-version=2022-04-01");
    let twice = bench.management("PUT", &other, &body.to_string()).await?;
    assert_eq!(twice.refusal(), (409, "RoleAssignmentExists".to_owned()));
    let nobody = body.to_string().replace(
        &bench.emulator.control().key_vault_principal(),
        "a5516000-0000-4000-8000-00000000000f",
    );
    let unknown = bench.management("PUT", &other, &nobody).await?;
    assert_eq!(unknown.refusal(), (400, "PrincipalNotFound".to_owned()));
    let listed = bench
        .management(
            "GET",
            &format!("{roles}?api-version=2022-04-01&$filter=atScope()"),
            "",
        )
        .await?;
    assert_eq!(
        listed
            .body
            .pointer("/value")
            .and_then(Value::as_array)
            .map(Vec::len),
        Some(3)
    );
    let mine = format!("{roles}/a5516000-0000-4000-8000-000000000001?api-version=2022-04-01");
    assert_eq!(bench.management("DELETE", &mine, "").await?.status, 200);
    assert_eq!(bench.management("DELETE", &mine, "").await?.status, 204);
    Ok(())
}

#[tokio::test]
async fn an_account_of_unknown_age_takes_no_key_policy() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    let body = r#"{"properties": {"keyPolicy": {"keyExpirationPeriodInDays": 60}, "allowSharedKeyAccess": false}}"#;
    let answer = bench
        .management("PATCH", &format!("{ACCOUNT}?api-version=2023-05-01"), body)
        .await?;
    assert_eq!(
        answer
            .body
            .pointer("/properties/keyPolicy/keyExpirationPeriodInDays"),
        Some(&json!(60))
    );
    assert_eq!(
        answer.body.pointer("/properties/allowSharedKeyAccess"),
        Some(&json!(false))
    );
    let old = ACCOUNT.replace("stemulator1", "stemulator3");
    let answer = bench
        .management("PATCH", &format!("{old}?api-version=2023-05-01"), body)
        .await?;
    assert_eq!(answer.status, 400);
    Ok(())
}

#[tokio::test]
async fn a_subscription_tells_its_regions_to_who_may_see_it() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    let path = format!("{SUBSCRIPTION}/locations?api-version=2022-12-01");
    let answer = bench.management("GET", &path, "").await?;
    let regions = answer.body.get("value").and_then(Value::as_array);
    let mut regions = regions.into_iter().flatten();
    let here = regions.find(|region| region.get("name") == Some(&json!("westeurope")));
    assert_eq!(
        here.and_then(|region| region.get("displayName")),
        Some(&json!("West Europe"))
    );
    let other =
        "/subscriptions/50b5c000-0000-4000-8000-00000000000f/locations?api-version=2022-12-01";
    check_refused(&bench, other, 404, "SubscriptionNotFound").await
}
