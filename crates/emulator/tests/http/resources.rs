//! Making and deleting groups, accounts and vaults, and what the activity log says of it.

use emulator::Settings;
use serde_json::{Value, json};

use crate::client::{Answer, Bench, Failure, SUBSCRIPTION};

const GROUP: &str = "/subscriptions/50b5c000-0000-4000-8000-000000000001/resourceGroups/rg-new";
const NEW_ACCOUNT: &str = r#"{"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_ZRS"},
    "properties": {"keyPolicy": {"keyExpirationPeriodInDays": 60},
                   "sasPolicy": {"sasExpirationPeriod": "1.00:00:00", "expirationAction": "Log"}}}"#;

fn account(name: &str) -> String {
    format!("{GROUP}/providers/Microsoft.Storage/storageAccounts/{name}?api-version=2023-05-01")
}

fn group() -> String {
    format!("{GROUP}?api-version=2022-12-01")
}

#[tokio::test]
async fn an_account_is_made_in_a_group_and_goes_with_it() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    let nowhere = bench
        .management("PUT", &account("stnew"), NEW_ACCOUNT)
        .await?;
    assert_eq!(nowhere.refusal(), (404, "ResourceGroupNotFound".to_owned()));
    assert_eq!(bench.management("HEAD", &group(), "").await?.status, 404);
    assert_eq!(
        bench
            .management("PUT", &group(), r#"{"location": "westeurope"}"#)
            .await?
            .status,
        201
    );
    assert_eq!(bench.management("HEAD", &group(), "").await?.status, 204);
    let made = bench
        .management("PUT", &account("stnew"), NEW_ACCOUNT)
        .await?;
    assert_eq!(
        (made.status, made.text("/sku/name")),
        (200, "Standard_ZRS".to_owned())
    );
    assert_eq!(
        made.text("/properties/sasPolicy/sasExpirationPeriod"),
        "1.00:00:00"
    );
    let taken = bench
        .management("PUT", &account("stemulator1"), NEW_ACCOUNT)
        .await?;
    assert_eq!(
        taken.refusal(),
        (409, "StorageAccountAlreadyTaken".to_owned())
    );
    let bad = bench
        .management("PUT", &account("ST-new"), NEW_ACCOUNT)
        .await?;
    assert_eq!(bad.refusal(), (400, "AccountNameInvalid".to_owned()));
    assert_eq!(bench.management("DELETE", &group(), "").await?.status, 200);
    assert_eq!(
        bench.management("GET", &account("stnew"), "").await?.status,
        404
    );
    Ok(())
}

#[tokio::test]
async fn an_account_of_a_used_name_has_other_keys() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    bench
        .management("PUT", &group(), r#"{"location": "westeurope"}"#)
        .await?;
    let list = account("stnew").replace("stnew?", "stnew/listKeys?");
    let mut keys = Vec::new();
    for _ in 0..2 {
        bench
            .management("PUT", &account("stnew"), NEW_ACCOUNT)
            .await?;
        keys.push(
            bench
                .management("POST", &list, "")
                .await?
                .text("/keys/0/value"),
        );
        assert_eq!(
            bench
                .management("DELETE", &account("stnew"), "")
                .await?
                .status,
            200
        );
    }
    keys.dedup();
    assert_eq!(keys.len(), 2);
    assert_eq!(
        bench
            .management("DELETE", &account("stnew"), "")
            .await?
            .status,
        204
    );
    Ok(())
}

#[tokio::test]
async fn a_new_vault_has_role_based_access_since_the_version_that_says_so() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    let body = json!({"location": "westeurope", "properties": {
        "tenantId": emulator::DEFAULT_TENANT, "sku": {"family": "A", "name": "standard"},
        "accessPolicies": [{"tenantId": emulator::DEFAULT_TENANT, "objectId": emulator::DEFAULT_OBJECT,
                            "permissions": {"storage": ["Get"]}}],
    }});
    for (name, version, rbac) in [
        ("kv-old", "2023-07-01", false),
        ("kv-new", "2026-02-01", true),
    ] {
        let path = format!(
            "{SUBSCRIPTION}/resourceGroups/rg-emulator/providers/Microsoft.KeyVault/vaults/{name}?api-version={version}"
        );
        let made = bench.management("PUT", &path, &body.to_string()).await?;
        assert_eq!(
            made.body.pointer("/properties/enableRbacAuthorization"),
            Some(&json!(rbac)),
            "{made:?}"
        );
        assert_eq!(
            made.text("/properties/accessPolicies/0/permissions/storage/0"),
            "Get"
        );
        let host = format!("{name}.vault.azure.net");
        let token = bench.token("https://vault.azure.net").await?;
        let read = bench
            .send(
                "GET",
                &host,
                "/storage/none?api-version=7.4",
                Some(&token),
                "",
            )
            .await?;
        assert_eq!(read.status, if rbac { 403 } else { 404 });
        assert_eq!(bench.management("DELETE", &path, "").await?.status, 200);
    }
    Ok(())
}

/// Gives the log of the new group, narrowed by `rest` of a filter.
async fn log(bench: &Bench, rest: &str) -> Result<Answer, Failure> {
    let today = bench.emulator.control().now();
    let today = today.strftime("%Y-%m-%dT00:00:00Z");
    let filter = format!("eventTimestamp ge '{today}' and resourceGroupName eq 'rg-new'{rest}");
    let filter = filter.replace(' ', "%20");
    let path = format!(
        "{SUBSCRIPTION}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01&$filter={filter}"
    );
    bench.management("GET", &path, "").await
}

fn count(answer: &Answer) -> usize {
    let entries = answer.body.pointer("/value").and_then(Value::as_array);
    entries.map_or(0, Vec::len)
}

#[tokio::test]
async fn the_activity_log_is_late_if_told_so() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    let settings = Settings {
        activity_log_delay_seconds: 300,
        ..Settings::default()
    };
    bench.emulator.control().set_settings(settings);
    bench
        .management("PUT", &group(), r#"{"location": "westeurope"}"#)
        .await?;
    assert_eq!(count(&log(&bench, "").await?), 0);
    bench.emulator.control().advance("PT6M")?;
    assert_eq!(count(&log(&bench, "").await?), 1);
    Ok(())
}

#[tokio::test]
async fn the_activity_log_is_filtered_and_cut_to_what_was_selected() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    bench
        .management("PUT", &group(), r#"{"location": "westeurope"}"#)
        .await?;
    bench
        .management("PUT", &account("stnew"), NEW_ACCOUNT)
        .await?;
    let all = log(&bench, " and status eq 'Succeeded'").await?;
    assert_eq!(count(&all), 2);
    let write = "Microsoft.Storage/storageAccounts/write";
    assert_eq!(all.text("/value/0/authorization/action"), write);
    assert_eq!(count(&log(&bench, " and status eq 'Failed'").await?), 0);
    let id = all.text("/value/0/correlationId");
    let one = log(
        &bench,
        &format!(" and correlationId eq '{id}'&$select=caller"),
    )
    .await?;
    let caller = json!({"caller": emulator::DEFAULT_CLIENT});
    assert_eq!(one.body.pointer("/value"), Some(&json!([caller])));
    Ok(())
}

/// Follows the links of a list and gives how many items each page had.
async fn pages(bench: &Bench, list: &str) -> Result<Vec<usize>, Failure> {
    let mut path = format!("{SUBSCRIPTION}/{list}");
    let mut sizes = Vec::new();
    loop {
        let page = bench.management("GET", &path, "").await?;
        let items = page.body.pointer("/value").and_then(Value::as_array);
        sizes.push(items.ok_or("no list")?.len());
        let next = page.text("/nextLink");
        if next.is_empty() {
            return Ok(sizes);
        }
        path = next.replace("https://management.azure.com", "");
    }
}

#[tokio::test]
async fn the_activity_log_comes_in_pages_newest_first() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    bench
        .management("PUT", &group(), r#"{"location": "westeurope"}"#)
        .await?;
    for name in ["stone", "sttwo"] {
        bench.management("PUT", &account(name), NEW_ACCOUNT).await?;
    }
    let settings = Settings {
        page_size: 2,
        ..Settings::default()
    };
    bench.emulator.control().set_settings(settings);
    let first = log(&bench, "").await?;
    assert_eq!(count(&first), 2);
    let newest = first.text("/value/0/resourceId");
    assert!(newest.ends_with("/sttwo"), "{newest}");
    let next = first.text("/nextLink");
    let second = bench
        .management("GET", &next.replace("https://management.azure.com", ""), "")
        .await?;
    assert_eq!(
        (count(&second), second.text("/nextLink")),
        (1, String::new())
    );
    Ok(())
}

#[tokio::test]
async fn lists_come_in_pages_of_which_some_may_be_empty() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    let accounts = "providers/Microsoft.Storage/storageAccounts?api-version=2023-05-01";
    let lists = [
        accounts.to_owned(),
        format!("resourceGroups/rg-emulator/{accounts}"),
        "resources?api-version=2021-04-01&$filter=resourceType%20eq%20'Microsoft.Storage%2FstorageAccounts'".to_owned(),
    ];
    for (empty_pages, sizes) in [(false, [2, 1].as_slice()), (true, &[0, 2, 0, 1])] {
        let settings = Settings {
            page_size: 2,
            empty_pages,
            ..Settings::default()
        };
        bench.emulator.control().set_settings(settings);
        for list in &lists {
            assert_eq!(pages(&bench, list).await?, sizes, "{list}");
        }
        let vaults = "providers/Microsoft.KeyVault/vaults?api-version=2023-07-01";
        assert_eq!(pages(&bench, vaults).await?.len(), sizes.len() / 2);
    }
    Ok(())
}
