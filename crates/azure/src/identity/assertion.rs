//! What an application proves itself with instead of a secret: tokens that it signs or is given.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use azure_core::{
    error::{Error, ErrorKind},
    http::ClientMethodOptions,
};
use azure_identity::ClientAssertion;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::digest;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::certificate::ClientCertificate;
use crate::{clock::Clock, env::Env};

/// An assertion is used at once; the rest is for clocks that differ.
const LIFETIME_SECONDS: i64 = 600;

/// Signs an assertion with the key of a certificate, a new one for each request.
pub(super) struct Signed {
    pub(super) certificate: ClientCertificate,
    pub(super) client_id: String,
    /// The address that the assertion is sent to.
    pub(super) audience: String,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) env: Env,
}

impl Signed {
    fn header(&self) -> Value {
        let chain = self.certificate.chain();
        let own = chain.first().map(Vec::as_slice).unwrap_or_default();
        let thumbprint = digest::digest(&digest::SHA256, own);
        // The chain lets applications be known by subject and issuer, across renewals.
        let chain: Vec<String> = chain.iter().map(|der| STANDARD.encode(der)).collect();
        json!({
            "alg": "PS256",
            "typ": "JWT",
            "x5t#S256": URL_SAFE_NO_PAD.encode(thumbprint),
            "x5c": chain,
        })
    }

    fn claims(&self) -> Value {
        let now = self.clock.now().as_second();
        json!({
            "aud": self.audience,
            "iss": self.client_id,
            "sub": self.client_id,
            "jti": self.env.random_id().to_string(),
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME_SECONDS,
        })
    }
}

#[async_trait]
impl ClientAssertion for Signed {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(self.header()), part(self.claims()));
        let signature = self.certificate.sign(message.as_bytes()).map_err(|_| {
            let text = "cannot sign with the key of the client certificate";
            Error::with_message(ErrorKind::Credential, text)
        })?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

impl fmt::Debug for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signed(redacted)")
    }
}

/// Hides which kind it is, so that azure_identity's code is built once and not for each.
#[derive(Debug)]
pub(super) struct Any(pub(super) Box<dyn ClientAssertion>);

#[async_trait]
impl ClientAssertion for Any {
    async fn secret(&self, options: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        self.0.secret(options).await
    }
}

/// Hands on a token that the settings hold.
#[derive(Debug)]
pub(super) struct Given(pub(super) SecretString);

#[async_trait]
impl ClientAssertion for Given {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        Ok(self.0.expose_secret().to_owned())
    }
}
