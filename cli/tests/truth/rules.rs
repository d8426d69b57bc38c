//! Cells of logs, profiles, waivers and severities.

use rotation::finding::Severity;
use rotation::profile::Profile;

use crate::said::{Follows, Said, check, check_under};

#[test]
fn what_the_log_settles_and_where_it_contradicts() {
    // Without a regeneration for the whole limit, a key of unknown age is older.
    check(
        &["keys ? ?", "made 400d", "log"],
        ("overdue", &["key-overdue"; 2], 2),
    );
    check(
        &["keys ? 1d", "made 400d", "logged 1d"],
        ("unknown", &["key-age-unknown"], 3),
    );
    check(
        &["keys ? ?", "log"],
        ("unknown", &["key-age-unknown"; 2], 3),
    );
    check(
        &["keys ? ?", "made 10d", "log"],
        ("unknown", &["key-age-unknown"; 2], 3),
    );
    check(
        &["keys 1d 2d", "made 400d", "log"],
        ("compliant", &["evidence-disagrees"; 2], 0),
    );
    check(
        &["keys 5d 200d", "made 400d", "logged 5d"],
        ("overdue", &["key-overdue"], 2),
    );
    check(
        &["keys 200d 200d", "made 400d", "logged 5d"],
        (
            "overdue",
            &["key-overdue", "key-overdue", "evidence-disagrees"],
            2,
        ),
    );
}

#[test]
fn the_rule_of_conformity_asks_for_one_young_key() {
    let check = |said: &[Said], follows: Follows| {
        check_under(Profile::Conformity002, Severity::Info, said, follows);
    };
    const OLD: &[&str] = &["no-recent-regeneration"];
    check(&["keys 400d 5d"], ("compliant", &[], 0));
    check(&["keys 400d 90d"], ("due_soon", &["key-due-soon"], 0));
    check(&["keys 400d 90d+1s"], ("overdue", OLD, 2));
    check(&["keys ? 5d"], ("compliant", &[], 0));
    check(&["keys ? 400d"], ("unknown", &["key-age-unknown"], 3));
    check(&["keys ? ?"], ("unknown", &["key-age-unknown"], 3));
    check(&["keys ? ?", "made 400d", "log"], ("overdue", OLD, 2));
    check(&["keys ? 400d", "made 400d", "log"], ("overdue", OLD, 2));
    check(
        &["keys ? ?", "made 400d", "logged 5d"],
        ("compliant", &["evidence-disagrees"], 0),
    );
    check(
        &["keys -1d ?"],
        ("unknown", &["key-age-unknown", "clock-skew"], 3),
    );
}

#[test]
fn the_benchmark_asks_for_a_reminder_and_for_keys_that_are_refused() {
    let check = |said: &[Said], follows: Follows| {
        check_under(Profile::Cis, Severity::Info, said, follows);
    };
    check(&["keys 1d 1d"], ("compliant", &["shared-key-allowed"], 2));
    check(
        &["keys 1d 1d", "policy ?"],
        (
            "compliant",
            &["key-expiry-policy-missing", "shared-key-allowed"],
            2,
        ),
    );
    check(
        &["keys 1d 1d", "off"],
        ("not_applicable", &["shared-key-off"], 0),
    );
}

#[test]
fn the_way_to_entra_names_what_stands_in_it() {
    let check = |said: &[Said], follows: Follows| {
        check_under(Profile::Entra, Severity::Info, said, follows);
    };
    let (record, young) = ("P30D auto key1 since 300d", "keys 1d 31d");
    let unneeded: &[&str] = &["shared-key-unneeded"];
    let needed: &[&str] = &["shared-key-needed"];
    check(&[young, "apps"], ("compliant", unneeded, 0));
    check(&[young, "apps", record], ("compliant", needed, 0));
    check(&[young, "apps", "published"], ("compliant", needed, 0));
    check(
        &[young, "held"],
        ("compliant", &["key-in-app-setting", "shared-key-needed"], 0),
    );
    check(
        &["keys 91d 1d", "apps"],
        ("overdue", &["key-overdue", "shared-key-unneeded"], 2),
    );
    check(
        &["keys 1d 1d", "off"],
        ("not_applicable", &["shared-key-off"], 0),
    );
}

#[test]
fn on_the_way_to_entra_app_settings_that_nobody_looked_at_are_no_pass() {
    let check = |said: &[Said], follows: Follows| {
        check_under(Profile::Entra, Severity::Info, said, follows);
    };
    const UNREAD: &str = "app-settings-unread";
    check(
        &["keys 1d 1d"],
        ("compliant", &[UNREAD, "shared-key-unneeded"], 3),
    );
    check(
        &["keys 1d 1d", "published"],
        ("compliant", &[UNREAD, "shared-key-needed"], 3),
    );
    check(
        &["keys 1d 1d", "waived app-settings-unread 2026-12-31"],
        ("compliant", &[UNREAD, "shared-key-unneeded"], 0),
    );
    check(
        &["keys 91d 1d"],
        (
            "overdue",
            &["key-overdue", UNREAD, "shared-key-unneeded"],
            2,
        ),
    );
}

#[test]
fn a_waived_finding_stays_visible_and_no_longer_counts() {
    let overdue = "keys 91d 1d";
    check(
        &[overdue, "waived key-overdue 2026-12-31"],
        ("overdue", &["key-overdue"], 0),
    );
    check(
        &[overdue, "waived key-overdue 2026-06-01"],
        ("overdue", &["key-overdue"], 0),
    );
    check(
        &[overdue, "waived key-overdue 2026-05-31"],
        ("overdue", &["key-overdue", "waiver-expired"], 2),
    );
    check(
        &[overdue, "waived key-age-unknown 2026-12-31"],
        ("overdue", &["key-overdue"], 2),
    );
    check(
        &[overdue, "waived all 2026-12-31"],
        ("overdue", &["key-overdue", "waiver-invalid"], 2),
    );
    check(
        &["keys 91d ?", "waived key-overdue 2026-12-31"],
        ("overdue", &["key-overdue", "key-age-unknown"], 3),
    );
    check(
        &["keys ? 1d", "waived key-age-unknown 2026-12-31"],
        ("unknown", &["key-age-unknown"], 0),
    );
}

#[test]
fn a_severity_narrows_what_is_drift_and_never_lets_the_unknown_pass() {
    let medium = ["keys 400d 400d"];
    let overdue = ("overdue", &["no-recent-regeneration"] as &[_], 2);
    check_under(Profile::Conformity002, Severity::Medium, &medium, overdue);
    let narrowed = ("overdue", &["no-recent-regeneration"] as &[_], 0);
    check_under(Profile::Conformity002, Severity::High, &medium, narrowed);
    let high = ("overdue", &["key-overdue"] as &[_], 2);
    check_under(Profile::Keys, Severity::High, &["keys 91d 1d"], high);
    let unknown = ("unknown", &["key-age-unknown"] as &[_], 3);
    check_under(Profile::Keys, Severity::High, &["keys ? 1d"], unknown);
}
