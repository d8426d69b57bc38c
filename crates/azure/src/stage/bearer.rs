//! Signs requests with a token for one audience.
//!
//! Tokens are kept by the credential; after a refusal the credential is replaced once.

use std::sync::Arc;

use async_trait::async_trait;
use azure_core::{
    Error,
    error::ErrorKind,
    http::{
        Context, Request, StatusCode,
        headers::AUTHORIZATION,
        policies::{Policy, PolicyResult},
    },
};

use super::forward;
use crate::identity::credential::Credential;

/// Is the stage that signs requests to ARM or to Graph.
#[derive(Debug)]
pub(crate) struct Bearer {
    pub(crate) credential: Arc<Credential>,
    pub(crate) scope: String,
}

#[async_trait]
impl Policy for Bearer {
    async fn send(
        &self,
        ctx: &Context,
        request: &mut Request,
        next: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        send_signed(&self.credential, &self.scope, ctx, request, next).await
    }
}

/// Sends with a token; after a 401 once more with a token of a fresh credential.
///
/// A request answered with 401 was not executed, so every request may be sent again.
pub(super) async fn send_signed(
    credential: &Credential,
    scope: &str,
    ctx: &Context<'_>,
    request: &mut Request,
    next: &[Arc<dyn Policy>],
) -> PolicyResult {
    refuse_plain_http(request)?;
    let token = credential.token(scope).await?;
    request.insert_header(AUTHORIZATION, format!("Bearer {}", token.text.secret()));
    let response = forward(ctx, request, next).await?;
    if response.status() != StatusCode::Unauthorized {
        return Ok(response);
    }
    credential.renew(token.generation)?;
    let token = credential.token(scope).await?;
    request.insert_header(AUTHORIZATION, format!("Bearer {}", token.text.secret()));
    forward(ctx, request, next).await
}

pub(super) fn refuse_plain_http(request: &Request) -> azure_core::Result<()> {
    if request.url().scheme() == "https" {
        return Ok(());
    }
    Err(Error::with_message(
        ErrorKind::Other,
        "a token is sent over https only",
    ))
}
