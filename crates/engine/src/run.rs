//! One operation under way: what it may use, how long it may take, and when it has to stop.

use std::time::Duration;

use azure::client::Client;
use azure::clock::Clock;
use azure::error::Error;
use azure::request::{Access, Request};
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

/// What an operation works with. It is made anew for each operation.
///
/// A request that is under way is always waited for: only the time *between* requests is cut short
/// by a stop, so that the answer of a request that changed something is never thrown away.
#[derive(Debug)]
pub struct Run<'a> {
    client: &'a Client,
    clock: &'a dyn Clock,
    stop: &'a CancellationToken,
    deadline: Timestamp,
}

impl<'a> Run<'a> {
    /// Starts an operation that gives up waiting after `limit`.
    pub fn new(
        client: &'a Client,
        clock: &'a dyn Clock,
        stop: &'a CancellationToken,
        limit: Duration,
    ) -> Self {
        let limit = SignedDuration::try_from(limit).unwrap_or(SignedDuration::MAX);
        let deadline = clock.now().checked_add(limit).unwrap_or(Timestamp::MAX);
        Self {
            client,
            clock,
            stop,
            deadline,
        }
    }

    /// Gives the client that requests go through.
    pub fn client(&self) -> &'a Client {
        self.client
    }

    /// Checks, before a further request, whether the operation may go on.
    ///
    /// # Errors
    /// Says why it may not.
    pub fn go_on(&self) -> Result<(), Halt> {
        if self.stop.is_cancelled() {
            return Err(Halt::Stopped);
        }
        if self.clock.now() >= self.deadline {
            return Err(Halt::OutOfTime);
        }
        Ok(())
    }

    /// Waits before another try; a stop ends the wait at once.
    ///
    /// # Errors
    /// Says why there must be no other try.
    pub async fn pause(&self, length: Duration) -> Result<(), Halt> {
        self.go_on()?;
        tokio::select! {
            () = self.clock.sleep(length) => {}
            () = self.stop.cancelled() => {}
        }
        self.go_on()
    }

    /// Sends one request and, should it fail, says what it was for.
    ///
    /// # Errors
    /// The act, the object and Azure's answer.
    pub async fn send<T, A: Access>(
        &self,
        act: &'static str,
        object: impl std::fmt::Display,
        request: Request<T, A>,
    ) -> Result<T, StepError> {
        self.client
            .send(request)
            .await
            .map_err(|source| StepError::new(act, object, source))
    }
}

/// An operation ended early, between two requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Halt {
    /// Somebody asked for the stop.
    #[error("stopped on request, between two steps")]
    Stopped,
    /// The time allowed for the operation is over.
    #[error("out of the time allowed for the operation")]
    OutOfTime,
}

/// One request of an operation failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {act} `{object}`")]
pub struct StepError {
    act: &'static str,
    object: String,
    #[source]
    source: Error,
}

impl StepError {
    /// Says what a failed request was for.
    pub fn new(act: &'static str, object: impl std::fmt::Display, source: Error) -> Self {
        Self {
            act,
            object: object.to_string(),
            source,
        }
    }

    /// Gives Azure's answer, or the reason why there is none.
    pub fn azure(&self) -> &Error {
        &self.source
    }

    /// Gives up the words around Azure's answer.
    pub(crate) fn into_azure(self) -> Error {
        self.source
    }
}

/// The lengths of the pauses between tries: they grow, up to a bound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pauses(Duration);

impl Pauses {
    const FIRST: Duration = Duration::from_secs(1);
    const LONGEST: Duration = Duration::from_secs(15);

    pub(crate) fn new() -> Self {
        Self(Self::FIRST)
    }

    pub(crate) fn next(&mut self) -> Duration {
        let now = self.0;
        self.0 = (now * 2).min(Self::LONGEST);
        now
    }
}

/// Turns the answer "not found" into an absence.
pub(crate) fn absent<T>(answer: Result<T, StepError>) -> Result<Option<T>, StepError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.azure().is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_bound() {
        let mut pauses = Pauses::new();
        let seconds: Vec<_> = (0..6).map(|_| pauses.next().as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 15, 15]);
    }
}
