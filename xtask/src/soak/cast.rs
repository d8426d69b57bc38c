//! Who plays in a soak: the accounts, who cares for them, and where their tokens and keys are put.
//!
//! Half of the accounts are in the care of a vault, two in five are rotated directly, and nobody cares
//! for the rest, which lie in a subscription of their own. The teams have a subscription, a vault and a
//! cluster each.

use jiff::{SignedDuration, Timestamp};

use super::draw::Draw;
use super::terms::{MAX_AGE_DAYS, Terms};

/// The resource group of everything.
pub(super) const GROUP: &str = "rg-soak";
/// The SAS definition of every enrolment.
pub(super) const DEFINITION: &str = "soak";
/// The accounts of a team, those nobody cares for not counted, at the most.
const TEAM: u32 = 50;
/// Periods of vaults, in days. Each key lives for two of them.
const PERIODS: [u32; 4] = [1, 3, 7, 10];
/// The names of the accounts that are rotated directly.
pub(super) const DIRECT: [&str; 4] = ["*5", "*6", "*7", "*8"];
/// A key of this age, in hours, is due for `rotate` within a day.
const NEARLY_DUE: u64 = 23 * 24 + 8;

/// Who sees to it that the keys of an account stay young.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Care {
    /// A vault, once in so many days.
    Vault(u32),
    /// `rotate`, which publishes the key in use.
    Direct,
    /// Nobody.
    Nobody(Neglect),
}

/// What has become of an account that nobody cares for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Neglect {
    /// Its keys are old.
    Old,
    /// Azure does not know how old its keys are.
    AgeUnknown,
    /// Its keys become too old during the soak.
    Ageing,
    /// Its keys are old, and it refuses them.
    KeysRefused,
    /// It is enrolled in a vault that lacks its role.
    Stalled,
}

/// One account.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) team: u32,
    pub(super) care: Care,
    /// When both its keys were made; nothing if Azure does not know.
    pub(super) made: Option<Timestamp>,
}

/// Where something is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    File,
    Cluster,
}

/// Something that is put somewhere: a token of an account in a vault's care, or the published key.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) account: Account,
    pub(super) place: Place,
}

/// Everybody.
#[derive(Clone, Debug)]
pub(super) struct Cast {
    pub(super) start: Timestamp,
    pub(super) teams: u32,
    pub(super) accounts: Vec<Account>,
    pub(super) targets: Vec<Target>,
}

impl Cast {
    /// Makes everybody up.
    pub(super) fn of(terms: &Terms, start: Timestamp) -> Self {
        let teams = terms.accounts.div_ceil(TEAM).max(2);
        let mut draw = Draw::of(terms.seed);
        let accounts: Vec<Account> = (0..terms.accounts)
            .map(|number| account(number, teams, start, &mut draw))
            .collect();
        let wanted = accounts
            .iter()
            .filter(|account| !matches!(account.care, Care::Nobody(_)));
        let targets = wanted.enumerate().filter(|(number, _)| number % 2 == 0);
        let targets = targets.map(|(number, account)| Target {
            account: account.clone(),
            place: if number.is_multiple_of(4) {
                Place::File
            } else {
                Place::Cluster
            },
        });
        Self {
            start,
            teams,
            targets: targets.collect(),
            accounts,
        }
    }

    /// The number behind those of the teams: the subscription of what nobody cares for.
    pub(super) fn left_alone(&self) -> u32 {
        self.teams
    }
}

/// Gives the subscription of a team.
pub(super) fn subscription(team: u32) -> String {
    format!("50a4c000-0000-4000-8000-{team:012}")
}

/// Gives the vault of a team.
pub(super) fn vault(team: u32) -> String {
    format!("kv-soak-{team:03}")
}

/// Gives the cluster of a team.
pub(super) fn cluster(team: u32) -> String {
    format!("aks-soak-{team:03}")
}

impl Target {
    /// Gives the name of its file or of its secret in the cluster.
    pub(super) fn name(&self) -> &str {
        &self.account.name
    }

    /// Gives the identifier of what is put there.
    pub(super) fn source(&self) -> String {
        let Account {
            name, team, care, ..
        } = &self.account;
        let vault = vault(*team);
        match care {
            Care::Vault(_) => {
                format!("https://{vault}.vault.azure.net/storage/{name}/sas/{DEFINITION}")
            }
            _ => format!("https://{vault}.vault.azure.net/secrets/st-{name}"),
        }
    }
}

fn account(number: u32, teams: u32, start: Timestamp, draw: &mut Draw) -> Account {
    let team = number / 10 % teams;
    let care = match number % 10 {
        0..=4 => Care::Vault(drawn(&PERIODS, draw)),
        5..=8 => Care::Direct,
        _ => Care::Nobody(neglect(number / 10)),
    };
    let hours = match care {
        // Two turns are over, so that each key is of its own age.
        Care::Vault(days) => u64::from(days) * 48 + draw.below(u64::from(days) * 24),
        Care::Direct if number.is_multiple_of(4) => NEARLY_DUE + draw.below(16),
        // Old enough to be published before the first day.
        Care::Direct => 25 + draw.below(NEARLY_DUE - 25),
        Care::Nobody(Neglect::Ageing) => u64::from(MAX_AGE_DAYS - 4) * 24 + draw.below(10 * 24),
        Care::Nobody(_) => 24 * (100 + draw.below(400)),
    };
    let is_known = care != Care::Nobody(Neglect::AgeUnknown);
    let team = if matches!(care, Care::Nobody(_)) {
        teams
    } else {
        team
    };
    let age = SignedDuration::from_hours(i64::try_from(hours).unwrap_or_default());
    Account {
        name: format!("stsoak{number:05}"),
        team,
        care,
        made: start.checked_sub(age).ok().filter(|_| is_known),
    }
}

fn neglect(number: u32) -> Neglect {
    match number % 5 {
        0 => Neglect::Old,
        1 => Neglect::AgeUnknown,
        2 => Neglect::Ageing,
        3 => Neglect::KeysRefused,
        _ => Neglect::Stalled,
    }
}

fn drawn(all: &[u32], draw: &mut Draw) -> u32 {
    let place = usize::try_from(draw.below(all.len() as u64)).unwrap_or_default();
    all.get(place).copied().unwrap_or(1)
}
