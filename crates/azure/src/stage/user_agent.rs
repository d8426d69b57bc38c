//! Says who is calling: azure_core's own stage knows no way to name a product in full.

use std::sync::Arc;

use async_trait::async_trait;
use azure_core::http::{
    Context, Request,
    headers::USER_AGENT,
    policies::{Policy, PolicyResult},
};

use super::forward;

/// Is the stage that replaces the user agent.
#[derive(Debug)]
pub(crate) struct UserAgent(pub(crate) String);

#[async_trait]
impl Policy for UserAgent {
    async fn send(
        &self,
        ctx: &Context,
        request: &mut Request,
        next: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        request.insert_header(USER_AGENT, self.0.clone());
        forward(ctx, request, next).await
    }
}
