//! Fleets of any size, made up from a seed: the same seed, sizes and day give the same fleet. The mix is that of large
//! tenants: young and old keys, keys of unknown age, accounts without shared keys, vaults of both kinds, enrolments that
//! have stalled, and some accounts that are enrolled twice.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use super::{AccountEntry, Document, Fleet, KeyAge, ManagedEntry, SubscriptionEntry, VaultEntry};
use crate::chance::Chance;

const LOCATIONS: &[&str] = &[
    "westeurope",
    "northeurope",
    "eastus",
    "eastus2",
    "uksouth",
    "southeastasia",
];
const TEAMS: &[&str] = &[
    "billing", "data", "iot", "logs", "media", "portal", "search", "shop",
];
const STAGES: &[&str] = &["dev", "test", "prod"];
const PERIODS: &[&str] = &[
    "P30D", "P30D", "P30D", "P30D", "P90D", "P90D", "P90D", "P45D", "P15D", "P180D",
];
/// How many accounts share a resource group, roughly.
const PER_GROUP: u64 = 20;
/// Every so many enrolments, one is of an account that is enrolled already.
const TWICE: u64 = 97;

/// What a made-up fleet holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// How many storage accounts.
    pub accounts: u64,
    /// Over how many subscriptions.
    pub subscriptions: u64,
    /// How many vaults.
    pub vaults: u64,
    /// How many enrolments in them.
    pub enrolled: u64,
    /// Which fleet of these sizes.
    pub seed: u64,
}

/// A text that names no sizes.
#[derive(Debug, Error)]
#[error(
    "`{part}` is no size of a fleet: write accounts=N, subscriptions=N, vaults=N, enrolled=N and seed=N, with commas between"
)]
pub struct SizesError {
    part: String,
}

impl FromStr for Sizes {
    type Err = SizesError;

    /// Reads `accounts=10000,subscriptions=50,vaults=100,enrolled=2000,seed=7`; whatever is left out is small.
    ///
    /// # Errors
    ///
    /// Fails at a name that is not known, at a value that is no number, and at enrolments without a vault or an account.
    fn from_str(text: &str) -> Result<Self, SizesError> {
        let mut sizes = Self {
            accounts: 100,
            subscriptions: 1,
            vaults: 1,
            enrolled: 0,
            seed: 0,
        };
        for part in text.split(',') {
            let refused = || SizesError {
                part: part.to_owned(),
            };
            let (name, value) = part.split_once('=').ok_or_else(refused)?;
            let value: u64 = value.trim().parse().map_err(|_| refused())?;
            let place = match name.trim() {
                "accounts" => &mut sizes.accounts,
                "subscriptions" => &mut sizes.subscriptions,
                "vaults" => &mut sizes.vaults,
                "enrolled" => &mut sizes.enrolled,
                "seed" => &mut sizes.seed,
                _ => return Err(refused()),
            };
            *place = value;
        }
        sizes.check()
    }
}

impl Sizes {
    fn check(self) -> Result<Self, SizesError> {
        let refused = |part: String| Err(SizesError { part });
        if self.subscriptions == 0 {
            return refused("subscriptions=0".to_owned());
        }
        if self.enrolled > 0 && (self.vaults == 0 || self.enrolled > self.accounts) {
            return refused(format!("enrolled={}", self.enrolled));
        }
        Ok(self)
    }
}

impl Fleet {
    /// Makes up a fleet as old as it would be at `now`.
    #[must_use]
    pub fn generated(sizes: Sizes, now: Timestamp) -> Self {
        Self {
            document: Document::default(),
            maker: Some(Maker { sizes, now }),
        }
    }
}

/// Makes up entries of a fleet document, each by its number alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Maker {
    sizes: Sizes,
    now: Timestamp,
}

/// What a number is drawn for, so that draws do not depend on each other.
#[derive(Clone, Copy)]
enum Draw {
    Place,
    Age,
    OtherAge,
    Kind,
    Policy,
    Switch,
    Tags,
    Vault,
    Period,
    Role,
    Date,
}

impl Maker {
    /// Makes up the subscriptions one after the other.
    pub(super) fn subscriptions(&self) -> impl Iterator<Item = SubscriptionEntry> {
        (0..self.sizes.subscriptions).map(|at| self.subscription(at))
    }

    fn subscription(&self, at: u64) -> SubscriptionEntry {
        let mine = |count: u64| {
            (at..count).step_by(usize::try_from(self.sizes.subscriptions).unwrap_or(usize::MAX))
        };
        SubscriptionEntry {
            id: format!("50b5c000-0000-4000-8000-{:012x}", at + 1),
            name: Some(format!("generated {}", at + 1)),
            accounts: mine(self.sizes.accounts)
                .map(|account| self.account(account))
                .collect(),
            sites: Vec::new(),
            clusters: Vec::new(),
            vaults: mine(self.sizes.vaults)
                .map(|vault| self.vault(vault))
                .collect(),
            locks: Vec::new(),
        }
    }

    fn account(&self, at: u64) -> AccountEntry {
        let (key1_created, key2_created) = self.ages(at);
        let has_ages = !matches!(
            (&key1_created, &key2_created),
            (KeyAge::Unknown, _) | (_, KeyAge::Unknown)
        );
        let days = match self.draw(at, Draw::Policy, 100) {
            0..15 => Some(90),
            15..25 => Some(60),
            _ => None,
        };
        let allow_shared_key = match self.draw(at, Draw::Switch, 100) {
            0..12 => Some(false),
            12..40 => Some(true),
            _ => None,
        };
        let is_tagged = self.draw(at, Draw::Tags, 2) == 0;
        let tags = [("team", self.team(at)), ("stage", self.stage(at))];
        let tags = tags.into_iter().filter(|_| is_tagged);
        AccountEntry {
            resource_group: self.group(at),
            name: account_name(at),
            location: Some(self.pick(at, Draw::Place, LOCATIONS)),
            key1_created,
            key2_created,
            key_expiration_days: days.filter(|_| has_ages),
            allow_shared_key,
            tags: tags
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        }
    }

    /// Gives when both keys were made: before the enrolment of an account that has one.
    fn ages(&self, at: u64) -> (KeyAge, KeyAge) {
        let enrolled = self
            .enrolment_of(at)
            .map_or(0, |place| self.days_enrolled(place));
        let created = |days: u64| KeyAge::Created(self.before(enrolled + days));
        let old = 400 + self.draw(at, Draw::OtherAge, 1100);
        match self.draw(at, Draw::Kind, 100) {
            0..35 => (
                created(self.draw(at, Draw::Age, 80)),
                created(self.draw(at, Draw::OtherAge, 80)),
            ),
            35..60 => {
                let days = 90 + self.draw(at, Draw::Age, 310);
                (created(days), created(days))
            }
            60..80 => (created(old), created(old)),
            80..92 => (created(self.draw(at, Draw::Age, 80)), created(old)),
            92..97 => (KeyAge::Unknown, KeyAge::Unknown),
            _ => (created(self.draw(at, Draw::Age, 300)), KeyAge::Unknown),
        }
    }

    fn vault(&self, at: u64) -> VaultEntry {
        let count = self.sizes.vaults.max(1);
        let mine = (at..self.sizes.enrolled).step_by(usize::try_from(count).unwrap_or(usize::MAX));
        VaultEntry {
            resource_group: "rg-vaults".to_owned(),
            name: format!("kv-{at:06}"),
            location: Some(self.pick(at, Draw::Vault, LOCATIONS)),
            rbac: self.draw(at, Draw::Vault, 10) < 2,
            soft_delete_days: Some(if self.draw(at, Draw::Switch, 10) < 7 {
                90
            } else {
                7
            }),
            purge_protection: false,
            access_policies: None,
            managed: mine.map(|place| self.managed(place)).collect(),
        }
    }

    fn managed(&self, place: u64) -> ManagedEntry {
        let account = account_name(self.account_of(place));
        ManagedEntry {
            name: format!("{account}x{}", place % TWICE),
            account,
            active_key: if self.draw(place, Draw::Kind, 2) == 0 {
                "key1"
            } else {
                "key2"
            }
            .to_owned(),
            auto_regenerate: self.draw(place, Draw::Switch, 100) < 92,
            period: self.pick(place, Draw::Period, PERIODS),
            enrolled: Some(self.before(self.days_enrolled(place))),
            key_vault_role: self.draw(place, Draw::Role, 100) >= 6,
            definitions: Vec::new(),
        }
    }

    /// Gives the account of an enrolment: they are spread over all, and now and then two are of the same one.
    fn account_of(&self, place: u64) -> u64 {
        let place = if place % TWICE == TWICE - 1 {
            place - 1
        } else {
            place
        };
        place * self.sizes.accounts / self.sizes.enrolled.max(1)
    }

    fn enrolment_of(&self, account: u64) -> Option<u64> {
        let Sizes {
            accounts, enrolled, ..
        } = self.sizes;
        let guess = (account * enrolled).div_ceil(accounts.max(1));
        (guess < enrolled && self.account_of(guess) == account).then_some(guess)
    }

    fn days_enrolled(&self, place: u64) -> u64 {
        let place = if place % TWICE == TWICE - 1 {
            place - 1
        } else {
            place
        };
        self.draw(place, Draw::Date, 300)
    }

    fn group(&self, at: u64) -> String {
        let number = at / self.sizes.subscriptions / PER_GROUP;
        format!(
            "rg-{}-{}-{number:04}",
            self.team(number),
            self.stage(number)
        )
    }

    fn team(&self, at: u64) -> &'static str {
        let index = usize::try_from(at).unwrap_or_default() % TEAMS.len();
        TEAMS.get(index).copied().unwrap_or_default()
    }

    fn stage(&self, at: u64) -> &'static str {
        let index = usize::try_from(at).unwrap_or_default() % STAGES.len();
        STAGES.get(index).copied().unwrap_or_default()
    }

    /// Gives the time so many whole days before now.
    fn before(&self, days: u64) -> String {
        let span = SignedDuration::from_hours(24 * i64::try_from(days).unwrap_or_default());
        let time = self.now.checked_sub(span).unwrap_or(self.now);
        time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    fn pick(&self, at: u64, draw: Draw, from: &[&str]) -> String {
        let count = u64::try_from(from.len()).unwrap_or(1);
        let index = usize::try_from(self.draw(at, draw, count)).unwrap_or_default();
        from.get(index).copied().unwrap_or_default().to_owned()
    }

    fn draw(&self, at: u64, draw: Draw, below: u64) -> u64 {
        Chance::of(self.sizes.seed, at * 16 + draw as u64).below(below)
    }
}

fn account_name(at: u64) -> String {
    format!("stgen{at:08}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::build::build;
    use crate::world::World;

    const SIZES: &str = "accounts=2000,subscriptions=5,vaults=10,enrolled=400,seed=7";

    fn world(sizes: &str) -> World {
        let now: Timestamp = "2026-06-01T00:00:00Z".parse().expect("a valid time");
        let fleet = Fleet::generated(sizes.parse().expect("valid sizes"), now);
        build(&fleet, 0, now).expect("a world").0
    }

    #[test]
    fn a_fleet_has_the_sizes_that_were_asked_for() {
        let world = world(SIZES);
        let enrolments = || {
            world
                .vaults
                .values()
                .flat_map(|vault| vault.enrolments.values())
        };
        assert_eq!(
            (
                world.accounts.len(),
                world.subscriptions.len(),
                world.vaults.len(),
                enrolments().count()
            ),
            (2000, 5, 10, 400)
        );
        let mut accounts: Vec<&str> = enrolments().map(|one| one.resource_id.as_str()).collect();
        accounts.sort_unstable();
        accounts.dedup();
        assert_eq!(accounts.len(), 400 - 400 / 97, "some are enrolled twice");
        assert!(world.stalled > 0, "some have stalled");
        let unknown = world
            .accounts
            .values()
            .filter(|one| one.key_created.key2.is_none())
            .count();
        assert!((100..220).contains(&unknown), "{unknown} of unknown age");
    }

    #[test]
    fn the_seed_makes_the_fleet() {
        let ages = |world: &World| -> Vec<_> {
            world.accounts.values().map(|one| one.key_created).collect()
        };
        assert_eq!(ages(&world(SIZES)), ages(&world(SIZES)));
        assert_ne!(
            ages(&world(SIZES)),
            ages(&world(&SIZES.replace("seed=7", "seed=8")))
        );
    }

    #[test]
    fn what_names_no_sizes_is_refused() {
        for text in [
            "",
            "accounts",
            "accounts=many",
            "colour=3",
            "subscriptions=0",
            "accounts=1,enrolled=2",
            "vaults=0,enrolled=1",
        ] {
            assert!(text.parse::<Sizes>().is_err(), "{text}");
        }
    }
}
