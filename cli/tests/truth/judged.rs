//! Cells of accounts that were read: ages, vault records, configurations.

use rotation::finding::Severity;
use rotation::profile::Profile;

use crate::said::{Follows, Said, check, check_under};

#[test]
fn ages_at_their_bounds() {
    check(&["keys 0d 0d"], ("compliant", &[], 0));
    check(&["keys 76d-1s 1d"], ("compliant", &[], 0));
    check(&["keys 76d 1d"], ("due_soon", &["key-due-soon"], 0));
    check(&["keys 90d 1d"], ("due_soon", &["key-due-soon"], 0));
    check(&["keys 90d+1s 1d"], ("overdue", &["key-overdue"], 2));
    check(&["keys 1d 90d+1s"], ("overdue", &["key-overdue"], 2));
    check(
        &["keys 400d 400d"],
        ("overdue", &["key-overdue", "key-overdue"], 2),
    );
}

#[test]
fn times_that_are_not_known() {
    const BOTH: &[&str] = &["key-age-unknown", "key-age-unknown"];
    check(&["keys ? ?"], ("unknown", BOTH, 3));
    check(&["keys ? 1d"], ("unknown", &["key-age-unknown"], 3));
    check(&["keys 1d ?"], ("unknown", &["key-age-unknown"], 3));
    check(
        &["keys 80d ?"],
        ("unknown", &["key-age-unknown", "key-due-soon"], 3),
    );
    check(
        &["keys 91d ?"],
        ("overdue", &["key-overdue", "key-age-unknown"], 2),
    );
}

#[test]
fn clocks_that_differ() {
    check(&["keys 0d-300s 1d"], ("compliant", &[], 0));
    check(&["keys 0d-301s 1d"], ("unknown", &["clock-skew"], 3));
    check(&["keys -1d 1d"], ("unknown", &["clock-skew"], 3));
    check(
        &["keys -1d 91d"],
        ("overdue", &["key-overdue", "clock-skew"], 2),
    );
}

#[test]
fn keys_that_are_refused() {
    for keys in ["keys 1d 1d", "keys 400d 400d", "keys ? ?"] {
        check(&[keys, "off"], ("not_applicable", &["shared-key-off"], 0));
        for profile in Profile::ALL {
            let follows = ("not_applicable", &["shared-key-off"] as &[_], 0);
            check_under(profile, Severity::Info, &[keys, "off"], follows);
        }
    }
    let enrolled = "P90D auto key1 since 300d";
    check(
        &["keys 1d 1d", "off", enrolled],
        ("not_applicable", &["shared-key-off"], 0),
    );
}

#[test]
fn periods_and_switches_of_vault_records() {
    let check_record = |record: Said, follows: Follows| check(&["keys 20d 40d", record], follows);
    check_record("P30D auto key1 since 19d", ("compliant", &[], 0));
    check_record("P45D auto key1 since 19d", ("compliant", &[], 0));
    check_record(
        "P46D auto key1 since 19d",
        ("compliant", &["period-too-long"], 0),
    );
    check_record(
        "P90D auto key1 since 19d",
        ("compliant", &["period-too-long"], 0),
    );
    check_record(
        "P180D auto key1 since 19d",
        ("compliant", &["period-too-long"], 0),
    );
    check_record(
        "P1M auto key1 since 19d",
        ("compliant", &["enrolment-unclear"], 0),
    );
    check_record(
        "P30D manual key1 since 19d",
        ("compliant", &["auto-regeneration-off"], 0),
    );
    check_record(
        "P30D ? key1 since 19d",
        ("compliant", &["enrolment-unclear"], 0),
    );
    check_record(
        "P1D auto key1 since 19d",
        ("stalled", &["rotation-stalled"], 2),
    );
}

#[test]
fn vaults_that_stopped() {
    let record = "P30D auto key1 since 300d";
    check(&["keys 31d 61d", record], ("compliant", &[], 0));
    check(
        &["keys 31d+1s 61d", record],
        ("stalled", &["rotation-stalled"], 2),
    );
    check(
        &["keys 1d 61d+1s", record],
        ("stalled", &["rotation-stalled"], 2),
    );
    check(
        &["keys 62d ?", record],
        ("stalled", &["rotation-stalled", "key-age-unknown"], 2),
    );
    check(
        &["keys 70d 70d", "P30D auto key1 since 1d"],
        ("compliant", &[], 0),
    );
    check(
        &["keys 400d 400d", "P30D auto key1 since 1d"],
        ("overdue", &["key-overdue"; 2], 2),
    );
    check(
        &["keys 40d 40d", "P30D manual key1 since 39d"],
        ("compliant", &["auto-regeneration-off"], 0),
    );
}

#[test]
fn records_that_are_more_than_one_or_none_or_gone() {
    let record = "P30D auto key1 since 300d";
    check(
        &["keys 1d 31d", record, record],
        ("compliant", &["enrolled-twice"], 2),
    );
    check(
        &["keys 1d 31d", "deleted"],
        ("compliant", &["enrolment-soft-deleted"], 0),
    );
    check(
        &["keys 91d 1d", "deleted"],
        ("overdue", &["key-overdue", "enrolment-soft-deleted"], 2),
    );
    check(&["keys 1d 31d", record, "declared"], ("compliant", &[], 0));
    check(
        &["keys 1d 31d", "declared"],
        ("compliant", &["declared-not-enrolled"], 2),
    );
    check(
        &["keys 1d 31d", "declared", "deleted"],
        (
            "compliant",
            &["declared-not-enrolled", "enrolment-soft-deleted"],
            2,
        ),
    );
    check(
        &["keys 1d 31d", record, "undeclared"],
        ("compliant", &["enrolled-not-declared"], 0),
    );
    check(&["keys 1d 31d", "undeclared"], ("compliant", &[], 0));
    check(
        &["keys 1d 31d", record, "role missing"],
        ("compliant", &["vault-role-missing"], 2),
    );
}

#[test]
fn keys_that_somebody_else_regenerated() {
    let record = "P30D auto key1 since 300d";
    check(
        &["keys 20d 1d", record],
        ("compliant", &["regenerated-behind-vault"], 0),
    );
    check(
        &["keys 1d 20d", record],
        ("compliant", &["regenerated-behind-vault"], 0),
    );
    check(&["keys 1d 31d", record], ("compliant", &[], 0));
    check(
        &["keys 20d 1d", "P30D auto key1 since 0d"],
        ("compliant", &[], 0),
    );
    check(
        &["keys 20d 1d", "P30D auto ? since 300d"],
        ("compliant", &[], 0),
    );
}

#[test]
fn tokens_that_die_early_or_never_live() {
    let record = "P30D auto key1 since 300d";
    let check_sas = |sas: Said, follows: Follows| check(&["keys 1d 31d", record, sas], follows);
    check_sas("sas P30D 2018-03-28", ("compliant", &[], 0));
    check_sas(
        "sas P31D 2018-03-28",
        ("compliant", &["sas-validity-too-long"], 0),
    );
    check_sas(
        "sas PT4H 2018-11-09",
        ("compliant", &["sas-version-too-new"], 0),
    );
    check_sas(
        "sas P60D 2022-11-02",
        (
            "compliant",
            &["sas-validity-too-long", "sas-version-too-new"],
            0,
        ),
    );
}

#[test]
fn reminders() {
    check(&["keys 1d 1d", "policy 90d"], ("compliant", &[], 0));
    check(
        &["keys 1d 1d", "policy 91d"],
        ("compliant", &["key-expiry-policy-looser"], 0),
    );
    check(
        &["keys 1d 1d", "policy ?"],
        ("compliant", &["key-expiry-policy-missing"], 0),
    );
    check(
        &["keys 400d 1d", "policy 90d"],
        ("overdue", &["key-overdue"], 2),
    );
}

#[test]
fn accounts_that_were_never_rotated() {
    check(
        &["keys 91d 91d", "made 91d"],
        (
            "overdue",
            &["key-overdue", "key-overdue", "never-rotated"],
            2,
        ),
    );
    check(&["keys 30d 30d", "made 30d"], ("compliant", &[], 0));
    check(
        &["keys 1d 91d", "made 91d"],
        ("overdue", &["key-overdue"], 2),
    );
}
