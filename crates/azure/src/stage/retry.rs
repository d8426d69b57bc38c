//! Tries again what may be tried again, waiting within bounds.
//!
//! azure_core's own retry goes by status alone and would execute a regeneration twice; it is off.
//! Here the request says by its [`Idempotency`] whether it may be repeated.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use azure_core::{
    error::ErrorKind,
    http::{
        AsyncRawResponse, Context, Request,
        headers::{HeaderName, Headers},
        policies::{Policy, PolicyResult},
    },
};
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use super::forward;
use crate::{
    clock::Clock,
    env::Env,
    error::{is_certificate_error, may_follow_execution},
    request::Idempotency,
};

const RETRY_AFTER_MS: [HeaderName; 2] = [
    HeaderName::from_static("x-ms-retry-after-ms"),
    HeaderName::from_static("retry-after-ms"),
];
const RETRY_AFTER: HeaderName = HeaderName::from_static("retry-after");

/// Bounds the repetition of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetrySettings {
    /// How often a request is sent at most, the first time included.
    pub tries: u32,
    /// How long to wait before the second try; each further wait is twice as long.
    pub first_wait: Duration,
    /// The longest wait; when Azure asks for a longer one, its answer is returned instead.
    pub longest_wait: Duration,
    /// How long all tries and waits of one call may take before no further try is made.
    pub deadline: Duration,
}

impl Default for RetrySettings {
    fn default() -> Self {
        Self {
            tries: 5,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(60),
            deadline: Duration::from_secs(300),
        }
    }
}

/// Remembers across the tries of a call whether one of them may have been executed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tries(Arc<AtomicBool>);

impl Tries {
    pub(crate) fn was_unclear(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Bounds the tries of one operation: somebody may stop it, and its time may be over.
#[derive(Debug, Clone)]
pub(crate) struct Bounds {
    stop: CancellationToken,
    until: Timestamp,
}

impl Bounds {
    pub(crate) fn new(stop: CancellationToken, until: Timestamp) -> Self {
        Self { stop, until }
    }

    /// Tells whether a wait ends before the operation has to.
    pub(crate) fn leave_time(&self, now: Timestamp, wait: Duration) -> bool {
        let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
        now.checked_add(wait).is_ok_and(|end| end < self.until)
    }

    /// Waits, unless the wait would outlast the operation; tells whether to try again.
    pub(crate) async fn wait(&self, clock: &dyn Clock, length: Duration) -> bool {
        if !self.leave_time(clock.now(), length) || self.stop.is_cancelled() {
            return false;
        }
        tokio::select! {
            () = clock.sleep(length) => !self.stop.is_cancelled(),
            () = self.stop.cancelled() => false,
        }
    }
}

impl Default for Bounds {
    fn default() -> Self {
        Self::new(CancellationToken::new(), Timestamp::MAX)
    }
}

/// Is the stage that repeats requests.
#[derive(Debug)]
pub(crate) struct Retry {
    pub(crate) settings: RetrySettings,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) jitter: Env,
    /// Applies to requests that do not say whether they may be repeated.
    pub(crate) unstated: Idempotency,
}

/// Is what a try came to, as far as repeating goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// A success, or a failure that the next try would meet again.
    Final,
    /// A failure after which the request was certainly not executed.
    NotExecuted,
    /// A failure after which nobody knows.
    Unclear,
}

impl Outcome {
    fn of(result: &PolicyResult) -> Self {
        match result {
            Ok(response) => match u16::from(response.status()) {
                429 => Self::NotExecuted,
                501 | 505.. => Self::Final,
                status if may_follow_execution(status) => Self::Unclear,
                _ => Self::Final,
            },
            Err(error) if is_certificate_error(error) => Self::Final,
            Err(error) => match error.kind() {
                ErrorKind::Connection => Self::NotExecuted,
                ErrorKind::Io => Self::Unclear,
                _ => Self::Final,
            },
        }
    }

    fn may_repeat(self, idempotency: Idempotency) -> bool {
        match self {
            Self::Final => false,
            Self::NotExecuted => true,
            Self::Unclear => idempotency == Idempotency::Repeatable,
        }
    }
}

#[async_trait]
impl Policy for Retry {
    async fn send(
        &self,
        ctx: &Context,
        request: &mut Request,
        next: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        let idempotency = ctx.value::<Idempotency>().copied().unwrap_or(self.unstated);
        let started = self.clock.now();
        // Later stages change the request: a probe takes its body away.
        let (headers, body) = (request.headers().clone(), request.body().clone());
        let mut tried = 0;
        loop {
            *request.headers_mut() = headers.clone();
            request.set_body(body.clone());
            let result = forward(ctx, request, next).await;
            tried += 1;
            let outcome = Outcome::of(&result);
            if !outcome.may_repeat(idempotency) {
                return result;
            }
            let answered = result.as_ref().ok().map(AsyncRawResponse::headers);
            let Some(wait) = self.wait(tried, started, answered) else {
                return result;
            };
            if outcome == Outcome::Unclear
                && let Some(tries) = ctx.value::<Tries>()
            {
                tries.0.store(true, Ordering::Relaxed);
            }
            tracing::debug!(tried, wait_ms = wait.as_millis(), "trying again");
            let bounds = ctx.value::<Bounds>().cloned().unwrap_or_default();
            if !bounds.wait(self.clock.as_ref(), wait).await {
                return result;
            }
        }
    }
}

impl Retry {
    /// Says how long to wait before the next try, or that there is none.
    fn wait(&self, tried: u32, started: Timestamp, answered: Option<&Headers>) -> Option<Duration> {
        if tried >= self.settings.tries {
            return None;
        }
        let now = self.clock.now();
        let asked = answered
            .and_then(|headers| asked_wait(headers, now))
            .unwrap_or_default();
        if asked > self.settings.longest_wait {
            return None;
        }
        let wait = asked.max(self.backoff(tried));
        let spent = Duration::try_from(now.duration_since(started)).unwrap_or_default();
        (spent.saturating_add(wait) <= self.settings.deadline).then_some(wait)
    }

    /// Doubles with each try, and spreads callers that failed together over half of it.
    fn backoff(&self, tried: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(tried.saturating_sub(1));
        let full = self.settings.first_wait.saturating_mul(doubled);
        let full = full.min(self.settings.longest_wait);
        let random = u32::from(self.jitter.random_id().as_u128().to_le_bytes()[0]);
        full / 2 + (full / 2) * random / 255
    }
}

/// Reads how long Azure wants us to wait.
pub(crate) fn asked_wait(headers: &Headers, now: Timestamp) -> Option<Duration> {
    let milliseconds = RETRY_AFTER_MS
        .iter()
        .find_map(|name| headers.get_optional_str(name)?.trim().parse().ok());
    if let Some(milliseconds) = milliseconds {
        return Some(Duration::from_millis(milliseconds));
    }
    let text = headers.get_optional_str(&RETRY_AFTER)?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    let wait: SignedDuration = until.duration_since(now);
    Some(Duration::try_from(wait).unwrap_or_default())
}

#[cfg(test)]
mod tests;
