//! Tests of the making of the HTTP client, and of the client on loopback.

mod loopback;

use super::*;

fn make(
    ca_file: Option<&Path>,
    proxy: Option<&str>,
) -> Result<Arc<dyn HttpClient>, TransportError> {
    let no_proxy = Some("localhost,127.0.0.1");
    connect(
        &TransportSettings {
            ca_file,
            https_proxy: proxy,
            no_proxy,
            idle: Duration::from_secs(1),
        },
        &Env::process(),
    )
}

#[test]
fn a_client_is_made_without_a_crypto_provider_of_the_process() {
    assert!(make(None, None).is_ok());
    assert!(make(None, Some("http://127.0.0.1:3128")).is_ok());
}

#[test]
fn a_certificate_file_must_hold_certificates() {
    let absent = make(Some(Path::new("/nonexistent/ca.pem")), None).err();
    let absent = absent.map(|error| error.to_string());
    assert_eq!(
        absent.as_deref(),
        Some("cannot read the certificate file `/nonexistent/ca.pem`")
    );
    let here = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    assert!(matches!(
        make(Some(here), None),
        Err(TransportError::NoCertificate { .. })
    ));
}

#[test]
fn the_password_of_a_proxy_is_not_repeated() {
    let error = make(None, Some("http://user:canary@[")).expect_err("no address");
    assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
}
