//! Our stages of azure_core's pipeline.
//!
//! Order: `retry` once per call; then for each try `bearer` or `challenge`, `throttle`,
//! `user_agent`, `trace`.

pub(crate) mod bearer;
pub(crate) mod challenge;
pub(crate) mod retry;
pub(crate) mod throttle;
pub(crate) mod trace;
pub(crate) mod user_agent;

use std::sync::Arc;

use azure_core::{
    Error,
    error::ErrorKind,
    http::{
        Context, Request,
        policies::{Policy, PolicyResult},
    },
};

/// Hands the request to the stage that comes next.
async fn forward(
    ctx: &Context<'_>,
    request: &mut Request,
    next: &[Arc<dyn Policy>],
) -> PolicyResult {
    match next.split_first() {
        Some((stage, rest)) => stage.send(ctx, request, rest).await,
        None => Err(Error::with_message(
            ErrorKind::Other,
            "the pipeline has no transport",
        )),
    }
}
