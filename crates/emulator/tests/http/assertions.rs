//! Signing in with the certificate of an application.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use emulator::{DEFAULT_TENANT, Fleet};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, pem::PemObject};
use serde_json::{Value, json};

use crate::client::{Bench, Failure, LOGIN};

/// An authority, a certificate of it, and the key of that; the folder says more.
const FILE: &str = include_str!("../../../../tests/fixtures/throw-away/throw-away.pem");
const CLIENT: &str = "c11e4700-0000-4000-8000-0000000000aa";
const TYPE: &str = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";

/// The certificate that the tests register, and its key.
struct Holder {
    authority: CertificateDer<'static>,
    certificate: CertificateDer<'static>,
    key: RsaKeyPair,
}

impl Holder {
    fn new() -> Result<Self, Failure> {
        let mut certificates = CertificateDer::pem_slice_iter(FILE.as_bytes());
        let mut next = || certificates.next().ok_or("too few certificates");
        let (authority, certificate) = (next()??, next()??);
        let key = PrivatePkcs8KeyDer::from_pem_slice(FILE.as_bytes())?;
        let key =
            RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).map_err(|error| error.to_string())?;
        Ok(Self {
            authority,
            certificate,
            key,
        })
    }

    fn sign(&self, header: &Value, claims: &Value) -> Result<String, Failure> {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        let padding = match header.get("alg").and_then(Value::as_str) {
            Some("RS256") => &RSA_PKCS1_SHA256 as &dyn ring::signature::RsaEncoding,
            _ => &RSA_PSS_SHA256,
        };
        let random = SystemRandom::new();
        self.key
            .sign(padding, &random, message.as_bytes(), &mut signature)
            .map_err(|error| error.to_string())?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// Names the certificate as today's clients do.
    fn header(&self) -> Value {
        let print = URL_SAFE_NO_PAD.encode(digest(&SHA256, &self.certificate));
        json!({"alg": "PS256", "typ": "JWT", "x5t#S256": print})
    }
}

fn claims() -> Value {
    json!({
        "aud": format!("https://{LOGIN}/{DEFAULT_TENANT}/oauth2/v2.0/token"),
        "iss": CLIENT,
        "sub": CLIENT,
        "nbf": 0,
        "exp": 4_000_000_000_i64,
    })
}

fn with(mut value: Value, name: &str, other: Value) -> Value {
    if let Some(object) = value.as_object_mut() {
        object.insert(name.to_owned(), other);
    }
    value
}

async fn bench() -> Result<Bench, Failure> {
    let start = FILE
        .rfind("-----BEGIN CERTIFICATE")
        .ok_or("no certificate")?;
    let end = FILE.find("-----BEGIN PRIVATE").ok_or("no key")?;
    let fleet = json!({
        "applications": [{
            "client_id": CLIENT,
            "object_id": "0b7ec700-0000-4000-8000-0000000000aa",
            "certificates": [FILE.get(start..end)],
        }],
        "subscriptions": [],
    });
    Bench::with(fleet.to_string().parse::<Fleet>()?).await
}

/// Signs in and gives the number of the refusal; zero for a token.
async fn number(bench: &Bench, assertion: &str) -> Result<u64, Failure> {
    let form = format!(
        "grant_type=client_credentials&client_id={CLIENT}&client_assertion_type={TYPE}\
         &client_assertion={assertion}&scope=https%3A%2F%2Fmanagement.azure.com%2F.default"
    );
    let path = format!("/{DEFAULT_TENANT}/oauth2/v2.0/token");
    let answer = bench.send("POST", LOGIN, &path, None, &form).await?;
    let number = answer
        .body
        .pointer("/error_codes/0")
        .and_then(Value::as_u64);
    Ok(number.unwrap_or_default())
}

#[tokio::test]
async fn the_holder_of_a_registered_certificate_signs_in() -> Result<(), Failure> {
    let (bench, holder) = (bench().await?, Holder::new()?);
    let today = holder.sign(&holder.header(), &claims())?;
    assert_eq!(number(&bench, &today).await?, 0);
    let print = URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &holder.certificate));
    let older = holder.sign(&json!({"alg": "RS256", "x5t": print}), &claims())?;
    assert_eq!(number(&bench, &older).await?, 0);
    // As Microsoft's Python client writes it: padded, and with fractions of seconds.
    let header = json!({"alg": "RS256", "x5t": format!("{print}=")});
    let python = holder.sign(&header, &with(claims(), "exp", json!(3_999_999_999.5)))?;
    assert_eq!(number(&bench, &python).await?, 0);
    Ok(())
}

#[tokio::test]
async fn whatever_does_not_fit_is_denied_by_its_number() -> Result<(), Failure> {
    let (bench, holder) = (bench().await?, Holder::new()?);
    let header = holder.header();
    let authority = URL_SAFE_NO_PAD.encode(digest(&SHA256, &holder.authority));
    let other_claims =
        |name: &str, value: Value| holder.sign(&header, &with(claims(), name, value));
    let good = holder.sign(&header, &claims())?;
    let (message, signature) = good.rsplit_once('.').ok_or("no signature")?;
    let later = with(claims(), "exp", json!(4_000_000_001_i64));
    let swapped = holder.sign(&header, &later)?;
    let (later, _) = swapped.rsplit_once('.').ok_or("no signature")?;
    for (assertion, expected) in [
        (format!("{message}."), 700_027),
        (format!("{later}.{signature}"), 700_027),
        (
            holder.sign(&with(header.clone(), "alg", json!("none")), &claims())?,
            700_027,
        ),
        (
            holder.sign(
                &with(header.clone(), "x5t#S256", json!(authority)),
                &claims(),
            )?,
            700_027,
        ),
        (other_claims("iss", json!("somebody"))?, 700_021),
        (other_claims("sub", json!("somebody"))?, 700_021),
        (
            other_claims("aud", json!("https://login.microsoftonline.com/other"))?,
            700_023,
        ),
        (other_claims("exp", json!(1))?, 700_024),
        (other_claims("nbf", json!(3_999_999_999_i64))?, 700_024),
    ] {
        assert_eq!(number(&bench, &assertion).await?, expected, "{assertion}");
    }
    Ok(())
}

#[test]
fn what_is_no_certificate_is_refused_with_its_place() {
    let fleet = json!({
        "applications": [{
            "client_id": CLIENT,
            "object_id": "0b7ec700-0000-4000-8000-0000000000aa",
            "certificates": ["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"],
        }],
        "subscriptions": [],
    });
    let error = fleet
        .to_string()
        .parse::<Fleet>()
        .expect_err("no certificate");
    let text = error.to_string();
    assert!(text.contains("applications[0].certificates[0]"), "{text}");
}
