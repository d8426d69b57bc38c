//! Lets no more than a number of requests be under way at the same time.
//!
//! It is the innermost part: a request that waits for a token or before another try holds no place,
//! so that the request for the token finds one.

use std::{num::NonZeroU32, sync::Arc};

use async_trait::async_trait;
use azure_core::{
    Error,
    error::ErrorKind,
    http::{AsyncRawResponse, HttpClient, Request},
};
use tokio::sync::Semaphore;

/// Is an HTTP client with a number of places.
#[derive(Debug)]
pub(crate) struct Limited {
    inner: Arc<dyn HttpClient>,
    places: Semaphore,
}

impl Limited {
    pub(crate) fn new(inner: Arc<dyn HttpClient>, most: NonZeroU32) -> Self {
        let most = usize::try_from(most.get()).unwrap_or(Semaphore::MAX_PERMITS);
        let places = Semaphore::new(most.min(Semaphore::MAX_PERMITS));
        Self { inner, places }
    }
}

#[async_trait]
impl HttpClient for Limited {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        // Nobody closes the semaphore; if somebody did, nothing would have been sent.
        let _place = self
            .places
            .acquire()
            .await
            .map_err(|error| Error::new(ErrorKind::Other, error))?;
        self.inner.execute_request(request).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use azure_core::http::{Method, StatusCode, headers::Headers};

    use super::*;

    /// Notes how many requests were under way at the same time.
    #[derive(Debug, Default)]
    struct Crowd {
        now: AtomicU32,
        most: AtomicU32,
    }

    #[async_trait]
    impl HttpClient for Crowd {
        async fn execute_request(&self, _: &Request) -> azure_core::Result<AsyncRawResponse> {
            let now = self.now.fetch_add(1, Ordering::Relaxed) + 1;
            self.most.fetch_max(now, Ordering::Relaxed);
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            self.now.fetch_sub(1, Ordering::Relaxed);
            let answer = AsyncRawResponse::from_bytes(StatusCode::Ok, Headers::new(), Vec::new());
            Ok(answer)
        }
    }

    #[tokio::test]
    async fn no_more_requests_than_allowed_are_under_way() {
        let crowd = Arc::new(Crowd::default());
        let most = NonZeroU32::new(2).expect("a number");
        let client = Limited::new(crowd.clone(), most);
        let url = "https://management.azure.com/".parse().expect("an address");
        let request = Request::new(url, Method::Get);
        let send = || client.execute_request(&request);
        let sent = tokio::join!(send(), send(), send(), send(), send());
        assert!(sent.0.is_ok() && sent.4.is_ok());
        assert_eq!(crowd.most.load(Ordering::Relaxed), 2);
    }
}
