//! Which vault records manage which accounts, read from the vaults of the scope.
//!
//! A vault's list names the accounts but neither period nor active key, so each record of an
//! account in question is read by itself. A vault that does not answer is a hole: its accounts
//! look unmanaged, and nobody must take that for a fact.

use std::collections::{HashMap, HashSet};

use azure::arm::storage::StorageAccount;
use azure::arm::vaults::{self, Vault};
use azure::client::ReadClient;
use azure::id::{StorageAccountId, SubscriptionId};
use azure::vault::managed_storage::{self, ManagedStorage, ManagedStorageItem};
use rotation::finding::FindingCode;
use rotation::observation::{Enrolment, Renewal, SeenPeriod};

use super::Hole;
use super::reading::{Found, Part, failed, read_all, read_list};

/// The vault records by account.
#[derive(Debug, Default)]
pub(super) struct Index(HashMap<StorageAccountId, Vec<Enrolment>>);

/// The vault records that could be read, and the holes.
pub(super) struct Enrolments {
    pub(super) index: Index,
    pub(super) holes: Vec<Hole>,
}

impl Index {
    /// Hands out the records of one account in a fixed order.
    pub(super) fn take(&mut self, account: &StorageAccountId) -> Vec<Enrolment> {
        let mut enrolments = self.0.remove(account).unwrap_or_default();
        enrolments.sort();
        enrolments
    }
}

/// One line of a vault's list that is about a storage account.
struct Record<'a> {
    vault: &'a Vault,
    item: ManagedStorageItem,
    account: StorageAccountId,
}

/// Reads the records, in all vaults of the subscriptions, that are about one of the accounts.
pub(super) async fn read(
    client: &ReadClient,
    subscriptions: &[SubscriptionId],
    accounts: &[StorageAccount],
) -> Enrolments {
    let vaults = list_vaults(client, subscriptions).await;
    let mut records = list_records(client, &vaults.items).await;
    let wanted: HashSet<_> = accounts.iter().map(|account| &account.id).collect();
    records
        .items
        .retain(|record| wanted.contains(&record.account));
    let readings = records.items.iter();
    let readings = readings.map(|record| read_record(client, record));
    let found = read_all(readings.collect()).await;

    let mut index = Index::default();
    for (account, enrolment) in found.items {
        index.0.entry(account).or_default().push(enrolment);
    }
    let holes = [vaults.holes, records.holes, found.holes]
        .into_iter()
        .flatten()
        .collect();
    Enrolments { index, holes }
}

async fn list_vaults(client: &ReadClient, subscriptions: &[SubscriptionId]) -> Found<Vault> {
    let readings = subscriptions.iter().map(|subscription| async move {
        let part = Part {
            scope: format!("/subscriptions/{subscription}/providers/Microsoft.KeyVault/vaults"),
            act: "list the vaults",
            code: FindingCode::VaultUnreadable,
            item_code: FindingCode::VaultUnreadable,
        };
        read_list(client, vaults::list(subscription), part).await
    });
    read_all(readings.collect()).await
}

async fn list_records<'a>(client: &ReadClient, vaults: &'a [Vault]) -> Found<Record<'a>> {
    let readings = vaults.iter().map(|vault| async move {
        let part = Part {
            scope: vault.id.to_string(),
            act: "list the accounts that the vault manages",
            code: FindingCode::VaultUnreadable,
            item_code: FindingCode::VaultUnreadable,
        };
        let Found { items, holes } =
            read_list(client, managed_storage::list(&vault.url), part).await;
        let records = items.into_iter().filter_map(|item| {
            // Other resources, such as classic accounts, are none of ours.
            let account = item.resource_id.account()?.clone();
            Some(Record {
                vault,
                item,
                account,
            })
        });
        Found {
            items: records.collect(),
            holes,
        }
    });
    read_all(readings.collect()).await
}

/// Reads one record; if that fails, the account is still known to be enrolled.
async fn read_record(
    client: &ReadClient,
    record: &Record<'_>,
) -> Found<(StorageAccountId, Enrolment)> {
    let Record {
        vault,
        item,
        account,
    } = record;
    let (enrolment, holes) = match client
        .send(managed_storage::get(&vault.url, &item.name))
        .await
    {
        Ok(bundle) => (enrolment_of(vault, &bundle), Vec::new()),
        Err(error) => {
            let act = format!("read the record `{}`", item.name);
            let hole = failed(FindingCode::VaultUnreadable, vault.id.as_str(), act, error);
            (unread(vault, item), vec![hole])
        }
    };
    Found {
        items: vec![(account.clone(), enrolment)],
        holes,
    }
}

fn enrolment_of(vault: &Vault, record: &ManagedStorage) -> Enrolment {
    Enrolment {
        vault: vault.url.name().to_owned(),
        name: record.name.to_string(),
        active: record.active_key.parse().ok(),
        renewal: match record.auto_regenerate {
            Some(true) => Renewal::Automatic,
            Some(false) => Renewal::OnRequest,
            None => Renewal::Unknown,
        },
        period: record.regeneration_period.clone().map(SeenPeriod::new),
        // A change of the terms may begin the period anew, so nothing earlier proves a delay.
        enrolled_at: record.created.max(record.updated),
    }
}

fn unread(vault: &Vault, item: &ManagedStorageItem) -> Enrolment {
    Enrolment {
        vault: vault.url.name().to_owned(),
        name: item.name.to_string(),
        active: None,
        renewal: Renewal::Unknown,
        period: None,
        enrolled_at: None,
    }
}
