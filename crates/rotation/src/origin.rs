//! Was a key renewed by the vault that manages it, or behind the vault's back?
//!
//! A vault goes on signing with the key that it remembers. If somebody regenerated that key in the
//! account itself, every token that the vault mints is dead from birth. The vault's record does not
//! say so; what tells is when the keys were made and when the record was.
//!
//! A regeneration through the vault leaves its time in the record. Whether a turn that the vault
//! makes by itself does so too is not documented; so a key that is younger than its record is still
//! the vault's if it was made when a turn was due.

use jiff::{SignedDuration, Timestamp};

use crate::enrolment::{RecordTimes, Terms};
use crate::observation::KeyTimes;
use crate::period::Period;
use crate::slot::KeySlot;

/// A vault notes the time of a record and the account that of a key by different clocks.
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(10);

/// The vault writes its record right after the account has made the key.
const SAME_MOMENT: SignedDuration = SignedDuration::from_secs(5);

/// How late a turn may be and still be taken for one.
const LATE: SignedDuration = SignedDuration::from_hours(24);

/// What a vault's record says of its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// The slot that the vault signs with.
    pub active: KeySlot,
    /// When the record was made and changed.
    pub times: RecordTimes,
    /// Whether the vault renews keys by itself.
    pub turns: Turns,
}

/// Whether a vault renews keys by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turns {
    /// It renews none.
    Never,
    /// It renews the idle key that often.
    Every(Period),
    /// The record does not say, or not exactly.
    Untold,
}

impl Turns {
    /// Reads it from the settings of an enrolment.
    pub fn of(terms: &Terms) -> Self {
        match (terms.auto_regenerate, terms.period) {
            (false, _) => Self::Never,
            (true, Some(period)) => Self::Every(period.period()),
            (true, None) => Self::Untold,
        }
    }
}

/// What was noted when a token of the active slot was minted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noted {
    /// When the key of that slot had been made.
    pub made: Timestamp,
    /// When the token was minted, by another clock than Azure's.
    pub minted: Timestamp,
}

/// Who made a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The vault, or the vault has read it since.
    Vault,
    /// Somebody else, so the vault remembers another one.
    Elsewhere,
    /// What was seen fits both.
    Untold,
}

/// Says who made the active key; nothing if it is not known when it was made.
pub fn of_active(record: &Record, times: &KeyTimes, noted: Option<Noted>) -> Option<Origin> {
    let made = (*times.of(record.active))?;
    let Some(created) = record.times.created.or(record.times.updated) else {
        return Some(Origin::Untold);
    };
    if made <= after(created, SAME_MOMENT) {
        return Some(Origin::Vault);
    }
    let changed = record.times.updated.map_or(created, |at| at.max(created));
    let idle = *times.of(record.active.other());
    // Terms that changed since, or about then, may have been others when the key was made.
    let is_settled = made > after(changed, CLOCKS_APART);
    if is_settled && noted.is_some_and(|noted| stayed_active(noted, made, idle, changed)) {
        return Some(Origin::Elsewhere);
    }
    Some(match record.turns {
        Turns::Every(period) => by_turns(period, made, idle, [created, changed], is_settled),
        Turns::Never if is_settled => Origin::Elsewhere,
        Turns::Never | Turns::Untold => Origin::Untold,
    })
}

/// Tells whether the idle key was made by somebody else. The vault makes the key that it regenerates
/// the active one, so an idle key that is younger than both the record and the active key was not
/// made by it.
pub fn idle_is_foreign(record: &Record, times: &KeyTimes) -> bool {
    let RecordTimes { created, updated } = record.times;
    let (Some(made), Some(since)) = (*times.of(record.active.other()), created.max(updated)) else {
        return false;
    };
    let active = *times.of(record.active);
    made > after(since, CLOCKS_APART) && active.is_none_or(|active| made > active)
}

/// Tells whether the slot has been the active one all the time since a token was minted: a turn
/// renews the idle key, so it cannot have renewed this one.
fn stayed_active(
    noted: Noted,
    made: Timestamp,
    idle: Option<Timestamp>,
    changed: Timestamp,
) -> bool {
    let is_before = |time: Timestamp| after(time, CLOCKS_APART) <= noted.minted;
    let idle_stayed = idle.is_none_or(|idle| idle <= noted.made || is_before(idle));
    made > noted.made && idle_stayed && is_before(changed)
}

fn by_turns(
    period: Period,
    made: Timestamp,
    idle: Option<Timestamp>,
    [created, changed]: [Timestamp; 2],
    is_settled: bool,
) -> Origin {
    // What was made later is no trace of an earlier turn.
    let last = idle.filter(|idle| *idle < made);
    let last = last.map_or(created, |idle| idle.max(created));
    let is_turn = |begun: Timestamp| {
        let due = period.after(begun);
        made >= before(due, CLOCKS_APART) && made <= after(due, LATE)
    };
    if is_turn(last) || is_turn(changed) {
        return Origin::Vault;
    }
    let is_early = made < period.after(last);
    // The idle key may have been renewed on request, which need not begin the period anew.
    let on_request = last.duration_since(created).abs() <= CLOCKS_APART
        && idle.is_some_and(|idle| idle.duration_since(created).abs() <= CLOCKS_APART);
    if is_settled && is_early && !on_request {
        Origin::Elsewhere
    } else {
        Origin::Untold
    }
}

fn after(time: Timestamp, length: SignedDuration) -> Timestamp {
    time.saturating_add(length).unwrap_or(Timestamp::MAX)
}

fn before(time: Timestamp, length: SignedDuration) -> Timestamp {
    time.saturating_sub(length).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests;
