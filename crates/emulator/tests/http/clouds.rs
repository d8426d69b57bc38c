//! The other clouds, under their own host names.

use emulator::Fleet;
use serde_json::json;

use crate::client::{Bench, Failure};

fn fleet(cloud: &str) -> Result<Fleet, Failure> {
    let text = json!({
        "cloud": cloud,
        "subscriptions": [{
            "id": "50b5c000-0000-4000-8000-000000000001",
            "accounts": [{"resource_group": "rg", "name": "stlogs"}],
            "vaults": [{"resource_group": "rg", "name": "kv-1", "managed": [
                {"name": "logs", "account": "stlogs", "active_key": "key1", "period": "P30D"}]}],
        }],
    });
    Ok(text.to_string().parse()?)
}

async fn check(
    cloud: &str,
    login: &str,
    management: &str,
    suffix: &str,
    storage: &str,
) -> Result<(), Failure> {
    let bench = Bench::with(fleet(cloud)?).await?;
    let variable = |name: &str| {
        let variables = bench.emulator.environment().iter();
        let mut found = variables.filter(|(key, _)| key == name);
        found
            .next()
            .map(|(_, value)| value.clone())
            .unwrap_or_default()
    };
    assert_eq!(variable("AZURE_AUTHORITY_HOST"), format!("https://{login}"));
    let sign_in = |audience: &str| {
        format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope=https%3A%2F%2F{audience}%2F.default",
            variable("ARM_CLIENT_ID"),
            variable("ARM_CLIENT_SECRET")
        )
    };
    let path = format!("/{}/oauth2/v2.0/token", variable("ARM_TENANT_ID"));
    let token = bench
        .send("POST", login, &path, None, &sign_in(suffix))
        .await?
        .text("/access_token");
    let of_management = bench
        .send("POST", login, &path, None, &sign_in(management))
        .await?
        .text("/access_token");
    let accounts = "/subscriptions/50b5c000-0000-4000-8000-000000000001/providers/Microsoft.Storage/storageAccounts";
    let accounts = format!("{accounts}?api-version=2023-05-01");
    let listed = bench
        .send("GET", management, &accounts, Some(&of_management), "")
        .await?;
    let blobs = listed.text("/value/0/properties/primaryEndpoints/blob");
    assert_eq!(blobs, format!("https://stlogs.blob.{storage}/"));
    let host = format!("kv-1.{suffix}");
    let listed = bench
        .send("GET", &host, "/storage?api-version=7.4", Some(&token), "")
        .await?;
    assert_eq!(
        listed.text("/value/0/id"),
        format!("https://{host}/storage/logs"),
        "{cloud}"
    );
    let challenged = bench
        .send("GET", &host, "/storage?api-version=7.4", None, "")
        .await?;
    let challenge = challenged
        .headers
        .get("www-authenticate")
        .and_then(|value| value.to_str().ok());
    assert!(
        challenge.is_some_and(|text| text.contains(login) && text.contains(suffix)),
        "{challenge:?}"
    );
    Ok(())
}

#[tokio::test]
async fn every_cloud_has_its_own_names() -> Result<(), Failure> {
    check(
        "AzureUSGovernment",
        "login.microsoftonline.us",
        "management.usgovcloudapi.net",
        "vault.usgovcloudapi.net",
        "core.usgovcloudapi.net",
    )
    .await?;
    check(
        "AzureChinaCloud",
        "login.chinacloudapi.cn",
        "management.chinacloudapi.cn",
        "vault.azure.cn",
        "core.chinacloudapi.cn",
    )
    .await
}
