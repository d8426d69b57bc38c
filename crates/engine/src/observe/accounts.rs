//! The accounts of a scope, list by list, kept small as they come.

use std::sync::{Mutex, PoisonError};

use azure::arm::storage::{self, StorageAccount};
use azure::client::ReadClient;
use futures::future::join_all;
use rotation::finding::FindingCode;

use super::notes::{Fact, Kind, NotesError, Reading};
use super::reading::{Holes, PLACES_AT_ONCE, Part, Queue, Scan, read_list};
use super::{Hole, Place, seen};
use crate::check::rows::Rows;
use crate::check::scope::{Fate, Filter};

/// Lists of accounts start from nothing that was read before.
const GROUND: u64 = 0;

/// The accounts that were found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) rows: Rows,
    pub(super) left_to_others: usize,
}

/// Reads the accounts of all places and puts them in order.
pub(super) async fn read(
    scan: Scan<'_>,
    mut places: Vec<Place>,
    filter: &Filter,
) -> Result<Found, NotesError> {
    let mut found = Found::default();
    recall(scan, &mut places, &mut found)?;
    let queue = Queue::new(places);
    let found = Mutex::new(found);
    let hands = (0..queue.hands(PLACES_AT_ONCE)).map(|_| work(scan, &queue, filter, &found));
    join_all(hands.collect::<Vec<_>>()).await;
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.rows.sort();
    Ok(found)
}

/// Takes the places that an earlier scan has read whole.
fn recall(scan: Scan<'_>, places: &mut Vec<Place>, found: &mut Found) -> Result<(), NotesError> {
    let wanted = |of: &str| places.iter().any(|place| place.id() == of);
    let mut take = |_: &str, fact: Fact<'_>| match fact {
        Fact::Account(seen) => found.rows.push(seen.clone()),
        Fact::LeftToOthers(count) => found.left_to_others += count,
        _ => {}
    };
    let read = scan
        .notes
        .recall(Kind::Accounts, GROUND, &wanted, &mut take)?;
    places.retain(|place| !read.contains(&place.id()));
    Ok(())
}

async fn work(scan: Scan<'_>, queue: &Queue<Place>, filter: &Filter, found: &Mutex<Found>) {
    while let Some(place) = queue.next() {
        let own = Holes::default();
        let reading = Reading::begin(scan.notes, Kind::Accounts, GROUND);
        let mut others = 0;
        let keep = |account: StorageAccount| match filter.fate(&account.id, &account.tags) {
            Fate::Mine => {
                let seen = seen(account);
                reading.note(Fact::Account(&seen));
                lock(found).rows.push(seen);
            }
            Fate::Others => others += 1,
            Fate::Nobodys => {}
        };
        read_place(scan.client, &place, &own, keep).await;
        lock(found).left_to_others += others;
        if own.pass_to(scan.holes) {
            reading.note(Fact::LeftToOthers(others));
            reading.end(&place.id());
        }
    }
}

async fn read_place(
    client: &ReadClient,
    place: &Place,
    holes: &Holes,
    mut keep: impl FnMut(StorageAccount),
) {
    let part = |act| Part {
        scope: place.id(),
        act,
        code: FindingCode::ScopeUnreadable,
        item_code: FindingCode::AccountUnreadable,
    };
    const LIST: &str = "list the storage accounts";
    match place {
        Place::Subscription(id) => {
            read_list(client, storage::list(id), part(LIST), holes, keep).await;
        }
        Place::Group(id) => {
            let list = storage::list_in_group(id);
            read_list(client, list, part(LIST), holes, keep).await;
        }
        Place::Account(id) => match client.send(storage::get(id)).await {
            Ok(account) => keep(account),
            Err(error) => {
                let act = "read the storage account";
                let code = FindingCode::AccountUnreadable;
                holes.push(Hole::failed(code, id.as_str(), act, error));
            }
        },
    }
}

fn lock(found: &Mutex<Found>) -> std::sync::MutexGuard<'_, Found> {
    found.lock().unwrap_or_else(PoisonError::into_inner)
}
