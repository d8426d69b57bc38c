//! What a caller needs on the account besides the vault's own role.

use emulator::{CallerCheck, Fleet, Settings};
use serde_json::json;

use crate::client::{ACCOUNT, Bench, Failure, SUBSCRIPTION, VAULT, enrolment};

const CLIENT: &str = "c11e4700-0000-4000-8000-0000000000aa";
const OBJECT: &str = "0b7ec700-0000-4000-8000-0000000000aa";
const LIST: &str = "Microsoft.Storage/storageAccounts/listkeys/action";
const REGENERATE: &str = "Microsoft.Storage/storageAccounts/regeneratekey/action";

/// An application with these actions on the subscription and all rights in the vault, which holds its role.
fn fleet(actions: &[&str], rbac: bool) -> Result<Fleet, Failure> {
    let text = json!({
        "role_definitions": [{
            "name": "tested", "actions": actions,
            "data_actions": if rbac { vec!["Microsoft.KeyVault/vaults/storageaccounts/set/action"] } else { vec![] },
        }],
        "applications": [{
            "client_id": CLIENT, "object_id": OBJECT, "client_secret": "known",
            "roles": [{"role": "tested", "scope": SUBSCRIPTION}],
        }],
        "subscriptions": [{
            "id": "50b5c000-0000-4000-8000-000000000001",
            "accounts": [{"resource_group": "rg-emulator", "name": "stemulator1"}],
            "vaults": [{
                "resource_group": "rg-emulator", "name": "kv-emulator", "rbac": rbac,
                "access_policies": [{"object_id": OBJECT, "storage": ["all"]}],
            }],
        }],
    });
    Ok(text.to_string().parse()?)
}

async fn enrol(bench: &Bench) -> Result<(u16, String), Failure> {
    let token = bench
        .token_of(CLIENT, "known", "https://vault.azure.net")
        .await?;
    let path = "/storage/logs?api-version=7.4";
    let answer = bench
        .send("PUT", VAULT, path, Some(&token), &enrolment())
        .await?;
    Ok((answer.status, answer.text("/error/message")))
}

#[tokio::test]
async fn a_caller_needs_both_actions_on_the_account_unless_told_otherwise() -> Result<(), Failure> {
    let cases: [(&[&str], CallerCheck, u16); 4] = [
        (&[LIST, REGENERATE], CallerCheck::ListAndRegenerate, 200),
        (&[LIST], CallerCheck::ListAndRegenerate, 403),
        (&[LIST], CallerCheck::Least, 200),
        (&[REGENERATE], CallerCheck::Least, 403),
    ];
    for (actions, caller_check, status) in cases {
        let bench = Bench::with(fleet(actions, false)?).await?;
        bench.grant_key_vault().await?;
        let settings = Settings {
            caller_check,
            ..Settings::default()
        };
        bench.emulator.control().set_settings(settings);
        let (answered, message) = enrol(&bench).await?;
        assert_eq!(answered, status, "{actions:?} {caller_check:?} {message}");
        if status == 403 {
            let expected = format!(
                "The client '{CLIENT}' with object id '{OBJECT}' does not have authorization to perform action"
            );
            assert!(message.starts_with(&expected), "{message}");
            assert!(
                message.contains(&format!("over scope '{ACCOUNT}'")),
                "{message}"
            );
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_vault_with_role_based_access_asks_for_data_actions() -> Result<(), Failure> {
    let bench = Bench::with(fleet(&[LIST, REGENERATE], true)?).await?;
    bench.grant_key_vault().await?;
    assert_eq!(enrol(&bench).await?.0, 200);
    let token = bench
        .token_of(CLIENT, "known", "https://vault.azure.net")
        .await?;
    let read = bench
        .send(
            "GET",
            VAULT,
            "/storage/logs?api-version=7.4",
            Some(&token),
            "",
        )
        .await?;
    assert_eq!(read.refusal(), (403, "Forbidden".to_owned()));
    assert_eq!(read.text("/error/innererror/code"), "ForbiddenByRbac");
    Ok(())
}

#[tokio::test]
async fn readers_may_see_old_key_times_for_a_while() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    let settings = Settings {
        stale_key_time_requests: 2,
        ..Settings::default()
    };
    bench.emulator.control().set_settings(settings);
    let path = format!("{ACCOUNT}?api-version=2023-05-01");
    let before = bench
        .management("GET", &path, "")
        .await?
        .text("/properties/keyCreationTime/key2");
    let regenerate = format!("{ACCOUNT}/regenerateKey?api-version=2023-05-01");
    bench
        .management("POST", &regenerate, r#"{"keyName": "key2"}"#)
        .await?;
    let mut seen = Vec::new();
    for _ in 0..3 {
        let after = bench.management("GET", &path, "").await?;
        seen.push(after.text("/properties/keyCreationTime/key2") == before);
    }
    assert_eq!(seen, [true, true, false]);
    Ok(())
}
