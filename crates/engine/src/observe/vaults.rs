//! Which vaults there are, and what each says about the accounts: one vault after the other, so that
//! few connections are open at once.
//!
//! A vault that does not answer is a hole: its accounts look unmanaged, and nobody must take that
//! for a fact.

use std::sync::{Arc, Mutex, PoisonError};

use azure::arm::vaults::{self, Vault};
use azure::id::{ManagedStorageName, SubscriptionId};
use azure::vault::{managed_storage, secret};
use futures::future::join_all;
use rotation::finding::FindingCode;
use rotation::observation::{DeletedEnrolment, Enrolment};

use super::notes::{Fact, Kind, NotesError, Reading, SeenVault};
use super::reading::{Holes, PLACES_AT_ONCE, Part, Queue, Scan, read_list};
use super::{Depth, records};
use crate::check::rows::Rows;

/// Lists of vaults start from nothing that was read before.
const GROUND: u64 = 0;

/// The tags of a secret that holds a key of an account, by Microsoft's convention.
const PUBLISHED_SLOT: &str = "CredentialId";
const PUBLISHED_ACCOUNT: &str = "ProviderAddress";

/// One line of a vault's list that is about an account in question.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) vault: Arc<SeenVault>,
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
    scan: Scan<'_>,
    subscriptions: &[SubscriptionId],
) -> Result<Vec<Arc<SeenVault>>, NotesError> {
    let mut found = Vec::new();
    let wanted = |of: &str| subscriptions.iter().any(|one| one.as_str() == of);
    let mut take = |_: &str, fact: Fact<'_>| {
        if let Fact::Vault(vault) = fact {
            found.push(Arc::new(vault.clone()));
        }
    };
    let read = scan
        .notes
        .recall(Kind::Vaults, GROUND, &wanted, &mut take)?;
    let missing = subscriptions.iter();
    let missing = missing.filter(|one| !read.contains(one.as_str())).cloned();
    let queue = Queue::new(missing.collect());
    let found = Mutex::new(found);
    let hands = (0..queue.hands(PLACES_AT_ONCE)).map(|_| list_some(scan, &queue, &found));
    join_all(hands.collect::<Vec<_>>()).await;
    Ok(found.into_inner().unwrap_or_else(PoisonError::into_inner))
}

async fn list_some(
    scan: Scan<'_>,
    queue: &Queue<SubscriptionId>,
    found: &Mutex<Vec<Arc<SeenVault>>>,
) {
    while let Some(subscription) = queue.next() {
        let part = Part {
            scope: format!("/subscriptions/{subscription}/providers/Microsoft.KeyVault/vaults"),
            act: "list the vaults",
            code: FindingCode::VaultUnreadable,
            item_code: FindingCode::VaultUnreadable,
        };
        let own = Holes::default();
        let reading = Reading::begin(scan.notes, Kind::Vaults, GROUND);
        let keep = |vault: Vault| {
            let vault = SeenVault {
                id: vault.id,
                url: vault.url,
                keeps_deleted: vault.soft_delete_days.is_some(),
            };
            reading.note(Fact::Vault(&vault));
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            found.push(Arc::new(vault));
        };
        read_list(scan.client, vaults::list(&subscription), part, &own, keep).await;
        if own.pass_to(scan.holes) {
            reading.end(subscription.as_str());
        }
    }
}

/// Reads what the vaults say about the accounts and notes it there, in a fixed order.
pub(super) async fn read(
    scan: Scan<'_>,
    mut vaults: Vec<Arc<SeenVault>>,
    depth: &Depth,
    rows: &mut Rows,
) -> Result<(), NotesError> {
    let ground = rows.ground();
    let mut named = Named::default();
    recall(scan, ground, &mut vaults, rows, &mut named)?;
    let queue = Queue::new(vaults);
    let named = Mutex::new(named);
    let known = &*rows;
    let hands = queue.hands(PLACES_AT_ONCE);
    let hands = (0..hands).map(|_| ask(scan, ground, &queue, depth, known, &named));
    join_all(hands.collect::<Vec<_>>()).await;
    let named = named.into_inner().unwrap_or_else(PoisonError::into_inner);
    named.note(rows);
    Ok(())
}

/// Takes the vaults that an earlier scan has read whole.
fn recall(
    scan: Scan<'_>,
    ground: u64,
    vaults: &mut Vec<Arc<SeenVault>>,
    rows: &Rows,
    named: &mut Named,
) -> Result<(), NotesError> {
    let wanted = |of: &str| vaults.iter().any(|vault| vault.id.as_str() == of);
    let mut take = |_: &str, fact: Fact<'_>| named.take(fact, rows);
    let read = scan.notes.recall(Kind::Vault, ground, &wanted, &mut take)?;
    vaults.retain(|vault| !read.contains(vault.id.as_str()));
    Ok(())
}

async fn ask(
    scan: Scan<'_>,
    ground: u64,
    queue: &Queue<Arc<SeenVault>>,
    depth: &Depth,
    rows: &Rows,
    named: &Mutex<Named>,
) {
    while let Some(vault) = queue.next() {
        let own = Holes::default();
        let reading = Reading::begin(scan.notes, Kind::Vault, ground);
        let holes = &own;
        let said = ask_one(Scan { holes, ..scan }, &vault, depth, rows).await;
        if own.pass_to(scan.holes) {
            said.write(&reading, rows);
            reading.end(vault.id.as_str());
        }
        let mut named = named.lock().unwrap_or_else(PoisonError::into_inner);
        named.add(said);
    }
}

async fn ask_one(scan: Scan<'_>, vault: &Arc<SeenVault>, depth: &Depth, rows: &Rows) -> Named {
    let Some(listed) = list_live(scan, vault, rows).await else {
        // A vault that refuses the first list refuses the others too.
        return Named::default();
    };
    let deleted = async {
        // A vault that keeps nothing it has deleted has no such list.
        if depth.details && vault.keeps_deleted {
            return list_deleted(scan, vault, rows).await;
        }
        Vec::new()
    };
    let published = async {
        if depth.published {
            return list_published(scan, vault, rows).await;
        }
        Vec::new()
    };
    let records = records::read(scan.client, listed, depth, scan.holes);
    let (enrolments, deleted, published) = futures::join!(records, deleted, published);
    Named {
        enrolments,
        deleted,
        published,
    }
}

impl Named {
    fn add(&mut self, other: Self) {
        self.enrolments.extend(other.enrolments);
        self.deleted.extend(other.deleted);
        self.published.extend(other.published);
    }

    fn take(&mut self, fact: Fact<'_>, rows: &Rows) {
        let place = |account| rows.find(account);
        match fact {
            Fact::Enrolment(account, one) => {
                let one = place(account).map(|place| (place, one.clone()));
                self.enrolments.extend(one);
            }
            Fact::Deleted(account, one) => {
                let one = place(account).map(|place| (place, one.clone()));
                self.deleted.extend(one);
            }
            Fact::Published(account, one) => {
                let one = place(account).map(|place| (place, one.to_owned()));
                self.published.extend(one);
            }
            _ => {}
        }
    }

    fn write(&self, reading: &Reading<'_>, rows: &Rows) {
        for (place, one) in &self.enrolments {
            let id = rows.id_at(*place);
            id.iter()
                .for_each(|id| reading.note(Fact::Enrolment(id, one)));
        }
        for (place, one) in &self.deleted {
            let id = rows.id_at(*place);
            id.iter()
                .for_each(|id| reading.note(Fact::Deleted(id, one)));
        }
        for (place, one) in &self.published {
            let id = rows.id_at(*place);
            id.iter()
                .for_each(|id| reading.note(Fact::Published(id, one)));
        }
    }

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

fn part(vault: &SeenVault, act: &'static str) -> Part {
    Part {
        scope: vault.id.to_string(),
        act,
        code: FindingCode::VaultUnreadable,
        item_code: FindingCode::VaultUnreadable,
    }
}

/// Lists the records that are about one of the accounts; nothing if the vault does not tell.
async fn list_live(scan: Scan<'_>, vault: &Arc<SeenVault>, rows: &Rows) -> Option<Vec<Record>> {
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
    let is_whole = read_list(scan.client, list, part, scan.holes, keep).await;
    (is_whole || !records.is_empty()).then_some(records)
}

async fn list_deleted(
    scan: Scan<'_>,
    vault: &SeenVault,
    rows: &Rows,
) -> Vec<(usize, DeletedEnrolment)> {
    let part = part(vault, "list the deleted records of the vault");
    let list = managed_storage::list_deleted(&vault.url);
    let mut found = Vec::new();
    let keep = |item: managed_storage::DeletedManagedStorage| {
        let account = item.resource_id.account().and_then(|id| rows.find(id));
        if let Some(account) = account {
            let name = item.id.rsplit('/').next().unwrap_or_default().to_owned();
            let deleted = DeletedEnrolment {
                vault: vault.url.name().to_owned(),
                name,
                purged_at: item.scheduled_purge,
            };
            found.push((account, deleted));
        }
    };
    read_list(scan.client, list, part, scan.holes, keep).await;
    found
}

async fn list_published(scan: Scan<'_>, vault: &SeenVault, rows: &Rows) -> Vec<(usize, String)> {
    let part = part(vault, "list the secrets of the vault");
    let mut found = Vec::new();
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
            found.push((account, format!("{}/{}", vault.url.name(), item.name)));
        }
    };
    read_list(
        scan.client,
        secret::list(&vault.url),
        part,
        scan.holes,
        keep,
    )
    .await;
    found
}
