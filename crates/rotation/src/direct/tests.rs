//! Steps of direct rotation, cell by cell; their interplay is walked in `tests/rotators`.

use super::*;
use crate::observation::PerSlot;

const JANUARY: &str = "2026-01-01T00:00:00Z";
const FEBRUARY: &str = "2026-02-01T00:00:00Z";

fn at(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

fn terms(overlap: &str) -> Terms {
    Terms {
        period: "P30D".parse().expect("a period"),
        overlap: overlap.parse().expect("a period"),
        first: KeySlot::Key1,
    }
}

/// Decides with key1 published; empty texts are unknown times.
fn check(keys: [&str; 2], published: &str, noted: &str, overlap: &str, now: &str, expected: Step) {
    let [key1, key2] = keys.map(at);
    let standing = Standing {
        key_times: PerSlot { key1, key2 },
        published: at(published).map(|at_| Published {
            slot: KeySlot::Key1,
            at: at_,
            key_created_at: at(noted),
        }),
    };
    let found = decide_step(&standing, &terms(overlap), at(now).expect("a time"));
    assert_eq!(found, expected, "{standing:?}");
}

fn publish(slot: KeySlot, reason: Reason) -> Step {
    Step::Publish { slot, reason }
}

fn rest(until: &str) -> Step {
    Step::Rest {
        until: at(until).expect("a time"),
    }
}

fn wait(until: &str) -> Step {
    Step::Wait {
        slot: KeySlot::Key2,
        until: at(until).expect("a time"),
    }
}

const TURN: Step = Step::Turn {
    slot: KeySlot::Key2,
};

#[test]
fn the_first_step_publishes_what_clients_use() {
    let first = publish(KeySlot::Key1, Reason::First);
    check([JANUARY, JANUARY], "", "", "P30D", FEBRUARY, first);
    check(["", ""], "", "", "P30D", FEBRUARY, first);
}

#[test]
fn a_turn_is_due_at_the_very_second_a_period_is_over() {
    let keys = [JANUARY, JANUARY];
    let before = "2026-01-30T23:59:59Z";
    let due = "2026-01-31T00:00:00Z";
    check(keys, JANUARY, JANUARY, "P30D", before, rest(due));
    check(keys, JANUARY, JANUARY, "P30D", due, TURN);
}

#[test]
fn an_idle_key_that_is_too_old_is_due_even_if_the_used_one_is_young() {
    let keys = [JANUARY, "2025-06-01T00:00:00Z"];
    check(keys, JANUARY, JANUARY, "P1D", "2026-01-03T00:00:00Z", TURN);
}

#[test]
fn keys_of_unknown_age_are_due_at_once() {
    check(["", JANUARY], JANUARY, "", "P1D", FEBRUARY, TURN);
    check([JANUARY, ""], JANUARY, "", "P1D", FEBRUARY, TURN);
}

#[test]
fn a_key_that_clients_may_still_use_is_left_for_the_overlap() {
    let old = "2025-01-01T00:00:00Z";
    let keys = [old, old];
    let now = "2026-01-01T01:00:00Z";
    check(keys, JANUARY, old, "P1D", now, wait("2026-01-02T00:00:00Z"));
    check(keys, JANUARY, old, "PT1H", now, TURN);
}

#[test]
fn a_key_that_was_regenerated_and_not_published_is_published_and_not_regenerated_again() {
    let keys = [JANUARY, FEBRUARY];
    let unfinished = publish(KeySlot::Key2, Reason::Unfinished);
    check(
        keys,
        JANUARY,
        JANUARY,
        "P30D",
        "2026-03-01T00:00:00Z",
        unfinished,
    );
}

#[test]
fn a_published_key_that_somebody_regenerated_is_published_anew() {
    let keys = [FEBRUARY, JANUARY];
    let replaced = publish(KeySlot::Key1, Reason::Replaced);
    check(keys, JANUARY, JANUARY, "P30D", FEBRUARY, replaced);
    check(keys, JANUARY, "", "P30D", FEBRUARY, replaced);
}

#[test]
fn a_stale_reading_of_a_key_time_is_no_replacement() {
    let stale = ["2025-12-01T00:00:00Z", "2025-12-15T00:00:00Z"];
    let now = "2026-01-01T00:00:10Z";
    check(
        stale,
        JANUARY,
        JANUARY,
        "P30D",
        now,
        wait("2026-01-31T00:00:00Z"),
    );
}
