//! Tests of waits; what is repeated at all is tested through the client.

use super::*;
use crate::{clock::ManualClock, fixtures::clock};

fn retry(settings: RetrySettings) -> Retry {
    let jitter = Env::from_pairs([("unused", "unused")]);
    Retry {
        settings,
        clock: clock(),
        jitter,
        unstated: Idempotency::Never,
    }
}

fn headers(name: &'static str, value: &str) -> Headers {
    let mut headers = Headers::new();
    headers.insert(HeaderName::from_static(name), value.to_owned());
    headers
}

#[test]
fn each_way_to_ask_for_a_wait_is_understood() {
    let check = |name, value: &str, expected: Option<u64>| {
        let wait = asked_wait(&headers(name, value), Timestamp::UNIX_EPOCH);
        assert_eq!(wait, expected.map(Duration::from_millis), "{name}: {value}");
    };
    check("retry-after", "17", Some(17_000));
    check("retry-after-ms", "250", Some(250));
    check("x-ms-retry-after-ms", " 250 ", Some(250));
    check("retry-after", "Thu, 01 Jan 1970 00:00:30 GMT", Some(30_000));
    check("retry-after", "Wed, 31 Dec 1969 23:59:00 GMT", Some(0));
    check("retry-after", "soon", None);
    check("date", "17", None);
}

#[test]
fn waits_grow_and_stay_below_the_longest() {
    let retry = retry(RetrySettings {
        tries: u32::MAX,
        ..RetrySettings::default()
    });
    for (tried, full) in [
        (1, 1),
        (2, 2),
        (3, 4),
        (7, 60),
        (40, 60),
        (u32::MAX - 1, 60),
    ] {
        let wait = retry.backoff(tried);
        assert!(wait >= Duration::from_secs(full) / 2, "{tried}: {wait:?}");
        assert!(wait <= Duration::from_secs(full), "{tried}: {wait:?}");
    }
}

#[test]
fn callers_that_fail_together_do_not_come_back_together() {
    let jitter = Env::process();
    let retry = Retry {
        jitter,
        ..retry(RetrySettings::default())
    };
    let waits: std::collections::HashSet<_> = (0..50).map(|_| retry.backoff(3)).collect();
    assert!(waits.len() > 5, "{waits:?}");
}

#[test]
fn no_wait_outlasts_the_deadline_or_the_longest_wait() {
    let settings = RetrySettings {
        deadline: Duration::from_secs(30),
        ..RetrySettings::default()
    };
    let retry = retry(settings);
    let wait = |tried, seconds: &str| {
        retry.wait(
            tried,
            Timestamp::UNIX_EPOCH,
            Some(&headers("retry-after", seconds)),
        )
    };
    assert_eq!(wait(1, "30"), Some(Duration::from_secs(30)));
    assert_eq!(wait(1, "31"), None);
    assert_eq!(wait(1, "600"), None);
    assert_eq!(wait(5, "1"), None);
}

#[tokio::test]
async fn no_wait_outlasts_the_operation_or_a_stop() {
    let clock = ManualClock::new("2026-01-01T00:00:00Z".parse().expect("a time"));
    let minute = Duration::from_secs(60);
    let near = "2026-01-01T00:00:30Z".parse().expect("a time");
    let far = "2026-01-01T01:00:00Z".parse().expect("a time");
    let stopped = CancellationToken::new();
    stopped.cancel();
    let going = CancellationToken::new();
    assert!(!Bounds::new(going.clone(), near).wait(&clock, minute).await);
    assert!(!Bounds::new(stopped, far).wait(&clock, minute).await);
    assert!(clock.sleeps().is_empty(), "nobody waited");
    assert!(Bounds::new(going, far).wait(&clock, minute).await);
    assert_eq!(clock.sleeps(), [minute]);
}
