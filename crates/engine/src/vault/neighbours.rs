//! Which records of which vaults manage an account, as far as the vaults around it let that be seen.

use std::collections::{BTreeMap, BTreeSet};

use azure::id::{StorageAccountId, VaultUrl};
use azure::vault::managed_storage;
use futures::stream::{self, StreamExt};

use super::AT_A_TIME;
use crate::list::every;
use crate::managed::Place;
use crate::run::{Run, StepError};
use crate::surroundings::Surroundings;

/// The records around some accounts: in a vault, and in all vaults of the accounts' subscriptions.
pub(super) struct Neighbours {
    /// Identifiers of records, by account in lower case.
    records: BTreeMap<String, Vec<String>>,
    /// The vaults that would not tell.
    pub(super) unread: Vec<StepError>,
}

impl Neighbours {
    /// Reads the lists.
    pub(super) async fn read(
        run: &Run<'_>,
        around: &Surroundings,
        vault: &VaultUrl,
        accounts: &[StorageAccountId],
    ) -> Self {
        let mut found = Self {
            records: BTreeMap::new(),
            unread: Vec::new(),
        };
        let mut vaults = BTreeSet::from([vault.clone()]);
        let subscriptions: BTreeSet<_> = accounts
            .iter()
            .map(StorageAccountId::subscription)
            .collect();
        for subscription in subscriptions {
            match around.vaults_or_why(run, subscription).await {
                Ok(near) => vaults.extend(near.iter().map(|vault| vault.url.clone())),
                Err(error) => found.unread.push(error),
            }
        }
        let readings = vaults.into_iter().map(|vault| records_of(run, vault));
        let mut readings = stream::iter(readings).buffered(AT_A_TIME);
        while let Some(read) = readings.next().await {
            match read {
                Ok(records) => found.take_in(records),
                Err(error) => found.unread.push(error),
            }
        }
        found
    }

    fn take_in(&mut self, records: Vec<(String, String)>) {
        for (account, id) in records {
            self.records.entry(account).or_default().push(id);
        }
    }

    /// Names the records of an account except the one at `place`.
    pub(super) fn others(&self, account: &str, place: &Place) -> Vec<String> {
        let all = self.records.get(&account.to_ascii_lowercase());
        let own = place.to_string();
        let others = all.into_iter().flatten();
        others
            .filter(|id| !id.eq_ignore_ascii_case(&own))
            .cloned()
            .collect()
    }
}

/// Reads the records of a vault: the account in lower case, and the identifier.
async fn records_of(run: &Run<'_>, vault: VaultUrl) -> Result<Vec<(String, String)>, StepError> {
    let act = "list the managed storage accounts of";
    let items = every(run, act, vault.host(), managed_storage::list(&vault)).await?;
    let record = |item: managed_storage::ManagedStorageItem| {
        let place = Place {
            vault: vault.clone(),
            name: item.name,
        };
        let account = item.resource_id.to_string().to_ascii_lowercase();
        (account, place.to_string())
    };
    Ok(items.into_iter().map(record).collect())
}
