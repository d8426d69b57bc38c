//! Cells of accounts that were read: ages, vault records, configurations, logs, waivers, profiles.

use std::collections::BTreeMap;
use std::sync::Arc;

use cli::exit_code::ExitCode;
use engine::check::Outcome;
use engine::check::accounts::{Accounts, Measure};
use engine::check::waivers::{TAG, Waivers};
use engine::observe::SeenAccount;
use jiff::{SignedDuration, Timestamp};
use rotation::drift::Demand;
use rotation::finding::Severity;
use rotation::observation::{
    Declared, DeletedEnrolment, Enrolment, LogSeen, Observation, PerSlot, Regeneration, Renewal,
    RoleSeen, SasSeen, SeenPeriod, SharedKey,
};
use rotation::period::Period;
use rotation::profile::Profile;
use rotation::slot::KeySlot;

const NOW: &str = "2026-06-01T12:00:00Z";

/// What is said about an account, in words that are read below.
///
/// `keys 90d+1s 1d`, `off`, `policy 30d`, `made 400d`, `P30D auto key1 since 300d`, `role missing`,
/// `sas PT4H 2018-03-28`, `deleted`, `declared`, `undeclared`, `log`, `logged 5d`, `published`,
/// `waived CODE DAY`.
type Said = &'static str;

/// What follows: verdict, findings, exit code.
type Follows = (&'static str, &'static [&'static str], u8);

fn now() -> Timestamp {
    NOW.parse().expect("a moment")
}

/// When something of this age was made: `90d`, `90d+1s`, `-1d` for a day ahead, `?` for nobody knows.
fn made(age: &str) -> Option<Timestamp> {
    let (days, rest) = age.split_once('d')?;
    let seconds: i64 = rest.trim_end_matches('s').parse().unwrap_or_default();
    let days: i64 = days.parse().expect("days");
    Some(now() - SignedDuration::from_hours(24 * days) - SignedDuration::from_secs(seconds))
}

fn account(said: &[Said]) -> SeenAccount {
    let id = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/\
              Microsoft.Storage/storageAccounts/stlogs";
    let mut observation = Observation {
        key_expiration_days: Some(90),
        ..Observation::default()
    };
    let mut tags = BTreeMap::new();
    for words in said {
        let words: Vec<_> = words.split(' ').collect();
        take_in(&words, &mut observation, &mut tags);
    }
    SeenAccount {
        id: id.parse().expect("an id"),
        location: "westeurope".into(),
        tags: Arc::new(tags),
        observation,
    }
}

fn enrolment(period: &str, how: &str, active: &str, age: &str) -> Enrolment {
    Enrolment {
        vault: "kv-prod".to_owned(),
        name: "logs".to_owned(),
        active: active.parse::<KeySlot>().ok(),
        renewal: match how {
            "auto" => Renewal::Automatic,
            "manual" => Renewal::OnRequest,
            _ => Renewal::Unknown,
        },
        period: Some(SeenPeriod::new(period)),
        enrolled_at: made(age),
        role: RoleSeen::Held,
        sas: Vec::new(),
    }
}

fn take_in(words: &[&str], seen: &mut Observation, tags: &mut BTreeMap<String, String>) {
    match *words {
        ["keys", key1, key2] => {
            seen.key_times = PerSlot {
                key1: made(key1),
                key2: made(key2),
            };
        }
        ["off"] => seen.shared_key = SharedKey::Refused,
        ["policy", days] => seen.key_expiration_days = days.trim_end_matches('d').parse().ok(),
        ["made", age] => seen.made_at = made(age),
        [period, how, active, "since", age] => {
            seen.enrolments.push(enrolment(period, how, active, age));
        }
        ["role", "missing"] => {
            let enrolments = seen.enrolments.iter_mut();
            enrolments.for_each(|one| one.role = RoleSeen::Missing);
        }
        ["sas", validity, version] => {
            let sas = SasSeen {
                name: "reader".to_owned(),
                validity: SeenPeriod::new(validity),
                signed_version: Some(version.to_owned()),
            };
            let enrolments = seen.enrolments.iter_mut();
            enrolments.for_each(|one| one.sas.push(sas.clone()));
        }
        ["deleted"] => seen.deleted_enrolments.push(DeletedEnrolment {
            vault: "kv-prod".to_owned(),
            name: "logs".to_owned(),
            purged_at: made("-30d"),
        }),
        ["declared"] => {
            seen.declared = Declared::Enrolled {
                address: "keyrotation_policy.logs".to_owned(),
            };
        }
        ["undeclared"] => seen.declared = Declared::Not,
        ["published"] => seen.published.push("kv-prod/stlogs-key".to_owned()),
        ["log"] | ["logged", _] => {
            let at = words.get(1).and_then(|age| made(age));
            let regenerations = at.into_iter().map(|at| Regeneration {
                at,
                by: "ops@example.com".to_owned(),
            });
            seen.log = LogSeen::Read {
                since: made("90d").expect("a moment"),
                regenerations: regenerations.collect(),
            };
        }
        ["waived", code, day] => {
            let text = format!("findings={code}; owner=ops; reason=known; expires={day}");
            tags.insert(TAG.to_owned(), text);
        }
        _ => unreachable!("no such words: {words:?}"),
    }
}

fn check_under(profile: Profile, fail_on: Severity, said: &[Said], follows: Follows) {
    let demand = Demand {
        max_key_age: Period::days(90),
        due_soon: Period::days(14),
        profile,
    };
    let measure = Measure {
        demand,
        waivers: Waivers::default(),
        now: now(),
    };
    let outcome = Outcome {
        as_of: now(),
        profile,
        scope: Vec::new(),
        accounts: Accounts::judged([account(said)], measure),
        holes: Vec::new(),
        left_to_others: 0,
    };
    let account = outcome.accounts.get(0).expect("an account");
    let codes: Vec<_> = account
        .assessment
        .findings
        .iter()
        .map(|finding| finding.code.as_str())
        .collect();
    let code = ExitCode::from(&outcome.standing(fail_on)) as u8;
    let found = (account.assessment.verdict.as_str(), codes.as_slice(), code);
    assert_eq!(found, follows, "{profile} {fail_on}: {said:?}");
}

fn check(said: &[Said], follows: Follows) {
    check_under(Profile::Keys, Severity::Info, said, follows);
}

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
    check_record("P30D auto key1 since 300d", ("compliant", &[], 0));
    check_record("P45D auto key1 since 300d", ("compliant", &[], 0));
    check_record(
        "P46D auto key1 since 300d",
        ("compliant", &["period-too-long"], 0),
    );
    check_record(
        "P90D auto key1 since 300d",
        ("compliant", &["period-too-long"], 0),
    );
    check_record(
        "P180D auto key1 since 300d",
        ("compliant", &["period-too-long"], 0),
    );
    check_record(
        "P1M auto key1 since 300d",
        ("compliant", &["enrolment-unclear"], 0),
    );
    check_record(
        "P30D manual key1 since 300d",
        ("compliant", &["auto-regeneration-off"], 0),
    );
    check_record(
        "P30D ? key1 since 300d",
        ("compliant", &["enrolment-unclear"], 0),
    );
    check_record(
        "P1D auto key1 since 300d",
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
        &["keys 40d 40d", "P30D manual key1 since 300d"],
        ("compliant", &["auto-regeneration-off"], 0),
    );
}

#[test]
fn records_that_are_more_than_one_or_none_or_gone() {
    let record = "P30D auto key1 since 300d";
    check(
        &["keys 1d 20d", record, record],
        ("compliant", &["enrolled-twice"], 2),
    );
    check(
        &["keys 1d 20d", "deleted"],
        ("compliant", &["enrolment-soft-deleted"], 0),
    );
    check(
        &["keys 91d 1d", "deleted"],
        ("overdue", &["key-overdue", "enrolment-soft-deleted"], 2),
    );
    check(&["keys 1d 20d", record, "declared"], ("compliant", &[], 0));
    check(
        &["keys 1d 20d", "declared"],
        ("compliant", &["declared-not-enrolled"], 2),
    );
    check(
        &["keys 1d 20d", "declared", "deleted"],
        (
            "compliant",
            &["declared-not-enrolled", "enrolment-soft-deleted"],
            2,
        ),
    );
    check(
        &["keys 1d 20d", record, "undeclared"],
        ("compliant", &["enrolled-not-declared"], 0),
    );
    check(&["keys 1d 20d", "undeclared"], ("compliant", &[], 0));
    check(
        &["keys 1d 20d", record, "role missing"],
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
    check(&["keys 1d 20d", record], ("compliant", &[], 0));
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
    let check_sas = |sas: Said, follows: Follows| check(&["keys 1d 20d", record, sas], follows);
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
    let record = "P30D auto key1 since 300d";
    check(&["keys 1d 1d"], ("compliant", &["shared-key-unneeded"], 0));
    check(
        &["keys 1d 20d", record],
        ("compliant", &["shared-key-needed"], 0),
    );
    check(
        &["keys 1d 20d", "published"],
        ("compliant", &["shared-key-needed"], 0),
    );
    check(
        &["keys 91d 1d"],
        ("overdue", &["key-overdue", "shared-key-unneeded"], 2),
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
