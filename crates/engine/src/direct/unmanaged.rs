//! Making sure that no vault manages an account, before its keys are touched behind a vault's back.
//!
//! The vaults that can be listed are asked. A vault that cannot be listed, or is in a subscription
//! that nobody looks at, could manage it all the same; but Key Vault can renew no key of an account
//! on which it has no role, so that is asked too.

use azure::id::VaultUrl;
use jiff::Timestamp;

use super::DirectWish;
use super::error::DirectError;
use crate::key_vault_roles::a_moment_before;
use crate::register::Register;
use crate::run::Run;
use crate::surroundings::Surroundings;

/// Refuses an account that a vault manages, or may manage.
pub(super) async fn check(
    run: &Run<'_>,
    around: &Surroundings,
    register: &Register,
    wish: &DirectWish,
) -> Result<(), DirectError> {
    let account = &wish.account;
    let vaults = around.vaults(run, account.subscription()).await;
    let near = vaults.iter().flat_map(|vaults| vaults.iter());
    let mut near: Vec<VaultUrl> = near.map(|vault| vault.url.clone()).collect();
    near.push(wish.place.vault.clone());
    let others = register.in_vaults(run, &near, account).await;
    if !others.is_empty() {
        return Err(DirectError::Enrolled {
            account: account.to_string(),
            others: others.join("`, `"),
        });
    }
    check_roles(run, around, wish, a_moment_before(run.now())).await
}

/// Refuses an account on which Key Vault holds a role, or may hold one, by what is asked since a moment.
pub(super) async fn check_roles(
    run: &Run<'_>,
    around: &Surroundings,
    wish: &DirectWish,
    since: Timestamp,
) -> Result<(), DirectError> {
    if wish.assume_unmanaged {
        return Ok(());
    }
    let account = &wish.account;
    let may_be = |reason: String, cause| DirectError::MayBeEnrolled {
        account: account.to_string(),
        reason,
        cause,
    };
    match around.key_vault_roles.on(run, around, account, since).await {
        Ok(None) => Ok(()),
        Ok(Some(reason)) => Err(may_be(reason, None)),
        Err(error) => {
            let reason = "whether Key Vault holds a role on it cannot be told".to_owned();
            Err(may_be(reason, Some(error)))
        }
    }
}
