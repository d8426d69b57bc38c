//! The life of a managed storage account: enrol, look, change, un-enrol.
//!
//! # Flow
//! Every operation looks first, lets `rotation::enrolment` decide, and then sends as few requests
//! as that takes.
//!
//! # Guarantees
//! - Enrolling is never repeated blindly: after an unclear answer the vault is read again, and the
//!   request is only sent once more if the vault still holds nothing under the name.
//! - A record that somebody else made, or that is another account's, is neither overwritten,
//!   changed nor removed.
//! - An account that the vault manages under one name is not enrolled under a second one.
//! - Un-enrolling deletes the record of the storage account. It never touches a secret, and it
//!   regenerates no key.
//!
//! # Caveats
//! - Whether a second enrolment over a living one restarts the vault's timer is not documented;
//!   hence changes are always sent as changes, never as a new enrolment.
//! - A run that is killed after it recovered a deleted record and before it brought its settings up
//!   to date leaves a living record with the old settings. The next run cannot tell it from
//!   somebody else's, and asks for it to be imported.

pub mod enrol;
pub(crate) mod regenerate;
pub mod sas;
pub mod turn;

use azure::arm::storage::{self, StorageAccount};
use azure::id::{KeyName, ManagedStorageName, StorageAccountId, VaultUrl};
use azure::vault::managed_storage::{self, ManagedStorage, ManagedStorageUpdate};
use rotation::enrolment::{Found, RecordTimes, Terms, TermsChange, Whose};
use rotation::slot::KeySlot;

use crate::register::Register;
use crate::run::{Pauses, Run, StepError, absent};

/// How often a record that was just deleted is looked for before it counts as gone for good.
const LOOKS_FOR_DELETED: u32 = 4;

/// Where an enrolment stands: a name in a vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The vault.
    pub vault: VaultUrl,
    /// The name of the record in it.
    pub name: ManagedStorageName,
}

impl std::fmt::Display for Place {
    /// Writes the identifier that Key Vault gives the record.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/storage/{}", self.vault.as_str(), self.name)
    }
}

/// An enrolment as the vault shows it.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// The account it manages, as the vault spells it.
    pub account: String,
    /// The slot whose key signs tokens now; `None` if the vault names an unknown one.
    pub active: Option<KeySlot>,
    /// Its settings.
    pub terms: Terms,
    /// The period exactly as the vault spells it.
    pub period_text: Option<String>,
    /// When the record was made and changed.
    pub times: RecordTimes,
}

impl Enrolment {
    fn read(managed: ManagedStorage) -> Self {
        let period = managed
            .regeneration_period
            .as_deref()
            .and_then(|text| text.parse().ok());
        Self {
            account: managed.resource_id.to_string(),
            active: managed.active_key.parse().ok(),
            terms: Terms {
                auto_regenerate: managed.auto_regenerate.unwrap_or(false),
                period,
                enabled: managed.enabled,
                tags: managed.tags,
            },
            period_text: managed.regeneration_period,
            times: RecordTimes {
                created: managed.created,
                updated: managed.updated,
            },
        }
    }

    /// Tells whether it is the enrolment of an account.
    pub fn whose(&self, account: &StorageAccountId) -> Whose {
        whose(&self.account, account)
    }
}

/// Looks up an enrolment; `None` if the vault holds nothing living under the name.
///
/// # Errors
/// Azure's refusal. A refusal is never an absence.
pub async fn look(run: &Run<'_>, place: &Place) -> Result<Option<Enrolment>, StepError> {
    let request = managed_storage::get(&place.vault, &place.name);
    let found = absent(run.send("read the enrolment", place, request).await)?;
    Ok(found.map(Enrolment::read))
}

/// Looks up a storage account; `None` if it does not exist.
///
/// # Errors
/// Azure's refusal.
pub async fn look_at_account(
    run: &Run<'_>,
    account: &StorageAccountId,
) -> Result<Option<StorageAccount>, StepError> {
    absent(
        run.send("read the storage account", account, storage::get(account))
            .await,
    )
}

/// An enrolment could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// A request failed.
    #[error(transparent)]
    Step(#[from] StepError),
    /// The vault holds nothing under the name any more.
    #[error("`{place}` is gone")]
    Gone {
        /// The identifier of the record.
        place: String,
    },
    /// The name belongs to the record of another account by now.
    #[error("`{place}` is the enrolment of another account, `{account}`")]
    Foreign {
        /// The identifier of the record.
        place: String,
        /// The account that the record is about.
        account: String,
    },
}

/// Brings the settings of an enrolment up to date; changes nothing if they are.
///
/// # Cancellation
/// The one request that changes something sets absolute values, so it may be repeated.
///
/// # Errors
/// Azure's refusal, or a record that is not the account's; nothing was changed then.
pub async fn update(
    run: &Run<'_>,
    place: &Place,
    account: &StorageAccountId,
    wanted: &Terms,
) -> Result<Enrolment, UpdateError> {
    let name = || place.to_string();
    let present = look(run, place)
        .await?
        .ok_or_else(|| UpdateError::Gone { place: name() })?;
    if present.whose(account) == Whose::Another {
        return Err(UpdateError::Foreign {
            place: name(),
            account: present.account,
        });
    }
    let change = TermsChange::between(&present.terms, wanted);
    if change.is_empty() {
        return Ok(present);
    }
    Ok(patch(run, place, change, None).await?)
}

/// Sends what changes, and nothing else.
pub(crate) async fn patch(
    run: &Run<'_>,
    place: &Place,
    change: TermsChange,
    active: Option<KeySlot>,
) -> Result<Enrolment, StepError> {
    let update = ManagedStorageUpdate {
        active_key: active.map(key_name),
        auto_regenerate: change.auto_regenerate,
        enabled: change.enabled,
        regeneration_period: change.period.map(|period| period.to_string()),
        tags: change.tags,
    };
    let request = managed_storage::update(&place.vault, &place.name, &update);
    run.send("change the enrolment", place, request)
        .await
        .map(Enrolment::read)
}

/// How un-enrolling ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// The record was deleted.
    Removed,
    /// There was none.
    WasGone,
    /// The name now belongs to the record of another account, which was left alone.
    LeftForeign,
}

/// Un-enrols an account: deletes the record of the storage account, and no secret.
///
/// # Cancellation
/// Deleting can be repeated; what is gone already is not missed.
///
/// # Errors
/// Azure's refusal; the account is still enrolled then.
pub async fn remove(
    run: &Run<'_>,
    register: &Register,
    place: &Place,
    account: &StorageAccountId,
) -> Result<Removal, StepError> {
    let Some(present) = look(run, place).await? else {
        return Ok(Removal::WasGone);
    };
    if present.whose(account) == Whose::Another {
        return Ok(Removal::LeftForeign);
    }
    let request = managed_storage::delete(&place.vault, &place.name);
    absent(run.send("un-enrol", place, request).await)?;
    register.strike(place).await;
    Ok(Removal::Removed)
}

/// Removes for good what a vault with soft delete keeps of an enrolment that was removed.
///
/// A deletion takes a moment until it can be seen; a vault that shows nothing for some seconds
/// keeps nothing.
///
/// # Cancellation
/// Purging can be repeated.
///
/// # Errors
/// Azure's refusal; the vault keeps the deleted record then.
pub async fn purge(
    run: &Run<'_>,
    place: &Place,
    account: &StorageAccountId,
) -> Result<(), StepError> {
    let mut pauses = Pauses::new();
    for _ in 0..LOOKS_FOR_DELETED {
        let request = managed_storage::get_deleted(&place.vault, &place.name);
        let found = absent(run.send("read the deleted enrolment", place, request).await)?;
        match found {
            Some(deleted) if deleted.resource_id.is(account) => {
                let request = managed_storage::purge(&place.vault, &place.name);
                absent(
                    run.send("purge the deleted enrolment", place, request)
                        .await,
                )?;
                return Ok(());
            }
            Some(_) => return Ok(()),
            None => {}
        }
        if run.pause(pauses.next()).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// Sets after how many days Azure calls the account's keys expired; sends nothing if it is so.
///
/// # Cancellation
/// The one request sets an absolute value, so it may be repeated.
///
/// # Errors
/// Azure's refusal, for one on accounts whose keys have no creation time.
pub async fn set_key_expiration(
    run: &Run<'_>,
    account: StorageAccount,
    days: u32,
) -> Result<StorageAccount, StepError> {
    if account.key_expiration_days == Some(days) {
        return Ok(account);
    }
    let request = storage::set_key_expiration(&account.id, days);
    run.send("set the key expiration policy of", &account.id, request)
        .await
}

fn whose(found: &str, wanted: &StorageAccountId) -> Whose {
    if found.eq_ignore_ascii_case(&wanted.to_string()) {
        Whose::Wanted
    } else {
        Whose::Another
    }
}

fn found(present: Option<&Enrolment>, account: &StorageAccountId) -> Found {
    present.map_or(Found::Nothing, |enrolment| Found::Living {
        account: enrolment.whose(account),
        terms: enrolment.terms.clone(),
    })
}

pub(crate) fn key_name(slot: KeySlot) -> KeyName {
    match slot {
        KeySlot::Key1 => KeyName::Key1,
        KeySlot::Key2 => KeyName::Key2,
    }
}
