//! Tells the log about each try: never a body, never a header that is not named here.

use std::sync::Arc;

use async_trait::async_trait;
use azure_core::http::{
    Context, Request, Url,
    headers::{HeaderName, Headers},
    policies::{Policy, PolicyResult},
};

use super::forward;
use crate::clock::Clock;

/// Query parameters whose values tell nothing that must not be told.
const SHOWN_PARAMETERS: [&str; 4] = ["api-version", "$top", "$select", "maxresults"];
/// Headers by which the services name a request.
const REQUEST_IDS: [HeaderName; 2] = [
    HeaderName::from_static("x-ms-request-id"),
    HeaderName::from_static("request-id"),
];

/// Is the stage that writes to the log.
#[derive(Debug)]
pub(crate) struct Trace {
    pub(crate) clock: Arc<dyn Clock>,
}

#[async_trait]
impl Policy for Trace {
    async fn send(
        &self,
        ctx: &Context,
        request: &mut Request,
        next: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        let started = self.clock.now();
        let result = forward(ctx, request, next).await;
        let milliseconds = self.clock.now().duration_since(started).as_millis();
        let (status, request_id) = match &result {
            Ok(response) => (u16::from(response.status()), request_id(response.headers())),
            Err(_) => (0, None),
        };
        let url = request.url();
        tracing::debug!(
            method = request.method().as_str(),
            host = url.host_str().unwrap_or_default(),
            path = url.path(),
            query = shown_query(url),
            status,
            request_id = request_id.as_deref().unwrap_or_default(),
            milliseconds,
            "request"
        );
        result
    }
}

/// Finds the id by which Azure's support finds a request.
pub(crate) fn request_id(headers: &Headers) -> Option<String> {
    REQUEST_IDS
        .iter()
        .find_map(|name| headers.get_optional_string(name))
}

fn shown_query(url: &Url) -> String {
    let shown = url
        .query_pairs()
        .filter(|(name, _)| SHOWN_PARAMETERS.contains(&name.as_ref()));
    shown
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_named_parameters_are_shown() {
        let url =
            "https://v.vault.azure.net/storage?api-version=7.4&$skiptoken=x&sig=y&maxresults=25";
        let url = Url::parse(url).expect("an address");
        assert_eq!(shown_query(&url), "api-version=7.4&maxresults=25");
    }
}
