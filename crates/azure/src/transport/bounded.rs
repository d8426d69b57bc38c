//! Lets no answer fill the memory: not a long one, nor a short one that unpacks to a long one.
//!
//! It counts what is left of an answer once it is unpacked.

use std::sync::Arc;

use async_trait::async_trait;
use azure_core::{
    Error,
    error::ErrorKind,
    http::{AsyncRawResponse, HttpClient, Request},
};
use futures::StreamExt as _;

/// More than any page of a list has, which Azure keeps to some megabytes.
const MOST: usize = 64 * 1024 * 1024;

/// Is an HTTP client that gives up on an answer that is too long.
#[derive(Debug)]
pub(crate) struct Bounded {
    inner: Arc<dyn HttpClient>,
    most: usize,
}

impl Bounded {
    pub(crate) fn new(inner: Arc<dyn HttpClient>) -> Self {
        Self { inner, most: MOST }
    }
}

#[async_trait]
impl HttpClient for Bounded {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let answer = self.inner.execute_request(request).await?;
        let (status, headers, body) = answer.deconstruct();
        let mut left = self.most;
        let body = body.map(move |part| {
            let part = part?;
            left = left.checked_sub(part.len()).ok_or_else(|| {
                let text = "the answer is longer than any that Azure gives";
                Error::with_message(ErrorKind::Io, text)
            })?;
            Ok(part)
        });
        Ok(AsyncRawResponse::new(status, headers, Box::pin(body)))
    }
}

#[cfg(test)]
mod tests {
    use azure_core::http::{Method, StatusCode, headers::Headers};

    use super::*;

    /// Answers with so many bytes.
    #[derive(Debug)]
    struct Long(usize);

    #[async_trait]
    impl HttpClient for Long {
        async fn execute_request(&self, _: &Request) -> azure_core::Result<AsyncRawResponse> {
            let part = azure_core::Bytes::from_static(b"12345678");
            let parts = std::iter::repeat_n(part, self.0 / 8).map(Ok);
            let body = Box::pin(futures::stream::iter(parts));
            Ok(AsyncRawResponse::new(StatusCode::Ok, Headers::new(), body))
        }
    }

    async fn check(length: usize, is_taken: bool) {
        let bounded = Bounded {
            inner: Arc::new(Long(length)),
            most: 64,
        };
        let url = "https://management.azure.com/".parse().expect("an address");
        let request = Request::new(url, Method::Get);
        let answer = bounded.execute_request(&request).await;
        let body = answer.expect("an answer").into_body();
        assert_eq!(body.collect().await.is_ok(), is_taken, "{length} bytes");
    }

    #[tokio::test]
    async fn an_answer_that_is_too_long_is_given_up() {
        check(64, true).await;
        check(72, false).await;
    }
}
