//! The truth table of the verdicts: what was seen, and what must be concluded.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::{Just, Strategy, any, prop, prop_assert, prop_oneof, proptest};
use rotation::drift::{Assessment, Demand, Proof, Verdict, assess};
use rotation::finding::FindingCode;
use rotation::observation::{
    Enrolment, KeyTimes, Observation, PerSlot, Renewal, SeenPeriod, SharedKey,
};
use rotation::period::Period;
use rotation::profile::Profile;
use rotation::slot::KeySlot;

use Verdict::{Compliant, DueSoon, NotApplicable, Overdue, Stalled, Unknown};

/// Every case looks at its account at this moment.
const NOW: &str = "2026-06-01T12:00:00Z";

fn now() -> Timestamp {
    NOW.parse().expect("a moment")
}

fn demand() -> Demand {
    Demand {
        max_key_age: Period::days(90),
        due_soon: Period::days(14),
        profile: Profile::Keys,
    }
}

/// When something of this age was made: `90d`, `90d+1s`, `90d-1s`, or `?` for nobody knows.
fn made(age: &str) -> Option<Timestamp> {
    let (days, rest) = age.split_once('d')?;
    let days: i64 = days.parse().expect("days");
    let seconds: i64 = rest
        .strip_suffix('s')
        .unwrap_or("0")
        .parse()
        .expect("seconds");
    Some(now() - SignedDuration::from_hours(24 * days) - SignedDuration::from_secs(seconds))
}

fn seen(key1: &str, key2: &str, enrolments: Vec<Enrolment>) -> Observation {
    Observation {
        key_times: PerSlot {
            key1: made(key1),
            key2: made(key2),
        },
        shared_key: SharedKey::Allowed,
        key_expiration_days: Some(90),
        enrolments,
        ..Observation::default()
    }
}

/// A record that has been in force for 300 days and signs with key1.
fn enrolled(renewal: Renewal, period: &str) -> Enrolment {
    Enrolment {
        vault: "kv-prod".to_owned(),
        name: "logs".to_owned(),
        active: Some(KeySlot::Key1),
        renewal,
        period: Some(SeenPeriod::new(period)),
        enrolled_at: made("300d"),
        ..Enrolment::default()
    }
}

fn codes(assessment: &Assessment) -> Vec<&'static str> {
    assessment
        .findings
        .iter()
        .map(|finding| finding.code.as_str())
        .collect()
}

/// Checks the verdicts of key1, key2 and the account, and the findings, all of them.
fn check(observation: &Observation, verdicts: [Verdict; 3], findings: &[&str]) {
    let got = assess(observation, &demand(), now());
    let [key1, key2, account] = verdicts;
    assert_eq!(got.keys.key1.verdict, key1, "key1 of {observation:?}");
    assert_eq!(got.keys.key2.verdict, key2, "key2 of {observation:?}");
    assert_eq!(got.verdict, account, "the account {observation:?}");
    assert_eq!(codes(&got), findings, "the findings of {observation:?}");
}

#[test]
fn a_key_may_be_as_old_as_the_limit_and_no_older() {
    let check_age = |age: &str, verdict: Verdict, findings: &[&str]| {
        check(
            &seen(age, "1d", vec![]),
            [verdict, Compliant, verdict],
            findings,
        );
        check(
            &seen("1d", age, vec![]),
            [Compliant, verdict, verdict],
            findings,
        );
    };
    check_age("0d", Compliant, &[]);
    check_age("76d-1s", Compliant, &[]);
    check_age("76d", DueSoon, &["key-due-soon"]);
    check_age("90d-1s", DueSoon, &["key-due-soon"]);
    check_age("90d", DueSoon, &["key-due-soon"]);
    check_age("90d+1s", Overdue, &["key-overdue"]);
    check_age("4000d", Overdue, &["key-overdue"]);
}

#[test]
fn an_unknown_age_is_never_a_pass_and_never_hides_a_proven_breach() {
    check(
        &seen("?", "?", vec![]),
        [Unknown, Unknown, Unknown],
        &["key-age-unknown", "key-age-unknown"],
    );
    check(
        &seen("?", "1d", vec![]),
        [Unknown, Compliant, Unknown],
        &["key-age-unknown"],
    );
    check(
        &seen("80d", "?", vec![]),
        [DueSoon, Unknown, Unknown],
        &["key-age-unknown", "key-due-soon"],
    );
    check(
        &seen("91d", "?", vec![]),
        [Overdue, Unknown, Overdue],
        &["key-overdue", "key-age-unknown"],
    );
}

#[test]
fn an_account_that_refuses_its_keys_is_not_applicable_however_old_they_are() {
    for age in ["1d", "4000d", "?"] {
        let observation = Observation {
            shared_key: SharedKey::Refused,
            ..seen(age, age, vec![enrolled(Renewal::Automatic, "P30D")])
        };
        check(&observation, [NotApplicable; 3], &["shared-key-off"]);
    }
}

#[test]
fn a_key_from_the_future_is_new_within_an_ordinary_skew_and_proves_nothing_beyond_it() {
    let check_ahead = |seconds: i64, verdict: Verdict, findings: &[&str]| {
        let ahead = now() + SignedDuration::from_secs(seconds);
        let key_times = PerSlot {
            key1: Some(ahead),
            key2: made("1d"),
        };
        let observation = Observation {
            key_times,
            ..seen("1d", "1d", vec![])
        };
        check(&observation, [verdict, Compliant, verdict], findings);
        let age = assess(&observation, &demand(), now()).keys.key1.age;
        assert_eq!(age, (verdict == Compliant).then_some(SignedDuration::ZERO));
    };
    check_ahead(300, Compliant, &[]);
    check_ahead(301, Unknown, &["clock-skew"]);
    check_ahead(86_400 * 365, Unknown, &["clock-skew"]);
}

#[test]
fn a_vault_that_keeps_its_promise_is_not_stalled() {
    let automatic = || vec![enrolled(Renewal::Automatic, "P30D")];
    check(&seen("1d", "31d", automatic()), [Compliant; 3], &[]);
    check(&seen("31d", "61d", automatic()), [Compliant; 3], &[]);
    let with_key2 = Enrolment {
        active: Some(KeySlot::Key2),
        ..enrolled(Renewal::Automatic, "P30D")
    };
    check(
        &seen("?", "30d", vec![with_key2]),
        [Unknown, Compliant, Unknown],
        &["key-age-unknown"],
    );
}

#[test]
fn no_key_younger_than_a_period_and_a_day_means_that_the_idle_one_was_not_renewed() {
    let automatic = || vec![enrolled(Renewal::Automatic, "P30D")];
    let stalled = &["rotation-stalled"];
    check(
        &seen("31d+1s", "61d", automatic()),
        [Compliant, Stalled, Stalled],
        stalled,
    );
    // The active key was renewed on request, out of turn: the record has the time of it.
    let on_request = Enrolment {
        enrolled_at: made("31d+1s"),
        ..enrolled(Renewal::Automatic, "P30D")
    };
    check(
        &seen("31d+1s", "40d", vec![on_request]),
        [Compliant, Stalled, Stalled],
        stalled,
    );

    let unread = Enrolment {
        active: None,
        ..enrolled(Renewal::Automatic, "P30D")
    };
    check(
        &seen("40d", "32d", vec![unread]),
        [Stalled, Compliant, Stalled],
        stalled,
    );
}

#[test]
fn a_key_older_than_two_periods_and_a_day_was_not_renewed_whatever_the_other_one_says() {
    let automatic = || vec![enrolled(Renewal::Automatic, "P30D")];
    check(&seen("1d", "61d", automatic()), [Compliant; 3], &[]);
    check(
        &seen("1d", "61d+1s", automatic()),
        [Compliant, Stalled, Stalled],
        &["rotation-stalled"],
    );
    check(
        &seen("62d", "?", automatic()),
        [Stalled, Unknown, Stalled],
        &["rotation-stalled", "key-age-unknown"],
    );
    check(
        &seen("400d", "400d", automatic()),
        [Stalled; 3],
        &["key-overdue", "key-overdue", "rotation-stalled"],
    );
}

#[test]
fn a_vault_owes_nothing_before_its_record_has_been_in_force_for_a_period() {
    let since = |age: &str| {
        vec![Enrolment {
            enrolled_at: made(age),
            ..enrolled(Renewal::Automatic, "P30D")
        }]
    };
    check(&seen("70d", "70d", since("1d")), [Compliant; 3], &[]);
    check(&seen("70d", "70d", since("31d")), [Compliant; 3], &[]);
    check(
        &seen("70d", "70d", since("31d+1s")),
        [Compliant, Stalled, Stalled],
        &["rotation-stalled"],
    );
    check(
        &seen("70d", "70d", since("?")),
        [Stalled; 3],
        &["rotation-stalled"],
    );
}

#[test]
fn a_record_is_judged_by_its_terms_and_the_keys_by_their_age() {
    let check_record = |record: Enrolment, findings: &[&str]| {
        // Both keys are older than the record, so the vault knows them.
        let record = Enrolment {
            enrolled_at: made("19d"),
            ..record
        };
        check(&seen("20d", "40d", vec![record]), [Compliant; 3], findings);
    };
    check_record(enrolled(Renewal::Automatic, "P45D"), &[]);
    check_record(enrolled(Renewal::Automatic, "P46D"), &["period-too-long"]);
    check_record(enrolled(Renewal::Automatic, "P90D"), &["period-too-long"]);
    check_record(enrolled(Renewal::Automatic, "P1M"), &["enrolment-unclear"]);
    check_record(
        enrolled(Renewal::OnRequest, "P30D"),
        &["auto-regeneration-off"],
    );
    check_record(enrolled(Renewal::Unknown, "P30D"), &["enrolment-unclear"]);
    check_record(
        Enrolment {
            period: None,
            ..enrolled(Renewal::Automatic, "P30D")
        },
        &["enrolment-unclear"],
    );
}

#[test]
fn two_records_on_one_account_are_a_mistake_even_while_the_keys_are_young() {
    let second = Enrolment {
        vault: "kv-old".to_owned(),
        ..enrolled(Renewal::Automatic, "P30D")
    };
    let both = vec![enrolled(Renewal::Automatic, "P30D"), second];
    check(
        &seen("1d", "31d", both),
        [Compliant; 3],
        &["enrolled-twice"],
    );
}

#[test]
fn the_accounts_own_expiry_policy_is_commented_on_and_changes_no_verdict() {
    let check_days = |days: Option<u32>, findings: &[&str]| {
        let observation = Observation {
            key_expiration_days: days,
            ..seen("1d", "1d", vec![])
        };
        check(&observation, [Compliant; 3], findings);
    };
    check_days(Some(90), &[]);
    check_days(Some(30), &[]);
    check_days(Some(91), &["key-expiry-policy-looser"]);
    check_days(None, &["key-expiry-policy-missing"]);
}

#[test]
fn messages_name_the_key_the_moment_and_the_limit() {
    let with_key2 = Enrolment {
        active: Some(KeySlot::Key2),
        ..enrolled(Renewal::Automatic, "P60D")
    };
    let old = seen("100d", "1d", vec![with_key2]);
    let assessment = assess(&old, &demand(), now());
    let messages: Vec<_> = assessment
        .findings
        .iter()
        .map(|one| one.message.as_str())
        .collect();
    assert_eq!(
        messages,
        [
            "key1, made at 2026-02-21T12:00:00Z, outgrew the limit of P90D at \
             2026-05-22T12:00:00Z",
            "vault `kv-prod` renews a key every P60D, so each lives P120D, beyond the limit of \
             P90D; at most P45D keeps it",
        ]
    );
}

fn any_time() -> impl Strategy<Value = Option<Timestamp>> {
    let known = (-400 * 86_400_i64..400 * 86_400)
        .prop_map(|seconds| Some(now() + SignedDuration::from_secs(seconds)));
    prop_oneof![1 => Just(None), 2 => known]
}

fn any_enrolment() -> impl Strategy<Value = Enrolment> {
    let renewal = prop_oneof![
        Just(Renewal::Automatic),
        Just(Renewal::OnRequest),
        Just(Renewal::Unknown)
    ];
    let period = prop_oneof![
        Just("P30D"),
        Just("P1M"),
        Just("PT4H"),
        Just("P90D"),
        Just("")
    ];
    (renewal, period, any_time(), any::<bool>()).prop_map(|(renewal, period, since, read)| {
        Enrolment {
            enrolled_at: since,
            active: read.then_some(KeySlot::Key2),
            ..enrolled(renewal, period)
        }
    })
}

proptest! {
    #[test]
    fn what_is_unknown_never_yields_a_pass(
        key1 in any_time(),
        key2 in any_time(),
        enrolments in prop::collection::vec(any_enrolment(), 0..3),
        days in any::<Option<u32>>(),
    ) {
        let observation = Observation {
            key_times: KeyTimes { key1, key2 },
            shared_key: SharedKey::Allowed,
            key_expiration_days: days,
            enrolments,
            ..Observation::default()
        };
        let assessment = assess(&observation, &demand(), now());
        let unknown = key1.is_none() || key2.is_none();
        prop_assert!(!unknown || assessment.verdict.proof() != Proof::Kept);
        prop_assert!(
            assessment.verdict == assessment.keys.key1.verdict.max(assessment.keys.key2.verdict)
        );
        let broken = [FindingCode::KeyOverdue, FindingCode::RotationStalled];
        prop_assert!(
            (assessment.verdict.proof() == Proof::Broken)
                == assessment.findings.iter().any(|one| broken.contains(&one.code))
        );
    }
}
