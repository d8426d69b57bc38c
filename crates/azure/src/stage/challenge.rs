//! Signs requests to one vault after asking it which token it wants.
//!
//! The first request goes out without token and body. The vault's answer names the audience, which
//! must be the one of the cloud's vaults: otherwise a mistyped or hostile address could make us
//! hand over a token for another service.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use azure_core::{
    Error,
    error::ErrorKind,
    http::{
        Body, Context, Request, StatusCode, Url,
        headers::{CONTENT_LENGTH, CONTENT_TYPE, WWW_AUTHENTICATE},
        policies::{Policy, PolicyResult},
    },
};

use super::{
    bearer::{refuse_plain_http, send_signed},
    forward,
};
use crate::identity::credential::Credential;

/// Is the stage that signs requests to one vault.
#[derive(Debug)]
pub(crate) struct Challenge {
    credential: Arc<Credential>,
    vault_suffix: &'static str,
    /// Is set once a challenge was checked, never before.
    scope: OnceLock<String>,
}

impl Challenge {
    pub(crate) fn new(credential: Arc<Credential>, vault_suffix: &'static str) -> Self {
        Self {
            credential,
            vault_suffix,
            scope: OnceLock::new(),
        }
    }

    /// Asks the vault for its challenge; gives its answer back if that is none.
    async fn ask(
        &self,
        ctx: &Context<'_>,
        request: &mut Request,
        next: &[Arc<dyn Policy>],
    ) -> Result<String, PolicyResult> {
        let (headers, body) = (request.headers().clone(), request.body().clone());
        request.set_body(Body::from(Vec::new()));
        request.headers_mut().remove(CONTENT_TYPE);
        request.headers_mut().remove(CONTENT_LENGTH);
        let answer = forward(ctx, request, next).await;
        // The transport noted a length of zero on the way; with the body it would break HTTP/2.
        *request.headers_mut() = headers;
        request.set_body(body);
        match answer {
            Ok(response) if response.status() == StatusCode::Unauthorized => {
                let header = response.headers().get_optional_str(&WWW_AUTHENTICATE);
                self.check(header.unwrap_or_default(), request.url())
                    .map_err(Err)
            }
            Ok(response) if response.status().is_success() => Err(Err(refusal(
                "the vault answered a request that had no token",
            ))),
            other => Err(other),
        }
    }

    /// Reads a challenge and gives the scope of the token it asks for.
    fn check(&self, challenge: &str, url: &Url) -> azure_core::Result<String> {
        let resource = parameter(challenge, "resource")
            .or_else(|| parameter(challenge, "scope"))
            .ok_or_else(|| refusal("the vault's challenge names no resource"))?;
        let resource = resource.strip_suffix("/.default").unwrap_or(&resource);
        let resource = Url::parse(resource)
            .map_err(|_| refusal("the vault's challenge names a resource that is no address"))?;
        let host = resource.host_str().unwrap_or_default();
        let asked = url.host_str().unwrap_or_default();
        let is_parent = asked
            .strip_suffix(host)
            .is_some_and(|name| name.ends_with('.'));
        if resource.scheme() != "https" || host != self.vault_suffix || !is_parent {
            return Err(refusal(
                "the vault's challenge asks for a token of another service",
            ));
        }
        // Azure Stack distinguishes its installations by a path.
        let path = resource.path().trim_end_matches('/');
        Ok(format!("https://{host}{path}/.default"))
    }
}

#[async_trait]
impl Policy for Challenge {
    async fn send(
        &self,
        ctx: &Context,
        request: &mut Request,
        next: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        refuse_plain_http(request)?;
        let scope = match self.scope.get() {
            Some(scope) => scope,
            None => match self.ask(ctx, request, next).await {
                Ok(scope) => self.scope.get_or_init(|| scope),
                Err(answer) => return answer,
            },
        };
        send_signed(&self.credential, scope, ctx, request, next).await
    }
}

fn refusal(text: &'static str) -> Error {
    Error::with_message(ErrorKind::Credential, text)
}

/// Finds a parameter of a `WWW-Authenticate` header, whose values are words or quoted texts.
fn parameter(header: &str, name: &str) -> Option<String> {
    let mut rest = header;
    while let Some((before, after)) = rest.split_once('=') {
        let (value, tail) = value(after.trim_start());
        let key = before
            .rsplit([',', ' '])
            .find(|word| !word.is_empty())
            .unwrap_or_default();
        if key.eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = tail;
    }
    None
}

/// Reads a value and gives what follows it.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ']).unwrap_or(text.len());
        let (value, tail) = text.split_at(end);
        return (value.to_owned(), tail);
    };
    let mut value = String::new();
    let mut letters = quoted.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => break,
            '\\' => value.extend(letters.next()),
            letter => value.push(letter),
        }
    }
    (value, letters.as_str())
}

#[cfg(test)]
mod tests;
