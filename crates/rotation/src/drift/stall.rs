//! Has a vault that promised to renew the keys stopped doing so?
//!
//! At every turn, one period after the last, a vault renews the idle key and makes it active. So
//! two things prove that it stopped: no key is younger than one period, or some key is older than
//! two. Neither can be said before the record has itself been in force that long: an account that
//! was enrolled yesterday has old keys and a vault that kept every promise.

use jiff::Timestamp;

use crate::observation::{Enrolment, KeyTimes, Observation, PerSlot, Renewal, SeenPeriod};
use crate::period::Period;
use crate::slot::KeySlot;

/// How many days a vault may be late before it is called stalled.
const GRACE_DAYS: u32 = 1;

/// The vault records that stopped renewing, and what they owe.
#[derive(Debug)]
pub(super) struct Stall<'a> {
    owed: Vec<Owed<'a>>,
}

/// One record that owes the renewal of at least one key.
#[derive(Debug)]
pub(super) struct Owed<'a> {
    pub(super) enrolment: &'a Enrolment,
    pub(super) period: Period,
    late: PerSlot<bool>,
}

impl Stall<'_> {
    pub(super) fn is_late(&self, slot: KeySlot) -> bool {
        self.owed.iter().any(|owed| *owed.late.of(slot))
    }

    pub(super) fn owed(&self) -> &[Owed<'_>] {
        &self.owed
    }
}

impl Owed<'_> {
    pub(super) fn slots(&self) -> impl Iterator<Item = KeySlot> {
        KeySlot::ALL.into_iter().filter(|slot| *self.late.of(*slot))
    }
}

/// Finds the records that owe a renewal at the moment `now`.
pub(super) fn find(observation: &Observation, now: Timestamp) -> Stall<'_> {
    let owed = observation.enrolments.iter().filter_map(|enrolment| {
        let period = enrolment.period.as_ref().and_then(SeenPeriod::length)?;
        (enrolment.renewal == Renewal::Automatic).then_some(())?;
        let idle = idle_slot_that_is_late(enrolment, period, observation.key_times, now);
        let late = PerSlot::from_slots(|slot| {
            idle == Some(slot)
                || is_late_by_two_turns(enrolment, period, *observation.key_times.of(slot), now)
        });
        (late.key1 || late.key2).then_some(Owed {
            enrolment,
            period,
            late,
        })
    });
    Stall {
        owed: owed.collect(),
    }
}

/// The idle key, if no key was renewed for longer than a period. Both ages must be known for that.
fn idle_slot_that_is_late(
    enrolment: &Enrolment,
    period: Period,
    key_times: KeyTimes,
    now: Timestamp,
) -> Option<KeySlot> {
    let (key1, key2) = (key_times.key1?, key_times.key2?);
    let last_turn = begun(enrolment, key1.max(key2));
    let older = if key1 <= key2 {
        KeySlot::Key1
    } else {
        KeySlot::Key2
    };
    is_over(period, last_turn, now).then(|| enrolment.active.map_or(older, KeySlot::other))
}

/// Between two turns both keys have been renewed, whichever of them was idle first.
fn is_late_by_two_turns(
    enrolment: &Enrolment,
    period: Period,
    created_at: Option<Timestamp>,
    now: Timestamp,
) -> bool {
    created_at.is_some_and(|made| is_over(period.doubled(), begun(enrolment, made), now))
}

/// A promise counts from the last renewal, or from when it was given if that was later.
fn begun(enrolment: &Enrolment, renewed_at: Timestamp) -> Timestamp {
    enrolment
        .enrolled_at
        .map_or(renewed_at, |enrolled_at| enrolled_at.max(renewed_at))
}

fn is_over(length: Period, start: Timestamp, now: Timestamp) -> bool {
    now > Period::days(GRACE_DAYS).after(length.after(start))
}
