//! What the settings of web and function apps hold of the accounts' keys.
//!
//! No value of a setting comes so far: [`SettingsSearch`] gives names and places. A key that does not
//! say of which account it is, is a hole: for no account can it be ruled out.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use azure::arm::apps::held::{Held, What};
use azure::arm::apps::{self, App, Setting};
use azure::client::search::SettingsSearch;
use azure::id::SubscriptionId;
use futures::future::join_all;
use rotation::finding::FindingCode;
use rotation::observation::{AppPlace, HeldKey, HeldWhat};

use super::Hole;
use super::notes::{Fact, Kind, NotesError, Reading};
use super::reading::{Holes, PLACES_AT_ONCE, Part, Queue, Scan, odd_hole, read_list};
use crate::check::rows::Rows;

/// Lists of apps start from nothing that was read before.
const GROUND: u64 = 0;

const CODE: FindingCode = FindingCode::AppSettingsUnreadable;

/// What is held, with the places of the accounts.
type Found = Vec<(usize, HeldKey)>;

/// Reads the apps of the subscriptions and notes at the accounts what they hold.
pub(super) async fn read(
    scan: Scan<'_>,
    search: &SettingsSearch,
    subscriptions: &[SubscriptionId],
    rows: &mut Rows,
) -> Result<(), NotesError> {
    let ground = rows.ground();
    let mut apps = list(scan, subscriptions).await?;
    let mut found = recall(scan, ground, &mut apps, rows)?;
    found.extend(ask(scan, search, ground, apps, rows).await);
    found.sort();
    rows.apps_were_read();
    for (place, held) in found {
        if let Some(more) = rows.more(place) {
            more.held.push(held);
        }
    }
    Ok(())
}

async fn list(scan: Scan<'_>, subscriptions: &[SubscriptionId]) -> Result<Vec<App>, NotesError> {
    let mut found = Vec::new();
    let wanted = |of: &str| subscriptions.iter().any(|one| one.as_str() == of);
    let mut take = |_: &str, fact: Fact<'_>| {
        if let Fact::App(id) = fact {
            found.push(App { id: id.to_owned() });
        }
    };
    let read = scan.notes.recall(Kind::Apps, GROUND, &wanted, &mut take)?;
    let missing = subscriptions.iter();
    let missing = missing.filter(|one| !read.contains(one.as_str())).cloned();
    let queue = Queue::new(missing.collect());
    let found = Mutex::new(found);
    let hands = (0..queue.hands(PLACES_AT_ONCE)).map(|_| list_some(scan, &queue, &found));
    join_all(hands.collect::<Vec<_>>()).await;
    Ok(found.into_inner().unwrap_or_else(PoisonError::into_inner))
}

async fn list_some(scan: Scan<'_>, queue: &Queue<SubscriptionId>, found: &Mutex<Vec<App>>) {
    while let Some(subscription) = queue.next() {
        let part = part(format!("/subscriptions/{subscription}"), "list the apps");
        let own = Holes::default();
        let reading = Reading::begin(scan.notes, Kind::Apps, GROUND);
        let keep = |app: App| {
            reading.note(Fact::App(&app.id));
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            found.push(app);
        };
        read_list(scan.client, apps::list(&subscription), part, &own, keep).await;
        if own.pass_to(scan.holes) {
            reading.end(subscription.as_str());
        }
    }
}

/// Takes the apps that an earlier scan has read whole.
fn recall(
    scan: Scan<'_>,
    ground: u64,
    apps: &mut Vec<App>,
    rows: &Rows,
) -> Result<Found, NotesError> {
    let mut found = Found::new();
    let wanted = |of: &str| apps.iter().any(|app| app.id == of);
    let mut take = |_: &str, fact: Fact<'_>| {
        if let Fact::Held(account, held) = fact {
            found.extend(rows.find(account).map(|place| (place, held.clone())));
        }
    };
    let read = scan.notes.recall(Kind::App, ground, &wanted, &mut take)?;
    apps.retain(|app| !read.contains(&app.id));
    Ok(found)
}

async fn ask(
    scan: Scan<'_>,
    search: &SettingsSearch,
    ground: u64,
    apps: Vec<App>,
    rows: &Rows,
) -> Found {
    let (queue, names) = (Queue::new(apps), rows.names().collect::<HashMap<_, _>>());
    let found = Mutex::new(Found::new());
    let hands = queue.hands(PLACES_AT_ONCE);
    let hands = (0..hands).map(|_| ask_some(scan, search, ground, &queue, (rows, &names), &found));
    join_all(hands.collect::<Vec<_>>()).await;
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

async fn ask_some(
    scan: Scan<'_>,
    search: &SettingsSearch,
    ground: u64,
    queue: &Queue<App>,
    (rows, names): (&Rows, &HashMap<&str, usize>),
    found: &Mutex<Found>,
) {
    while let Some(app) = queue.next() {
        let own = Holes::default();
        let reading = Reading::begin(scan.notes, Kind::App, ground);
        let mut held = Found::new();
        for one in with_slots(scan, app.clone(), &own).await {
            for (place, settings) in read_settings(search, &one, &own).await {
                sort_out(&one, place, settings, names, &mut held, &own);
            }
        }
        if own.pass_to(scan.holes) {
            for (place, one) in &held {
                let id = rows.id_at(*place);
                id.iter().for_each(|id| reading.note(Fact::Held(id, one)));
            }
            reading.end(&app.id);
        }
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        found.extend(held);
    }
}

/// A slot has settings of its own.
async fn with_slots(scan: Scan<'_>, app: App, holes: &Holes) -> Vec<App> {
    let part = part(app.id.clone(), "list the deployment slots");
    let list = apps::list_slots(&app);
    let mut all = vec![app];
    read_list(scan.client, list, part, holes, |slot| all.push(slot)).await;
    all
}

async fn read_settings(
    search: &SettingsSearch,
    app: &App,
    holes: &Holes,
) -> Vec<(AppPlace, Vec<Setting>)> {
    let failed = |act, error| holes.push(Hole::failed(CODE, &app.id, act, error));
    let mut read = Vec::new();
    let (settings, strings) = futures::join!(search.settings(app), search.connection_strings(app));
    match settings {
        Ok(settings) => read.push((AppPlace::Setting, settings)),
        Err(error) => failed("read the app settings", error),
    }
    match strings {
        Ok(strings) => read.push((AppPlace::ConnectionString, strings)),
        Err(error) => failed("read the connection strings", error),
    }
    read
}

/// Finds the accounts that are meant; those of other scopes are none of ours.
fn sort_out(
    app: &App,
    place: AppPlace,
    settings: Vec<Setting>,
    names: &HashMap<&str, usize>,
    found: &mut Found,
    holes: &Holes,
) {
    for Setting { name, held } in settings {
        for Held { what, account } in held {
            let one = HeldKey {
                app: app.id.clone(),
                place,
                name: name.clone(),
                what: match what {
                    What::Key => HeldWhat::Key,
                    What::Token => HeldWhat::Token,
                },
            };
            match account {
                Some(account) => {
                    let account = names.get(account.as_str());
                    found.extend(account.map(|account| (*account, one)));
                }
                None => {
                    let reason = format!("{one} may hold a key, and does not say of which account");
                    holes.push(odd_hole(CODE, Some(app.id.clone()), &app.id, reason));
                }
            }
        }
    }
}

fn part(scope: String, act: &'static str) -> Part {
    Part {
        scope,
        act,
        code: CODE,
        item_code: CODE,
    }
}
