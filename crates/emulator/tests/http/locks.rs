//! Locks: what nobody may do, whatever their roles.

use crate::client::{ACCOUNT, Bench, Failure, SUBSCRIPTION};

const VERSION: &str = "api-version=2020-05-01";

async fn lock(bench: &Bench, scope: &str, level: &str) -> Result<u16, Failure> {
    let path = format!("{scope}/providers/Microsoft.Authorization/locks/l?{VERSION}");
    let body = format!(r#"{{"properties": {{"level": "{level}", "notes": "keep"}}}}"#);
    Ok(bench.management("PUT", &path, &body).await?.status)
}

#[tokio::test]
async fn a_read_only_lock_blocks_keys_and_changes_and_lets_read() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    assert_eq!(lock(&bench, SUBSCRIPTION, "ReadOnly").await?, 201);
    let version = "api-version=2023-05-01";
    let read = bench
        .management("GET", &format!("{ACCOUNT}?{version}"), "")
        .await?;
    assert_eq!(read.status, 200);
    for (method, path) in [
        ("POST", format!("{ACCOUNT}/listKeys?{version}")),
        ("POST", format!("{ACCOUNT}/regenerateKey?{version}")),
        ("PATCH", format!("{ACCOUNT}?{version}")),
        ("DELETE", format!("{ACCOUNT}?{version}")),
    ] {
        let body = if path.contains("regenerateKey") {
            r#"{"keyName": "key1"}"#
        } else {
            "{}"
        };
        let refused = bench.management(method, &path, body).await?;
        assert_eq!(refused.refusal(), (409, "ScopeLocked".to_owned()), "{path}");
    }
    let granted = bench.grant_key_vault().await?;
    assert_eq!(granted.status, 409, "nor are roles assigned");
    let path = format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/locks/l?{VERSION}");
    assert_eq!(bench.management("DELETE", &path, "").await?.status, 200);
    assert_eq!(bench.management("DELETE", &path, "").await?.status, 204);
    assert_eq!(bench.grant_key_vault().await?.status, 201);
    Ok(())
}

#[tokio::test]
async fn a_lock_against_deletion_also_holds_the_group_around_it() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    assert_eq!(lock(&bench, ACCOUNT, "CanNotDelete").await?, 201);
    let group = format!("{SUBSCRIPTION}/resourceGroups/rg-emulator?api-version=2022-12-01");
    let refused = bench.management("DELETE", &group, "").await?;
    assert_eq!(refused.refusal(), (409, "ScopeLocked".to_owned()));
    let keys = format!("{ACCOUNT}/listKeys?api-version=2023-05-01");
    assert_eq!(bench.management("POST", &keys, "").await?.status, 200);
    let listed = format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/locks?{VERSION}");
    let listed = bench.management("GET", &listed, "").await?;
    assert_eq!(listed.text("/value/0/properties/level"), "CanNotDelete");
    Ok(())
}

#[tokio::test]
async fn a_vault_stalls_under_a_read_only_lock_and_goes_on_when_it_is_gone() -> Result<(), Failure>
{
    let bench = Bench::standard().await?;
    bench.grant_key_vault().await?;
    bench.enrol().await?;
    lock(&bench, ACCOUNT, "ReadOnly").await?;
    bench.emulator.control().advance("P16D")?;
    let enrolment = "/storage/logs?api-version=7.4";
    let still = bench.vault("GET", enrolment, "").await?;
    assert_eq!(still.text("/activeKeyName"), "key1");
    let path = format!("{ACCOUNT}/providers/Microsoft.Authorization/locks/l?{VERSION}");
    bench.management("DELETE", &path, "").await?;
    let renewed = bench.vault("GET", enrolment, "").await?;
    assert_eq!(renewed.text("/activeKeyName"), "key2");
    Ok(())
}
