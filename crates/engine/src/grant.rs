//! The rights that an enrolment needs: what is missing, granting it, and taking back what was made.
//!
//! Two parties need rights. Key Vault's own principal must hold the key operator role on the
//! storage account, or it cannot renew keys. The caller needs storage permissions on a vault that
//! works with access policies. Whatever is there already is left alone and is never taken back.

mod role;
mod vault_access;

use azure::arm::vaults::Vault;
use azure::id::{PrincipalId, RoleAssignmentId, StorageAccountId, VaultUrl};

pub use role::KEY_OPERATOR_ROLE;
pub use vault_access::{VaultAccess, find_vault};

use crate::run::{Halt, Run, StepError};

/// The rights that were made for an enrolment, to be taken back with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// The role assignment of Key Vault's principal, if it is one of ours.
    pub role_assignment: Option<RoleAssignmentId>,
    /// The permissions that were added for the caller.
    pub vault_access: Option<VaultAccess>,
}

impl Made {
    /// Tells whether nothing was made.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A right could not be granted.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// A request failed.
    #[error(transparent)]
    Step(#[from] StepError),
    /// The directory knows no principal of Key Vault.
    #[error(
        "the directory has no service principal of the application {application} (Azure Key Vault)"
    )]
    NoKeyVaultPrincipal {
        /// Key Vault's application id in this cloud.
        application: &'static str,
    },
    /// The operation ended before the rights were complete.
    #[error(transparent)]
    Halted(#[from] Halt),
}

/// Grants what an enrolment of `account` in the vault needs and what is missing of it.
///
/// # Cancellation
/// Each right is granted by one request that can be repeated; a run that was cut short leaves
/// rights that the next run recognises as its own, because their names are computed.
///
/// # Errors
/// The first right that could not be granted. What was made before stays.
pub async fn grant_for_enrolment(
    run: &Run<'_>,
    account: &StorageAccountId,
    vault: &VaultUrl,
    key_vault_principal: Option<PrincipalId>,
) -> Result<Made, GrantError> {
    run.go_on()?;
    let role_assignment = role::ensure(run, account, key_vault_principal).await?;
    run.go_on()?;
    let vault_access = match find_vault(run, account.subscription(), vault).await? {
        Some(Vault { rbac: true, .. }) | None => None,
        Some(vault) => vault_access::ensure(run, &vault).await?,
    };
    Ok(Made {
        role_assignment,
        vault_access,
    })
}

/// Takes back what [`grant_for_enrolment`] made.
///
/// The caller's permissions stay while the vault holds other enrolments, because those need them
/// as well.
///
/// # Cancellation
/// Taking back can be repeated: what is gone already is not missed.
///
/// # Errors
/// The first right that could not be taken back.
pub async fn take_back(run: &Run<'_>, vault: &VaultUrl, made: &Made) -> Result<(), GrantError> {
    if let Some(assignment) = &made.role_assignment {
        role::take_back(run, assignment).await?;
    }
    if let Some(access) = &made.vault_access {
        vault_access::take_back(run, vault, access).await?;
    }
    Ok(())
}
