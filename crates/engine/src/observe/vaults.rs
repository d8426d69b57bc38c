//! Which vaults there are, and what each says about the accounts: one vault after the other, so that
//! few connections are open at once.
//!
//! A vault that does not answer is a hole: its accounts look unmanaged, and nobody must take that
//! for a fact.

use std::sync::{Arc, Mutex, PoisonError};

use azure::arm::vaults::{self, Vault};
use azure::client::ReadClient;
use azure::id::{ManagedStorageName, SubscriptionId};
use azure::vault::{managed_storage, secret};
use futures::future::join_all;
use rotation::finding::FindingCode;
use rotation::observation::{DeletedEnrolment, Enrolment};

use super::reading::{Holes, PLACES_AT_ONCE, Part, Queue, read_list};
use super::{Depth, records};
use crate::check::rows::Rows;

/// The tags of a secret that holds a key of an account, by Microsoft's convention.
const PUBLISHED_SLOT: &str = "CredentialId";
const PUBLISHED_ACCOUNT: &str = "ProviderAddress";

/// One line of a vault's list that is about an account in question.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) vault: Arc<Vault>,
    pub(super) name: ManagedStorageName,
    /// The place of the account among the rows.
    pub(super) account: usize,
}

/// What the vaults say.
#[derive(Debug, Default)]
struct Named {
    enrolments: Vec<(usize, Enrolment)>,
    deleted: Vec<(usize, DeletedEnrolment)>,
    published: Vec<(usize, String)>,
}

/// Lists the vaults of the subscriptions.
pub(super) async fn list(
    client: &ReadClient,
    subscriptions: &[SubscriptionId],
    holes: &Holes,
) -> Vec<Arc<Vault>> {
    let queue = Queue::new(subscriptions.to_vec());
    let found = Mutex::new(Vec::new());
    let hands = (0..queue.hands(PLACES_AT_ONCE)).map(|_| list_some(client, &queue, &found, holes));
    join_all(hands.collect::<Vec<_>>()).await;
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

async fn list_some(
    client: &ReadClient,
    queue: &Queue<SubscriptionId>,
    found: &Mutex<Vec<Arc<Vault>>>,
    holes: &Holes,
) {
    while let Some(subscription) = queue.next() {
        let part = Part {
            scope: format!("/subscriptions/{subscription}/providers/Microsoft.KeyVault/vaults"),
            act: "list the vaults",
            code: FindingCode::VaultUnreadable,
            item_code: FindingCode::VaultUnreadable,
        };
        let keep = |vault| {
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            found.push(Arc::new(vault));
        };
        read_list(client, vaults::list(&subscription), part, holes, keep).await;
    }
}

/// Reads what the vaults say about the accounts and notes it there, in a fixed order.
pub(super) async fn read(
    client: &ReadClient,
    vaults: Vec<Arc<Vault>>,
    depth: &Depth,
    rows: &mut Rows,
    holes: &Holes,
) {
    let queue = Queue::new(vaults);
    let named = Mutex::new(Named::default());
    let known = &*rows;
    let hands = queue.hands(PLACES_AT_ONCE);
    let hands = (0..hands).map(|_| ask(client, &queue, depth, known, &named, holes));
    join_all(hands.collect::<Vec<_>>()).await;
    let named = named.into_inner().unwrap_or_else(PoisonError::into_inner);
    named.note(rows);
}

async fn ask(
    client: &ReadClient,
    queue: &Queue<Arc<Vault>>,
    depth: &Depth,
    rows: &Rows,
    named: &Mutex<Named>,
    holes: &Holes,
) {
    while let Some(vault) = queue.next() {
        let Some(listed) = list_live(client, &vault, rows, holes).await else {
            // A vault that refuses the first list refuses the others too.
            continue;
        };
        let deleted = async {
            // A vault that keeps nothing it has deleted has no such list.
            if depth.details && vault.soft_delete_days.is_some() {
                list_deleted(client, &vault, rows, named, holes).await;
            }
        };
        let published = async {
            if depth.published {
                list_published(client, &vault, rows, named, holes).await;
            }
        };
        let records = records::read(client, listed, depth, holes);
        let (enrolments, (), ()) = futures::join!(records, deleted, published);
        lock(named).enrolments.extend(enrolments);
    }
}

impl Named {
    fn note(mut self, rows: &mut Rows) {
        self.enrolments.sort();
        self.deleted.sort();
        self.published.sort();
        for (account, enrolment) in self.enrolments {
            if let Some(more) = rows.more(account) {
                more.enrolments.push(enrolment);
            }
        }
        for (account, deleted) in self.deleted {
            if let Some(more) = rows.more(account) {
                more.deleted.push(deleted);
            }
        }
        for (account, secret) in self.published {
            if let Some(more) = rows.more(account) {
                more.published.push(secret);
            }
        }
    }
}

fn part(vault: &Vault, act: &'static str) -> Part {
    Part {
        scope: vault.id.to_string(),
        act,
        code: FindingCode::VaultUnreadable,
        item_code: FindingCode::VaultUnreadable,
    }
}

fn lock(named: &Mutex<Named>) -> std::sync::MutexGuard<'_, Named> {
    named.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lists the records that are about one of the accounts; nothing if the vault does not tell.
async fn list_live(
    client: &ReadClient,
    vault: &Arc<Vault>,
    rows: &Rows,
    holes: &Holes,
) -> Option<Vec<Record>> {
    let part = part(vault, "list the accounts that the vault manages");
    let list = managed_storage::list(&vault.url);
    let mut records = Vec::new();
    let keep = |item: managed_storage::ManagedStorageItem| {
        // Other resources, such as classic accounts, are none of ours.
        let account = item.resource_id.account().and_then(|id| rows.find(id));
        // Nothing is asked about keys that are refused anyway.
        if let Some(account) = account.filter(|place| rows.accepts_keys(*place)) {
            records.push(Record {
                vault: Arc::clone(vault),
                name: item.name,
                account,
            });
        }
    };
    let is_whole = read_list(client, list, part, holes, keep).await;
    (is_whole || !records.is_empty()).then_some(records)
}

async fn list_deleted(
    client: &ReadClient,
    vault: &Arc<Vault>,
    rows: &Rows,
    named: &Mutex<Named>,
    holes: &Holes,
) {
    let part = part(vault, "list the deleted records of the vault");
    let list = managed_storage::list_deleted(&vault.url);
    let keep = |item: managed_storage::DeletedManagedStorage| {
        let account = item.resource_id.account().and_then(|id| rows.find(id));
        if let Some(account) = account {
            let name = item.id.rsplit('/').next().unwrap_or_default().to_owned();
            let deleted = DeletedEnrolment {
                vault: vault.url.name().to_owned(),
                name,
                purged_at: item.scheduled_purge,
            };
            lock(named).deleted.push((account, deleted));
        }
    };
    read_list(client, list, part, holes, keep).await;
}

async fn list_published(
    client: &ReadClient,
    vault: &Arc<Vault>,
    rows: &Rows,
    named: &Mutex<Named>,
    holes: &Holes,
) {
    let part = part(vault, "list the secrets of the vault");
    let keep = |item: secret::SecretItem| {
        let tag = |name: &str| {
            let mut tags = item.tags.iter();
            tags.find(|(known, _)| known.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.as_str())
        };
        let account = tag(PUBLISHED_SLOT)
            .and_then(|_| tag(PUBLISHED_ACCOUNT)?.parse().ok())
            .and_then(|id| rows.find(&id));
        if let Some(account) = account {
            let name = format!("{}/{}", vault.url.name(), item.name);
            lock(named).published.push((account, name));
        }
    };
    read_list(client, secret::list(&vault.url), part, holes, keep).await;
}
