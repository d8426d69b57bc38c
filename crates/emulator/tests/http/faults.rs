//! Faults on demand.

use emulator::{Fault, FaultRule, When};
use serde_json::Value;

use crate::client::{ACCOUNT, Bench, Failure, control};

async fn regenerate(bench: &Bench) -> Result<u16, Failure> {
    let path = format!("{ACCOUNT}/regenerateKey?api-version=2023-05-01");
    Ok(bench
        .management("POST", &path, r#"{"keyName":"key2"}"#)
        .await?
        .status)
}

async fn key2(bench: &Bench) -> Result<String, Failure> {
    let answer = bench
        .management(
            "POST",
            &format!("{ACCOUNT}/listKeys?api-version=2023-05-01"),
            "",
        )
        .await?;
    Ok(answer.text("/keys/1/value"))
}

fn rule(fault: Fault) -> FaultRule {
    FaultRule {
        operation: "StorageAccounts_RegenerateKey".to_owned(),
        nth: 1,
        count: 1,
        fault,
    }
}

#[tokio::test]
async fn a_reset_before_the_change_loses_the_change_and_one_after_loses_the_answer()
-> Result<(), Failure> {
    for (when, changes) in [(When::Before, false), (When::After, true)] {
        let bench = Bench::standard().await?;
        let before = key2(&bench).await?;
        bench
            .emulator
            .control()
            .set_fault(rule(Fault::Reset { reset: when }));
        assert!(regenerate(&bench).await.is_err(), "{when:?}");
        assert_eq!(key2(&bench).await? != before, changes, "{when:?}");
        let cut = bench.emulator.control().journal();
        assert!(cut.iter().any(|entry| entry.status.is_none()), "{when:?}");
        assert_eq!(regenerate(&bench).await?, 200);
    }
    Ok(())
}

#[tokio::test]
async fn a_status_replaces_the_answer_and_changes_nothing() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    let before = key2(&bench).await?;
    let fault = Fault::Status {
        status: 503,
        retry_after: Some(7),
        code: None,
        when: When::Before,
    };
    bench.emulator.control().set_fault(rule(fault));
    let path = format!("{ACCOUNT}/regenerateKey?api-version=2023-05-01");
    let answer = bench
        .management("POST", &path, r#"{"keyName":"key2"}"#)
        .await?;
    assert_eq!(answer.status, 503);
    assert_eq!(
        answer
            .headers
            .get("retry-after")
            .and_then(|value| value.to_str().ok()),
        Some("7")
    );
    assert_eq!(key2(&bench).await?, before);
    Ok(())
}

#[tokio::test]
async fn a_held_request_is_answered_when_the_faults_are_cleared() -> Result<(), Failure> {
    for (when, changes) in [(When::Before, false), (When::After, true)] {
        let bench = Bench::standard().await?;
        let before = key2(&bench).await?;
        let hold = rule(Fault::Hold { hold: when });
        bench.emulator.control().set_fault(hold);
        let look = async {
            let mut seen = None;
            while seen != Some(1) {
                let faults = control(&bench.emulator, "GET", "/faults", &[]).await?;
                seen = faults
                    .body
                    .pointer("/faults/0/seen")
                    .and_then(Value::as_u64);
            }
            let meanwhile = key2(&bench).await?;
            bench.emulator.control().clear_faults();
            Ok::<_, Failure>(meanwhile)
        };
        let (status, meanwhile) = tokio::join!(regenerate(&bench), look);
        assert_eq!(status?, 200);
        assert_eq!(meanwhile? != before, changes, "{when:?}");
        assert_ne!(key2(&bench).await?, before, "{when:?}");
    }
    Ok(())
}
