//! The accounts of a scope, list by list, kept small as they come.

use std::sync::{Mutex, PoisonError};

use azure::arm::storage::{self, StorageAccount};
use azure::client::ReadClient;
use futures::future::join_all;
use rotation::finding::FindingCode;

use super::reading::{Holes, PLACES_AT_ONCE, Part, Queue, read_list};
use super::{Hole, Place, seen};
use crate::check::rows::Rows;
use crate::check::scope::{Fate, Filter};

/// The accounts that were found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) rows: Rows,
    pub(super) left_to_others: usize,
}

/// Reads the accounts of all places and puts them in order.
pub(super) async fn read(
    client: &ReadClient,
    places: Vec<Place>,
    filter: &Filter,
    holes: &Holes,
) -> Found {
    let queue = Queue::new(places);
    let found = Mutex::new(Found::default());
    let hands =
        (0..queue.hands(PLACES_AT_ONCE)).map(|_| work(client, &queue, filter, &found, holes));
    join_all(hands.collect::<Vec<_>>()).await;
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.rows.sort();
    found
}

async fn work(
    client: &ReadClient,
    queue: &Queue<Place>,
    filter: &Filter,
    found: &Mutex<Found>,
    holes: &Holes,
) {
    while let Some(place) = queue.next() {
        let keep = |account| keep(account, filter, found);
        let part = |scope: &dyn std::fmt::Display, act| Part {
            scope: scope.to_string(),
            act,
            code: FindingCode::ScopeUnreadable,
            item_code: FindingCode::AccountUnreadable,
        };
        const LIST: &str = "list the storage accounts";
        match place {
            Place::Subscription(id) => {
                let part = part(&format_args!("/subscriptions/{id}"), LIST);
                read_list(client, storage::list(&id), part, holes, keep).await;
            }
            Place::Group(id) => {
                let list = storage::list_in_group(&id);
                read_list(client, list, part(&id, LIST), holes, keep).await;
            }
            Place::Account(id) => match client.send(storage::get(&id)).await {
                Ok(account) => keep(account),
                Err(error) => {
                    let act = "read the storage account";
                    let code = FindingCode::AccountUnreadable;
                    holes.push(Hole::failed(code, id.as_str(), act, error));
                }
            },
        }
    }
}

fn keep(account: StorageAccount, filter: &Filter, found: &Mutex<Found>) {
    let fate = filter.fate(&account.id, &account.tags);
    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
    match fate {
        Fate::Mine => found.rows.push(seen(account)),
        Fate::Others => found.left_to_others += 1,
        Fate::Nobodys => {}
    }
}
