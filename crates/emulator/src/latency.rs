//! How long answers take: a least time, and a jitter that looks random on top of it. Which request waits how long comes
//! from its number alone, so that two runs of the same requests are alike.

use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::chance::Chance;

/// Another sequence than those of faults and fleets.
const SEED: u64 = 0x1a7e_9c75;

/// How long answers take.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Latency {
    /// How many milliseconds every answer takes at least.
    pub least_ms: u64,
    /// How many milliseconds an answer takes at most beyond that.
    pub jitter_ms: u64,
}

/// A text that is no latency.
#[derive(Debug, Error)]
#[error("`{part}` is no latency: write a time such as 80ms or 2s, and after a comma jitter=20ms")]
pub struct LatencyError {
    part: String,
}

impl Latency {
    /// Gives how long the request of a number waits.
    pub(crate) fn of(self, request: u64) -> Duration {
        let jitter = Chance::of(SEED, request).below(self.jitter_ms.saturating_add(1));
        Duration::from_millis(self.least_ms.saturating_add(jitter))
    }
}

impl FromStr for Latency {
    type Err = LatencyError;

    /// Reads `80ms`, `2s` or `80ms,jitter=20ms`.
    ///
    /// # Errors
    ///
    /// Fails at a time without a unit and at a name that is not known.
    fn from_str(text: &str) -> Result<Self, LatencyError> {
        let (least, jitter) = match text.split_once(',') {
            None => (text, None),
            Some((least, rest)) => (least, Some(rest)),
        };
        let refused = |part: &str| LatencyError {
            part: part.to_owned(),
        };
        let jitter_ms = match jitter {
            None => 0,
            Some(part) => part
                .trim()
                .strip_prefix("jitter=")
                .and_then(milliseconds)
                .ok_or_else(|| refused(part))?,
        };
        Ok(Self {
            least_ms: milliseconds(least.trim()).ok_or_else(|| refused(least))?,
            jitter_ms,
        })
    }
}

fn milliseconds(text: &str) -> Option<u64> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 1),
        None => (text.strip_suffix('s')?, 1000),
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(u64, u64)>) {
        let read = text.parse::<Latency>().ok();
        let read = read.map(|latency| (latency.least_ms, latency.jitter_ms));
        assert_eq!(read, expected, "{text}");
    }

    #[test]
    fn a_latency_is_a_time_and_perhaps_a_jitter() {
        check("80ms", Some((80, 0)));
        check("2s,jitter=1s", Some((2000, 1000)));
        check("0ms, jitter=20ms", Some((0, 20)));
        for wrong in [
            "80",
            "ms",
            "80ms,20ms",
            "80ms,jitter=",
            "-1s",
            "",
            ",jitter=1s",
        ] {
            check(wrong, None);
        }
    }

    #[test]
    fn every_request_waits_between_the_least_time_and_the_jitter_beyond() {
        let latency: Latency = "80ms,jitter=20ms".parse().expect("a latency");
        let waits = || (0..1000).map(|at| latency.of(at).as_millis());
        let (least, longest) = (waits().min(), waits().max());
        assert_eq!((least, longest), (Some(80), Some(100)));
        assert!(waits().eq(waits()), "two runs are alike");
        let fixed: Latency = "80ms".parse().expect("a latency");
        assert!((0..1000).all(|at| fixed.of(at) == Duration::from_millis(80)));
    }
}
