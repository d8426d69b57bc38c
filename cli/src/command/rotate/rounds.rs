//! An order in which no subscription is taken up by many accounts at once: its limits are its own, and
//! those of the others would go unused meanwhile.

use std::collections::BTreeMap;

use azure::id::{StorageAccountId, SubscriptionId};

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
}
