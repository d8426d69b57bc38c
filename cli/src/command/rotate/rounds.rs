//! An order in which no subscription is taken up by many accounts at once: its limits are its own, and
//! those of the others would go unused meanwhile.

use std::collections::BTreeMap;

use azure::id::{StorageAccountId, SubscriptionId};
use jiff::Timestamp;

/// How many accounts of one subscription are under way at once: as many as keep its limit of 10 changes
/// of keys a second full while each of them waits for its claim. More would only stand in the queue.
const AT_ONCE_IN_A_SUBSCRIPTION: usize = 64;

/// How many accounts of one subscription are led through all their steps side by side, those that have
/// waited longest first, before others get their turn. A large fleet is so finished part by part, and
/// a small one is not held up by its last accounts.
pub(super) const BATCH: usize = 100;

/// An account that may go on.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate<'a> {
    // Candidates are compared in this order.
    /// The batch that it belongs to.
    pub(super) batch: usize,
    /// Since when it may.
    pub(super) ready_at: Timestamp,
    /// Which one it is.
    pub(super) number: usize,
    /// Whose limits it takes up.
    pub(super) subscription: &'a SubscriptionId,
}

/// Puts those first that have waited longest, batch by batch, and leaves out those whose subscription has
/// enough under way; gives their numbers.
pub(super) fn chosen<'a>(
    mut candidates: Vec<Candidate<'a>>,
    under_way: impl Iterator<Item = &'a SubscriptionId>,
) -> Vec<usize> {
    let mut counts: BTreeMap<&SubscriptionId, usize> = BTreeMap::new();
    for subscription in under_way {
        *counts.entry(subscription).or_default() += 1;
    }
    candidates.sort_unstable();
    let chosen = candidates.into_iter().filter(|one| {
        let count = counts.entry(one.subscription).or_default();
        *count += 1;
        *count <= AT_ONCE_IN_A_SUBSCRIPTION
    });
    chosen.map(|one| one.number).collect()
}

/// Puts the first account of each subscription first, then the second of each, and so on.
pub(super) fn rounds<T>(items: Vec<T>, id: impl Fn(&T) -> &StorageAccountId) -> Vec<T> {
    let ranks = ranks(items.iter().map(id));
    let mut ranked: Vec<(usize, T)> = ranks.into_iter().zip(items).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, item)| item).collect()
}

/// Counts, for each account, those of its subscription before it.
pub(super) fn ranks<'a>(ids: impl Iterator<Item = &'a StorageAccountId>) -> Vec<usize> {
    let mut counts: BTreeMap<&SubscriptionId, usize> = BTreeMap::new();
    ids.map(|id| {
        let count = counts.entry(id.subscription()).or_default();
        let rank = *count;
        *count += 1;
        rank
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscriptions_take_turns() {
        let id = |text: &str| -> StorageAccountId {
            let (subscription, name) = text.split_at(1);
            let id = format!(
                "/subscriptions/00000000-0000-0000-0000-00000000000{subscription}/resourceGroups/rg/\
                 providers/Microsoft.Storage/storageAccounts/st{name}"
            );
            id.parse().expect("an id")
        };
        let ids = ["1a", "1b", "1c", "2a", "3a", "3b"].map(id);
        let order = rounds(ids.to_vec(), |id| id);
        assert_eq!(order, ["1a", "2a", "3a", "1b", "3b", "1c"].map(id));
    }

    #[test]
    fn who_has_waited_longest_in_the_first_batch_goes_first() {
        let subscription = subscription(1);
        let candidate = |number, batch, second| Candidate {
            batch,
            ready_at: Timestamp::from_second(second).expect("a moment"),
            number,
            subscription: &subscription,
        };
        let all = vec![
            candidate(0, 0, 5),
            candidate(1, 1, 0),
            candidate(2, 0, 3),
            candidate(3, 0, 3),
        ];
        assert_eq!(chosen(all, std::iter::empty()), [2, 3, 0, 1]);
    }

    #[test]
    fn a_subscription_with_enough_under_way_waits_and_others_do_not() {
        let (full, free) = (subscription(1), subscription(2));
        let candidate = |number, subscription| Candidate {
            batch: 0,
            ready_at: Timestamp::UNIX_EPOCH,
            number,
            subscription,
        };
        let all = vec![
            candidate(0, &full),
            candidate(1, &full),
            candidate(2, &free),
        ];
        let under_way = std::iter::repeat_n(&full, AT_ONCE_IN_A_SUBSCRIPTION - 1);
        assert_eq!(chosen(all, under_way), [0, 2]);
    }

    fn subscription(number: u8) -> SubscriptionId {
        let id = format!("00000000-0000-0000-0000-00000000000{number}");
        id.parse().expect("an id")
    }
}
