//! Watches the keys themselves: which were regenerated, whether that was due, and whether what is published works.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::cast::{Account, Care, Cast};
use super::terms::{MAX_AGE_DAYS, PERIOD_DAYS, WAIT_HOURS};
use super::verdict::{Verdicts, Wrong};
use super::world::{Keys, Version, World};

/// Two clocks that tell of one moment may be so far apart.
const SLACK: SignedDuration = SignedDuration::from_mins(2);

/// When the keys of an account were made, and how often, at the last look.
type Known = ([Option<Timestamp>; 2], [u64; 2]);

/// The one who watches.
#[derive(Default)]
pub(super) struct Keeper {
    known: BTreeMap<String, Known>,
    /// Regenerations by vaults on their own.
    pub(super) by_vaults: u64,
    /// Regenerations by `rotate`.
    pub(super) by_rotate: u64,
    /// Versions of published secrets.
    pub(super) versions: u64,
}

impl Keeper {
    /// Looks at every account that somebody cares for.
    pub(super) fn look(&mut self, cast: &Cast, world: &World, verdicts: &mut Verdicts) {
        let versions = world.published.values().map(Vec::len);
        self.versions = versions.map(|length| length as u64).sum();
        for account in &cast.accounts {
            let Some(keys) = world.keys.get(&account.name) else {
                verdicts.find(Wrong::LostKey, &format!("{}: it is gone", account.name));
                continue;
            };
            self.note_turns(account, keys, verdicts);
            check_age(account, keys, world.now, verdicts);
            let secret = world.published.get(&format!("st-{}", account.name));
            if let Some(versions) = secret {
                check_published(account, keys, versions, world.now, verdicts);
            }
        }
    }

    fn note_turns(&mut self, account: &Account, keys: &Keys, verdicts: &mut Verdicts) {
        let now = (keys.made, keys.regenerations);
        let Some((made, regenerations)) = self.known.insert(account.name.clone(), now) else {
            return;
        };
        let slots = regenerations.iter().zip(&keys.regenerations);
        for ((before, after), (old, new)) in slots.zip(made.iter().zip(&keys.made)) {
            let turns = after - before;
            if turns == 0 {
                continue;
            }
            let least = match account.care {
                Care::Vault(days) => {
                    self.by_vaults += turns;
                    Some(days * 2)
                }
                Care::Direct => {
                    self.by_rotate += turns;
                    Some(PERIOD_DAYS)
                }
                Care::Nobody(_) => None,
            };
            if turns > 1 || !was_due(*old, *new, least) {
                let name = &account.name;
                let text = format!("{name}: {turns} times, of {old:?}, at {new:?}");
                verdicts.find(Wrong::NeedlessRegeneration, &text);
            }
        }
    }
}

/// Tells whether a key was old enough to be regenerated; `least` is how many days it serves, or nothing if nobody may
/// regenerate it.
fn was_due(old: Option<Timestamp>, new: Option<Timestamp>, least: Option<u32>) -> bool {
    match (old, new, least) {
        (Some(old), Some(new), Some(days)) => new.duration_since(old) + SLACK >= days_of(days),
        _ => false,
    }
}

fn check_age(account: &Account, keys: &Keys, now: Timestamp, verdicts: &mut Verdicts) {
    if matches!(account.care, Care::Nobody(_)) {
        return;
    }
    let is_old = |made: &Option<Timestamp>| {
        made.is_none_or(|made| now.duration_since(made) > days_of(MAX_AGE_DAYS))
    };
    if keys.made.iter().any(is_old) {
        let text = format!("{}: keys of {:?} at {now}", account.name, keys.made);
        verdicts.find(Wrong::Overdue, &text);
    }
}

/// Expects that the newest version is a present key, and the one before it as well, as long as clients have for it.
fn check_published(
    account: &Account,
    keys: &Keys,
    versions: &[Version],
    now: Timestamp,
    verdicts: &mut Verdicts,
) {
    let is_present = |version: &Version| keys.values.contains(&version.value);
    let mut newest_first = versions.iter().rev();
    let Some(newest) = newest_first.next() else {
        return;
    };
    if !is_present(newest) {
        let text = format!("{}: the published key does not work", account.name);
        verdicts.find(Wrong::LostKey, &text);
    }
    let wait = SignedDuration::from_hours(i64::from(WAIT_HOURS)) - SLACK;
    let Some(before) = newest_first.next() else {
        return;
    };
    if now.duration_since(newest.created) < wait && !is_present(before) {
        let text = format!("{}: clients may still use the key before", account.name);
        verdicts.find(Wrong::LostKey, &text);
    }
}

fn days_of(days: u32) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(days))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn a_key_may_go_once_it_has_served_and_only_if_somebody_cares() {
        let (old, new) = ("2026-01-01T00:00:00Z", "2026-01-13T00:00:00Z");
        let check = |old: &str, least, expected| {
            let due = was_due(Some(moment(old)), Some(moment(new)), least);
            assert_eq!(due, expected, "{old} {least:?}");
        };
        check(old, Some(12), true);
        check("2026-01-01T01:00:00Z", Some(12), false);
        check(old, None, false);
        assert!(!was_due(None, Some(moment(new)), Some(12)));
    }

    #[test]
    fn the_key_before_has_to_work_while_clients_may_use_it() {
        let account = Account {
            name: "stone".to_owned(),
            team: 0,
            care: Care::Direct,
            made: None,
        };
        let keys = |values: [&str; 2]| Keys {
            values: values.map(str::to_owned),
            made: [None, None],
            regenerations: [0, 0],
        };
        let version = |value: &str, created: &str| Version {
            value: value.to_owned(),
            created: moment(created),
        };
        let versions = [
            version("a", "2026-01-01T00:00:00Z"),
            version("b", "2026-01-02T00:00:00Z"),
        ];
        let check = |present: [&str; 2], now: &str, expected: u64| {
            let mut verdicts = Verdicts::default();
            check_published(
                &account,
                &keys(present),
                &versions,
                moment(now),
                &mut verdicts,
            );
            assert_eq!(
                verdicts.count(Wrong::LostKey),
                expected,
                "{present:?} {now}"
            );
        };
        check(["a", "b"], "2026-01-02T01:00:00Z", 0);
        check(["c", "b"], "2026-01-02T01:00:00Z", 1);
        check(["c", "b"], "2026-01-02T12:00:00Z", 0);
        check(["a", "c"], "2026-01-02T12:00:00Z", 1);
        check(["c", "d"], "2026-01-02T01:00:00Z", 2);
    }
}
