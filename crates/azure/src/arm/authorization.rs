//! Role assignments.

use azure_core::http::Method;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::{
    id::{PrincipalId, RoleAssignmentId},
    request::{Change, Idempotency, List, Odd, Read, Request, Target, decode_as},
};

const API_VERSION: &str = "2022-04-01";
const PROVIDER: &str = "Microsoft.Authorization";

/// Says what a principal is; Azure needs to be told of one it has only just heard of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrincipalType {
    /// An application or managed identity.
    ServicePrincipal,
    /// A person.
    User,
    /// A group.
    Group,
}

impl PrincipalType {
    fn as_str(self) -> &'static str {
        match self {
            Self::ServicePrincipal => "ServicePrincipal",
            Self::User => "User",
            Self::Group => "Group",
        }
    }
}

/// Is a role that a principal has at a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleAssignment {
    /// Its id.
    pub id: RoleAssignmentId,
    /// The resource, group or subscription it holds at and below.
    pub scope: String,
    /// The id of the role definition, a path that ends with the role's own id.
    pub role_definition_id: String,
    /// Who has the role.
    pub principal_id: PrincipalId,
    /// What the principal is, in Azure's words.
    pub principal_type: Option<String>,
}

impl RoleAssignment {
    /// Tells whether the role is this one, wherever it is defined.
    #[must_use]
    pub fn is_role(&self, role_definition: Uuid) -> bool {
        let last = self
            .role_definition_id
            .rsplit('/')
            .next()
            .unwrap_or_default();
        last.parse() == Ok(role_definition)
    }
}

/// Lists the assignments of a principal at, above and below a scope.
pub fn role_assignments(scope: &str, principal: &PrincipalId) -> List<RoleAssignment> {
    let target = super::target(
        scope,
        &["providers", PROVIDER, "roleAssignments"],
        API_VERSION,
    )
    .with_query("$filter", format!("principalId eq '{principal}'"));
    List::new(target, |value| {
        serde_json::from_value::<Wire>(value)?.into_assignment()
    })
}

/// Lists all assignments at, above and below a scope.
pub fn all_role_assignments(scope: &str) -> List<RoleAssignment> {
    let below = ["providers", PROVIDER, "roleAssignments"];
    List::new(super::target(scope, &below, API_VERSION), |value| {
        serde_json::from_value::<Wire>(value)?.into_assignment()
    })
}

/// Reads an assignment.
pub fn get(assignment: &RoleAssignmentId) -> Request<RoleAssignment, Read> {
    Request::read(target(assignment), decode)
}

/// Gives a principal a role at a scope.
///
/// The name makes it repeatable: take it from [`assignment_name`].
pub fn put_role_assignment(
    scope: &str,
    name: Uuid,
    role_definition: Uuid,
    principal: &PrincipalId,
    principal_type: PrincipalType,
) -> Request<RoleAssignment, Change> {
    let name = name.to_string();
    let below = ["providers", PROVIDER, "roleAssignments", &name];
    let body = json!({
        "properties": {
            "roleDefinitionId": role_definition_id(scope, role_definition),
            "principalId": principal.to_string(),
            "principalType": principal_type.as_str(),
        }
    });
    let target = super::target(scope, &below, API_VERSION);
    Request::new(Method::Put, target, Idempotency::Repeatable, decode).with_body(&body)
}

/// Takes a role away again; it succeeds too if there is no such assignment any more.
pub fn delete_role_assignment(assignment: &RoleAssignmentId) -> Request<(), Change> {
    Request::delete(target(assignment))
}

/// Derives the name of an assignment from what it says, so that every run names it alike.
#[must_use]
pub fn assignment_name(scope: &str, role_definition: Uuid, principal: &PrincipalId) -> Uuid {
    let scope = scope.trim_end_matches('/').to_ascii_lowercase();
    let text = format!("keyrotation:{scope}:{role_definition}:{principal}");
    Uuid::new_v5(&Uuid::NAMESPACE_URL, text.as_bytes())
}

/// A role is defined for a subscription, and its id must name the one the scope is in.
fn role_definition_id(scope: &str, role_definition: Uuid) -> String {
    let mut parts = scope.split('/').filter(|part| !part.is_empty());
    let subscription = match (parts.next(), parts.next()) {
        (Some(word), Some(id)) if word.eq_ignore_ascii_case("subscriptions") => {
            format!("/subscriptions/{id}")
        }
        _ => String::new(),
    };
    format!("{subscription}/providers/{PROVIDER}/roleDefinitions/{role_definition}")
}

fn target(assignment: &RoleAssignmentId) -> Target {
    super::target(assignment.as_str(), &[], API_VERSION)
}

fn decode(body: &[u8]) -> Result<RoleAssignment, Odd> {
    decode_as(body, Wire::into_assignment)
}

#[derive(Deserialize)]
struct Wire {
    id: String,
    properties: WireProperties,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireProperties {
    scope: Option<String>,
    role_definition_id: String,
    principal_id: String,
    principal_type: Option<String>,
}

impl Wire {
    fn into_assignment(self) -> Result<RoleAssignment, Odd> {
        let id: RoleAssignmentId = self.id.parse()?;
        Ok(RoleAssignment {
            scope: self
                .properties
                .scope
                .unwrap_or_else(|| id.scope().to_owned()),
            id,
            role_definition_id: self.properties.role_definition_id,
            principal_id: self.properties.principal_id.parse()?,
            principal_type: self.properties.principal_type,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_assignment_does_not_depend_on_letters() -> Result<(), crate::id::IdError> {
        let principal = "22222222-2222-2222-2222-222222222201".parse()?;
        let name = |scope: &str| assignment_name(scope, Uuid::from_u128(7), &principal);
        assert_eq!(
            name("/subscriptions/A/resourceGroups/B"),
            name("/SUBSCRIPTIONS/a/resourcegroups/b/")
        );
        assert_ne!(name("/subscriptions/a"), name("/subscriptions/b"));
        assert_ne!(
            name("/subscriptions/a"),
            assignment_name("/subscriptions/a", Uuid::nil(), &principal)
        );
        Ok(())
    }
}
