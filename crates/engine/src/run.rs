//! One operation under way: what it may use, how long it may take, and when it has to stop.

use std::fmt::{self, Display};
use std::time::Duration;

use azure::client::Client;
use azure::clock::Clock;
use azure::error::{Error, Kind};
use azure::request::{Access, List, Listed, Request};
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

/// What an operation works with. It is made anew for each operation.
///
/// A request that is under way is always waited for: only the time *between* requests is cut short
/// by a stop, so that the answer of a request that changed something is never thrown away. No
/// request is begun after a stop, or after the time is over.
#[derive(Debug)]
pub struct Run<'a> {
    client: Client,
    clock: &'a dyn Clock,
    stop: &'a CancellationToken,
    limit: Duration,
    deadline: Timestamp,
}

impl<'a> Run<'a> {
    /// Starts an operation that gives up waiting after `limit`.
    pub fn new(
        client: &Client,
        clock: &'a dyn Clock,
        stop: &'a CancellationToken,
        limit: Duration,
    ) -> Self {
        let length = SignedDuration::try_from(limit).unwrap_or(SignedDuration::MAX);
        let deadline = clock.now().checked_add(length).unwrap_or(Timestamp::MAX);
        let client = client.within(stop, deadline);
        Self {
            client,
            clock,
            stop,
            limit,
            deadline,
        }
    }

    /// Starts another operation, which has the whole time from now on.
    #[must_use]
    pub fn anew(&self) -> Self {
        Self::new(&self.client, self.clock, self.stop, self.limit)
    }

    /// Gives the client that requests go through.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Gives the time, for bounds within the operation.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
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

    /// Tells whether a wait would end before the time allowed for the operation does.
    pub(crate) fn has_time_for(&self, wait: Duration) -> bool {
        let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
        let end = self.clock.now().checked_add(wait);
        end.is_ok_and(|end| end < self.deadline)
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
    /// The act, the object and Azure's answer; or that the operation may not go on.
    pub async fn send<T, A: Access>(
        &self,
        act: &'static str,
        object: impl Display,
        request: Request<T, A>,
    ) -> Result<T, StepError> {
        self.send_through(&self.client, act, object, request).await
    }

    /// Sends one request by a moment, or not at all: after that, what it was decided by may have changed.
    /// Where it would have to wait for longer, for its turn or before another try, it is not sent.
    ///
    /// # Errors
    /// As for [`Run::send`]; [`StepError::is_late`] tells whether it may be decided anew.
    pub(crate) async fn send_by<T, A: Access>(
        &self,
        by: Timestamp,
        act: &'static str,
        object: impl Display,
        request: Request<T, A>,
    ) -> Result<T, StepError> {
        if by < self.now() {
            return Err(StepError::halted(act, object, Halt::Late));
        }
        let client = self.client.within(self.stop, by.min(self.deadline));
        self.send_through(&client, act, object, request).await
    }

    /// Sends one request now, or not at all: it waits for nothing, and there is no other try.
    ///
    /// # Errors
    /// As for [`Run::send`]; [`StepError::is_late`] tells whether it may be decided anew.
    pub(crate) async fn send_at_once<T, A: Access>(
        &self,
        act: &'static str,
        object: impl Display,
        request: Request<T, A>,
    ) -> Result<T, StepError> {
        self.send_through(
            &self.client.within(self.stop, self.now()),
            act,
            object,
            request,
        )
        .await
    }

    async fn send_through<T, A: Access>(
        &self,
        client: &Client,
        act: &'static str,
        object: impl Display,
        request: Request<T, A>,
    ) -> Result<T, StepError> {
        if let Err(halt) = self.go_on() {
            return Err(StepError::halted(act, object, halt));
        }
        let answer = client.send(request).await;
        answer.map_err(|source| StepError::new(act, object, source))
    }

    /// Reads a list to its end, elements that cannot be read among it.
    ///
    /// # Errors
    /// The act, the object and Azure's answer; or that the operation may not go on.
    pub async fn list<T>(
        &self,
        act: &'static str,
        object: impl Display,
        list: List<T>,
    ) -> Result<Vec<Listed<T>>, StepError> {
        if let Err(halt) = self.go_on() {
            return Err(StepError::halted(act, object, halt));
        }
        let answer = self.client.list(list).await;
        answer.map_err(|source| StepError::new(act, object, source))
    }
}

/// An operation ended early, between two requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Halt {
    /// Somebody asked for the stop.
    #[error("stopped on request, between two steps")]
    Stopped,
    /// The time allowed for the operation is over.
    #[error("the time allowed for the operation is over")]
    OutOfTime,
    /// What was seen before the request is too long ago for it.
    #[error("too much time went by since it was looked at")]
    Late,
}

/// One request of an operation failed, or was not sent because the operation had to end.
#[derive(Debug)]
pub struct StepError {
    act: &'static str,
    object: String,
    cause: Cause,
}

#[derive(Debug)]
enum Cause {
    Azure(Error),
    Halted(Halt),
}

impl Display for StepError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "cannot {} `{}`", self.act, self.object)
    }
}

// By hand, so that whoever walks down the causes meets Azure's error as such and can tell what helps.
impl std::error::Error for StepError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.cause {
            Cause::Azure(error) => Some(error),
            Cause::Halted(halt) => Some(halt),
        }
    }
}

impl StepError {
    /// Says what a failed request was for.
    pub fn new(act: &'static str, object: impl Display, source: Error) -> Self {
        Self {
            act,
            object: object.to_string(),
            cause: Cause::Azure(source),
        }
    }

    /// Says what was not done because the operation had to end.
    pub(crate) fn halted(act: &'static str, object: impl Display, halt: Halt) -> Self {
        Self {
            act,
            object: object.to_string(),
            cause: Cause::Halted(halt),
        }
    }

    /// Gives Azure's answer, or the reason why there is none; `None` if nothing was sent.
    pub fn azure(&self) -> Option<&Error> {
        match &self.cause {
            Cause::Azure(error) => Some(error),
            Cause::Halted(_) => None,
        }
    }

    /// Says why nothing was sent, if that is so.
    pub fn halt(&self) -> Option<Halt> {
        match &self.cause {
            Cause::Azure(_) => None,
            Cause::Halted(halt) => Some(*halt),
        }
    }

    /// Tells whether nothing was carried out, and another try may follow once all was looked at again.
    pub(crate) fn is_late(&self) -> bool {
        let passes = |error: &Error| error.is_throttled() || error.kind() == Kind::NeverSent;
        self.halt() == Some(Halt::Late) || (self.is(passes) && !self.is(Error::may_have_executed))
    }

    /// Says how long it is at least until the request can be sent, which was not because the limits that
    /// Azure has published would have made it wait for too long.
    pub fn turn_in(&self) -> Option<Duration> {
        self.azure().and_then(Error::turn_in)
    }

    /// Tells whether Azure's answer has a quality; never true if nothing was sent.
    pub(crate) fn is(&self, quality: impl FnOnce(&Error) -> bool) -> bool {
        self.azure().is_some_and(quality)
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
        Err(error) if error.is(Error::is_not_found) => Ok(None),
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
