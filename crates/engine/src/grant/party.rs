//! Letting somebody into a vault for one purpose: what it takes, giving what is missing of it, and
//! taking that back.
//!
//! # Flow
//! Read the vault; whether it goes by access policies or by roles decides what the purpose needs;
//! give what is missing, by one request.
//!
//! # Guarantees
//! - What somebody else gave is left alone and is never taken back.
//! - Nothing is given that the purpose does not need, except where a role holds more.
//!
//! # Caveats
//! Azure does not say who gave a permission of an access policy. What two purposes of one party
//! both need belongs to the one that gave it, and goes with it; the other gives it again when it is
//! looked at next.

use azure::arm::authorization::PrincipalType;
use azure::arm::vaults::{self, Vault};
use azure::id::{PrincipalId, VaultId, VaultUrl};
use uuid::Uuid;

use super::permissions::{Permissions, Purpose};
use super::role::{self, Held, Wanted};
use super::vault_access::{self, VaultAccess};
use super::{GrantError, Made, Right, may_grant};
use crate::run::{Run, absent};
use crate::surroundings::Surroundings;

/// Who is to be let in, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party {
    /// The object id of a user, group or application.
    pub principal: PrincipalId,
    /// What the principal is; Azure has to be told for one that is new.
    pub principal_type: PrincipalType,
    /// What for.
    pub purpose: Purpose,
    /// The role to give in a vault that goes by roles, in place of the built-in one.
    pub role: Option<Uuid>,
}

impl Party {
    fn role(&self) -> Uuid {
        self.role.unwrap_or(self.purpose.role().id)
    }
}

/// How a party stands in a vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The vault, as a resource.
    pub vault: VaultId,
    /// Its address.
    pub url: VaultUrl,
    /// What of the needed rights the party holds.
    pub held: Rights,
}

/// What a party holds of the rights that its purpose needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rights {
    /// The vault goes by access policies: these permissions.
    Policy(Permissions),
    /// The vault goes by roles: whether it holds the role.
    Role(bool),
}

/// Looks how a party stands in a vault; `None` if there is no such vault.
///
/// # Errors
/// Azure's refusal.
pub async fn look(
    run: &Run<'_>,
    vault: &VaultId,
    party: &Party,
) -> Result<Option<Standing>, GrantError> {
    let request = vaults::get(vault);
    let found = run.send("read the access policy of", vault, request).await;
    let found = absent(found).map_err(GrantError::about(Right::VaultAccess))?;
    let Some(vault) = found else { return Ok(None) };
    let held = if vault.rbac {
        let held = wanted(&vault, party).look(run).await;
        Rights::Role(held.map_err(GrantError::about(Right::Role))? != Held::No)
    } else {
        let needed = party.purpose.permissions();
        let lacking = needed.without(&vault_access::held(&vault, &party.principal));
        Rights::Policy(needed.without(&lacking))
    };
    Ok(Some(Standing {
        vault: vault.id,
        url: vault.url,
        held,
    }))
}

/// A party that has been let in.
#[derive(Debug)]
pub struct LetIn {
    /// How it stands now.
    pub standing: Standing,
    /// What has been given to it, this time and before, and not taken back.
    pub made: Made,
    /// Why something that is not needed any more could not be taken back, if that is so.
    pub left: Option<GrantError>,
}

/// Lets a party in: gives what it lacks, and takes back what `before` gave and the purpose does
/// not need any more. `None` if there is no such vault.
///
/// # Cancellation
/// Each request can be repeated. Permissions that a killed run added are taken for those of
/// somebody else, and stay; a role is recognised by its name.
///
/// # Errors
/// The right that could not be given; nothing was changed then.
pub async fn let_in(
    run: &Run<'_>,
    around: &Surroundings,
    vault: &VaultId,
    party: &Party,
    before: &Made,
) -> Result<Option<LetIn>, GrantError> {
    let request = vaults::get(vault);
    let found = run.send("read the access policy of", vault, request).await;
    let found = absent(found).map_err(GrantError::about(Right::VaultAccess))?;
    let Some(vault) = found else { return Ok(None) };
    let (held, given) = if vault.rbac {
        let role = give_role(run, around, &vault, party).await?;
        let given = Made {
            role_assignment: role,
            vault_access: Vec::new(),
        };
        (Rights::Role(true), given)
    } else {
        let access = give_access(run, around, &vault, party).await?;
        let given = Made {
            role_assignment: None,
            vault_access: access.into_iter().collect(),
        };
        (Rights::Policy(party.purpose.permissions()), given)
    };
    let (kept, surplus) = split(&vault, party, before, &given);
    let left = put_out(run, &surplus).await.err();
    // What could not be taken back is tried again the next time.
    let kept = if left.is_some() { before.clone() } else { kept };
    Ok(Some(LetIn {
        standing: Standing {
            vault: vault.id,
            url: vault.url,
            held,
        },
        made: kept.and(given),
        left,
    }))
}

/// Takes back everything that was given to a party.
///
/// # Cancellation
/// Taking back can be repeated: what is gone already is not missed.
///
/// # Errors
/// The first right that could not be taken back.
pub async fn put_out(run: &Run<'_>, made: &Made) -> Result<(), GrantError> {
    if let Some(assignment) = &made.role_assignment {
        let removed = role::take_back(run, assignment).await;
        removed.map_err(GrantError::about(Right::Role))?;
    }
    for access in &made.vault_access {
        let removed = vault_access::remove(run, access).await;
        removed.map_err(GrantError::about(Right::VaultAccess))?;
    }
    Ok(())
}

fn wanted(vault: &Vault, party: &Party) -> Wanted {
    Wanted {
        scope: vault.id.to_string(),
        role: party.role(),
        principal: party.principal,
        principal_type: party.principal_type,
    }
}

async fn give_role(
    run: &Run<'_>,
    around: &Surroundings,
    vault: &Vault,
    party: &Party,
) -> Result<Option<azure::id::RoleAssignmentId>, GrantError> {
    let wanted = wanted(vault, party);
    let failed = GrantError::about(Right::Role);
    match wanted.look(run).await.map_err(&failed)? {
        Held::Yes(ours) => Ok(ours),
        Held::No => {
            may_grant(run, around, (&vault.id).into(), Right::Role).await?;
            let act = "assign a role on the vault";
            wanted.assign(run, act).await.map_err(failed)
        }
    }
}

async fn give_access(
    run: &Run<'_>,
    around: &Surroundings,
    vault: &Vault,
    party: &Party,
) -> Result<Option<VaultAccess>, GrantError> {
    let needed = party.purpose.permissions();
    let Some(access) = vault_access::missing(vault, party.principal, &needed) else {
        return Ok(None);
    };
    may_grant(run, around, (&vault.id).into(), Right::VaultAccess).await?;
    let added = vault_access::add(run, &access).await;
    added.map_err(GrantError::about(Right::VaultAccess))?;
    Ok(Some(access))
}

/// Splits what was given before into what is still needed and what is not any more.
fn split(vault: &Vault, party: &Party, before: &Made, given: &Made) -> (Made, Made) {
    let needed = if vault.rbac {
        Permissions::default()
    } else {
        party.purpose.permissions()
    };
    let (mut kept, mut surplus) = (Made::default(), Made::default());
    if vault.rbac && before.role_assignment == given.role_assignment {
        kept.role_assignment.clone_from(&before.role_assignment);
    } else {
        surplus.role_assignment.clone_from(&before.role_assignment);
    }
    for access in &before.vault_access {
        let part = |permissions: Permissions| VaultAccess {
            permissions,
            ..access.clone()
        };
        let unneeded = access.permissions.without(&needed);
        let still_needed = access.permissions.without(&unneeded);
        kept.vault_access.push(part(still_needed));
        surplus.vault_access.push(part(unneeded));
    }
    for made in [&mut kept, &mut surplus] {
        made.vault_access
            .retain(|access| !access.permissions.is_empty());
    }
    (kept, surplus)
}
