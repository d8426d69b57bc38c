//! The emulator's door to time: the virtual clock of the world, the real time in which tokens live, and waiting.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use crate::period::Period;

/// No single step is longer, so that a mistyped year cannot keep the emulator busy for hours.
const LONGEST_ADVANCE: SignedDuration = SignedDuration::from_hours(24 * 366 * 20);

/// A clock that runs with real time and can be put forward.
#[derive(Debug)]
pub(crate) struct Clock {
    started: Instant,
    start: Timestamp,
    advanced: Mutex<SignedDuration>,
}

/// A clock that cannot be put forward as far as asked.
#[derive(Debug, Error)]
#[error(
    "cannot advance the clock by `{period}`: at most twenty years at a time and not beyond the calendar"
)]
pub struct AdvanceError {
    period: String,
}

impl Clock {
    /// Starts a clock that shows `start` now.
    pub(crate) fn starting_at(start: Timestamp) -> Self {
        Self {
            started: instant(),
            start,
            advanced: Mutex::new(SignedDuration::ZERO),
        }
    }

    /// Gives the time of the world.
    pub(crate) fn now(&self) -> Timestamp {
        let running = SignedDuration::try_from(instant().duration_since(self.started))
            .unwrap_or(SignedDuration::MAX);
        let advanced = *self.advanced.lock().unwrap_or_else(PoisonError::into_inner);
        self.start
            .saturating_add(running.saturating_add(advanced))
            .unwrap_or(Timestamp::MAX)
    }

    /// Puts the clock forward and gives the new time.
    pub(crate) fn advance(&self, period: &Period) -> Result<Timestamp, AdvanceError> {
        let refused = || AdvanceError {
            period: period.as_str().to_owned(),
        };
        let now = self.now();
        let step = period.after(now).ok_or_else(refused)?.duration_since(now);
        if step > LONGEST_ADVANCE {
            return Err(refused());
        }
        let mut advanced = self.advanced.lock().unwrap_or_else(PoisonError::into_inner);
        *advanced = advanced.saturating_add(step);
        drop(advanced);
        Ok(self.now())
    }
}

/// Gives the real time: clients compare the end of a token with their own clock.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the emulator's clock door"
)]
pub(crate) fn real_now() -> Timestamp {
    Timestamp::now()
}

/// Waits; the one wait that the emulator knows is a fault it was asked for.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the emulator's clock door"
)]
pub(crate) async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the emulator's clock door"
)]
fn instant() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_advance_moves_the_clock_by_at_least_its_length() {
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a valid time");
        let clock = Clock::starting_at(start);
        let period: Period = "P46D".parse().expect("a valid period");
        let now = clock.advance(&period).expect("a step that is short enough");
        assert!(now.duration_since(start) >= SignedDuration::from_hours(46 * 24));
    }

    #[test]
    fn an_advance_of_a_century_is_refused() {
        let clock = Clock::starting_at(Timestamp::UNIX_EPOCH);
        let period: Period = "P100Y".parse().expect("a valid period");
        assert!(clock.advance(&period).is_err());
    }
}
