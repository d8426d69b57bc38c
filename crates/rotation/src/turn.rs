//! Whether the idle key of an enrolled account may be regenerated now, ahead of the vault's own turn.
//!
//! Tokens are signed with the key that was active when they were minted, and die with it. So the
//! idle key may only go once the last token that it can have signed has expired.

use jiff::{SignedDuration, Timestamp};

use crate::enrolment::RecordTimes;
use crate::observation::KeyTimes;
use crate::period::Period;
use crate::slot::KeySlot;

/// What is known of an enrolment when somebody asks for a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The slot that signs tokens now.
    pub active: KeySlot,
    /// When each key was made.
    pub key_times: KeyTimes,
    /// When the record was made and changed.
    pub record: RecordTimes,
    /// How long the longest-lived tokens are good; `None` if nothing mints tokens.
    pub longest_token: Option<Period>,
}

/// What a turn that somebody asks for comes down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Regenerate the key in this slot: nothing depends on it any more.
    Regenerate(KeySlot),
    /// Tokens that the key in this slot has signed may still be in use.
    TooEarly {
        /// The idle slot.
        slot: KeySlot,
        /// When the last of them has expired.
        until: Timestamp,
    },
    /// Nothing tells since when the slot has been idle, so tokens of it may still be in use.
    Unknown {
        /// The idle slot.
        slot: KeySlot,
    },
}

/// Decides about a turn at a moment.
///
/// The idle key stopped signing at the last change of the active one. A regeneration through the
/// vault leaves its mark as the creation of the key it made active; a change of the active key by
/// itself, as the last change of the record. The latest of these marks is taken, so that the wait
/// is rather too long than too short.
pub fn decide_turn(standing: &Standing, now: Timestamp) -> Turn {
    let slot = standing.active.other();
    let Some(longest_token) = standing.longest_token else {
        return Turn::Regenerate(slot);
    };
    let marks = [
        *standing.key_times.of(standing.active),
        standing.record.created,
        standing.record.updated,
    ];
    let Some(idle_since) = marks.into_iter().flatten().max() else {
        return Turn::Unknown { slot };
    };
    let until = longest_token.after(idle_since);
    if until <= now {
        Turn::Regenerate(slot)
    } else {
        Turn::TooEarly { slot, until }
    }
}

/// For how long a new key counts as the work of somebody who may be at it again.
const LATELY: SignedDuration = SignedDuration::from_hours(1);

/// Tells when the key of a slot was renewed, if that was within the last hour. Keys that are as old as
/// each other were made with the account.
pub fn renewed_lately(key_times: &KeyTimes, slot: KeySlot, now: Timestamp) -> Option<Timestamp> {
    let made = (*key_times.of(slot))?;
    let with_the_account = *key_times.of(slot.other()) == Some(made);
    (is_lately(made, now) && !with_the_account).then_some(made)
}

/// Tells whether something happened within the last hour, be it a little ahead of our clock.
pub fn is_lately(made: Timestamp, now: Timestamp) -> bool {
    now.duration_since(made) < LATELY
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::PerSlot;

    #[test]
    fn a_key_that_was_renewed_within_the_hour_is_told_from_one_made_with_the_account() {
        let (noon, before) = (at(NOON).expect("noon"), at("2026-01-01T11:00:01Z"));
        let lately = |key1, key2| renewed_lately(&PerSlot { key1, key2 }, KeySlot::Key1, noon);
        let (old, hour) = (at("2025-01-01T00:00:00Z"), at("2026-01-01T11:00:00Z"));
        assert_eq!(lately(before, old), before);
        assert_eq!(lately(before, None), before);
        assert_eq!(lately(hour, old), None, "an hour ago");
        assert_eq!(lately(before, before), None, "made with the account");
        assert_eq!(lately(old, before), None, "the other one");
        assert_eq!(lately(None, before), None);
        // A clock here that is behind that of Azure.
        assert_eq!(
            lately(at("2026-01-01T12:00:05Z"), old),
            at("2026-01-01T12:00:05Z")
        );
    }

    const NOON: &str = "2026-01-01T12:00:00Z";

    fn at(text: &str) -> Option<Timestamp> {
        text.parse().ok()
    }

    /// Decides with key2 active, at noon; an empty text is an unknown time.
    fn check(key2: &str, [created, updated]: [&str; 2], token: &str, expected: Turn) {
        let standing = Standing {
            active: KeySlot::Key2,
            key_times: PerSlot {
                key1: at("2025-01-01T00:00:00Z"),
                key2: at(key2),
            },
            record: RecordTimes {
                created: at(created),
                updated: at(updated),
            },
            longest_token: token.parse().ok(),
        };
        let found = decide_turn(&standing, at(NOON).expect("noon"));
        assert_eq!(found, expected, "{standing:?}");
    }

    fn too_early(until: &str) -> Turn {
        Turn::TooEarly {
            slot: KeySlot::Key1,
            until: at(until).expect("a time"),
        }
    }

    #[test]
    fn the_idle_key_goes_at_the_very_second_its_last_token_ends() {
        let idle = Turn::Regenerate(KeySlot::Key1);
        let record = ["2025-06-01T00:00:00Z", "2025-06-01T00:00:00Z"];
        check("2026-01-01T08:00:00Z", record, "PT4H", idle);
        let early = too_early("2026-01-01T12:00:01Z");
        check("2026-01-01T08:00:01Z", record, "PT4H", early);
    }

    #[test]
    fn the_latest_trace_of_a_change_counts() {
        let (june, morning) = ("2025-06-01T00:00:00Z", "2026-01-01T11:00:00Z");
        let early = too_early("2026-01-01T15:00:00Z");
        check(june, [june, morning], "PT4H", early);
        check(june, [morning, ""], "PT4H", early);
        check("", [june, june], "PT4H", Turn::Regenerate(KeySlot::Key1));
    }

    #[test]
    fn without_tokens_nothing_is_waited_for_and_without_traces_nothing_is_done() {
        check(NOON, [NOON, NOON], "", Turn::Regenerate(KeySlot::Key1));
        let unknown = Turn::Unknown {
            slot: KeySlot::Key1,
        };
        check("", ["", ""], "PT4H", unknown);
    }
}
