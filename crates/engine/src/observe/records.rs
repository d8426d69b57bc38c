//! The vault records of the accounts: each is read by itself, with its SAS definitions.
//!
//! A vault's list names the accounts but neither period nor active key.

use std::sync::{Mutex, PoisonError};

use azure::client::ReadClient;
use azure::sas::text::signed_version;
use azure::vault::managed_storage::{self, ManagedStorage};
use azure::vault::sas_definition;
use futures::future::join_all;
use rotation::finding::FindingCode;
use rotation::observation::{Enrolment, Renewal, SasSeen, SeenPeriod};

use super::notes::SeenVault;
use super::reading::{Holes, Part, Queue, RECORDS_AT_ONCE, read_list};
use super::vaults::Record;
use super::{Depth, Hole};

type Enrolments = Mutex<Vec<(usize, Enrolment)>>;

/// Reads the records of one vault; each comes with the place of its account.
pub(super) async fn read(
    client: &ReadClient,
    records: Vec<Record>,
    depth: &Depth,
    holes: &Holes,
) -> Vec<(usize, Enrolment)> {
    let queue = Queue::new(records);
    let found = Enrolments::default();
    let hands = queue.hands(RECORDS_AT_ONCE);
    let hands = (0..hands).map(|_| work(client, &queue, depth, &found, holes));
    join_all(hands.collect::<Vec<_>>()).await;
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

async fn work(
    client: &ReadClient,
    queue: &Queue<Record>,
    depth: &Depth,
    found: &Enrolments,
    holes: &Holes,
) {
    while let Some(record) = queue.next() {
        let enrolment = if depth.details {
            let record_read = read_record(client, &record, holes);
            let (mut enrolment, sas) =
                futures::join!(record_read, read_definitions(client, &record, holes));
            enrolment.sas = sas;
            enrolment
        } else {
            read_record(client, &record, holes).await
        };
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        found.push((record.account, enrolment));
    }
}

/// Reads one record; if that fails, the account is still known to be enrolled.
async fn read_record(client: &ReadClient, record: &Record, holes: &Holes) -> Enrolment {
    let Record { vault, name, .. } = record;
    match client.send(managed_storage::get(&vault.url, name)).await {
        Ok(bundle) => enrolment_of(vault, &bundle),
        Err(error) => {
            let act = format!("read the record `{name}`");
            let code = FindingCode::VaultUnreadable;
            holes.push(Hole::failed(code, vault.id.as_str(), act, error));
            unread(record)
        }
    }
}

async fn read_definitions(client: &ReadClient, record: &Record, holes: &Holes) -> Vec<SasSeen> {
    let Record { vault, name, .. } = record;
    let part = Part {
        scope: vault.id.to_string(),
        act: "list the SAS definitions of a record",
        code: FindingCode::VaultUnreadable,
        item_code: FindingCode::VaultUnreadable,
    };
    let mut listed = Vec::new();
    let list = sas_definition::list(&vault.url, name);
    read_list(client, list, part, holes, |item| listed.push(item)).await;
    let mut seen = Vec::new();
    for item in listed {
        let request = sas_definition::get(&vault.url, name, &item.name);
        match client.send(request).await {
            Ok(definition) => seen.push(SasSeen {
                name: definition.name.to_string(),
                validity: SeenPeriod::new(definition.validity_period),
                signed_version: signed_version(&definition.template_uri),
            }),
            Err(error) => {
                let act = format!("read the SAS definition `{name}/{}`", item.name);
                let code = FindingCode::VaultUnreadable;
                holes.push(Hole::failed(code, vault.id.as_str(), act, error));
            }
        }
    }
    seen
}

fn enrolment_of(vault: &SeenVault, record: &ManagedStorage) -> Enrolment {
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
        ..Enrolment::default()
    }
}

fn unread(record: &Record) -> Enrolment {
    Enrolment {
        vault: record.vault.url.name().to_owned(),
        name: record.name.to_string(),
        ..Enrolment::default()
    }
}
