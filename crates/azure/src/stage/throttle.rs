//! Keeps to the limits that Azure has published, so that it need not refuse anything.
//!
//! Each request takes a turn from every limit that it counts against, and waits for the latest of
//! them. If Azure refuses all the same, because others use up the same limits, nobody sends anything
//! against that limit before the time that Azure names: sending earlier begins the wait anew.

mod limits;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use azure_core::{
    Error,
    error::ErrorKind,
    http::{
        Context, Request,
        policies::{Policy, PolicyResult},
    },
};
use jiff::{SignedDuration, Timestamp};

use self::limits::{Limit, Meter, limits};
use super::{
    forward,
    retry::{Bounds, asked_wait},
};
use crate::clock::Clock;

/// Says that a request was not sent, because its turn comes too late for its operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its turn comes too late: it is in {} s, by the limits that Azure has published", wait.as_secs())]
pub(crate) struct NotYet {
    /// How long it is until that turn.
    pub(crate) wait: Duration,
}

/// Is the stage that waits for its turn.
#[derive(Debug, Clone)]
pub(crate) struct Throttle {
    clock: Arc<dyn Clock>,
    vault_suffix: &'static str,
    meters: Arc<Mutex<HashMap<Limit, Meter>>>,
}

impl Throttle {
    pub(crate) fn new(clock: Arc<dyn Clock>, vault_suffix: &'static str) -> Self {
        Self {
            clock,
            vault_suffix,
            meters: Arc::default(),
        }
    }

    /// Takes a turn from each limit and says how long it is until the latest of them. None is taken if
    /// that is too late.
    fn take(&self, limits: &[Limit], bounds: &Bounds) -> Result<Duration, NotYet> {
        let now = self.clock.now();
        let mut meters = self.meters.lock().unwrap_or_else(PoisonError::into_inner);
        let mut turn = now;
        for limit in limits {
            let meter = meters.entry(limit.clone()).or_insert_with(|| limit.meter());
            turn = turn.max(meter.next(now));
        }
        let wait = Duration::try_from(turn.duration_since(now)).unwrap_or_default();
        if !wait.is_zero() && !bounds.leave_time(now, wait) {
            return Err(NotYet { wait });
        }
        for limit in limits {
            if let Some(meter) = meters.get_mut(limit) {
                meter.take(now);
            }
        }
        Ok(wait)
    }

    fn close(&self, limits: &[Limit], wait: Duration) {
        let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
        let until = self.clock.now().checked_add(wait).unwrap_or(Timestamp::MAX);
        let mut meters = self.meters.lock().unwrap_or_else(PoisonError::into_inner);
        for limit in limits {
            if let Some(meter) = meters.get_mut(limit) {
                meter.close(until);
            }
        }
    }
}

#[async_trait]
impl Policy for Throttle {
    async fn send(
        &self,
        ctx: &Context,
        request: &mut Request,
        next: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        let limits = limits(request.url(), request.method(), self.vault_suffix);
        let bounds = ctx.value::<Bounds>().cloned().unwrap_or_default();
        let taken = self.take(&limits, &bounds);
        let wait = taken.map_err(|late| Error::new(ErrorKind::Other, late))?;
        if !wait.is_zero() {
            tracing::debug!(wait_ms = wait.as_millis(), "waiting for a turn");
            if !bounds.wait(self.clock.as_ref(), wait).await {
                return Err(Error::new(ErrorKind::Other, NotYet { wait }));
            }
        }
        let response = forward(ctx, request, next).await?;
        if u16::from(response.status()) == 429
            && let Some(wait) = asked_wait(response.headers(), self.clock.now())
        {
            self.close(&limits, wait);
        }
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::scripted;
    use crate::transport::scripted::Step;

    const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000001";

    /// Reads the list of accounts so often; gives all waits, the longest one last.
    async fn waits(times: usize, mut steps: Vec<Step>) -> Vec<Duration> {
        let list = || crate::arm::storage::list(&SUBSCRIPTION.parse().expect("an id"));
        steps.extend((0..times).map(|_| Step::answer("GET", "", 200, r#"{"value":[]}"#)));
        let (client, _, clock) = scripted(steps);
        for _ in 0..times {
            client.list(list()).await.expect("an answer");
        }
        let mut sleeps = clock.sleeps();
        sleeps.sort();
        sleeps
    }

    #[tokio::test]
    async fn no_list_waits_before_the_hundredth_and_the_next_waits_for_the_window() {
        assert_eq!(waits(100, Vec::new()).await, Vec::<Duration>::new());
        let [wait] = *waits(101, Vec::new()).await.as_slice() else {
            unreachable!("one list waits")
        };
        assert!(wait >= Duration::from_secs(300), "{wait:?}");
    }

    #[tokio::test]
    async fn after_a_refusal_nobody_sends_before_the_time_that_was_named() {
        let refusal = Step::answer("GET", "", 429, "{}").with_header("retry-after", "17");
        let waits = waits(1, vec![refusal]).await;
        assert_eq!(waits, [Duration::from_secs(17)], "waited once, not twice");
    }
}
