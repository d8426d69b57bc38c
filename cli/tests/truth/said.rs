//! The words in which cells say what was seen, and how a cell is checked.

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
    AppPlace, AppsSeen, Declared, DeletedEnrolment, Enrolment, HeldKey, HeldWhat, LogSeen,
    Observation, PerSlot, Regeneration, Renewal, RoleSeen, SasSeen, SeenPeriod, SharedKey,
};
use rotation::period::Period;
use rotation::profile::Profile;
use rotation::slot::KeySlot;

const NOW: &str = "2026-06-01T12:00:00Z";

/// What is said about an account, in words that are read below.
///
/// `keys 90d+1s 1d`, `off`, `policy 30d`, `made 400d`, `P30D auto key1 since 300d`, `role missing`,
/// `sas PT4H 2018-03-28`, `deleted`, `declared`, `undeclared`, `log`, `logged 5d`, `published`, `apps`,
/// `held`, `waived CODE DAY`.
pub(crate) type Said = &'static str;

/// What follows: verdict, findings, exit code.
pub(crate) type Follows = (&'static str, &'static [&'static str], u8);

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

fn deleted() -> DeletedEnrolment {
    DeletedEnrolment {
        vault: "kv-prod".to_owned(),
        name: "logs".to_owned(),
        purged_at: made("-30d"),
    }
}

fn held() -> HeldKey {
    HeldKey {
        app: "/an/app".to_owned(),
        place: AppPlace::Setting,
        name: "AzureWebJobsStorage".to_owned(),
        what: HeldWhat::Key,
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
        ["deleted"] => seen.deleted_enrolments.push(deleted()),
        ["declared"] => {
            seen.declared = Declared::Enrolled {
                address: "keyrotation_policy.logs".to_owned(),
            };
        }
        ["undeclared"] => seen.declared = Declared::Not,
        ["published"] => seen.published.push("kv-prod/stlogs-key".to_owned()),
        ["apps"] => seen.apps = AppsSeen::Read { held: Vec::new() },
        ["held"] => seen.apps = AppsSeen::Read { held: vec![held()] },
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

pub(crate) fn check_under(profile: Profile, fail_on: Severity, said: &[Said], follows: Follows) {
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

pub(crate) fn check(said: &[Said], follows: Follows) {
    check_under(Profile::Keys, Severity::Info, said, follows);
}
