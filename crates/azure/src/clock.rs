//! The door to the clock: now and sleep.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

/// Tells the time and waits.
#[async_trait]
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// Tells the present time.
    fn now(&self) -> Timestamp;

    /// Returns after `wait`.
    ///
    /// # Cancellation
    /// Dropping the future ends the wait and leaves nothing behind.
    async fn sleep(&self, wait: Duration);
}

/// Is the clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the door to the clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the door to the clock")]
    async fn sleep(&self, wait: Duration) {
        tokio::time::sleep(wait).await;
    }
}

/// Is a clock for tests: it stands still, and sleeping moves it on at once.
#[derive(Debug)]
pub struct ManualClock {
    state: Mutex<ManualState>,
}

#[derive(Debug)]
struct ManualState {
    now: Timestamp,
    sleeps: Vec<Duration>,
}

impl ManualClock {
    /// Starts the clock at a given time.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self {
            state: Mutex::new(ManualState {
                now,
                sleeps: Vec::new(),
            }),
        }
    }

    /// Moves the clock on.
    pub fn advance(&self, by: Duration) {
        let mut state = self.lock();
        state.now = later(state.now, by);
    }

    /// Lists every wait that was asked for, in order.
    #[must_use]
    pub fn sleeps(&self) -> Vec<Duration> {
        self.lock().sleeps.clone()
    }

    fn lock(&self) -> MutexGuard<'_, ManualState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.lock().now
    }

    async fn sleep(&self, wait: Duration) {
        {
            let mut state = self.lock();
            state.now = later(state.now, wait);
            state.sleeps.push(wait);
        }
        // A loop that polls by sleeping must still let others run.
        tokio::task::yield_now().await;
    }
}

fn later(now: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by)
        .ok()
        .and_then(|by| now.checked_add(by).ok())
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sleeping_moves_a_manual_clock() {
        let clock = ManualClock::new(Timestamp::UNIX_EPOCH);
        clock.sleep(Duration::from_secs(90)).await;
        clock.advance(Duration::from_secs(10));
        assert_eq!(
            clock.now(),
            Timestamp::from_second(100).expect("100 is a time")
        );
        assert_eq!(clock.sleeps(), [Duration::from_secs(90)]);
    }

    #[tokio::test]
    async fn a_manual_clock_stops_at_the_end_of_time() {
        let clock = ManualClock::new(Timestamp::UNIX_EPOCH);
        clock.sleep(Duration::MAX).await;
        assert_eq!(clock.now(), Timestamp::MAX);
    }
}
