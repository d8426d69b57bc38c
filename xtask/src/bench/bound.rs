//! How long Azure's published limits make a number of requests wait at least. Pure.

use std::time::Duration;

/// Waits for the last of `requests` that fill a bucket of `size` and then come `a_second` at a time.
pub(super) fn bucket(requests: u64, size: u64, a_second: u64) -> Duration {
    let beyond = requests.saturating_sub(size);
    Duration::from_millis(beyond * 1000 / a_second.max(1))
}

/// Waits for the last of `requests` of which each window of `span` lets `size` pass.
pub(super) fn window(requests: u64, size: u64, span: Duration) -> Duration {
    let full = requests.saturating_sub(1) / size.max(1);
    span * u32::try_from(full).unwrap_or(u32::MAX)
}

/// Writes or deletions of one subscription, by Resource Manager.
pub(super) fn changes(requests: u64) -> Duration {
    bucket(requests, 200, 10)
}

/// Calls that list or regenerate keys, or change accounts, in one region of one subscription, by the
/// storage provider.
pub(super) fn key_calls(requests: u64) -> Duration {
    let a_second = window(requests, 10, Duration::from_secs(1));
    a_second.max(window(requests, 1200, Duration::from_secs(3600)))
}

/// Requests to one vault of which `sets` make a version of a secret.
pub(super) fn vault(requests: u64, sets: u64) -> Duration {
    let span = Duration::from_secs(10);
    window(requests, 4000, span).max(window(sets, 300, span))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_does_not_wait_and_the_rest_waits_for_its_turn() {
        assert_eq!(changes(200), Duration::ZERO);
        assert_eq!(changes(500), Duration::from_secs(30));
        assert_eq!(key_calls(10), Duration::ZERO);
        assert_eq!(key_calls(300), Duration::from_secs(29));
        assert_eq!(key_calls(1201), Duration::from_secs(3600));
        assert_eq!(vault(4000, 300), Duration::ZERO);
        assert_eq!(vault(4000, 301), Duration::from_secs(10));
    }
}
