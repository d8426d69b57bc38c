//! Tests of reading key files. The files are described beside them.

use proptest::prelude::*;
use webpki::{EndEntityCert, ring::RSA_PSS_2048_8192_SHA256_LEGACY_KEY};

use super::*;

/// Gives a file of the folder of throw-away keys.
fn file(name: &str) -> Vec<u8> {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/fixtures/throw-away/"
    );
    std::fs::read(format!("{folder}{name}")).expect("a fixture")
}

fn read(name: &str, password: Option<&str>) -> Result<ClientCertificate, CertificateError> {
    let password = password.map(SecretString::from);
    ClientCertificate::from_file(&file(name), password.as_ref())
}

/// Verifies a signature by the certificate alone, with another library than the one that signs.
fn is_signed_by(certificate: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let der = rustls::pki_types::CertificateDer::from(certificate);
    let certificate = EndEntityCert::try_from(&der).expect("a certificate");
    let algorithm = RSA_PSS_2048_8192_SHA256_LEGACY_KEY;
    certificate
        .verify_signature(algorithm, message, signature)
        .is_ok()
}

#[test]
fn a_certificate_is_read_with_its_key_from_every_kind_of_file() {
    let check = |name: &str, password: Option<&str>, length: usize| {
        let read = read(name, password).expect(name);
        assert_eq!(read.chain().len(), length, "{name}");
        let signature = read.sign(b"message").expect("a signature");
        let own = read.chain().first().expect("a certificate");
        assert!(is_signed_by(own, b"message", &signature), "{name}");
        assert!(!is_signed_by(own, b"massage", &signature), "{name}");
    };
    check("throw-away.pem", None, 2);
    check("throw-away.pem", Some("not needed"), 2);
    check("throw-away-pkcs1.pem", None, 1);
    check("throw-away-encrypted.pem", Some("canary-password"), 1);
    check("throw-away-modern.p12", Some("canary-password"), 2);
    check("throw-away-legacy.p12", Some("canary-password"), 2);
    check("throw-away-java.p12", Some("canary-password"), 2);
    check("throw-away-python.p12", Some("pässword"), 1);
    check("throw-away-no-password.p12", None, 1);
    check("throw-away-no-password.p12", Some(""), 1);
    check("throw-away-plain.p12", None, 1);
}

#[test]
fn a_text_is_pem_or_base64_of_a_file() {
    let check = |text: String, password: Option<&str>| {
        let password = password.map(SecretString::from);
        let read = ClientCertificate::from_text(&text.into(), password.as_ref());
        read.map(|read| read.chain().len())
    };
    let pem = String::from_utf8(file("throw-away.pem")).expect("a text");
    assert_eq!(check(STANDARD.encode(&pem), None), Ok(2));
    assert_eq!(check(pem, None), Ok(2));
    let mut base64 = STANDARD.encode(file("throw-away-modern.p12"));
    base64.insert_str(64, "\r\n ");
    assert_eq!(check(base64, Some("canary-password")), Ok(2));
    let odd = check("canary!".to_owned(), None);
    assert_eq!(odd, Err(CertificateError::Encoding));
}

#[test]
fn what_keeps_a_file_from_being_used_is_said() {
    let check = |name: &str, password: Option<&str>, expected: &str| {
        let error = read(name, password).expect_err(name);
        assert_eq!(error.to_string(), expected, "{name}");
    };
    let missing = "its private key is encrypted and client_certificate_password is not set";
    let wrong = "client_certificate_password does not open it";
    check("throw-away-encrypted.pem", None, missing);
    check("throw-away-modern.p12", None, missing);
    check("throw-away-legacy.p12", None, missing);
    check("throw-away-encrypted.pem", Some("wrong"), wrong);
    check("throw-away-modern.p12", Some("wrong"), wrong);
    check("throw-away-legacy.p12", Some("wrong"), wrong);
    check("throw-away-no-password.p12", Some("wrong"), wrong);
    check(
        "throw-away-elliptic.pem",
        None,
        "its private key is not an RSA key, and Entra ID takes no other",
    );
    check(
        "throw-away-old-encryption.pem",
        Some("canary-password"),
        "the key in it is not supported: encryption by OpenSSL's own scheme; \
         `openssl pkcs8 -topk8` rewrites it",
    );
    check(
        "README.md",
        None,
        "it is neither a PEM file nor a PKCS#12 file, or it is damaged",
    );
}

#[test]
fn a_file_without_one_of_the_two_is_refused() {
    let pem = String::from_utf8(file("throw-away.pem")).expect("a text");
    let key = pem.find("-----BEGIN PRIVATE").expect("a key");
    let (certificates, key) = pem.split_at(key);
    let read = |text: &str| ClientCertificate::from_file(text.as_bytes(), None).map(drop);
    assert_eq!(read(certificates), Err(CertificateError::NoKey));
    assert_eq!(read(key), Err(CertificateError::NoCertificate));
    // The certificate of the authority is there, and it is not the key's.
    let second = certificates.rfind("-----BEGIN").expect("two certificates");
    let authority = certificates.get(..second).unwrap_or_default();
    let both = format!("{authority}{key}");
    assert_eq!(read(&both), Err(CertificateError::NoCertificate));
}

#[test]
fn nothing_of_a_certificate_is_shown() {
    let read = read("throw-away.pem", None).expect("a certificate");
    assert_eq!(format!("{read:?}"), "ClientCertificate(redacted)");
}

/// Gives the chain that is read out of a damaged copy of a file, if one is.
fn of_damaged(name: &str, position: prop::sample::Index, value: u8) -> Option<Vec<Vec<u8>>> {
    let mut damaged = file(name);
    let position = position.index(damaged.len());
    *damaged.get_mut(position)? = value;
    let password = SecretString::from("canary-password");
    let read = ClientCertificate::from_file(&damaged, Some(&password)).ok()?;
    Some(read.chain().to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_damaged_file_never_gives_another_certificate(
        position: prop::sample::Index,
        value: u8,
    ) {
        let whole = read("throw-away-modern.p12", Some("canary-password")).expect("a certificate");
        if let Some(chain) = of_damaged("throw-away-modern.p12", position, value) {
            prop_assert_eq!(chain.as_slice(), whole.chain());
        }
        // This one has no checksum: whatever comes out, it does no harm.
        let _ = of_damaged("throw-away-plain.p12", position, value);
    }
}
