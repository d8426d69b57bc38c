//! What comes out of the small form is what went in.

use rotation::observation::{
    Declared, DeletedEnrolment, Enrolment, LogSeen, Observation, PerSlot, Regeneration, SharedKey,
};
use rotation::period::Period;
use rotation::profile::Profile;

use super::*;

fn moment(text: &str) -> Option<Timestamp> {
    Some(text.parse().expect("a moment"))
}

fn seen(group: &str, name: &str, observation: Observation) -> SeenAccount {
    let id = format!(
        "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/{group}/providers/\
         Microsoft.Storage/storageAccounts/{name}"
    );
    SeenAccount {
        id: id.parse().expect("an id"),
        location: "westeurope".into(),
        tags: Arc::new(BTreeMap::from([("env".to_owned(), name.to_owned())])),
        observation,
    }
}

fn judged(seen: Vec<SeenAccount>) -> Accounts {
    let measure = Measure {
        demand: Demand {
            max_key_age: Period::days(90),
            due_soon: Period::days(14),
            profile: Profile::Keys,
        },
        waivers: Waivers::default(),
        now: "2026-06-01T00:00:00Z".parse().expect("a moment"),
    };
    Accounts::judged(seen, measure)
}

fn check(observation: &Observation) {
    let accounts = judged(vec![seen("rg", "stlogs", observation.clone())]);
    let unfolded = accounts.iter().next().expect("an account");
    assert_eq!(&unfolded.observation, observation);
    assert_eq!(unfolded.tags.get("env").map(String::as_str), Some("stlogs"));
    assert_eq!(&*unfolded.location, "westeurope");
}

#[test]
fn nothing_of_what_was_seen_is_lost() {
    check(&Observation::default());
    check(&Observation {
        key_times: PerSlot {
            key1: moment("2021-02-03T05:57:30.9171234Z"),
            key2: None,
        },
        shared_key: SharedKey::Refused,
        key_expiration_days: Some(60),
        made_at: moment("9999-12-30T00:00:00Z"),
        declared: Declared::Not,
        ..Observation::default()
    });
    check(&Observation {
        enrolments: vec![Enrolment::default()],
        deleted_enrolments: vec![DeletedEnrolment {
            vault: "kv".to_owned(),
            name: "logs".to_owned(),
            purged_at: None,
        }],
        declared: Declared::Enrolled {
            address: "a.b".to_owned(),
        },
        log: LogSeen::Read {
            since: Timestamp::UNIX_EPOCH,
            regenerations: vec![Regeneration {
                at: Timestamp::UNIX_EPOCH,
                by: "ops".to_owned(),
            }],
        },
        published: vec!["kv/key".to_owned()],
        ..Observation::default()
    });
}

#[test]
fn accounts_are_in_the_order_of_their_ids_and_each_is_there_once() {
    let nothing = Observation::default;
    let accounts = judged(vec![
        seen("rg-a", "sta", nothing()),
        seen("rg", "stb", nothing()),
        seen("RG", "STB", nothing()),
        seen("rg", "sta", nothing()),
    ]);
    let ids: Vec<_> = accounts.iter().map(|account| account.id).collect();
    let names: Vec<_> = ids
        .iter()
        .map(|id| (id.resource_group(), id.name()))
        .collect();
    assert_eq!(names, [("rg-a", "sta"), ("rg", "sta"), ("rg", "stb")]);
    assert!(ids.is_sorted());
    assert_eq!(accounts.len(), 3);
    assert_eq!(
        accounts.get(2).map(|account| account.id),
        ids.last().cloned()
    );
}

#[test]
fn the_ground_of_later_readings_is_another_if_an_account_a_key_time_or_the_switch_is() {
    let ground = |group: &str, name: &str, observation: Observation| {
        let mut rows = Rows::default();
        rows.push(seen(group, name, observation));
        rows.ground()
    };
    let plain = ground("rg", "sta", Observation::default());
    assert_eq!(plain, ground("RG", "sta", Observation::default()));
    let refused = Observation {
        shared_key: SharedKey::Refused,
        ..Observation::default()
    };
    let made = Observation {
        key_times: PerSlot {
            key1: moment("2026-01-01T00:00:00Z"),
            key2: None,
        },
        ..Observation::default()
    };
    for (name, other) in [
        ("stb", Observation::default()),
        ("sta", refused),
        ("sta", made),
    ] {
        assert_ne!(plain, ground("rg", name, other.clone()), "{name} {other:?}");
    }
}

#[test]
fn an_account_takes_little_room() {
    let row = super::super::rows::row_size();
    assert!(row <= 80, "{row} bytes");
}
