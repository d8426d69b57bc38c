//! Which accounts a vault manages under which names, read once in the life of a process.
//!
//! Nothing in Key Vault keeps two records from managing one account, and then each regenerates the
//! keys that the other one's tokens are signed with. So before a record is made, and before a role
//! is taken back, the others are looked for. A core makes many records in one process; without this
//! register each of them would read the whole list of its vault again.

use std::collections::{BTreeMap, BTreeSet};

use azure::id::{StorageAccountId, VaultUrl};
use azure::vault::managed_storage;
use futures::stream::{self, StreamExt};
use tokio::sync::Mutex;

use crate::list::every;
use crate::managed::Place;
use crate::run::{Run, StepError};

/// How many vaults are read at a time.
const VAULTS_AT_A_TIME: usize = 8;

/// Names of records, by account in lower case.
type Names = BTreeMap<String, BTreeSet<String>>;

/// The records of the vaults that a process has had to do with.
#[derive(Debug, Default)]
pub struct Register {
    vaults: Mutex<BTreeMap<String, Names>>,
    /// Vaults that would not be listed when others were looked for.
    refused: Mutex<BTreeSet<String>>,
}

impl Register {
    /// Names the records in a vault that manage an account, except the one at `place`.
    ///
    /// # Errors
    /// The vault's refusal of the list.
    pub async fn others(
        &self,
        run: &Run<'_>,
        place: &Place,
        account: &StorageAccountId,
    ) -> Result<Vec<String>, StepError> {
        let mut vaults = self.vaults.lock().await;
        if !vaults.contains_key(place.vault.host()) {
            vaults.insert(
                place.vault.host().to_owned(),
                read(run, &place.vault).await?,
            );
        }
        let names = vaults
            .get(place.vault.host())
            .and_then(|names| names.get(&key(account)));
        let others = names.into_iter().flatten().filter(|name| !is(name, place));
        Ok(others.cloned().collect())
    }

    /// Names the records outside the vault of `place` that manage an account: in the vaults given
    /// and in those that this process has had to do with. A vault that refuses the list is taken to
    /// hold none.
    pub async fn in_other_vaults(
        &self,
        run: &Run<'_>,
        near: &[VaultUrl],
        place: &Place,
        account: &StorageAccountId,
    ) -> Vec<String> {
        let others: Vec<VaultUrl> = near
            .iter()
            .filter(|v| **v != place.vault)
            .cloned()
            .collect();
        let mut found = self.in_vaults(run, &others, account).await;
        let here = format!("https://{}/", place.vault.host());
        found.retain(|record| !record.starts_with(&here));
        found
    }

    /// Names all records that manage an account: in the vaults given and in those that this process
    /// has had to do with. A vault that refuses the list is taken to hold none.
    pub async fn in_vaults(
        &self,
        run: &Run<'_>,
        vaults: &[VaultUrl],
        account: &StorageAccountId,
    ) -> Vec<String> {
        let unread = self.unread(vaults).await;
        let reading = unread.into_iter().map(|vault| async move {
            let names = read(run, &vault).await;
            (vault, names)
        });
        let mut reading = stream::iter(reading).buffer_unordered(VAULTS_AT_A_TIME);
        while let Some((vault, names)) = reading.next().await {
            match names {
                Ok(names) => {
                    let mut vaults = self.vaults.lock().await;
                    vaults.entry(vault.host().to_owned()).or_insert(names);
                }
                // It is not asked again for every account; a record made there later still is.
                Err(error) if error.is(|azure| azure.forbidden_cause().is_some()) => {
                    self.refused.lock().await.insert(vault.host().to_owned());
                }
                Err(_) => {}
            }
        }
        let vaults = self.vaults.lock().await;
        let found = vaults.iter().flat_map(|(host, names)| {
            let names = names.get(&key(account)).into_iter().flatten();
            names.map(move |name| format!("https://{host}/storage/{name}"))
        });
        found.collect()
    }

    async fn unread(&self, vaults: &[VaultUrl]) -> Vec<VaultUrl> {
        let (known, refused) = (self.vaults.lock().await, self.refused.lock().await);
        let unread = |vault: &&VaultUrl| {
            !known.contains_key(vault.host()) && !refused.contains(vault.host())
        };
        vaults.iter().filter(unread).cloned().collect()
    }

    /// Tells whether any record but the one at `place` manages an account, as far as is known: in
    /// its vault, and in the other vaults that this process has had to do with.
    ///
    /// A vault that refuses the list is taken to hold no other record.
    pub async fn is_managed_elsewhere(
        &self,
        run: &Run<'_>,
        place: &Place,
        account: &StorageAccountId,
    ) -> bool {
        let here = self.others(run, place, account).await;
        if here.is_ok_and(|others| !others.is_empty()) {
            return true;
        }
        let vaults = self.vaults.lock().await;
        let mut elsewhere = vaults
            .iter()
            .filter(|(host, _)| *host != place.vault.host());
        elsewhere.any(|(_, names)| {
            names
                .get(&key(account))
                .is_some_and(|names| !names.is_empty())
        })
    }

    /// Notes a record that was made.
    pub async fn note(&self, place: &Place, account: &StorageAccountId) {
        if let Some(names) = self.vaults.lock().await.get_mut(place.vault.host()) {
            names
                .entry(key(account))
                .or_default()
                .insert(place.name.to_string());
        }
    }

    /// Strikes out a record that was deleted.
    pub async fn strike(&self, place: &Place) {
        if let Some(names) = self.vaults.lock().await.get_mut(place.vault.host()) {
            for names in names.values_mut() {
                names.retain(|name| !is(name, place));
            }
        }
    }
}

async fn read(run: &Run<'_>, vault: &VaultUrl) -> Result<Names, StepError> {
    let list = managed_storage::list(vault);
    let mut names = Names::new();
    for item in every(
        run,
        "list the managed storage accounts of",
        vault.host(),
        list,
    )
    .await?
    {
        let account = item.resource_id.to_string().to_ascii_lowercase();
        names
            .entry(account)
            .or_default()
            .insert(item.name.to_string());
    }
    Ok(names)
}

fn key(account: &StorageAccountId) -> String {
    account.to_string().to_ascii_lowercase()
}

/// Key Vault tells no letter case apart in names.
fn is(name: &str, place: &Place) -> bool {
    name.eq_ignore_ascii_case(place.name.as_str())
}
