//! Direct two-key rotation: which step comes next, given what was published and how old the keys are.
//!
//! One slot is published: clients use its key. A turn regenerates the key of the other slot, which
//! nobody uses, and then publishes it. The key that was published before stays as it is until the
//! next turn, so that clients that have not looked yet go on working.
//!
//! ```text
//! published    A                    B                    A
//! regenerated                  B                    A
//!              |---- period ---|---- period --------|
//! ```
//!
//! A step that was cut short shows in what is there: a key that is younger than the publication of
//! the other one was regenerated and never published.

use jiff::{SignedDuration, Timestamp};

use crate::observation::KeyTimes;
use crate::period::{Period, RotationPeriod};
use crate::slot::KeySlot;

/// How far apart two readings of one moment may be: Azure writes it with and without fractions.
const SAME_MOMENT: SignedDuration = SignedDuration::from_secs(2);

/// How an owner wants the keys of an account rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How often a turn is made.
    pub period: RotationPeriod,
    /// For how long at least a key stays good after another one was published in its place.
    pub overlap: Period,
    /// The slot that is published first: the one that clients use today.
    pub first: KeySlot,
}

/// What clients are told to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// The slot whose key it is.
    pub slot: KeySlot,
    /// When it was published.
    pub at: Timestamp,
    /// When the key had been made that was published, if whoever published it noted that.
    pub key_created_at: Option<Timestamp>,
}

/// What is known of an account before a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// When each key was made.
    pub key_times: KeyTimes,
    /// What is published; `None` if nothing ever was.
    pub published: Option<Published>,
}

/// The next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Publish the key of a slot as it is; nothing is regenerated.
    Publish {
        /// The slot.
        slot: KeySlot,
        /// Why.
        reason: Reason,
    },
    /// Regenerate the key of a slot that nobody uses, then publish it.
    Turn {
        /// The slot.
        slot: KeySlot,
    },
    /// A turn is due, but clients may still use the key that it would regenerate.
    Wait {
        /// The slot.
        slot: KeySlot,
        /// Until when.
        until: Timestamp,
    },
    /// Nothing is to be done.
    Rest {
        /// Until when.
        until: Timestamp,
    },
}

/// Why a key is published without a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nothing was ever published.
    First,
    /// A turn regenerated it and came no further.
    Unfinished,
    /// Somebody regenerated the key that is published, so what clients are told is dead.
    Replaced,
}

impl Step {
    /// Tells whether the step changes anything.
    pub fn acts(self) -> bool {
        matches!(self, Self::Publish { .. } | Self::Turn { .. })
    }
}

/// Decides on the next step at a moment.
pub fn decide_step(standing: &Standing, terms: &Terms, now: Timestamp) -> Step {
    let Some(published) = standing.published else {
        return Step::Publish {
            slot: terms.first,
            reason: Reason::First,
        };
    };
    let (used, idle) = (published.slot, published.slot.other());
    let [used_made, idle_made] = [used, idle].map(|slot| *standing.key_times.of(slot));
    if was_replaced(&published, used_made) {
        return Step::Publish {
            slot: used,
            reason: Reason::Replaced,
        };
    }
    if idle_made.is_some_and(|made| made.duration_since(published.at) > SAME_MOMENT) {
        return Step::Publish {
            slot: idle,
            reason: Reason::Unfinished,
        };
    }
    let due = due_at(terms, used_made, idle_made);
    let free = terms.overlap.after(published.at);
    match due {
        Some(due) if now < due => Step::Rest {
            until: due.max(free),
        },
        _ if now < free => Step::Wait {
            slot: idle,
            until: free,
        },
        _ => Step::Turn { slot: idle },
    }
}

/// Says when a turn is due: when the key in use has served one period, or the idle one two. A key
/// of unknown age is due at once, which is `None`.
fn due_at(
    terms: &Terms,
    used_made: Option<Timestamp>,
    idle_made: Option<Timestamp>,
) -> Option<Timestamp> {
    let used_until = terms.period.period().after(used_made?);
    let idle_until = terms.period.longest_key_life().after(idle_made?);
    Some(used_until.min(idle_until))
}

/// Tells whether the key in use is another one than the one that was published.
fn was_replaced(published: &Published, made: Option<Timestamp>) -> bool {
    let known = published.key_created_at.unwrap_or(published.at);
    // A reading that is older than what was noted is a stale one.
    made.is_some_and(|made| made.duration_since(known) > SAME_MOMENT)
}

#[cfg(test)]
mod tests;
