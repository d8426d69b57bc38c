//! The role that lets Key Vault's principal list and regenerate the keys of one account.

use azure::arm::authorization::{self, PrincipalType, RoleAssignment};
use azure::error::Error;
use azure::graph;
use azure::id::{PrincipalId, RoleAssignmentId, StorageAccountId};
use uuid::{Uuid, uuid};

use super::{GrantError, Right};
use crate::list::every;
use crate::run::{Run, absent};

/// "Storage Account Key Operator Service Role", the same in every tenant and cloud.
pub const KEY_OPERATOR_ROLE: Uuid = uuid!("81a9662b-bebf-436f-a333-f67b29880f12");

/// Makes sure that Key Vault's principal holds the role; gives the assignment if it is ours.
pub(super) async fn ensure(
    run: &Run<'_>,
    account: &StorageAccountId,
    principal: Option<PrincipalId>,
) -> Result<Option<RoleAssignmentId>, GrantError> {
    let principal = match principal {
        Some(principal) => principal,
        None => key_vault_principal(run).await?,
    };
    let scope = account.to_string();
    let name = authorization::assignment_name(&scope, KEY_OPERATOR_ROLE, &principal);
    let present = every(
        run,
        "list the role assignments of",
        &scope,
        authorization::role_assignments(&scope, &principal),
    )
    .await
    .map_err(GrantError::about(Right::Role))?;
    let holds = |held: &&RoleAssignment| {
        held.is_role(KEY_OPERATOR_ROLE) && is_at_or_above(&held.scope, &scope)
    };
    if let Some(found) = present.iter().find(holds) {
        // An assignment under the computed name was made by an earlier run of ours.
        return Ok((found.id.name() == name).then(|| found.id.clone()));
    }
    let assigned = run
        .send(
            "assign the key operator role to Key Vault on",
            &scope,
            authorization::put_role_assignment(
                &scope,
                name,
                KEY_OPERATOR_ROLE,
                &principal,
                PrincipalType::ServicePrincipal,
            ),
        )
        .await;
    match assigned {
        Ok(made) => Ok(Some(made.id)),
        // Somebody else granted the same role in the meantime: it is theirs.
        Err(error) if error.is(Error::is_conflict) => Ok(None),
        Err(source) => Err(GrantError::Step {
            right: Right::Role,
            source,
        }),
    }
}

/// Removes an assignment; one that is gone already is no error.
pub(super) async fn take_back(
    run: &Run<'_>,
    assignment: &RoleAssignmentId,
) -> Result<(), GrantError> {
    let request = authorization::delete_role_assignment(assignment);
    let answer = run
        .send("remove the role assignment", assignment, request)
        .await;
    absent(answer).map_err(GrantError::about(Right::Role))?;
    Ok(())
}

async fn key_vault_principal(run: &Run<'_>) -> Result<PrincipalId, GrantError> {
    let application = run.client().cloud().key_vault_application_id();
    run.send(
        "look up Key Vault's service principal by its application",
        application,
        graph::service_principal(application),
    )
    .await
    .map_err(GrantError::about(Right::KnowPrincipal))?
    .map(|principal| principal.id)
    .ok_or(GrantError::NoKeyVaultPrincipal { application })
}

/// Tells whether what holds at `upper` holds at `scope`: it is the same, or one of those above it.
pub(crate) fn is_at_or_above(upper: &str, scope: &str) -> bool {
    let upper = upper.trim_end_matches('/').to_ascii_lowercase();
    let scope = scope.to_ascii_lowercase();
    scope
        .strip_prefix(&upper)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_counts_at_the_account_and_above_it_only() {
        let check = |upper: &str, expected| {
            let account = "/subscriptions/s/resourceGroups/g/providers/P/storageAccounts/a1";
            assert_eq!(is_at_or_above(upper, account), expected, "{upper}");
        };
        check("/", true);
        check("/subscriptions/S", true);
        check("/subscriptions/s/resourcegroups/g", true);
        check(
            "/subscriptions/s/resourceGroups/g/providers/P/storageAccounts/a1",
            true,
        );
        check(
            "/subscriptions/s/resourceGroups/g/providers/P/storageAccounts/a",
            false,
        );
        check(
            "/subscriptions/s/resourceGroups/g/providers/P/storageAccounts/a1/x/y",
            false,
        );
        check("/subscriptions/other", false);
    }
}
