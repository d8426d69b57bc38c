//! Tests of the reading and checking of challenges; the exchange is tested through the client.

use super::*;

fn check(challenge: &str, url: &str) -> azure_core::Result<String> {
    let stage = Challenge::new(Arc::new(Credential::fixed("token")), "vault.azure.net");
    stage.check(challenge, &Url::parse(url).expect("an address"))
}

const VAULT: &str = "https://kv-logs.vault.azure.net/storage";

#[test]
fn every_form_of_a_good_challenge_is_understood() {
    for challenge in [
        r#"Bearer authorization="https://login.windows.net/t", resource="https://vault.azure.net""#,
        r#"Bearer authorization="https://login.microsoftonline.com/t", scope="https://vault.azure.net/.default""#,
        r#"bearer resource="https://vault.azure.net",authorization="https://x/t?a=b,c""#,
        r"Bearer resource=https://vault.azure.net, authorization=https://x/t",
        r#"Bearer error="a \"resource=\" b", Resource="https://vault.azure.net""#,
        r#"PoP nonce="x", Bearer resource="https://vault.azure.net""#,
    ] {
        let scope = check(challenge, VAULT).ok();
        assert_eq!(
            scope.as_deref(),
            Some("https://vault.azure.net/.default"),
            "{challenge}"
        );
    }
}

#[test]
fn a_challenge_for_another_service_is_refused() {
    let resource = |text: &str| format!(r#"Bearer authorization="https://x/t", resource="{text}""#);
    for challenge in [
        resource("https://management.azure.com"),
        resource("https://azure.net"),
        resource("https://net"),
        resource("http://vault.azure.net"),
        resource("https://vault.azure.net.example.com"),
        resource("https://xvault.azure.net"),
        resource("https://vault.azure.cn"),
        resource("vault.azure.net"),
        resource(""),
        r#"Bearer authorization="https://vault.azure.net""#.to_owned(),
        String::new(),
    ] {
        let error = check(&challenge, VAULT).expect_err(&challenge);
        assert_eq!(error.kind(), &ErrorKind::Credential, "{challenge}");
    }
}

#[test]
fn a_good_challenge_of_another_host_is_refused() {
    let challenge = r#"Bearer resource="https://vault.azure.net""#;
    for url in [
        "https://evilvault.azure.net/storage",
        "https://vault.azure.net/storage",
        "https://kv.vault.azure.net.example.com/storage",
        "https://127.0.0.1/storage",
    ] {
        assert!(check(challenge, url).is_err(), "{url}");
    }
}
