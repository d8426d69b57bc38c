//! The activity log: who regenerated a key of which account, and when.

use std::sync::{Mutex, PoisonError};

use azure::arm::activity_log::{self, Event};
use azure::client::ReadClient;
use azure::id::SubscriptionId;
use futures::future::join_all;
use rotation::finding::FindingCode;
use rotation::observation::Regeneration;

use super::LogSpan;
use super::reading::{Holes, PLACES_AT_ONCE, Part, Queue, read_list};
use crate::check::rows::Rows;

/// How many regenerations of one account are kept; the rules are about the latest ones.
const MOST_KEPT: usize = 8;

/// What the logs say.
#[derive(Debug, Default)]
struct Read {
    whole: Vec<SubscriptionId>,
    events: Vec<(usize, Regeneration)>,
}

/// Reads the logs of the subscriptions and notes at the accounts what they say.
///
/// A log that was not read to its end says nothing about what it does not show.
pub(super) async fn read(
    client: &ReadClient,
    subscriptions: Vec<SubscriptionId>,
    span: LogSpan,
    rows: &mut Rows,
    holes: &Holes,
) {
    let queue = Queue::new(subscriptions);
    let found = Mutex::new(Read::default());
    let known = &*rows;
    let hands =
        (0..queue.hands(PLACES_AT_ONCE)).map(|_| work(client, &queue, span, known, &found, holes));
    join_all(hands.collect::<Vec<_>>()).await;
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    for subscription in &found.whole {
        rows.log_was_read(subscription.as_str(), span.since);
    }
    found
        .events
        .sort_by_key(|(_, event)| std::cmp::Reverse(event.at));
    for (account, event) in found.events {
        if let Some(more) = rows
            .more(account)
            .filter(|more| more.regenerations.len() < MOST_KEPT)
        {
            more.regenerations.push(event);
        }
    }
}

async fn work(
    client: &ReadClient,
    queue: &Queue<SubscriptionId>,
    span: LogSpan,
    rows: &Rows,
    found: &Mutex<Read>,
    holes: &Holes,
) {
    while let Some(subscription) = queue.next() {
        let part = Part {
            scope: format!("/subscriptions/{subscription}"),
            act: "read the activity log",
            code: FindingCode::LogUnreadable,
            item_code: FindingCode::LogUnreadable,
        };
        let own = Holes::default();
        let mut events = Vec::new();
        let list = activity_log::list(&subscription, span.since, span.until);
        read_list(client, list, part, &own, |event| {
            if let Event::Regenerated { account, at, by } = event
                && let Some(place) = rows.find(&account)
            {
                let by = by.unwrap_or_else(|| "somebody".to_owned());
                events.push((place, Regeneration { at, by }));
            }
        })
        .await;
        let troubles = own.in_order();
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        if troubles.is_empty() {
            found.whole.push(subscription);
            found.events.append(&mut events);
        }
        troubles.into_iter().for_each(|hole| holes.push(hole));
    }
}
