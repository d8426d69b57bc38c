//! A double of the HTTP client for tests: requests in, prepared answers out, no socket.
//!
//! ```
//! # use std::sync::Arc;
//! # use azure::{Client, ManualClock, transport::scripted::{ScriptedTransport, Step}};
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let transport = ScriptedTransport::new([Step::answer(
//!     "GET",
//!     "/subscriptions",
//!     200,
//!     r#"{"value":[{"subscriptionId":"00000000-0000-0000-0000-000000000001"}]}"#,
//! )]);
//! let clock = Arc::new(ManualClock::new(jiff::Timestamp::UNIX_EPOCH));
//! let client = Client::with_transport(&transport, clock);
//! let subscriptions = client.list(azure::arm::subscriptions::list()).await?;
//! assert_eq!(subscriptions.len(), 1);
//! assert!(transport.unused().is_empty());
//! # Ok::<(), azure::Error>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use azure_core::{
    Error,
    error::ErrorKind,
    http::{
        AsyncRawResponse, Body, HttpClient, Request, StatusCode, Url,
        headers::{AUTHORIZATION, HeaderName, HeaderValue, Headers, WWW_AUTHENTICATE},
    },
};

/// Answers requests from a script. Clones share the script and the record.
#[derive(Debug, Clone)]
pub struct ScriptedTransport {
    state: Arc<Mutex<State>>,
    challenges: bool,
}

#[derive(Debug)]
struct State {
    steps: Vec<Step>,
    sent: Vec<SentRequest>,
}

/// Is one expected request and what comes of it.
///
/// A request takes the first step that fits and is not used up, so that the order of concurrent
/// requests does not matter while that of equal ones does.
#[derive(Debug, Clone)]
pub struct Step {
    method: String,
    path: String,
    outcome: Outcome,
    headers: Vec<(String, String)>,
    always: bool,
    used: bool,
}

#[derive(Debug, Clone)]
enum Outcome {
    Answer { status: u16, body: String },
    Lost,
    Unreachable,
    Certificate,
}

/// Is a request as it would have gone out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentRequest {
    /// The method, in capitals.
    pub method: String,
    /// The whole address.
    pub url: String,
    /// The body; empty if there was none.
    pub body: String,
    /// The headers, names in small letters. The token is in them: do not print them.
    pub(crate) headers: Vec<(String, String)>,
}

impl SentRequest {
    /// Gives method and path, such as `GET /subscriptions`.
    #[must_use]
    pub fn line(&self) -> String {
        let path = Url::parse(&self.url)
            .map(|url| url.path().to_owned())
            .unwrap_or_default();
        format!("{} {path}", self.method)
    }
}

impl Step {
    fn new(method: &str, path: &str, outcome: Outcome) -> Self {
        let (method, path) = (method.to_owned(), path.to_owned());
        Self {
            method,
            path,
            outcome,
            headers: Vec::new(),
            always: false,
            used: false,
        }
    }

    /// Answers a request of this method whose path ends with `path`, whatever its case.
    #[must_use]
    pub fn answer(method: &str, path: &str, status: u16, body: impl Into<String>) -> Self {
        Self::new(
            method,
            path,
            Outcome::Answer {
                status,
                body: body.into(),
            },
        )
    }

    /// Breaks the connection after the request was sent.
    #[must_use]
    pub fn lost(method: &str, path: &str) -> Self {
        Self::new(method, path, Outcome::Lost)
    }

    /// Lets no connection be made.
    #[must_use]
    pub fn unreachable(method: &str, path: &str) -> Self {
        Self::new(method, path, Outcome::Unreachable)
    }

    /// Shows a certificate that is not trusted.
    #[must_use]
    pub fn untrusted(method: &str, path: &str) -> Self {
        Self::new(method, path, Outcome::Certificate)
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Makes the step good for any number of requests, at least one.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.always = true;
        self
    }

    fn fits(&self, method: &str, path: &str) -> bool {
        let path = path.to_ascii_lowercase();
        (self.always || !self.used)
            && self.method.eq_ignore_ascii_case(method)
            && path.ends_with(&self.path.to_ascii_lowercase())
    }

    fn play(&self) -> azure_core::Result<AsyncRawResponse> {
        let broken = |kind, error: std::io::Error| Err(Error::new(kind, error));
        match &self.outcome {
            Outcome::Answer { status, body } => {
                let mut headers = Headers::new();
                for (name, value) in &self.headers {
                    let name = HeaderName::from(name.to_ascii_lowercase());
                    headers.insert(name, HeaderValue::from(value.clone()));
                }
                let status = StatusCode::from(*status);
                Ok(AsyncRawResponse::from_bytes(
                    status,
                    headers,
                    body.clone().into_bytes(),
                ))
            }
            Outcome::Lost => broken(ErrorKind::Io, std::io::ErrorKind::ConnectionReset.into()),
            Outcome::Unreachable => broken(
                ErrorKind::Connection,
                std::io::ErrorKind::ConnectionRefused.into(),
            ),
            Outcome::Certificate => {
                let cause = rustls::CertificateError::UnknownIssuer;
                let cause = rustls::Error::InvalidCertificate(cause);
                broken(ErrorKind::Connection, std::io::Error::other(cause))
            }
        }
    }
}

impl ScriptedTransport {
    /// Prepares answers.
    ///
    /// A vault's challenge is answered by the transport itself and not recorded, so that scripts
    /// hold operations only.
    pub fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let state = State {
            steps: steps.into_iter().collect(),
            sent: Vec::new(),
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            challenges: true,
        }
    }

    /// Leaves challenges to the script.
    #[cfg(test)]
    pub(crate) fn without_challenges(mut self) -> Self {
        self.challenges = false;
        self
    }

    /// Adds a step to the end of the script.
    pub fn push(&self, step: Step) {
        self.lock().steps.push(step);
    }

    /// Lists the requests so far, in order.
    #[must_use]
    pub fn sent(&self) -> Vec<SentRequest> {
        self.lock().sent.clone()
    }

    /// Lists the steps that no request took: a finished test leaves none.
    #[must_use]
    pub fn unused(&self) -> Vec<String> {
        let state = self.lock();
        let unused = state.steps.iter().filter(|step| !step.used);
        unused
            .map(|step| format!("{} {}", step.method, step.path))
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl HttpClient for ScriptedTransport {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let is_signed = request.headers().get_optional_str(&AUTHORIZATION).is_some();
        if self.challenges && !is_signed {
            return Ok(challenge(request.url()));
        }
        let (method, path) = (request.method().as_str(), request.url().path());
        let mut state = self.lock();
        state.sent.push(record(request));
        match state.steps.iter_mut().find(|step| step.fits(method, path)) {
            Some(step) => {
                step.used = true;
                step.play()
            }
            None => {
                let text = format!("the script has no answer for {method} {path}");
                Err(Error::with_message(ErrorKind::Other, text))
            }
        }
    }
}

fn record(request: &Request) -> SentRequest {
    let body = match request.body() {
        Body::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Body::SeekableStream(_) => String::new(),
    };
    let headers = request.headers().iter();
    SentRequest {
        method: request.method().as_str().to_owned(),
        url: request.url().to_string(),
        body,
        headers: headers
            .map(|(name, value)| (name.as_str().to_owned(), value.as_str().to_owned()))
            .collect(),
    }
}

/// Answers like a vault that wants a token.
fn challenge(url: &Url) -> AsyncRawResponse {
    let host = url.host_str().unwrap_or_default();
    let suffix = host.split_once('.').map_or(host, |(_, suffix)| suffix);
    let value = format!(
        r#"Bearer authorization="https://login.microsoftonline.com/tenant", resource="https://{suffix}""#
    );
    let mut headers = Headers::new();
    headers.insert(WWW_AUTHENTICATE, value);
    AsyncRawResponse::from_bytes(StatusCode::Unauthorized, headers, Vec::new())
}
