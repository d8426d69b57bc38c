//! Assertions: signed with a certificate of the application, or by an issuer that the emulator cannot know.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use rustls::pki_types::{CertificateDer, SignatureVerificationAlgorithm};
use serde_json::Value;
use webpki::EndEntityCert;
use webpki::ring::{RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256_LEGACY_KEY};

use super::{Context, Denial};
use crate::world::directory::Application;

/// An assertion, taken apart.
struct Assertion<'a> {
    header: Value,
    claims: Value,
    /// What is signed.
    message: &'a str,
    signature: Vec<u8>,
}

/// Checks an assertion.
///
/// One that names a certificate must be signed with it. The signature of any other is not checked; its shape and its end
/// are.
pub(super) fn check(
    context: &Context<'_>,
    application: &Application,
    text: &str,
) -> Result<(), Denial> {
    let assertion = read(text).ok_or_else(malformed)?;
    check_times(&assertion.claims, context.real_now)?;
    match registered(&assertion.header, application) {
        Signer::Issuer => Ok(()),
        Signer::Unknown => Err(invalid_signature("The key was not found.")),
        Signer::Certificate(der) => {
            check_signature(&assertion, &der)?;
            check_claims(context, application, &assertion.claims)
        }
    }
}

fn read(text: &str) -> Option<Assertion<'_>> {
    let (message, signature) = text.rsplit_once('.')?;
    let (header, claims) = message.split_once('.')?;
    let json = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    Some(Assertion {
        header: json(header)?,
        claims: json(claims)?,
        message,
        // An issuer may write whatever it likes here.
        signature: URL_SAFE_NO_PAD.decode(signature).unwrap_or_default(),
    })
}

/// Who has signed, as the header says.
enum Signer {
    /// Somebody else than the application.
    Issuer,
    /// The holder of a certificate that is not registered.
    Unknown,
    Certificate(Vec<u8>),
}

fn registered(header: &Value, application: &Application) -> Signer {
    // Microsoft's Python client pads it.
    let print = |name: &str| {
        let print = header.get(name).and_then(Value::as_str);
        print.map(|print| print.trim_end_matches('='))
    };
    let (print, algorithm) = match (print("x5t#S256"), print("x5t")) {
        (Some(print), _) => (print, &SHA256),
        (None, Some(print)) => (print, &SHA1_FOR_LEGACY_USE_ONLY),
        (None, None) => return Signer::Issuer,
    };
    let is_it = |der: &Vec<u8>| URL_SAFE_NO_PAD.encode(digest::digest(algorithm, der)) == print;
    match application.certificates().find(is_it) {
        Some(der) => Signer::Certificate(der),
        None => Signer::Unknown,
    }
}

fn check_signature(assertion: &Assertion<'_>, der: &[u8]) -> Result<(), Denial> {
    let algorithm: &dyn SignatureVerificationAlgorithm =
        match assertion.header.get("alg").and_then(Value::as_str) {
            Some("PS256") => RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
            Some("RS256") => RSA_PKCS1_2048_8192_SHA256,
            _ => return Err(invalid_signature("The algorithm is not allowed.")),
        };
    let der = CertificateDer::from(der);
    EndEntityCert::try_from(&der)
        .and_then(|certificate| {
            let message = assertion.message.as_bytes();
            certificate.verify_signature(algorithm, message, &assertion.signature)
        })
        .map_err(|_| invalid_signature("The key was found, but the signature is not of it."))
}

/// Moments are numbers of seconds; Microsoft's Python client writes fractions.
fn check_times(claims: &Value, real_now: Timestamp) -> Result<(), Denial> {
    let now = real_now.as_duration().as_secs_f64();
    let moment = |name: &str| claims.get(name).and_then(Value::as_f64);
    let end = moment("exp").ok_or_else(malformed)?;
    // Clocks may differ by five minutes.
    let is_early = moment("nbf").is_some_and(|start| start > now + 300.0);
    if end <= now || is_early {
        let text = "Client assertion is not within its valid time range.";
        return Err(Denial::new(401, "invalid_client", 700_024, text));
    }
    Ok(())
}

fn check_claims(
    context: &Context<'_>,
    application: &Application,
    claims: &Value,
) -> Result<(), Denial> {
    let claim = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let is_own = |name: &str| claim(name).eq_ignore_ascii_case(&application.client_id);
    if !is_own("iss") || !is_own("sub") {
        let text = "Client assertion application identifier doesn't match 'client_id' parameter.";
        return Err(Denial::new(401, "invalid_client", 700_021, text));
    }
    let base = format!("https://{}/{}", context.cloud.login, context.world.tenant);
    let places = ["/oauth2/v2.0/token", "/oauth2/token", "/v2.0"];
    let is_for_us = |place: &str| claim("aud").eq_ignore_ascii_case(&format!("{base}{place}"));
    if !places.into_iter().any(is_for_us) {
        let text = "Client assertion audience claim does not match Realm issuer.";
        return Err(Denial::new(401, "invalid_client", 700_023, text));
    }
    Ok(())
}

fn malformed() -> Denial {
    let text = "Client assertion contains an invalid signature or is not a JSON Web Token.";
    Denial::new(401, "invalid_client", 50027, text)
}

fn invalid_signature(reason: &str) -> Denial {
    let text = format!("Client assertion contains an invalid signature. [Reason - {reason}]");
    Denial::new(401, "invalid_client", 700_027, text)
}
