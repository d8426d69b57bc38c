//! Whether a token that lies where its users read it is still good, and for how long.
//!
//! A token dies in two ways: its own time ends, or the key that signed it is renewed. Key Vault
//! renews the idle key and makes it the active one, so a token of the active key outlives the next
//! turn and dies with the one after it. What is not known never keeps a token: a fresh one costs two
//! requests, a dead one stops a consumer.

use jiff::{SignedDuration, Timestamp};

use crate::observation::KeyTimes;
use crate::origin::{self, Noted, Origin, Record};
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
    /// What the vault's record says; nothing if it was not read.
    pub record: Option<Record>,
}

impl Signing {
    /// Says who made the key that signs now, as far as that is told by the times of keys and record,
    /// and by what was noted beside an earlier token.
    pub fn origin(&self, earlier: &Placed) -> Option<Origin> {
        let record = self.record.as_ref()?;
        let is_of_active = earlier.slot == Some(record.active);
        let noted = earlier
            .key_made
            .zip(earlier.minted)
            .filter(|_| is_of_active);
        let noted = noted.map(|(made, minted)| Noted { made, minted });
        origin::of_active(record, &self.key_times, noted)
    }

    /// Tells whether a token cannot be alive because the vault signs with a key that is none any more.
    fn is_dead(&self, placed: &Placed) -> bool {
        let idle = self.record.map(|record| record.active.other());
        self.origin(placed) == Some(Origin::Elsewhere) && placed.slot != idle
    }
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
    /// The key that signs was regenerated outside the vault, which goes on signing with the old one.
    BehindVault,
    /// A key has been renewed since, and nobody knows which one signed it.
    KeyMayBeRenewed,
    /// Its end is near enough.
    Due,
}

impl Reason {
    /// Tells whether users are, or may be, without a token that works.
    pub fn is_outage(self) -> bool {
        match self {
            Self::Expired
            | Self::KeyRenewed
            | Self::KeyMayBeRenewed
            | Self::BehindVault
            | Self::Unknown => true,
            Self::Due => false,
        }
    }

    /// Says it in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "it is not known when it was minted or when it ends",
            Self::Expired => "it has expired",
            Self::KeyRenewed => "the key that signed it has been renewed",
            Self::BehindVault => {
                "the key that signs was regenerated outside the vault, which signs with the old one"
            }
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
    if minted > now.checked_add(SLACK).unwrap_or(now) {
        return Judgement::Replace(Reason::Unknown);
    }
    if signing.is_dead(placed) {
        return Judgement::Replace(Reason::BehindVault);
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
        // A turn that is late renews the other key whenever it comes; this one has a period from then.
        next.period
            .after(minted.map_or(next.at, |at| at.max(next.at)))
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
    // A token that lives shorter than the lead would be replaced as soon as it is there.
    let ahead = lead.ahead.min(end.duration_since(minted) / 4 * 3);
    end.checked_sub(half.max(ahead)).unwrap_or(minted)
}

#[cfg(test)]
mod tests;
