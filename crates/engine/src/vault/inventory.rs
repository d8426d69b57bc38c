//! All accounts of some subscriptions, and all that the vaults there hold about accounts: what somebody
//! needs who wants to write it down as code.
//!
//! What cannot be read is kept as the reason why.

use std::collections::HashSet;

use azure::arm::storage::{self, StorageAccount};
use azure::arm::subscriptions;
use azure::id::{SubscriptionId, VaultUrl};
use azure::vault::managed_storage;
use futures::stream::{self, StreamExt};

use super::{AT_A_TIME, Odd, parted, sas};
use crate::check::scope::{Fate, Filter};
use crate::list::every;
use crate::managed::sas::{Definition, DefinitionPlace};
use crate::managed::{Enrolment, Place, look};
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
    /// What could not be read, and why.
    pub unread: Vec<StepError>,
    /// What was read and could not be understood.
    pub odd: Vec<Odd>,
}

/// Reads what passes the filter in the subscriptions, or in every one that the caller can read if none
/// is named.
///
/// # Errors
/// The subscriptions cannot be listed. Whatever else cannot be read is told in its place.
pub async fn take(
    run: &Run<'_>,
    around: &Surroundings,
    named: &[SubscriptionId],
    filter: &Filter,
) -> Result<Inventory, StepError> {
    let mut inventory = Inventory::default();
    let all = match named {
        [] => every(run, "list", "the subscriptions", subscriptions::list())
            .await?
            .into_iter()
            .map(|found| found.id)
            .collect(),
        named => named.to_vec(),
    };
    let mut vaults = Vec::new();
    for subscription in &all {
        let act = "list the storage accounts of";
        match run
            .list(act, subscription, storage::list(subscription))
            .await
        {
            Ok(listed) => {
                let (accounts, odd) = parted(listed, &format!("/subscriptions/{subscription}"));
                inventory.accounts.extend(accounts);
                inventory.odd.extend(odd);
            }
            Err(error) => inventory.unread.push(error),
        }
        match around.vaults_or_why(run, subscription).await {
            Ok(found) => vaults.extend(found.iter().map(|vault| vault.url.clone())),
            Err(error) => inventory.unread.push(error),
        }
    }
    let readings = vaults.iter().map(|vault| read_vault(run, vault));
    let read: Vec<_> = stream::iter(readings).buffered(AT_A_TIME).collect().await;
    for part in read {
        inventory.records.extend(part.records);
        inventory.unread.extend(part.unread);
        inventory.odd.extend(part.odd);
    }
    leave_out(&mut inventory, filter);
    inventory.accounts.sort_by(|a, b| a.id.cmp(&b.id));
    inventory
        .records
        .sort_by_key(|record| record.place.to_string());
    Ok(inventory)
}

/// Leaves out the accounts that the filter does not let through, with their records.
fn leave_out(inventory: &mut Inventory, filter: &Filter) {
    let passes = |account: &StorageAccount| filter.fate(&account.id, &account.tags) == Fate::Mine;
    let (kept, dropped): (Vec<_>, Vec<_>) = inventory.accounts.drain(..).partition(passes);
    let key = |id: &str| id.to_ascii_lowercase();
    let dropped: HashSet<_> = dropped
        .iter()
        .map(|account| key(account.id.as_str()))
        .collect();
    inventory.accounts = kept;
    inventory
        .records
        .retain(|record| !dropped.contains(&key(&record.enrolment.account)));
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
    for one in read {
        part.records.extend(one.records);
        part.unread.extend(one.unread);
        part.odd.extend(one.odd);
    }
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
