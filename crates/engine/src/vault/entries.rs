//! The enrolments of a vault, each with what the vault's record does not say: how old the account's
//! keys are, when the next turn is due, whether the turns have stopped, and who else has enrolled it.
//!
//! What cannot be read is kept as the reason why; it is never taken for an absence.

use azure::arm::storage::StorageAccount;
use azure::id::{StorageAccountId, VaultUrl};
use azure::vault::managed_storage;
use futures::stream::{self, StreamExt};
use jiff::Timestamp;
use rotation::drift::{Demand, Verdict, assess};
use rotation::enrolment::next_turn;
use rotation::observation::{
    Enrolment as SeenEnrolment, KeyTimes, Observation, PerSlot, Renewal, RoleSeen, SeenPeriod,
    SharedKey,
};
use rotation::period::Period;
use rotation::profile::Profile;

use super::neighbours::Neighbours;
use super::{AT_A_TIME, Odd, parted};
use crate::managed::{Enrolment, Place, look, look_at_account};
use crate::run::{Run, StepError};
use crate::surroundings::Surroundings;

/// An enrolment and what was seen around it.
#[derive(Debug)]
pub struct Entry {
    /// Where it stands.
    pub place: Place,
    /// The account it manages, as the vault spells it.
    pub account: String,
    /// The record; `None` if it is gone since it was listed.
    pub record: Result<Option<Enrolment>, StepError>,
    /// The account; `None` if it does not exist.
    pub seen: Result<Option<StorageAccount>, StepError>,
    /// The identifiers of other records of the same account.
    pub others: Vec<String>,
}

/// What a vault holds.
#[derive(Debug)]
pub struct Entries {
    /// The enrolments, in the order of their names.
    pub entries: Vec<Entry>,
    /// The elements of the list that could not be understood.
    pub odd: Vec<Odd>,
    /// Where other records of the accounts may stand that were not seen, and why.
    pub unread: Vec<StepError>,
}

/// Whether the vault keeps the promise of an enrolment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// It renews the keys by itself, and does.
    Kept,
    /// It promised to renew them, and has stopped.
    Stalled,
    /// It made none: keys are renewed on request.
    None,
    /// What was seen does not tell.
    Unknown,
}

impl Entry {
    /// Gives the record if it was read.
    pub fn enrolment(&self) -> Option<&Enrolment> {
        self.record.as_ref().ok().and_then(Option::as_ref)
    }

    /// Gives the account if it was read.
    pub fn account_seen(&self) -> Option<&StorageAccount> {
        self.seen.as_ref().ok().and_then(Option::as_ref)
    }

    /// Says when each key was made, as far as is known.
    pub fn key_times(&self) -> KeyTimes {
        let seen = self.account_seen();
        PerSlot {
            key1: seen.and_then(|account| account.key1_created_at),
            key2: seen.and_then(|account| account.key2_created_at),
        }
    }

    /// Says when the vault is expected to renew a key next.
    pub fn next_turn(&self) -> Option<Timestamp> {
        let enrolment = self.enrolment()?;
        let KeyTimes { key1, key2 } = self.key_times();
        next_turn(&enrolment.terms, enrolment.times, [key1, key2])
    }

    /// Judges at the moment `now` whether the vault renews the keys as it promised.
    pub fn promise(&self, now: Timestamp) -> Promise {
        let Some(enrolment) = self.enrolment() else {
            return Promise::Unknown;
        };
        if !enrolment.terms.auto_regenerate {
            return Promise::None;
        }
        let times = self.key_times();
        let assessment = assess(&observation(self, enrolment, times), &demand(), now);
        let keys = [assessment.keys.key1.verdict, assessment.keys.key2.verdict];
        if keys.contains(&Verdict::Stalled) {
            Promise::Stalled
        } else if times.key1.is_none() || times.key2.is_none() || enrolment.terms.period.is_none() {
            Promise::Unknown
        } else {
            Promise::Kept
        }
    }
}

/// Says in the words of the judging room what an entry shows.
fn observation(entry: &Entry, enrolment: &Enrolment, key_times: KeyTimes) -> Observation {
    let seen = SeenEnrolment {
        vault: entry.place.vault.name().to_owned(),
        name: entry.place.name.to_string(),
        active: enrolment.active,
        renewal: Renewal::Automatic,
        period: enrolment.period_text.clone().map(SeenPeriod::new),
        enrolled_at: enrolment.times.created.max(enrolment.times.updated),
        role: RoleSeen::default(),
        sas: Vec::new(),
    };
    Observation {
        key_times,
        // A promise is one whether the keys are accepted or not.
        shared_key: SharedKey::Allowed,
        enrolments: vec![seen],
        ..Observation::default()
    }
}

/// A promise is judged by its own period; no other demand matters for it.
fn demand() -> Demand {
    Demand {
        max_key_age: Period::days(u32::MAX),
        due_soon: Period::days(1),
        profile: Profile::Keys,
    }
}

/// Looks at every enrolment of a vault.
///
/// # Errors
/// The vault's refusal of the list. Whatever else cannot be read is told in its place.
pub async fn list(
    run: &Run<'_>,
    around: &Surroundings,
    vault: &VaultUrl,
) -> Result<Entries, StepError> {
    let listed = run
        .list(
            "list the managed storage accounts of",
            vault.host(),
            managed_storage::list(vault),
        )
        .await?;
    let (items, odd) = parted(listed, vault.as_str());
    let readings = items.into_iter().map(|item| {
        let place = Place {
            vault: vault.clone(),
            name: item.name,
        };
        read(run, place, item.resource_id.to_string())
    });
    let mut entries: Vec<Entry> = stream::iter(readings).buffered(AT_A_TIME).collect().await;
    // One that was removed while the others were read is none any more.
    entries.retain(|entry| !matches!(entry.record, Ok(None)));
    entries.sort_by(|a, b| a.place.name.cmp(&b.place.name));
    let unread = find_others(run, around, vault, &mut entries).await;
    Ok(Entries {
        entries,
        odd,
        unread,
    })
}

/// Looks at one enrolment; `None` if the vault holds nothing living under the name.
///
/// # Errors
/// The vault's refusal to show the record. Whatever else cannot be read is told in its place.
pub async fn show(
    run: &Run<'_>,
    around: &Surroundings,
    place: &Place,
) -> Result<Option<(Entry, Vec<StepError>)>, StepError> {
    let Some(enrolment) = look(run, place).await? else {
        return Ok(None);
    };
    let seen = account(run, &enrolment.account).await;
    let mut entries = [Entry {
        place: place.clone(),
        account: enrolment.account.clone(),
        record: Ok(Some(enrolment)),
        seen,
        others: Vec::new(),
    }];
    let unread = find_others(run, around, &place.vault, &mut entries).await;
    let [entry] = entries;
    Ok(Some((entry, unread)))
}

async fn read(run: &Run<'_>, place: Place, account_id: String) -> Entry {
    let record = look(run, &place).await;
    let seen = account(run, &account_id).await;
    Entry {
        place,
        account: account_id,
        record,
        seen,
        others: Vec::new(),
    }
}

/// What is no account of today's kind cannot be found either.
async fn account(run: &Run<'_>, id: &str) -> Result<Option<StorageAccount>, StepError> {
    match id.parse::<StorageAccountId>() {
        Ok(id) => look_at_account(run, &id).await,
        Err(_) => Ok(None),
    }
}

async fn find_others(
    run: &Run<'_>,
    around: &Surroundings,
    vault: &VaultUrl,
    entries: &mut [Entry],
) -> Vec<StepError> {
    let accounts: Vec<_> = entries
        .iter()
        .filter_map(|entry| entry.account.parse::<StorageAccountId>().ok())
        .collect();
    let neighbours = Neighbours::read(run, around, vault, &accounts).await;
    for entry in entries {
        entry.others = neighbours.others(&entry.account, &entry.place);
    }
    neighbours.unread
}
