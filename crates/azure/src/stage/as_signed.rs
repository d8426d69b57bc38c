//! Sends a request just as it was signed.

use std::sync::Arc;

use async_trait::async_trait;
use azure_core::http::{
    Context, Request,
    headers::CLIENT_REQUEST_ID,
    policies::{Policy, PolicyResult},
};

use super::forward;

/// Is the stage that takes out the name azure_core gives every request: a signature covers all headers
/// of that kind, and this one comes after it.
#[derive(Debug)]
pub(crate) struct AsSigned;

#[async_trait]
impl Policy for AsSigned {
    async fn send(
        &self,
        ctx: &Context,
        request: &mut Request,
        next: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        request.headers_mut().remove(CLIENT_REQUEST_ID);
        forward(ctx, request, next).await
    }
}
