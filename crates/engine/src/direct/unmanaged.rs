//! Making sure that no vault manages an account, before its keys are touched behind a vault's back.
//!
//! The vaults that can be listed are asked. A vault that cannot be listed, or is in a subscription
//! that nobody looks at, could manage it all the same; but Key Vault can renew no key of an account
//! on which it has no role, so that is asked too.

use azure::arm::authorization::{self, RoleAssignment};
use azure::id::{StorageAccountId, VaultUrl};

use super::DirectWish;
use super::error::DirectError;
use crate::grant::role::{KEY_OPERATOR_ROLE, is_at_or_above};
use crate::list::every;
use crate::register::Register;
use crate::run::{Run, StepError};
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
    if wish.assume_unmanaged {
        return Ok(());
    }
    let may_be = |reason: String, cause| DirectError::MayBeEnrolled {
        account: account.to_string(),
        reason,
        cause,
    };
    match role_of_key_vault(run, around, account).await {
        Ok(None) => Ok(()),
        Ok(Some(held)) => {
            let reason = format!("Key Vault may hold a role on it, `{}`", held.id);
            Err(may_be(reason, None))
        }
        Err(error) => {
            let reason = "whether Key Vault holds a role on it cannot be told".to_owned();
            Err(may_be(reason, Some(error)))
        }
    }
}

/// Finds a role by which Key Vault may renew the keys of an account.
///
/// Where the directory does not tell who Key Vault is, the role that is made for this purpose
/// counts, whoever but the caller holds it.
async fn role_of_key_vault(
    run: &Run<'_>,
    around: &Surroundings,
    account: &StorageAccountId,
) -> Result<Option<RoleAssignment>, StepError> {
    let scope = account.as_str();
    let act = "list the role assignments of";
    let counts = |held: &RoleAssignment| is_at_or_above(&held.scope, scope);
    if let Ok(principal) = around.key_vault_principal(run).await {
        let list = authorization::role_assignments(scope, &principal);
        let held = every(run, act, account, list).await?;
        return Ok(held.into_iter().find(counts));
    }
    let caller = run.client().caller().await;
    let caller =
        caller.map_err(|error| StepError::new("tell who is calling, for", scope, error))?;
    let held = every(
        run,
        act,
        account,
        authorization::all_role_assignments(scope),
    )
    .await?;
    let mut others = held
        .into_iter()
        .filter(|held| held.is_role(KEY_OPERATOR_ROLE) && held.principal_id != caller.object_id);
    Ok(others.find(counts))
}
