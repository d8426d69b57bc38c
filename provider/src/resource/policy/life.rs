//! Reading and changing what a `keyrotation_policy` stands for.
//!
//! # Partial results
//! Until the account is enrolled, a failure leaves no state: the role that was granted by then is
//! recognised by the next run. From the moment it is enrolled, nothing is an error any more: a
//! failed create would be destroyed and made anew, which would interrupt the rotation for a missing
//! reminder. It becomes a warning, and the next refresh shows what is left to do.

mod create;
mod delete;
mod read;
mod update;

use azure::arm::storage::StorageAccount;
use engine::grant::{self, GrantWish, Made};
use engine::managed;
use engine::precheck;
use engine::run::Run;
use plugin::{Diagnostic, Diagnostics, Path};

pub(super) use create::create;
pub(super) use delete::delete;
pub(super) use read::read;
pub(super) use update::update;

use super::model::Model;
use crate::diagnostic;
use crate::provider::Shared;

/// Reads the account and refuses one that cannot be rotated this way, before anything is changed.
async fn fit_account(run: &Run<'_>, model: &Model) -> Result<StorageAccount, Diagnostic> {
    let path = Path::attribute("storage_account_id");
    let found = managed::look_at_account(run, &model.account)
        .await
        .map_err(|error| diagnostic::step(&error).at(path.clone()))?;
    let Some(account) = found else {
        let detail = format!(
            "{} does not exist, or the caller may not see it. Nothing was changed.\n\nCheck the id; to \
             see the account, the caller needs the role `Reader` on it.",
            model.account
        );
        return Err(Diagnostic::error("Storage account not found", detail).at(path));
    };
    if account.allow_shared_key_access == Some(false) {
        let detail = format!(
            "{} does not allow access by keys (allowSharedKeyAccess is false), so neither its \
             keys nor tokens signed by them can be used, and there is nothing to rotate. Nothing \
             was changed. Remove the policy, or allow access by keys.",
            model.account
        );
        return Err(Diagnostic::error("The account's keys are switched off", detail).at(path));
    }
    Ok(account)
}

/// Looks whether anything stands in the way of the enrolment, before anything is changed.
async fn precheck(shared: &Shared, run: &Run<'_>, model: &Model) -> Result<(), Diagnostic> {
    let deleted = shared.features().of_deleted();
    let (around, register) = (shared.surroundings(), shared.register());
    precheck::check(run, around, register, &model.account, &model.place, deleted)
        .await
        .map_err(|obstacle| diagnostic::obstacle(&obstacle))
}

async fn grant(shared: &Shared, run: &Run<'_>, model: &Model) -> Result<Made, Diagnostic> {
    let features = shared.features();
    if !model.grant_access.unwrap_or(features.grant_access) {
        return Ok(Made::default());
    }
    let wish = GrantWish {
        account: &model.account,
        place: &model.place,
        key_vault_principal: model.key_vault_principal,
        purge: features.purge_on_destroy,
    };
    grant::grant_for_enrolment(run, shared.surroundings(), wish)
        .await
        .map_err(|error| diagnostic::grant(&error))
}

/// The account's own key expiration policy, as a policy wants it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expiry {
    /// Whether it is to be set at all.
    pub(super) wanted: bool,
    /// After how many days Azure is to call a key expired.
    pub(super) days: u32,
}

impl Expiry {
    fn of(model: &Model) -> Self {
        Self {
            wanted: model.set_key_expiration,
            days: model.max_key_age.days_rounded_up(),
        }
    }
}

/// Sets the account's key expiration policy; a failure is a warning, as the rotation is in force.
pub(super) async fn expire(
    run: &Run<'_>,
    expiry: Expiry,
    account: StorageAccount,
    diagnostics: &mut Diagnostics,
) -> StorageAccount {
    let Expiry { wanted, days } = expiry;
    if !wanted {
        return account;
    }
    let kept = account.clone();
    let failure = match managed::set_key_expiration(run, account, days).await {
        Ok(account) => return account,
        Err(error) => diagnostic::step(&error),
    };
    let detail = format!(
        "The rotation is in force, but the account's key expiration policy is not set: {}\n\n\
         The next plan shows it as a difference, and applying that sets it. Azure refuses it on \
         accounts whose keys have no creation time, until both were regenerated; then leave it \
         for later with set_key_expiration_policy = false.",
        failure.detail
    );
    diagnostics.push(
        Diagnostic::warning("Key expiration policy not set", detail)
            .at(Path::attribute("set_key_expiration_policy")),
    );
    kept
}
