//! All accounts of a scope, and all that the vaults there hold about them: what somebody needs who wants
//! to write it down as code.
//!
//! What cannot be read is kept as the reason why.

use std::collections::HashSet;

use azure::arm::storage::{self, StorageAccount};
use azure::id::{SubscriptionId, VaultUrl};
use azure::request::Listed;
use azure::vault::managed_storage;
use futures::stream::{self, StreamExt};

use super::{AT_A_TIME, Odd, parted, sas};
use crate::check::scope::{Fate, Filter, Scope};
use crate::check::{CheckError, places};
use crate::managed::sas::{Definition, DefinitionPlace};
use crate::managed::{Enrolment, Place, look};
use crate::observe::{Hole, Place as Area, subscriptions_of};
use crate::run::{Run, StepError};
use crate::surroundings::Surroundings;

/// An enrolment with its SAS definitions.
#[derive(Clone, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// What the vault shows of it.
    pub enrolment: Enrolment,
    /// Its SAS definitions.
    pub definitions: Vec<(DefinitionPlace, Definition)>,
}

/// What there is.
#[derive(Debug, Default)]
pub struct Inventory {
    /// The accounts, in the order of their ids.
    pub accounts: Vec<StorageAccount>,
    /// The enrolments, in the order of their identifiers.
    pub records: Vec<Record>,
    /// The identifiers in lower case of all enrolments that were seen, also of accounts that are not
    /// among these.
    pub taken: HashSet<String>,
    /// The parts of the scope that could not be read.
    pub holes: Vec<Hole>,
    /// What else could not be read, and why.
    pub unread: Vec<StepError>,
    /// What was read and could not be understood.
    pub odd: Vec<Odd>,
}

impl Inventory {
    /// Tells whether all was read and understood.
    pub fn is_whole(&self) -> bool {
        self.holes.is_empty() && self.unread.is_empty() && self.odd.is_empty()
    }

    fn add(&mut self, part: Self) {
        self.records.extend(part.records);
        self.unread.extend(part.unread);
        self.odd.extend(part.odd);
    }
}

/// Reads what there is in a scope: its accounts, and what the vaults of their subscriptions hold of them.
/// Of a subscription that is looked at as a whole, what the vaults hold of others too.
///
/// # Errors
/// It cannot be found out where to look. Whatever else cannot be read is told in its place.
pub async fn take(
    run: &Run<'_>,
    around: &Surroundings,
    scope: &Scope,
) -> Result<Inventory, CheckError> {
    let (places, holes) = places(&run.client().reader(), scope).await?;
    let mut inventory = Inventory {
        holes,
        ..Inventory::default()
    };
    for place in &places {
        read_accounts(run, place, &mut inventory).await;
    }
    inventory.accounts.sort_by(|a, b| a.id.cmp(&b.id));
    inventory.accounts.dedup_by(|a, b| a.id == b.id);
    for subscription in subscriptions_of(&places) {
        let is_whole = places.contains(&Area::Subscription(subscription.clone()));
        read_vaults(run, around, &subscription, is_whole, &mut inventory).await;
    }
    leave_out(&mut inventory, &scope.filter);
    inventory
        .records
        .sort_by_key(|record| record.place.to_string());
    Ok(inventory)
}

async fn read_accounts(run: &Run<'_>, place: &Area, inventory: &mut Inventory) {
    let act = "list the storage accounts of";
    let read = match place {
        Area::Subscription(id) => run.list(act, id, storage::list(id)).await,
        Area::Group(id) => run.list(act, id, storage::list_in_group(id)).await,
        Area::Account(id) => run
            .send("read the storage account", id, storage::get(id))
            .await
            .map(|account| vec![Listed::Item(account)]),
    };
    match read {
        Ok(listed) => {
            let (accounts, odd) = parted(listed, &place.id());
            inventory.accounts.extend(accounts);
            inventory.odd.extend(odd);
        }
        Err(error) => inventory.unread.push(error),
    }
}

async fn read_vaults(
    run: &Run<'_>,
    around: &Surroundings,
    subscription: &SubscriptionId,
    is_whole: bool,
    inventory: &mut Inventory,
) {
    let vaults = match around.vaults_or_why(run, subscription).await {
        Ok(vaults) => vaults,
        Err(error) => return inventory.unread.push(error),
    };
    let readings = vaults.iter().map(|vault| read_vault(run, &vault.url));
    let read: Vec<_> = stream::iter(readings).buffered(AT_A_TIME).collect().await;
    let known: HashSet<String> = inventory.accounts.iter().map(key_of).collect();
    for mut part in read {
        let ids = part.records.iter().map(|record| record.place.to_string());
        inventory
            .taken
            .extend(ids.map(|id| id.to_ascii_lowercase()));
        if !is_whole {
            let is_known = |record: &Record| known.contains(&key(&record.enrolment.account));
            part.records.retain(is_known);
        }
        inventory.add(part);
    }
}

/// Leaves out the accounts that the filter does not let through, with their records.
fn leave_out(inventory: &mut Inventory, filter: &Filter) {
    let passes = |account: &StorageAccount| filter.fate(&account.id, &account.tags) == Fate::Mine;
    let (kept, dropped): (Vec<_>, Vec<_>) = inventory.accounts.drain(..).partition(passes);
    let dropped: HashSet<_> = dropped.iter().map(key_of).collect();
    inventory.accounts = kept;
    inventory
        .records
        .retain(|record| !dropped.contains(&key(&record.enrolment.account)));
}

fn key(id: &str) -> String {
    id.to_ascii_lowercase()
}

fn key_of(account: &StorageAccount) -> String {
    key(account.id.as_str())
}

async fn read_vault(run: &Run<'_>, vault: &VaultUrl) -> Inventory {
    let mut part = Inventory::default();
    let act = "list the managed storage accounts of";
    let items = match run
        .list(act, vault.host(), managed_storage::list(vault))
        .await
    {
        Ok(listed) => {
            let (items, odd) = parted(listed, vault.as_str());
            part.odd = odd;
            items
        }
        Err(error) => {
            part.unread.push(error);
            return part;
        }
    };
    let readings = items.into_iter().map(|item| {
        let place = Place {
            vault: vault.clone(),
            name: item.name,
        };
        read_record(run, place)
    });
    let read: Vec<_> = stream::iter(readings).buffered(AT_A_TIME).collect().await;
    read.into_iter().for_each(|one| part.add(one));
    part
}

async fn read_record(run: &Run<'_>, place: Place) -> Inventory {
    let mut part = Inventory::default();
    let enrolment = match look(run, &place).await {
        Ok(Some(enrolment)) => enrolment,
        // It was un-enrolled since it was listed.
        Ok(None) => return part,
        Err(error) => {
            part.unread.push(error);
            return part;
        }
    };
    let mut definitions = Vec::new();
    match sas::list(run, &place).await {
        Ok((read, odd)) => {
            part.odd = odd;
            for (at, definition) in read {
                match definition {
                    Ok(definition) => definitions.extend(definition.map(|found| (at, found))),
                    Err(error) => part.unread.push(error),
                }
            }
        }
        Err(error) => part.unread.push(error),
    }
    part.records.push(Record {
        place,
        enrolment,
        definitions,
    });
    part
}
