//! The rights that an enrolment needs: what is missing, granting it, and taking back what was made.
//!
//! Two parties need rights. Key Vault's own principal must hold the key operator role on the
//! storage account, or it cannot renew keys. The caller needs storage permissions on a vault that
//! works with access policies. Whatever is there already is left alone and is never taken back.
//!
//! # Caveats
//! The role has a computed name, so that a run recognises the one that an earlier run made, even if
//! that run was killed. An access policy has no name: permissions that a killed run added are taken
//! for those of somebody else, and stay. They also stay while the vault holds any enrolment.

pub(crate) mod role;
pub mod vault_access;

use azure::arm::vaults::Vault;
use azure::id::{PrincipalId, RoleAssignmentId, StorageAccountId};

use vault_access::{VaultAccess, find_vault};

use crate::managed::Place;
use crate::register::Register;
use crate::run::{Run, StepError};

/// The rights that were made for an enrolment, to be taken back with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// The role assignment of Key Vault's principal, if it is one of ours.
    pub role_assignment: Option<RoleAssignmentId>,
    /// The permissions that were added, by whom they were given to.
    pub vault_access: Vec<VaultAccess>,
}

impl Made {
    /// Tells whether nothing was made.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds what was made later to what was made before.
    #[must_use]
    pub fn and(mut self, later: Self) -> Self {
        self.role_assignment = later.role_assignment.or(self.role_assignment);
        for access in later.vault_access {
            match self
                .vault_access
                .iter_mut()
                .find(|known| known.is_of(&access))
            {
                Some(known) => known.permissions.extend(access.permissions),
                None => self.vault_access.push(access),
            }
        }
        self
    }
}

/// A kind of right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// To know Key Vault's principal in the directory.
    KnowPrincipal,
    /// Key Vault's role on the account.
    Role,
    /// The caller's permissions on the vault.
    VaultAccess,
}

/// A right could not be granted or taken back.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// A request failed.
    #[error("{source}")]
    Step {
        /// The right it was about.
        right: Right,
        /// The request that failed.
        source: StepError,
    },
    /// The directory knows no principal of Key Vault.
    #[error(
        "the directory has no service principal of the application {application} (Azure Key Vault)"
    )]
    NoKeyVaultPrincipal {
        /// Key Vault's application id in this cloud.
        application: &'static str,
    },
}

impl GrantError {
    fn about(right: Right) -> impl Fn(StepError) -> Self {
        move |source| Self::Step { right, source }
    }
}

/// Grants what an enrolment of `account` at `place` needs and what is missing of it.
///
/// # Cancellation
/// Each right is granted by one request that can be repeated; what a killed run leaves is told in
/// the caveats of the module.
///
/// # Errors
/// The first right that could not be granted. What was made before stays.
pub async fn grant_for_enrolment(
    run: &Run<'_>,
    account: &StorageAccountId,
    place: &Place,
    key_vault_principal: Option<PrincipalId>,
) -> Result<Made, GrantError> {
    let role_assignment = role::ensure(run, account, key_vault_principal).await?;
    let vault = find_vault(run, account.subscription(), &place.vault).await;
    let vault_access = match vault {
        Some(Vault { rbac: true, .. }) | None => None,
        Some(vault) => vault_access::ensure(run, &vault)
            .await
            .map_err(GrantError::about(Right::VaultAccess))?,
    };
    Ok(Made {
        role_assignment,
        vault_access: vault_access.into_iter().collect(),
    })
}

/// Takes back what [`grant_for_enrolment`] made, as far as nothing else needs it.
///
/// The role stays while another known record manages the account; the caller's permissions stay
/// while the vault holds any record.
///
/// # Cancellation
/// Taking back can be repeated: what is gone already is not missed.
///
/// # Errors
/// The first right that could not be taken back.
pub async fn take_back(
    run: &Run<'_>,
    register: &Register,
    place: &Place,
    account: &StorageAccountId,
    made: &Made,
) -> Result<(), GrantError> {
    if let Some(assignment) = &made.role_assignment
        && !register.is_managed_elsewhere(run, place, account).await
    {
        role::take_back(run, assignment).await?;
    }
    for access in &made.vault_access {
        vault_access::take_back(run, &place.vault, access)
            .await
            .map_err(GrantError::about(Right::VaultAccess))?;
    }
    Ok(())
}
