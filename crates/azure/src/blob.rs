//! The data of a storage account, as far as it takes to see that a key opens it.

use azure_core::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{Timestamp, fmt::rfc2822::DateTimePrinter};
use ring::hmac;
use secrecy::SecretString;

use crate::{
    cloud::Cloud,
    id::StorageAccountId,
    request::{Endpoint, Idempotency, Read, Request, Target},
    secret::KeyMaterial,
};

const VERSION: &str = "2019-12-12";

/// Lists the names of at most one container, in a request that a key has signed. Azure lets it in if
/// the key is one of the account's; what it lists is not looked at.
///
/// Shape: `GET https://{account}.blob.{suffix}/?comp=list&maxresults=1` with a Shared Key signature,
/// service version 2019-12-12. `now` goes into the signature, which is good for a quarter of an hour.
/// `None` if the key is no Base64, so that it can sign nothing.
#[must_use]
pub fn probe(
    account: &StorageAccountId,
    cloud: &Cloud,
    key: &KeyMaterial,
    now: Timestamp,
) -> Option<Request<(), Read>> {
    let name = account.name().to_ascii_lowercase();
    let date = DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&now)
        .ok()?;
    let text = to_sign(&name, &date);
    let key = STANDARD.decode(key.expose()).ok()?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let signature = STANDARD.encode(hmac::sign(&key, text.as_bytes()));
    let address = format!("https://{name}.blob.{}/", cloud.storage_suffix());
    let target = Target::new(Endpoint::Blob(address), [], None)
        .with_query("comp", "list")
        .with_query("maxresults", "1");
    let request = Request::new(Method::Get, target, Idempotency::Repeatable, |_| Ok(()));
    let signed = request
        .with_header("x-ms-date", date)
        .with_header("x-ms-version", VERSION.to_owned())
        .with_header("authorization", format!("SharedKey {name}:{signature}"));
    Some(signed)
}

/// Writes what a Shared Key signature is about: the verb, eleven headers that are not sent, those of
/// Azure's own, and the resource with its parameters.
fn to_sign(account: &str, date: &str) -> String {
    let empty = "\n".repeat(11);
    format!(
        "GET\n{empty}x-ms-date:{date}\nx-ms-version:{VERSION}\n/{account}/\ncomp:list\nmaxresults:1"
    )
}

/// Puts a key into a connection string, as clients of Azure Storage take it.
#[must_use]
pub fn connection_string(
    account: &StorageAccountId,
    cloud: &Cloud,
    key: &KeyMaterial,
) -> SecretString {
    let text = format!(
        "DefaultEndpointsProtocol=https;AccountName={};AccountKey={};EndpointSuffix={}",
        account.name().to_ascii_lowercase(),
        key.expose(),
        cloud.storage_suffix()
    );
    SecretString::from(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::account;

    #[tokio::test]
    async fn the_request_goes_to_the_account_and_names_no_key() {
        let key = KeyMaterial::new(STANDARD.encode("not a real key"));
        let now = "2026-01-02T03:04:05Z".parse().expect("a time");
        let request = probe(&account(), &Cloud::Public, &key, now).expect("a key");
        let shown = format!("{request:?}");
        assert!(!shown.contains("SharedKey"), "{shown}");
        let headers = request.headers.clone();
        let date = headers.iter().find(|(name, _)| *name == "x-ms-date");
        assert_eq!(
            date.map(|(_, date)| date.as_str()),
            Some("Fri, 02 Jan 2026 03:04:05 GMT")
        );
        let (line, _) = crate::fixtures::outgoing(request).await;
        assert_eq!(
            line,
            "GET https://stlogs.blob.core.windows.net/?comp=list&maxresults=1"
        );
    }

    #[test]
    fn what_is_no_key_signs_nothing() {
        let key = KeyMaterial::new("no base64!".to_owned());
        assert!(probe(&account(), &Cloud::Public, &key, Timestamp::UNIX_EPOCH).is_none());
    }
}
