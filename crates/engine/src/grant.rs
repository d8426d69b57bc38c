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

pub mod party;
pub mod permissions;
pub(crate) mod role;
pub mod vault_access;

use azure::arm::vaults::{self, Vault};
use azure::id::{PrincipalId, RoleAssignmentId, StorageAccountId};

use permissions::Permissions;
use role::Held;
use vault_access::VaultAccess;

use crate::managed::Place;
use crate::register::Register;
use crate::run::{Run, StepError};
use crate::surroundings::{Object, Surroundings};

/// What declaring enrolments and SAS definitions takes; backup is left out.
const NEEDED: [&str; 11] = [
    "get",
    "list",
    "set",
    "update",
    "delete",
    "recover",
    "regeneratekey",
    "getsas",
    "listsas",
    "setsas",
    "deletesas",
];

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
    /// The caller is known not to have the right to grant it; nothing was changed.
    #[error("the caller may not perform `{action}` on `{scope}`")]
    NotAllowed {
        /// The right it was about.
        right: Right,
        /// What the caller would have to do.
        action: &'static str,
        /// Where.
        scope: String,
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

/// The enrolment that rights are granted for.
#[derive(Clone, Copy, Debug)]
pub struct GrantWish<'a> {
    /// The account.
    pub account: &'a StorageAccountId,
    /// Where it is, or will be, enrolled.
    pub place: &'a Place,
    /// Key Vault's principal, if it is known.
    pub key_vault_principal: Option<PrincipalId>,
    /// Whether the caller will want to purge the record too.
    pub purge: bool,
}

/// Grants what an enrolment needs and what is missing of it.
///
/// Everything is looked at first; if the caller is known to lack a right to grant, nothing is
/// granted at all.
///
/// # Cancellation
/// Each right is granted by one request that can be repeated; what a killed run leaves is told in
/// the caveats of the module.
///
/// # Errors
/// The first right that could not be granted. What was made before stays.
pub async fn grant_for_enrolment(
    run: &Run<'_>,
    around: &Surroundings,
    wish: GrantWish<'_>,
) -> Result<Made, GrantError> {
    let wanted =
        role::Wanted::of_key_vault(run, around, wish.account, wish.key_vault_principal).await?;
    let held = wanted.look(run).await;
    let held = held.map_err(GrantError::about(Right::Role))?;
    let access = missing_access(run, around, wish).await?;
    if held == Held::No {
        may_grant(run, around, wish.account.into(), Right::Role).await?;
    }
    if let Some(access) = &access {
        may_grant(run, around, (&access.vault).into(), Right::VaultAccess).await?;
    }
    let role_assignment = match held {
        Held::Yes(ours) => ours,
        Held::No => wanted
            .assign(run, "assign the key operator role to Key Vault on")
            .await
            .map_err(GrantError::about(Right::Role))?,
    };
    if let Some(access) = &access {
        let added = vault_access::add(run, access).await;
        added.map_err(GrantError::about(Right::VaultAccess))?;
    }
    Ok(Made {
        role_assignment,
        vault_access: access.into_iter().collect(),
    })
}

/// Finds which permissions the caller lacks on a vault with access policies.
async fn missing_access(
    run: &Run<'_>,
    around: &Surroundings,
    wish: GrantWish<'_>,
) -> Result<Option<VaultAccess>, GrantError> {
    let near = Some(wish.account.subscription());
    let vault = around.vault(run, near, &wish.place.vault).await;
    let Some(Vault {
        id, rbac: false, ..
    }) = vault
    else {
        return Ok(None);
    };
    let failed = GrantError::about(Right::VaultAccess);
    let request = vaults::get(&id);
    let vault = run.send("read the access policy of", &id, request).await;
    let vault = vault.map_err(&failed)?;
    let caller = run.client().caller().await.map_err(|source| {
        failed(StepError::new(
            "tell who is calling, to grant access to",
            &vault.id,
            source,
        ))
    })?;
    let mut needed = Permissions::new(&NEEDED, &[]);
    if wish.purge {
        needed.extend(Permissions::new(&["purge"], &[]));
    }
    Ok(vault_access::missing(&vault, caller.object_id, &needed))
}

/// Makes sure, as far as that can be told, that the caller may grant a right.
async fn may_grant(
    run: &Run<'_>,
    around: &Surroundings,
    object: Object<'_>,
    right: Right,
) -> Result<(), GrantError> {
    let action = match right {
        Right::VaultAccess => "Microsoft.KeyVault/vaults/accessPolicies/write",
        Right::Role | Right::KnowPrincipal => "Microsoft.Authorization/roleAssignments/write",
    };
    match around.may(run, object, |held| held.allows(action)).await {
        Some(false) => Err(GrantError::NotAllowed {
            right,
            action,
            scope: object.id().to_owned(),
        }),
        _ => Ok(()),
    }
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
        let removed = role::take_back(run, assignment).await;
        removed.map_err(GrantError::about(Right::Role))?;
    }
    for access in &made.vault_access {
        vault_access::take_back(run, &place.vault, access)
            .await
            .map_err(GrantError::about(Right::VaultAccess))?;
    }
    Ok(())
}
