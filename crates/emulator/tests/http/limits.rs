//! Published limits, and faults beyond plain statuses.

use emulator::{Always, Fault, FaultRule, Settings, Throttling};

use crate::client::{ACCOUNT, Bench, Failure, LOGIN, MANAGEMENT, SUBSCRIPTION};

fn account() -> String {
    format!("{ACCOUNT}?api-version=2023-05-01")
}

fn strike(bench: &Bench, operation: &str, nth: u64, fault: Fault) {
    bench.emulator.control().set_fault(FaultRule {
        operation: operation.to_owned(),
        nth,
        count: 1,
        fault,
    });
}

#[tokio::test]
async fn published_limits_refuse_with_the_time_to_wait_when_they_are_in_force()
-> Result<(), Failure> {
    let bench = Bench::standard().await?;
    let path = format!(
        "{SUBSCRIPTION}/providers/Microsoft.Storage/storageAccounts?api-version=2023-05-01"
    );
    let token = bench.token("https://management.azure.com").await?;
    let settings = Settings {
        throttle: Throttling::Published,
        ..Settings::default()
    };
    bench.emulator.control().set_settings(settings);
    for _ in 0..100 {
        assert_eq!(
            bench
                .send("GET", MANAGEMENT, &path, Some(&token), "")
                .await?
                .status,
            200
        );
    }
    let refused = bench
        .send("GET", MANAGEMENT, &path, Some(&token), "")
        .await?;
    assert_eq!(refused.refusal(), (429, "TooManyRequests".to_owned()));
    let wait = refused
        .headers
        .get("retry-after")
        .and_then(|value| value.to_str().ok());
    assert!(
        wait.and_then(|wait| wait.parse::<u64>().ok())
            .is_some_and(|wait| (1..=300).contains(&wait)),
        "{wait:?}"
    );
    bench.emulator.control().set_settings(Settings::default());
    assert_eq!(
        bench
            .send("GET", MANAGEMENT, &path, Some(&token), "")
            .await?
            .status,
        200
    );
    Ok(())
}

#[tokio::test]
async fn every_answer_takes_at_least_the_latency_that_was_set() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    let token = bench.token("https://management.azure.com").await?;
    let settings = Settings {
        latency: "120ms,jitter=40ms".parse()?,
        ..Settings::default()
    };
    bench.emulator.control().set_settings(settings);
    // The emulator's own clock runs with real time.
    let before = bench.emulator.control().now();
    for _ in 0..2 {
        let answer = bench
            .send("GET", MANAGEMENT, &account(), Some(&token), "")
            .await?;
        assert_eq!(answer.status, 200);
    }
    let passed = bench.emulator.control().now().duration_since(before);
    assert!(passed.as_millis() >= 240, "{passed}");
    Ok(())
}

#[tokio::test]
async fn a_torn_answer_ends_in_the_middle_of_its_body() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    strike(
        &bench,
        "StorageAccounts_GetProperties",
        1,
        Fault::Truncate { truncate: 10 },
    );
    assert!(bench.management("GET", &account(), "").await.is_err());
    assert_eq!(bench.management("GET", &account(), "").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_stale_reading_is_the_one_before() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    strike(
        &bench,
        "StorageAccounts_GetProperties",
        2,
        Fault::Stale { stale: Always },
    );
    let age = |answer: &crate::client::Answer| answer.text("/properties/keyCreationTime/key1");
    let before = bench.management("GET", &account(), "").await?;
    let regenerate = format!("{ACCOUNT}/regenerateKey?api-version=2023-05-01");
    bench
        .management("POST", &regenerate, r#"{"keyName": "key1"}"#)
        .await?;
    let stale = bench.management("GET", &account(), "").await?;
    let fresh = bench.management("GET", &account(), "").await?;
    assert_eq!(age(&stale), age(&before));
    assert_ne!(age(&fresh), age(&before));
    Ok(())
}

#[tokio::test]
async fn a_wrong_clock_shows_in_the_date() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    strike(
        &bench,
        "StorageAccounts_GetProperties",
        1,
        Fault::ClockSkew {
            clock_skew_seconds: -86_400 * 400,
        },
    );
    let date = |answer: &crate::client::Answer| {
        let date = answer
            .headers
            .get("date")
            .and_then(|value| value.to_str().ok());
        date.and_then(|date| date.split(' ').nth(3).map(str::to_owned))
    };
    let skewed = bench.management("GET", &account(), "").await?;
    let right = bench.management("GET", &account(), "").await?;
    assert_eq!(skewed.headers.get_all("date").iter().count(), 1);
    assert!(
        date(&skewed).is_some() && date(&skewed) != date(&right),
        "{skewed:?}"
    );
    Ok(())
}

#[tokio::test]
async fn an_expired_token_is_given_or_refused() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    strike(
        &bench,
        "Token",
        1,
        Fault::ExpiredToken {
            expired_token: Always,
        },
    );
    let old = bench.token("https://management.azure.com").await?;
    let refused = bench
        .send("GET", MANAGEMENT, &account(), Some(&old), "")
        .await?;
    assert_eq!(
        refused.refusal(),
        (401, "InvalidAuthenticationToken".to_owned())
    );
    strike(
        &bench,
        "StorageAccounts_GetProperties",
        1,
        Fault::ExpiredToken {
            expired_token: Always,
        },
    );
    assert_eq!(bench.management("GET", &account(), "").await?.status, 401);
    assert_eq!(bench.management("GET", &account(), "").await?.status, 200);
    let keys = bench
        .send(
            "GET",
            LOGIN,
            &format!("/{}/discovery/v2.0/keys", emulator::DEFAULT_TENANT),
            None,
            "",
        )
        .await?;
    assert_eq!(keys.status, 200);
    Ok(())
}
