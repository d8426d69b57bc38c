//! Tests of who made a key. Times are hours; the record turns every ten days, that is 240 hours.

use super::*;

fn at(hours: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(100_000 + hours)
}

fn record(turns: Turns, created: i64, updated: i64) -> Record {
    Record {
        active: KeySlot::Key1,
        times: RecordTimes {
            created: Some(at(created)),
            updated: Some(at(updated)),
        },
        turns,
    }
}

fn turns() -> Turns {
    Turns::Every(Period::days(10))
}

fn keys(active: i64, idle: i64) -> KeyTimes {
    KeyTimes {
        key1: Some(at(active)),
        key2: Some(at(idle)),
    }
}

fn check(record: Record, times: KeyTimes, expected: Origin) {
    assert_eq!(
        of_active(&record, &times, None),
        Some(expected),
        "{record:?} {times:?}"
    );
}

#[test]
fn a_key_no_younger_than_its_record_is_the_one_that_the_vault_read() {
    for turns in [turns(), Turns::Never, Turns::Untold] {
        check(record(turns, 0, 0), keys(-99, -99), Origin::Vault);
        // A regeneration through the vault leaves its time in the record.
        check(record(turns, 50, 50), keys(50, -99), Origin::Vault);
        check(record(turns, 50, 60), keys(50, -99), Origin::Vault);
    }
}

#[test]
fn a_key_made_at_a_turn_is_the_vaults_whatever_the_record_says() {
    check(record(turns(), 0, 0), keys(240, -99), Origin::Vault);
    check(record(turns(), 0, 0), keys(250, -99), Origin::Vault);
    check(record(turns(), 0, 0), keys(720, 480), Origin::Vault);
    check(record(turns(), 0, 300), keys(240, -99), Origin::Vault);
    check(record(turns(), 0, 100), keys(340, -99), Origin::Vault);
}

#[test]
fn a_key_made_before_any_turn_was_due_was_made_elsewhere() {
    check(record(turns(), 0, 0), keys(24, -99), Origin::Elsewhere);
    check(record(turns(), 0, 0), keys(24, 30), Origin::Elsewhere);
    check(record(turns(), 0, 0), keys(500, 480), Origin::Elsewhere);
    check(record(Turns::Never, 0, 0), keys(24, -99), Origin::Elsewhere);
}

#[test]
fn what_fits_both_is_neither() {
    // Late, changed since, renewed on request just before, or of unknown terms.
    check(record(turns(), 0, 0), keys(600, -99), Origin::Untold);
    check(record(turns(), 0, 30), keys(24, -99), Origin::Untold);
    check(record(Turns::Never, 0, 30), keys(24, -99), Origin::Untold);
    check(record(turns(), 0, 0), keys(24, 0), Origin::Untold);
    check(record(Turns::Untold, 0, 0), keys(24, -99), Origin::Untold);
    let no_times = Record {
        times: RecordTimes::default(),
        ..record(turns(), 0, 0)
    };
    check(no_times, keys(24, -99), Origin::Untold);
    let minute = at(0) + SignedDuration::from_mins(1);
    let times = KeyTimes {
        key1: Some(minute),
        ..keys(0, -99)
    };
    check(record(turns(), 0, 0), times, Origin::Untold);
    let unknown = KeyTimes {
        key1: None,
        ..keys(0, -99)
    };
    assert_eq!(of_active(&record(turns(), 0, 0), &unknown, None), None);
}

#[test]
fn a_slot_that_stayed_active_was_renewed_by_no_turn() {
    let check = |made: i64, idle: i64, minted: i64, changed: i64, expected: Origin| {
        let noted = Noted {
            made: at(-99),
            minted: at(minted),
        };
        let record = record(turns(), 0, changed);
        let found = of_active(&record, &keys(made, idle), Some(noted));
        assert_eq!(found, Some(expected), "{made} {idle} {minted} {changed}");
    };
    // By the times alone both would be turns, or could be.
    check(240, -200, 200, 0, Origin::Elsewhere);
    check(600, -200, 590, 0, Origin::Elsewhere);
    check(600, 100, 590, 0, Origin::Elsewhere);
    // The other key was renewed in between, or the record was changed.
    check(640, 400, 390, 0, Origin::Vault);
    check(600, -200, 590, 595, Origin::Untold);
    // The key is still the one that was noted.
    check(-99, -200, 590, 0, Origin::Vault);
}

#[test]
fn an_idle_key_younger_than_record_and_active_key_is_foreign() {
    let check = |times: KeyTimes, expected: bool| {
        let found = idle_is_foreign(&record(turns(), 0, 0), &times);
        assert_eq!(found, expected, "{times:?}");
    };
    check(keys(-99, 24), true);
    check(keys(30, 24), false);
    check(keys(-99, 0), false);
    check(
        KeyTimes {
            key2: None,
            ..keys(0, 0)
        },
        false,
    );
    check(
        KeyTimes {
            key1: None,
            ..keys(0, 24)
        },
        true,
    );
}
