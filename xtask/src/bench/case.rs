//! Which fleets are scanned, and how long that takes at least. Pure.
//!
//! Two bounds are computed, and neither knows of processor time, connections or TLS. `l` is the
//! latency, `p(n, s)` = ceil(n / s) how many pages a list has, and a subscription has `a` accounts
//! and `v` vaults, a vault `e` records.
//!
//! **chain** is what nobody can beat who sends these requests: the pages of a list come one after the
//! other, all lists are read at once, a subscription's vaults beside its accounts.
//!
//! ```text
//! chain = l * (1 + p(subscriptions, 100)) + max(l * max(p(a, 100), p(v, 100) + w), t)
//! w = 2 + p(e, 25) + 1    a vault's challenge, a token for it, its list, a record; 0 without a vault
//! t = how long limits make the p(a, 100) + p(v, 100) lists of a subscription wait: 250 reads at once
//!     and 25 a second beyond that; 100 lists of accounts in five minutes
//! ```
//!
//! **steps** is what is left to wait for when a scan goes step by step as ours does, first the
//! accounts, then the vaults, their records and the roles, with 32 places and 4 records of a vault at
//! once, so that few connections are open and few answers in memory. With `r(n)` = ceil(n / 32):
//!
//! ```text
//! steps = l * (1 + p(subscriptions, 100)) + t + l * r(subscriptions) * (p(a, 100) + p(v, 100))
//!       + l * (2 + r(vaults) * (p(e, 25) + ceil(e / 4)))       with a vault
//!       + l * (2 + r(subscriptions))                          with a record: directory, assignments
//! ```

use std::time::Duration;

/// How many subscriptions or vaults are read at once, and records of a vault.
const PLACES_AT_ONCE: u64 = 32;
const RECORDS_AT_ONCE: u64 = 4;
/// Items in a page of Resource Manager, and of Key Vault.
const MANAGEMENT_PAGE: u64 = 100;
const VAULT_PAGE: u64 = 25;
/// Reads of a subscription at once, and how long one more takes.
const READS_AT_ONCE: u64 = 250;
const ONE_MORE_READ: Duration = Duration::from_millis(40);
/// Lists of accounts in a window of the storage provider, and how long that is.
const LISTS: u64 = 100;
const WINDOW: Duration = Duration::from_secs(300);

/// A fleet to scan, and how far away Azure is.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) accounts: u64,
    pub(super) subscriptions: u64,
    pub(super) vaults: u64,
    pub(super) enrolled: u64,
    pub(super) latency: Duration,
}

/// What `bench` scans.
pub(super) static CASES: [Case; 7] = [
    Case::plain(100, 1, Duration::ZERO),
    Case::plain(1000, 1, Duration::ZERO),
    Case::plain(1000, 1, Duration::from_millis(80)),
    Case::plain(10_000, 1, Duration::ZERO),
    Case::plain(10_000, 1, Duration::from_millis(80)),
    Case {
        accounts: 10_000,
        subscriptions: 50,
        vaults: 100,
        enrolled: 2000,
        latency: Duration::from_millis(80),
    },
    Case {
        accounts: 100_000,
        subscriptions: 100,
        vaults: 200,
        enrolled: 20_000,
        latency: Duration::ZERO,
    },
];

impl Case {
    /// A fleet without vaults.
    const fn plain(accounts: u64, subscriptions: u64, latency: Duration) -> Self {
        Self {
            accounts,
            subscriptions,
            vaults: 0,
            enrolled: 0,
            latency,
        }
    }

    /// Describes the case in words.
    pub(super) fn words(&self) -> String {
        format!(
            "{} accounts in {} subscriptions, {} vaults with {} records, {} ms",
            self.accounts,
            self.subscriptions,
            self.vaults,
            self.enrolled,
            self.latency.as_millis()
        )
    }

    /// Describes the fleet as the emulator's `--generate` takes it.
    pub(super) fn sizes(&self) -> String {
        format!(
            "accounts={},subscriptions={},vaults={},enrolled={},seed=7",
            self.accounts, self.subscriptions, self.vaults, self.enrolled
        )
    }

    /// Computes what nobody can beat.
    pub(super) fn chain(&self) -> Duration {
        let vault = match self.vaults {
            0 => 0,
            _ => 2 + pages(self.records(), VAULT_PAGE) + u64::from(self.enrolled > 0),
        };
        let deepest = self.account_pages().max(self.vault_pages() + vault);
        self.times(self.beginning()) + self.times(deepest).max(self.limits())
    }

    /// Computes what is left to wait for with so many places at once and step after step.
    pub(super) fn steps(&self) -> Duration {
        let rounds = self.subscriptions.div_ceil(PLACES_AT_ONCE);
        let lists = rounds * (self.account_pages() + self.vault_pages());
        let records = pages(self.records(), VAULT_PAGE) + self.records().div_ceil(RECORDS_AT_ONCE);
        let vaults = match self.vaults {
            0 => 0,
            _ => 2 + self.vaults.div_ceil(PLACES_AT_ONCE) * records,
        };
        let roles = if self.enrolled > 0 { 2 + rounds } else { 0 };
        self.times(self.beginning() + lists + vaults + roles) + self.limits()
    }

    /// The sign-in and the list of the subscriptions.
    fn beginning(&self) -> u64 {
        1 + pages(self.subscriptions, MANAGEMENT_PAGE)
    }

    fn account_pages(&self) -> u64 {
        pages(self.accounts.div_ceil(self.subscriptions), MANAGEMENT_PAGE)
    }

    fn vault_pages(&self) -> u64 {
        pages(self.vaults.div_ceil(self.subscriptions), MANAGEMENT_PAGE)
    }

    /// How many records one vault has.
    fn records(&self) -> u64 {
        self.enrolled.div_ceil(self.vaults.max(1))
    }

    /// How long the limits of a subscription make its lists wait.
    fn limits(&self) -> Duration {
        let reads = self.account_pages() + self.vault_pages();
        let bucket = ONE_MORE_READ * count(reads.saturating_sub(READS_AT_ONCE));
        let windows = WINDOW * count(self.account_pages().saturating_sub(1) / LISTS);
        bucket.max(windows)
    }

    fn times(&self, requests: u64) -> Duration {
        self.latency * count(requests)
    }
}

/// A list without items has a page too.
fn pages(items: u64, size: u64) -> u64 {
    items.div_ceil(size).max(1)
}

fn count(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(accounts: u64, subscriptions: u64, vaults: u64, enrolled: u64, expected: (u64, u64)) {
        let case = Case {
            accounts,
            subscriptions,
            vaults,
            enrolled,
            latency: Duration::from_millis(80),
        };
        let (chain, steps) = (case.chain(), case.steps());
        let expected = (
            Duration::from_millis(expected.0),
            Duration::from_millis(expected.1),
        );
        assert_eq!((chain, steps), expected, "{}", case.words());
    }

    #[test]
    fn a_bound_is_the_longest_chain_of_requests_and_what_the_limits_make_it_wait() {
        check(0, 1, 0, 0, (80 * 3, 80 * 4));
        check(10_000, 1, 0, 0, (80 * 102, 80 * 103));
        check(10_001, 1, 0, 0, (80 * 2 + 300_000, 80 * 104 + 300_000));
        check(10_000, 50, 100, 2000, (80 * 7, 80 * 38));
    }

    #[test]
    fn as_much_is_done_at_once_as_by_the_scan() {
        let source = include_str!("../../../crates/engine/src/observe/reading.rs");
        for (name, number) in [
            ("PLACES_AT_ONCE", PLACES_AT_ONCE),
            ("RECORDS_AT_ONCE", RECORDS_AT_ONCE),
        ] {
            let line = format!("const {name}: usize = {number};");
            assert!(source.contains(&line), "{line}");
        }
    }
}
