//! From sign-in to a token that dies: the way of the product's main job.

use crate::client::{Bench, Failure, VAULT, connect, enrolment};

const DEFINITION: &str = r#"{"templateUri": "sv=2018-03-28&ss=b&srt=sco&sp=rl&spr=https", "sasType": "account",
                             "validityPeriod": "P1D"}"#;

#[tokio::test]
async fn an_account_is_enrolled_gives_a_token_and_is_rotated_as_time_goes_by() -> Result<(), Failure>
{
    let bench = Bench::standard().await?;
    assert_eq!(bench.grant_key_vault().await?.status, 201);
    assert_eq!(bench.enrol().await?.text("/activeKeyName"), "key1");
    let defined = bench
        .vault("PUT", "/storage/logs/sas/read?api-version=7.4", DEFINITION)
        .await?;
    assert_eq!(
        defined.text("/sid"),
        format!("https://{VAULT}/secrets/logs-read")
    );
    let first = bench
        .vault("GET", "/secrets/logs-read/?api-version=7.4", "")
        .await?;
    assert_eq!(
        first.text("/contentType"),
        "application/vnd.ms-sastoken-storage"
    );
    assert!(
        first
            .text("/value")
            .starts_with("?sv=2018-03-28&ss=b&srt=sco&sp=rl&se="),
        "{first:?}"
    );
    bench.emulator.control().advance("P46D")?;
    let second = bench
        .vault("GET", "/secrets/logs-read?api-version=7.4", "")
        .await?;
    assert_ne!(second.text("/value"), first.text("/value"));
    let enrolment = bench
        .vault("GET", "/storage/logs?api-version=7.4", "")
        .await?;
    assert_eq!(enrolment.text("/activeKeyName"), "key2");
    Ok(())
}

#[tokio::test]
async fn a_request_without_a_token_is_challenged_before_its_body_is_read() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    let path = "/storage/logs?api-version=7.4";
    for (token, body) in [
        (None, ""),
        (None, "no json"),
        (Some("foreign"), enrolment().as_str()),
    ] {
        let answer = bench.send("PUT", VAULT, path, token, body).await?;
        assert_eq!(answer.refusal(), (401, "Unauthorized".to_owned()));
        let challenge = answer
            .headers
            .get("www-authenticate")
            .and_then(|value| value.to_str().ok());
        let tenant = emulator::DEFAULT_TENANT;
        let expected = format!(
            "Bearer authorization=\"https://login.microsoftonline.com/{tenant}\", resource=\"https://vault.azure.net\""
        );
        assert_eq!(challenge, Some(expected.as_str()));
    }
    let management = bench.token("https://management.azure.com").await?;
    let answer = bench
        .send("PUT", VAULT, path, Some(&management), &enrolment())
        .await?;
    assert_eq!(
        answer.status, 401,
        "a token for another service opens nothing"
    );
    Ok(())
}

#[tokio::test]
async fn without_its_role_the_vault_cannot_enrol() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    let refused = bench.enrol().await?;
    assert_eq!(refused.refusal(), (403, "Forbidden".to_owned()));
    let expected =
        "Key vault service doesn't have proper permissions to access the storage account";
    assert_eq!(refused.text("/error/message"), expected);
    Ok(())
}

#[tokio::test]
async fn a_new_role_fails_as_often_as_it_takes_to_spread() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    bench.emulator.control().set_role_propagation(2);
    bench.grant_key_vault().await?;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(bench.enrol().await?.status);
    }
    assert_eq!(statuses, [403, 403, 200]);
    Ok(())
}

#[tokio::test]
async fn the_proxy_refuses_hosts_that_are_not_modelled_and_keeps_a_note() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    for host in ["example.com", "stemulator1.blob.core.windows.net"] {
        let refused = connect(bench.emulator.addresses().proxy, host)
            .await
            .map(|_| ());
        let text = refused
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        assert!(text.starts_with("HTTP/1.1 403"), "{host}: {text}");
    }
    let journal = bench.emulator.control().journal();
    let operations: Vec<&str> = journal
        .iter()
        .map(|entry| entry.operation.as_str())
        .collect();
    assert_eq!(operations, [emulator::UNMODELLED, emulator::UNMODELLED]);
    Ok(())
}

#[tokio::test]
async fn a_client_that_trusts_other_authorities_is_not_deceived() -> Result<(), Failure> {
    let (bench, other) = (Bench::standard().await?, Bench::standard().await?);
    let stranger = Bench {
        config: std::sync::Arc::clone(&other.config),
        ..bench
    };
    let refused = stranger.send("GET", VAULT, "/secrets", None, "").await;
    let error = refused.err().ok_or("the stranger was let in")?;
    assert!(error.to_string().contains("certificate"), "{error}");
    Ok(())
}

#[tokio::test]
async fn the_control_interface_listens_on_loopback_or_not_at_all() -> Result<(), Failure> {
    let options = emulator::Options {
        control_listen: "0.0.0.0:0".parse()?,
        ..emulator::Options::ephemeral(emulator::Fleet::standard())
    };
    let refused = Bench::started(options).await.err();
    let error = refused.ok_or("it listens to everybody")?.to_string();
    assert!(error.contains("must listen on loopback"), "{error}");
    Ok(())
}

#[tokio::test]
async fn the_journal_names_operations_and_holds_no_secret() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    bench.grant_key_vault().await?;
    bench.enrol().await?;
    bench
        .vault("GET", "/storage/logs?api-version=6.0&sig=c2VjcmV0", "")
        .await?;
    let journal = bench.emulator.control().journal();
    let operations: Vec<&str> = journal
        .iter()
        .map(|entry| entry.operation.as_str())
        .collect();
    let expected = [
        "Token",
        "RoleAssignments_Create",
        "Token",
        "SetStorageAccount",
        "Token",
        "GetStorageAccount",
    ];
    assert_eq!(operations, expected);
    let text = format!("{journal:?}");
    assert!(!text.contains("c2VjcmV0"), "{text}");
    for mark in emulator::canary::MARKS {
        assert!(!text.contains(mark), "{mark} in {text}");
    }
    Ok(())
}
