//! Roles of principals, above all the one that lets Key Vault list and regenerate an account's keys.

use azure::arm::authorization::{self, PrincipalType, RoleAssignment};
use azure::error::Error;
use azure::graph;
use azure::id::{PrincipalId, RoleAssignmentId, StorageAccountId};
use uuid::{Uuid, uuid};

use super::{GrantError, Right};
use crate::list::every;
use crate::run::{Run, StepError, absent};
use crate::surroundings::Surroundings;

/// "Storage Account Key Operator Service Role", the same in every tenant and cloud.
pub const KEY_OPERATOR_ROLE: Uuid = uuid!("81a9662b-bebf-436f-a333-f67b29880f12");

/// How a principal stands to a role at a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// It holds the role, by an assignment of ours if there is one.
    Yes(Option<RoleAssignmentId>),
    /// It does not.
    No,
}

/// A role that a principal is to hold at a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) scope: String,
    pub(super) role: Uuid,
    pub(super) principal: PrincipalId,
    pub(super) principal_type: PrincipalType,
}

impl Wanted {
    /// Wants Key Vault's own role on an account.
    pub(super) async fn of_key_vault(
        run: &Run<'_>,
        around: &Surroundings,
        account: &StorageAccountId,
        principal: Option<PrincipalId>,
    ) -> Result<Self, GrantError> {
        let principal = match principal {
            Some(principal) => principal,
            None => around.key_vault_principal(run).await?,
        };
        Ok(Self {
            scope: account.to_string(),
            role: KEY_OPERATOR_ROLE,
            principal,
            principal_type: PrincipalType::ServicePrincipal,
        })
    }

    fn name(&self) -> Uuid {
        authorization::assignment_name(&self.scope, self.role, &self.principal)
    }

    /// Looks whether the principal holds the role, at the scope or above it.
    pub(super) async fn look(&self, run: &Run<'_>) -> Result<Held, StepError> {
        let list = authorization::role_assignments(&self.scope, &self.principal);
        let present = every(run, "list the role assignments of", &self.scope, list).await?;
        let holds = |held: &&RoleAssignment| {
            held.is_role(self.role) && is_at_or_above(&held.scope, &self.scope)
        };
        Ok(present.iter().find(holds).map_or(Held::No, |found| {
            // An assignment under the computed name was made by an earlier run of ours.
            Held::Yes((found.id.name() == self.name()).then(|| found.id.clone()))
        }))
    }

    /// Assigns the role; `None` if somebody else did so in the meantime.
    ///
    /// # Cancellation
    /// The name makes the request repeatable, and lets the next run recognise the assignment.
    pub(super) async fn assign(
        &self,
        run: &Run<'_>,
        act: &'static str,
    ) -> Result<Option<RoleAssignmentId>, StepError> {
        let request = authorization::put_role_assignment(
            &self.scope,
            self.name(),
            self.role,
            &self.principal,
            self.principal_type,
        );
        match run.send(act, &self.scope, request).await {
            Ok(made) => Ok(Some(made.id)),
            // Somebody else granted the same role in the meantime: it is theirs.
            Err(error) if error.is(Error::is_conflict) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Removes an assignment; one that is gone already is no error.
pub(super) async fn take_back(
    run: &Run<'_>,
    assignment: &RoleAssignmentId,
) -> Result<(), StepError> {
    let request = authorization::delete_role_assignment(assignment);
    let act = "remove the role assignment";
    absent(run.send(act, assignment, request).await)?;
    Ok(())
}

/// Looks up Key Vault's own principal in the directory.
pub(crate) async fn key_vault_principal(run: &Run<'_>) -> Result<PrincipalId, GrantError> {
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
