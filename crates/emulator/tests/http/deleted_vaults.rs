//! Vaults that are deleted, and what can still be done about it.

use emulator::Fleet;
use serde_json::{Value, json};

use crate::client::{ACCOUNT, Bench, Failure, SUBSCRIPTION};

const VERSION: &str = "api-version=2023-07-01";
const ENROLMENT: &str = "/storage/logs?api-version=7.4";

fn vault() -> String {
    format!(
        "{SUBSCRIPTION}/resourceGroups/rg-emulator/providers/Microsoft.KeyVault/vaults/kv-emulator?{VERSION}"
    )
}

fn deleted(rest: &str) -> String {
    format!(
        "{SUBSCRIPTION}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/kv-emulator{rest}?{VERSION}"
    )
}

fn body(mode: &str) -> String {
    let properties = json!({
        "tenantId": emulator::DEFAULT_TENANT, "sku": {"family": "A", "name": "standard"}, "createMode": mode,
    });
    json!({"location": "westeurope", "properties": properties}).to_string()
}

async fn is_name_free(bench: &Bench) -> Result<Option<Value>, Failure> {
    let path =
        format!("{SUBSCRIPTION}/providers/Microsoft.KeyVault/checkNameAvailability?{VERSION}");
    let asked = r#"{"name": "kv-emulator", "type": "Microsoft.KeyVault/vaults"}"#;
    let answer = bench.management("POST", &path, asked).await?;
    Ok(answer.body.get("nameAvailable").cloned())
}

async fn list(bench: &Bench) -> Result<Vec<String>, Failure> {
    let path = format!("{SUBSCRIPTION}/providers/Microsoft.KeyVault/deletedVaults?{VERSION}");
    let answer = bench.management("GET", &path, "").await?;
    let values = answer.body.pointer("/value").and_then(Value::as_array);
    let ids = values.into_iter().flatten().filter_map(|one| one.get("id"));
    Ok(ids
        .filter_map(|id| id.as_str().map(str::to_owned))
        .collect())
}

#[tokio::test]
async fn a_deleted_vault_holds_its_name_and_comes_back_with_all_that_was_in_it()
-> Result<(), Failure> {
    let bench = Bench::standard().await?;
    bench.grant_key_vault().await?;
    bench.enrol().await?;
    assert_eq!(bench.management("DELETE", &vault(), "").await?.status, 200);
    assert_eq!(bench.management("DELETE", &vault(), "").await?.status, 204);
    assert_eq!(bench.management("GET", &vault(), "").await?.status, 404);
    assert_eq!(list(&bench).await?.len(), 1);
    let found = bench.management("GET", &deleted(""), "").await?;
    let id = vault().replace(&format!("?{VERSION}"), "");
    assert_eq!(found.text("/properties/vaultId"), id);
    assert_eq!(is_name_free(&bench).await?, Some(json!(false)));
    let held = bench.management("PUT", &vault(), &body("default")).await?;
    assert_eq!(held.refusal(), (409, "ConflictError".to_owned()));
    let elsewhere = vault().replace("rg-emulator", "rg-other");
    let group = format!("{SUBSCRIPTION}/resourceGroups/rg-other?api-version=2022-12-01");
    bench
        .management("PUT", &group, r#"{"location": "westeurope"}"#)
        .await?;
    let taken = bench
        .management("PUT", &elsewhere, &body("recover"))
        .await?;
    assert_eq!(taken.refusal(), (409, "VaultAlreadyExists".to_owned()));
    let back = bench.management("PUT", &vault(), &body("recover")).await?;
    assert_eq!(back.status, 200, "{back:?}");
    let enrolment = bench.vault("GET", ENROLMENT, "").await?;
    assert_eq!(enrolment.text("/resourceId"), ACCOUNT);
    assert!(list(&bench).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_purged_vault_leaves_its_name_and_nothing_else() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    bench.grant_key_vault().await?;
    bench.enrol().await?;
    let purge = deleted("/purge");
    let early = bench.management("POST", &purge, "").await?;
    assert_eq!(early.refusal(), (404, "DeletedVaultNotFound".to_owned()));
    bench.management("DELETE", &vault(), "").await?;
    assert_eq!(bench.management("POST", &purge, "").await?.status, 200);
    assert_eq!(is_name_free(&bench).await?, Some(json!(true)));
    let gone = bench.management("PUT", &vault(), &body("recover")).await?;
    assert_eq!(gone.refusal(), (404, "DeletedVaultNotFound".to_owned()));
    let policy = json!({
        "tenantId": emulator::DEFAULT_TENANT, "objectId": emulator::DEFAULT_OBJECT,
        "permissions": {"storage": ["get"]},
    });
    let mut new: Value = serde_json::from_str(&body("default"))?;
    if let Some(properties) = new
        .pointer_mut("/properties")
        .and_then(Value::as_object_mut)
    {
        properties.insert("accessPolicies".to_owned(), json!([policy]));
    }
    let made = bench.management("PUT", &vault(), &new.to_string()).await?;
    assert_eq!(made.status, 200);
    assert_eq!(bench.vault("GET", ENROLMENT, "").await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn a_vault_goes_with_its_group_and_a_protected_one_is_not_purged() -> Result<(), Failure> {
    let fleet: Fleet =
        r#"{"subscriptions": [{"id": "50b5c000-0000-4000-8000-000000000001", "vaults": [
        {"resource_group": "rg-emulator", "name": "kv-emulator", "soft_delete_days": 90, "purge_protection": true},
        {"resource_group": "rg-emulator", "name": "kv-short", "soft_delete_days": null}]}]}"#
            .parse()?;
    let bench = Bench::with(fleet).await?;
    let group = format!("{SUBSCRIPTION}/resourceGroups/rg-emulator?api-version=2022-12-01");
    assert_eq!(bench.management("DELETE", &group, "").await?.status, 200);
    let kept = deleted("").replace(&format!("?{VERSION}"), "");
    assert_eq!(list(&bench).await?, [kept], "one deletes at once");
    let refused = bench.management("POST", &deleted("/purge"), "").await?;
    assert_eq!(refused.refusal(), (405, "MethodNotAllowed".to_owned()));
    bench.emulator.control().advance("P91D")?;
    assert!(list(&bench).await?.is_empty());
    assert_eq!(is_name_free(&bench).await?, Some(json!(true)));
    Ok(())
}
