//! What stands in the way of an enrolment, found before anything is changed.
//!
//! Azure would refuse each of these too, but later, after rights were granted, and in words that do
//! not tell them apart. What the caller may not look at is left to Azure's own answer.

use azure::arm::vaults::Vault;
use azure::error::{Error, Kind};
use azure::id::StorageAccountId;
use azure::vault::managed_storage;

use crate::managed::{Place, look};
use crate::register::Register;
use crate::run::{Run, StepError};
use crate::surroundings::Surroundings;

/// What the caller needs on the account: the vault lists the keys on its behalf.
pub const LIST_KEYS: &str = "Microsoft.Storage/storageAccounts/listkeys/action";

/// What the caller needs in a vault that goes by roles.
pub const MANAGE: &str = "Microsoft.KeyVault/vaults/storageaccounts/set/action";

/// What to do about a deleted record that still holds the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// Bring it back.
    Recover,
    /// Refuse.
    Refuse,
}

/// An enrolment would not come about.
#[derive(Debug, thiserror::Error)]
pub enum Obstacle {
    /// A lock keeps keys from being listed and regenerated.
    #[error("the lock `{lock}` on `{scope}` makes `{account}` read-only")]
    Locked {
        /// The account.
        account: StorageAccountId,
        /// The lock's name.
        lock: String,
        /// What it is on.
        scope: String,
    },
    /// The caller may not list the account's keys.
    #[error("the caller may not list the keys of `{account}`")]
    CallerCannotListKeys {
        /// The account.
        account: StorageAccountId,
    },
    /// Nothing answers at the vault's address.
    #[error("there is no vault at `{address}`")]
    NoVault {
        /// The address.
        address: String,
        /// What came of trying.
        #[source]
        source: StepError,
    },
    /// The vault goes by roles, and the caller has none that lets it manage storage accounts.
    #[error("the caller has no role that lets it manage storage accounts in `{vault}`")]
    NoVaultRole {
        /// The vault's resource id.
        vault: String,
    },
    /// Another vault manages the account.
    #[error("`{account}` is enrolled already, as `{others}`")]
    Elsewhere {
        /// The account.
        account: StorageAccountId,
        /// The identifiers of the records.
        others: String,
    },
    /// A deleted record holds the name, and is not to be recovered.
    #[error("a deleted enrolment holds the name `{place}`")]
    Deleted {
        /// The identifier of the record.
        place: String,
    },
    /// Something could not be looked at for a reason that stands in the way as well.
    #[error(transparent)]
    Step(#[from] StepError),
}

/// Looks whether anything stands in the way of enrolling `account` at `place`.
///
/// # Errors
/// The first obstacle; nothing was changed.
pub async fn check(
    run: &Run<'_>,
    around: &Surroundings,
    register: &Register,
    account: &StorageAccountId,
    place: &Place,
    deleted: Deleted,
) -> Result<(), Obstacle> {
    if let Some(lock) = around.lock(run, account).await {
        return Err(Obstacle::Locked {
            account: account.clone(),
            lock: lock.name,
            scope: lock.scope,
        });
    }
    let lists_keys = around.may(run, account.into(), |held| held.allows(LIST_KEYS));
    if lists_keys.await == Some(false) {
        return Err(Obstacle::CallerCannotListKeys {
            account: account.clone(),
        });
    }
    let vault = around
        .vault(run, Some(account.subscription()), &place.vault)
        .await;
    match vault {
        Some(vault) => check_role(run, around, &vault).await?,
        None => check_address(run, place).await?,
    }
    check_others(run, around, register, account, place).await?;
    match deleted {
        Deleted::Recover => Ok(()),
        Deleted::Refuse => check_deleted(run, place).await,
    }
}

/// Refuses a vault that no subscription shows, if nothing answers at its address: the names of
/// vaults that are not there do not resolve.
async fn check_address(run: &Run<'_>, place: &Place) -> Result<(), Obstacle> {
    match look(run, place).await {
        Err(source) if source.is(|azure| azure.kind() == Kind::NeverSent) => {
            Err(Obstacle::NoVault {
                address: place.vault.as_str().to_owned(),
                source,
            })
        }
        // Whatever else there is to say about the vault will be said when the record is made.
        _ => Ok(()),
    }
}

/// Refuses a vault that goes by roles and gives the caller none for storage accounts.
async fn check_role(run: &Run<'_>, around: &Surroundings, vault: &Vault) -> Result<(), Obstacle> {
    if !vault.rbac {
        return Ok(());
    }
    let manages = around.may(run, (&vault.id).into(), |held| held.allows_data(MANAGE));
    match manages.await {
        Some(false) => Err(Obstacle::NoVaultRole {
            vault: vault.id.to_string(),
        }),
        _ => Ok(()),
    }
}

/// Refuses an account that another vault of its subscription, or one that this process has had to
/// do with, manages already.
async fn check_others(
    run: &Run<'_>,
    around: &Surroundings,
    register: &Register,
    account: &StorageAccountId,
    place: &Place,
) -> Result<(), Obstacle> {
    let vaults = around.vaults(run, account.subscription()).await;
    let near = vaults.iter().flat_map(|vaults| vaults.iter());
    let near: Vec<_> = near.map(|vault| vault.url.clone()).collect();
    let others = register.in_other_vaults(run, &near, place, account).await;
    if others.is_empty() {
        return Ok(());
    }
    Err(Obstacle::Elsewhere {
        account: account.clone(),
        others: others.join("`, `"),
    })
}

async fn check_deleted(run: &Run<'_>, place: &Place) -> Result<(), Obstacle> {
    let request = managed_storage::get_deleted(&place.vault, &place.name);
    match run.send("read the deleted enrolment", place, request).await {
        Ok(_) => Err(Obstacle::Deleted {
            place: place.to_string(),
        }),
        Err(error) if error.is(Error::is_not_found) => Ok(()),
        // A vault that does not show deleted records will refuse the name by itself.
        Err(error) if error.is(|azure| azure.forbidden_cause().is_some()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
