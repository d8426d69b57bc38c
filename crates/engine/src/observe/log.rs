//! The activity log: who regenerated a key of which account, and when.

use std::sync::{Mutex, PoisonError};

use azure::arm::activity_log::{self, Event};
use azure::id::SubscriptionId;
use futures::future::join_all;
use jiff::Timestamp;
use rotation::finding::FindingCode;
use rotation::observation::Regeneration;

use super::LogSpan;
use super::notes::{Fact, Kind, NotesError, Reading};
use super::reading::{Holes, PLACES_AT_ONCE, Part, Queue, Scan, read_list};
use crate::check::rows::Rows;

/// How many regenerations of one account are kept; the rules are about the latest ones.
const MOST_KEPT: usize = 8;

/// What the logs say.
#[derive(Debug, Default)]
struct Read {
    whole: Vec<(String, Timestamp)>,
    events: Vec<(usize, Regeneration)>,
}

/// Reads the logs of the subscriptions and notes at the accounts what they say.
///
/// A log that was not read to its end says nothing about what it does not show.
pub(super) async fn read(
    scan: Scan<'_>,
    mut subscriptions: Vec<SubscriptionId>,
    span: LogSpan,
    rows: &mut Rows,
) -> Result<(), NotesError> {
    let ground = rows.ground();
    let mut found = Read::default();
    recall(scan, ground, &mut subscriptions, rows, &mut found)?;
    let queue = Queue::new(subscriptions);
    let found = Mutex::new(found);
    let known = &*rows;
    let hands =
        (0..queue.hands(PLACES_AT_ONCE)).map(|_| work(scan, ground, &queue, span, known, &found));
    join_all(hands.collect::<Vec<_>>()).await;
    let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.note(rows);
    Ok(())
}

fn recall(
    scan: Scan<'_>,
    ground: u64,
    subscriptions: &mut Vec<SubscriptionId>,
    rows: &Rows,
    found: &mut Read,
) -> Result<(), NotesError> {
    let wanted = |of: &str| subscriptions.iter().any(|one| one.as_str() == of);
    let mut take = |of: &str, fact: Fact<'_>| match fact {
        Fact::LogSince(since) => found.whole.push((of.to_owned(), since)),
        Fact::Regenerated(account, event) => {
            let place = rows.find(account).into_iter();
            found
                .events
                .extend(place.map(|place| (place, event.clone())));
        }
        _ => {}
    };
    let read = scan.notes.recall(Kind::Log, ground, &wanted, &mut take)?;
    subscriptions.retain(|one| !read.contains(one.as_str()));
    Ok(())
}

async fn work(
    scan: Scan<'_>,
    ground: u64,
    queue: &Queue<SubscriptionId>,
    span: LogSpan,
    rows: &Rows,
    found: &Mutex<Read>,
) {
    while let Some(subscription) = queue.next() {
        let part = Part {
            scope: format!("/subscriptions/{subscription}"),
            act: "read the activity log",
            code: FindingCode::LogUnreadable,
            item_code: FindingCode::LogUnreadable,
        };
        let own = Holes::default();
        let reading = Reading::begin(scan.notes, Kind::Log, ground);
        let mut events = Vec::new();
        let list = activity_log::list(&subscription, span.since, span.until);
        read_list(scan.client, list, part, &own, |event| {
            if let Event::Regenerated { account, at, by } = event
                && let Some(place) = rows.find(&account)
            {
                let by = by.unwrap_or_else(|| "somebody".to_owned());
                let event = Regeneration { at, by };
                reading.note(Fact::Regenerated(&account, &event));
                events.push((place, event));
            }
        })
        .await;
        if own.pass_to(scan.holes) {
            reading.note(Fact::LogSince(span.since));
            reading.end(subscription.as_str());
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            found.whole.push((subscription.to_string(), span.since));
            found.events.append(&mut events);
        }
    }
}

impl Read {
    fn note(mut self, rows: &mut Rows) {
        for (subscription, since) in &self.whole {
            rows.log_was_read(subscription, *since);
        }
        self.events
            .sort_by_key(|(_, event)| std::cmp::Reverse(event.at));
        for (account, event) in self.events {
            if let Some(more) = rows
                .more(account)
                .filter(|more| more.regenerations.len() < MOST_KEPT)
            {
                more.regenerations.push(event);
            }
        }
    }
}
