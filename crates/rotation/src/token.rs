//! Whether a token that lies where its users read it is still good, and for how long.
//!
//! A token dies in two ways: its own time ends, or the key that signed it is renewed. Key Vault
//! renews the idle key and makes it the active one, so a token of the active key outlives the next
//! turn and dies with the one after it. What is not known never keeps a token: a fresh one costs two
//! requests, a dead one stops a consumer.

use jiff::{SignedDuration, Timestamp};

use crate::observation::KeyTimes;
use crate::period::Period;
use crate::slot::KeySlot;

/// How far two clocks may be apart: a key that was made this shortly before a token may have been
/// made after it.
const SLACK: SignedDuration = SignedDuration::from_mins(5);

/// What is known of a token at its place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Placed {
    /// When it was minted.
    pub minted: Option<Timestamp>,
    /// When its own time ends.
    pub expires: Option<Timestamp>,
    /// Whose key signed it.
    pub slot: Option<KeySlot>,
    /// When that key had been made, as it was seen before the token was minted.
    pub key_made: Option<Timestamp>,
}

/// What is known of the keys that sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signing {
    /// When each key was made; nothing if the account was not read.
    pub key_times: KeyTimes,
    /// The turn that the vault is expected to make next.
    pub next: Option<NextTurn>,
}

/// A turn to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextTurn {
    /// When it is due.
    pub at: Timestamp,
    /// The key that is active until then.
    pub active: KeySlot,
    /// The time between turns.
    pub period: Period,
}

/// What to do about a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Leave it until then.
    Keep {
        /// When it should be replaced.
        until: Timestamp,
    },
    /// Put a fresh one in its place.
    Replace(Reason),
}

/// Why a token is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nobody knows when it was minted or when it ends.
    Unknown,
    /// Its time has ended.
    Expired,
    /// The key that signed it has been renewed since.
    KeyRenewed,
    /// A key has been renewed since, and nobody knows which one signed it.
    KeyMayBeRenewed,
    /// Its end is near enough.
    Due,
}

impl Reason {
    /// Tells whether users are, or may be, without a token that works.
    pub fn is_outage(self) -> bool {
        match self {
            Self::Expired | Self::KeyRenewed | Self::KeyMayBeRenewed | Self::Unknown => true,
            Self::Due => false,
        }
    }

    /// Says it in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "it is not known when it was minted or when it ends",
            Self::Expired => "it has expired",
            Self::KeyRenewed => "the key that signed it has been renewed",
            Self::KeyMayBeRenewed => "a key has been renewed since, perhaps the one that signed it",
            Self::Due => "its end is near",
        }
    }
}

/// How early a token is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lead {
    /// Whether half of its life is the latest moment. Whoever only asks whether a token lasts until
    /// the next run says no.
    pub at_half: bool,
    /// How long before its end, at the latest.
    pub ahead: SignedDuration,
}

/// Judges a token at the moment `now`.
pub fn judge(placed: &Placed, signing: &Signing, lead: Lead, now: Timestamp) -> Judgement {
    let (Some(minted), Some(expires)) = (placed.minted, placed.expires) else {
        return Judgement::Replace(Reason::Unknown);
    };
    if expires <= now {
        return Judgement::Replace(Reason::Expired);
    }
    if let Some(reason) = renewed(placed, &signing.key_times, minted) {
        return Judgement::Replace(reason);
    }
    let until = refresh(minted, end(placed, expires, signing), lead);
    if until <= now {
        return Judgement::Replace(Reason::Due);
    }
    Judgement::Keep { until }
}

/// Says when a token that is minted now should be replaced.
pub fn refresh_at(placed: &Placed, signing: &Signing, lead: Lead) -> Option<Timestamp> {
    let (minted, expires) = (placed.minted?, placed.expires?);
    Some(refresh(minted, end(placed, expires, signing), lead))
}

fn renewed(placed: &Placed, times: &KeyTimes, minted: Timestamp) -> Option<Reason> {
    let since = |slot: KeySlot| {
        let made = (*times.of(slot))?;
        // Two times of Azure's own compare exactly; the clock that told when it was minted is another.
        let is_other = match placed.key_made.filter(|_| placed.slot == Some(slot)) {
            Some(before) => made != before,
            None => made.checked_add(SLACK).ok()? > minted,
        };
        is_other.then_some(())
    };
    match placed.slot {
        Some(slot) => since(slot).map(|()| Reason::KeyRenewed),
        None => KeySlot::ALL
            .into_iter()
            .find_map(since)
            .map(|()| Reason::KeyMayBeRenewed),
    }
}

/// The earlier of its own end and the end of the key that signed it.
fn end(placed: &Placed, expires: Timestamp, signing: &Signing) -> Timestamp {
    let Placed { minted, slot, .. } = *placed;
    let Some(next) = &signing.next else {
        return expires;
    };
    let key_ends = if slot == Some(next.active) {
        next.period.after(next.at)
    } else {
        next.at
    };
    // A turn that should have come before the token was minted is late; nobody knows when it comes.
    if Some(key_ends) <= minted {
        return expires;
    }
    expires.min(key_ends)
}

fn refresh(minted: Timestamp, end: Timestamp, lead: Lead) -> Timestamp {
    let half = if lead.at_half {
        end.duration_since(minted) / 2
    } else {
        SignedDuration::ZERO
    };
    end.checked_sub(half.max(lead.ahead)).unwrap_or(minted)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1_000 + hours)
    }

    fn placed(slot: Option<KeySlot>) -> Placed {
        Placed {
            minted: Some(at(0)),
            expires: Some(at(4)),
            slot,
            key_made: None,
        }
    }

    const HALF: Lead = Lead {
        at_half: true,
        ahead: SignedDuration::ZERO,
    };

    fn check(placed: Placed, signing: Signing, hours: i64, expected: Judgement) {
        let found = judge(&placed, &signing, HALF, at(hours));
        assert_eq!(found, expected, "{placed:?} {signing:?} at {hours}");
    }

    fn keys(key1: i64, key2: i64) -> Signing {
        Signing {
            key_times: KeyTimes {
                key1: Some(at(key1)),
                key2: Some(at(key2)),
            },
            next: None,
        }
    }

    #[test]
    fn a_token_is_replaced_at_half_of_its_life() {
        let token = placed(Some(KeySlot::Key1));
        let keep = Judgement::Keep { until: at(2) };
        check(token, Signing::default(), 0, keep);
        check(token, Signing::default(), 1, keep);
        check(
            token,
            Signing::default(),
            2,
            Judgement::Replace(Reason::Due),
        );
        check(
            token,
            Signing::default(),
            4,
            Judgement::Replace(Reason::Expired),
        );
    }

    #[test]
    fn a_token_dies_with_the_key_that_signed_it() {
        let token = placed(Some(KeySlot::Key1));
        let keep = Judgement::Keep { until: at(2) };
        check(token, keys(-9, 1), 1, keep);
        check(
            token,
            keys(1, -9),
            1,
            Judgement::Replace(Reason::KeyRenewed),
        );
        check(
            token,
            keys(0, -9),
            1,
            Judgement::Replace(Reason::KeyRenewed),
        );
        check(
            placed(None),
            keys(-9, 1),
            1,
            Judgement::Replace(Reason::KeyMayBeRenewed),
        );
        check(placed(None), keys(-9, -9), 1, keep);
    }

    #[test]
    fn the_time_of_the_key_is_compared_exactly_where_it_was_noted() {
        let token = Placed {
            key_made: Some(at(0)),
            ..placed(Some(KeySlot::Key1))
        };
        let keep = Judgement::Keep { until: at(2) };
        check(token, keys(0, -9), 1, keep);
        check(token, keys(0, 1), 1, keep);
        let renewed = Judgement::Replace(Reason::KeyRenewed);
        check(token, keys(1, -9), 1, renewed);
    }

    #[test]
    fn what_is_not_known_never_keeps_a_token() {
        for token in [
            Placed::default(),
            Placed {
                minted: None,
                ..placed(None)
            },
            Placed {
                expires: None,
                ..placed(None)
            },
        ] {
            check(token, keys(-9, -9), 0, Judgement::Replace(Reason::Unknown));
        }
    }

    #[test]
    fn the_turn_that_renews_its_key_is_waited_for_by_no_token() {
        let token = Placed {
            expires: Some(at(100)),
            ..placed(Some(KeySlot::Key1))
        };
        let signing = |active| Signing {
            next: Some(NextTurn {
                at: at(10),
                active,
                period: Period::days(1),
            }),
            ..keys(-9, -9)
        };
        let keep = |hours| Judgement::Keep { until: at(hours) };
        check(token, signing(KeySlot::Key2), 0, keep(5));
        check(token, signing(KeySlot::Key1), 0, keep(17));
        check(
            Placed {
                slot: None,
                ..token
            },
            signing(KeySlot::Key1),
            0,
            keep(5),
        );
    }

    #[test]
    fn a_turn_that_is_late_shortens_no_life() {
        let next = NextTurn {
            at: at(-100),
            active: KeySlot::Key1,
            period: Period::days(1),
        };
        let signing = Signing {
            next: Some(next),
            ..keys(-200, -200)
        };
        let keep = Judgement::Keep { until: at(2) };
        check(placed(Some(KeySlot::Key1)), signing, 0, keep);
    }

    #[test]
    fn a_run_that_comes_seldom_replaces_early() {
        let check = |at_half, hours, expected| {
            let ahead = SignedDuration::from_hours(hours);
            let lead = Lead { at_half, ahead };
            let token = placed(Some(KeySlot::Key1));
            let found = judge(&token, &Signing::default(), lead, at(0));
            assert_eq!(
                found,
                Judgement::Keep {
                    until: at(expected)
                }
            );
            let told = refresh_at(&token, &Signing::default(), lead);
            assert_eq!(told, Some(at(expected)));
        };
        check(true, 3, 1);
        check(true, 1, 2);
        check(false, 1, 3);
    }

    proptest! {
        #[test]
        fn no_kept_token_is_dead_or_outlives_its_moment(
            expires in -50_i64..50, key1 in -50_i64..50, key2 in -50_i64..50, now in -50_i64..50,
            slot in any::<Option<bool>>(), ahead in 0_i64..20,
        ) {
            let slot = slot.map(|one| if one { KeySlot::Key1 } else { KeySlot::Key2 });
            let token = Placed { minted: Some(at(0)), expires: Some(at(expires)), slot, key_made: None };
            let lead = Lead { at_half: true, ahead: SignedDuration::from_hours(ahead) };
            let found = judge(&token, &keys(key1, key2), lead, at(now));
            if let Judgement::Keep { until } = found {
                prop_assert!(now < expires && until > at(now) && until <= at(expires));
                let signer_is_older = match slot {
                    Some(KeySlot::Key1) => key1 < 0,
                    Some(KeySlot::Key2) => key2 < 0,
                    None => key1 < 0 && key2 < 0,
                };
                prop_assert!(signer_is_older);
            }
        }
    }
}
