//! Which published limits a request counts against, and whose turn is when. Pure.
//!
//! Resource Manager: a bucket for each subscription and kind of operation. The storage provider:
//! windows for each subscription; Azure has one for each region of it as well, which a list does not
//! name. Key Vault: a window for each vault.

use std::collections::VecDeque;

use azure_core::http::{Method, Url};
use jiff::{SignedDuration, Timestamp};

/// How much sooner than sent a request may count: answers take different ways. In a short window it is
/// less, or little could be sent at all.
const JITTER: SignedDuration = SignedDuration::from_millis(500);

/// One limit: what is limited, and by how much.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Limit {
    /// The subscription or the vault.
    place: String,
    kind: Kind,
}

/// What is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// 250 reads, and 25 more a second.
    Reads,
    /// 200 writes, and 10 more a second.
    Writes,
    /// 200 deletions, and 10 more a second.
    Deletions,
    /// 100 lists of storage accounts in five minutes.
    AccountLists,
    /// 800 readings of storage accounts in five minutes.
    AccountReads,
    /// 10 changes of storage accounts in a second; to list keys counts as one.
    AccountChanges,
    /// 1200 of them in an hour.
    AccountChangesInAnHour,
    /// 4000 requests to a vault in ten seconds.
    Vault,
    /// 300 new versions of secrets in ten seconds.
    SecretVersions,
}

/// Says against what a request counts.
pub(super) fn limits(url: &Url, method: Method, vault_suffix: &str) -> Vec<Limit> {
    let host = url.host_str().unwrap_or_default();
    let limit = |place: &str, kind| Limit {
        place: place.to_ascii_lowercase(),
        kind,
    };
    let parts: Vec<&str> = url.path().split('/').skip(1).collect();
    if host.ends_with(vault_suffix) {
        let sets = method == Method::Put && matches!(parts.as_slice(), ["secrets", _]);
        let sets = sets.then(|| limit(host, Kind::SecretVersions));
        return std::iter::once(limit(host, Kind::Vault))
            .chain(sets)
            .collect();
    }
    let [first, subscription, ..] = *parts.as_slice() else {
        return Vec::new();
    };
    if !first.eq_ignore_ascii_case("subscriptions") {
        return Vec::new();
    }
    let by_method = match method {
        Method::Get | Method::Head => Kind::Reads,
        Method::Delete => Kind::Deletions,
        _ => Kind::Writes,
    };
    let accounts = |part: &&str| part.eq_ignore_ascii_case("storageAccounts");
    let behind = parts.iter().position(accounts);
    let behind = behind.and_then(|place| parts.get(place + 1..));
    let of_accounts: &[Kind] = match (by_method, behind) {
        (Kind::Reads, Some([])) => &[Kind::AccountLists],
        (Kind::Reads, Some([_])) => &[Kind::AccountReads],
        (Kind::Writes | Kind::Deletions, Some([_] | [_, _])) => {
            &[Kind::AccountChanges, Kind::AccountChangesInAnHour]
        }
        _ => &[],
    };
    let all = std::iter::once(&by_method).chain(of_accounts);
    all.map(|kind| limit(subscription, *kind)).collect()
}

impl Limit {
    pub(super) fn meter(&self) -> Meter {
        let bucket = |size, a_second: i64| Meter {
            size,
            span: None,
            refill: SignedDuration::from_millis(1000 / a_second),
            ..Meter::default()
        };
        let window = |size, seconds| Meter {
            size,
            span: Some(SignedDuration::from_secs(seconds)),
            ..Meter::default()
        };
        match self.kind {
            Kind::Reads => bucket(250, 25),
            Kind::Writes | Kind::Deletions => bucket(200, 10),
            Kind::AccountLists => window(100, 300),
            Kind::AccountReads => window(800, 300),
            Kind::AccountChanges => window(10, 1),
            Kind::AccountChangesInAnHour => window(1200, 3600),
            Kind::Vault => window(4000, 10),
            Kind::SecretVersions => window(300, 10),
        }
    }
}

/// What was used of a limit.
#[derive(Debug, Default)]
pub(super) struct Meter {
    size: usize,
    /// For a window: its length. A bucket has none.
    span: Option<SignedDuration>,
    /// For a bucket: how long one more request takes to come.
    refill: SignedDuration,
    /// For a window: the latest turns, no more than its size.
    turns: VecDeque<Timestamp>,
    /// For a bucket: when it will be full again.
    full_at: Option<Timestamp>,
    closed_until: Option<Timestamp>,
}

impl Meter {
    /// Says when the next turn is.
    pub(super) fn next(&self, now: Timestamp) -> Timestamp {
        let free = match self.span {
            Some(span) => self.free_in_window(now, span),
            None => self.free_in_bucket(now),
        };
        free.max(now).max(self.closed_until.unwrap_or(now))
    }

    /// Takes the next turn and says when it is.
    pub(super) fn take(&mut self, now: Timestamp) -> Timestamp {
        let turn = self.next(now);
        match self.span {
            Some(_) => {
                if self.turns.len() >= self.size {
                    self.turns.pop_front();
                }
                self.turns.push_back(turn);
            }
            None => self.full_at = Some(later(self.full_at.unwrap_or(turn).max(turn), self.refill)),
        }
        turn
    }

    /// Lets nobody pass before that moment.
    pub(super) fn close(&mut self, until: Timestamp) {
        self.closed_until = self.closed_until.max(Some(until));
    }

    /// When the request before last in a full window leaves it.
    fn free_in_window(&self, now: Timestamp, span: SignedDuration) -> Timestamp {
        if self.turns.len() < self.size {
            return now;
        }
        let oldest = self.turns.front().copied().unwrap_or(now);
        later(later(oldest, span), JITTER.min(span / 10))
    }

    /// When the bucket holds a whole request.
    fn free_in_bucket(&self, now: Timestamp) -> Timestamp {
        let Some(full_at) = self.full_at else {
            return now;
        };
        let size = i32::try_from(self.size).unwrap_or(i32::MAX);
        // A little is left in it for what differs between our clock and Azure's.
        let burst = self.refill.saturating_mul(size).saturating_sub(JITTER);
        full_at.checked_sub(burst).unwrap_or(now)
    }
}

fn later(moment: Timestamp, by: SignedDuration) -> Timestamp {
    moment.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(milliseconds).expect("a moment")
    }

    fn check(path: &str, method: Method, expected: &[Kind]) {
        let host = if path.starts_with("/storage") || path.starts_with("/secrets") {
            "https://kv.vault.azure.net"
        } else {
            "https://management.azure.com"
        };
        let url = Url::parse(&format!("{host}{path}")).expect("an address");
        let kinds: Vec<_> = limits(&url, method, "vault.azure.net")
            .into_iter()
            .map(|limit| limit.kind)
            .collect();
        assert_eq!(kinds, expected, "{path}");
    }

    #[test]
    fn a_request_counts_against_its_subscription_its_kind_and_its_vault() {
        let accounts = "/subscriptions/s/providers/Microsoft.Storage/storageAccounts";
        let in_group =
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts";
        check(accounts, Method::Get, &[Kind::Reads, Kind::AccountLists]);
        check(in_group, Method::Get, &[Kind::Reads, Kind::AccountLists]);
        let one = format!("{in_group}/a");
        check(&one, Method::Get, &[Kind::Reads, Kind::AccountReads]);
        let changes = [
            Kind::Writes,
            Kind::AccountChanges,
            Kind::AccountChangesInAnHour,
        ];
        check(&one, Method::Patch, &changes);
        check(&format!("{one}/regenerateKey"), Method::Post, &changes);
        let setting = "/storage/logs/sas/read";
        check(setting, Method::Put, &[Kind::Vault]);
        check(
            &format!("{one}/providers/x/roleAssignments"),
            Method::Get,
            &[Kind::Reads],
        );
        check(
            &format!("{one}/providers/x/y/z"),
            Method::Delete,
            &[Kind::Deletions],
        );
        check("/subscriptions", Method::Get, &[]);
        check("/storage/logs", Method::Get, &[Kind::Vault]);
        check("/secrets/s/v", Method::Patch, &[Kind::Vault]);
        check(
            "/secrets/s",
            Method::Put,
            &[Kind::Vault, Kind::SecretVersions],
        );
    }

    #[test]
    fn a_bucket_lets_its_size_pass_at_once_and_then_its_rate() {
        let mut meter = Limit {
            place: String::new(),
            kind: Kind::Reads,
        }
        .meter();
        let turns: Vec<_> = (0..300).map(|_| meter.take(at(0))).collect();
        assert!(turns.iter().take(230).all(|turn| *turn == at(0)));
        // 250 at once and 25 a second, less a half second's worth.
        assert_eq!(turns.last(), Some(&at(40 * (299 - 250) + 500)));
        assert_eq!(meter.take(at(600_000)), at(600_000), "full again");
    }

    #[test]
    fn no_window_of_that_length_holds_more_than_its_size() {
        let mut meter = Limit {
            place: String::new(),
            kind: Kind::AccountLists,
        }
        .meter();
        let turns: Vec<_> = (0..350).map(|n| meter.take(at(n * 10))).collect();
        assert!(turns.is_sorted());
        for (first, after) in turns.iter().zip(turns.iter().skip(100)) {
            assert!(after.duration_since(*first) > SignedDuration::from_secs(300));
        }
    }

    #[test]
    fn a_closed_limit_lets_nobody_pass_before_its_time() {
        let mut meter = Limit {
            place: String::new(),
            kind: Kind::Vault,
        }
        .meter();
        meter.take(at(0));
        meter.close(at(5000));
        meter.close(at(2000));
        assert_eq!(meter.take(at(10)), at(5000));
        assert_eq!(meter.take(at(6000)), at(6000));
    }
}
