//! Whether Key Vault still holds a role that lets it renew the keys of the enrolled accounts.
//!
//! The assignments of a subscription are one list. Whose they are is told by the directory; where it
//! does not answer, the role that is made for this purpose counts, whichever service holds it.

use azure::arm::authorization::{self, RoleAssignment};
use azure::client::ReadClient;
use azure::graph;
use azure::id::{PrincipalId, SubscriptionId};
use rotation::finding::FindingCode;
use rotation::observation::RoleSeen;
use uuid::{Uuid, uuid};

use super::reading::{Holes, Part, read_list};
use crate::check::rows::Rows;
use crate::grant::role::{KEY_OPERATOR_ROLE, is_at_or_above};

/// Roles that let their holder list and regenerate keys: `Owner`, `Contributor` and
/// `Storage Account Contributor`, the same in every tenant and cloud.
const WIDER_ROLES: [Uuid; 3] = [
    uuid!("8e3af657-a8ff-443c-a75c-2fe8c4bcb635"),
    uuid!("b24988ac-6180-42a0-ab88-20f7382dd24c"),
    uuid!("17d1049b-9a84-46fb-8f53-869881c3d3ab"),
];

/// The roles of Key Vault in one subscription.
struct Held {
    assignments: Vec<RoleAssignment>,
    /// Whether they are known to be Key Vault's.
    is_certain: bool,
}

/// Notes at every record whether Key Vault may renew the account's keys.
pub(super) async fn read(
    client: &ReadClient,
    subscriptions: &[SubscriptionId],
    rows: &mut Rows,
    holes: &Holes,
) {
    let enrolled = rows.enrolled();
    if enrolled.is_empty() {
        return;
    }
    let application = client.cloud().key_vault_application_id();
    let answer = client.send(graph::service_principal(application)).await;
    let principal = answer.ok().flatten().map(|found| found.id);
    for subscription in subscriptions {
        let inside = enrolled
            .iter()
            .filter(|(_, id)| id.subscription() == subscription);
        let inside: Vec<_> = inside.collect();
        if inside.is_empty() {
            continue;
        }
        let Some(held) = list(client, subscription, principal, holes).await else {
            continue;
        };
        for (place, id) in inside {
            let role = held.at(id.as_str());
            let more = rows.more(*place).into_iter();
            more.flat_map(|more| &mut more.enrolments)
                .for_each(|enrolment| enrolment.role = role);
        }
    }
}

async fn list(
    client: &ReadClient,
    subscription: &SubscriptionId,
    principal: Option<PrincipalId>,
    holes: &Holes,
) -> Option<Held> {
    let scope = format!("/subscriptions/{subscription}");
    let part = Part {
        scope: scope.clone(),
        act: "list the role assignments",
        code: FindingCode::RolesUnreadable,
        item_code: FindingCode::RolesUnreadable,
    };
    let list = match &principal {
        Some(principal) => authorization::role_assignments(&scope, principal),
        None => authorization::all_role_assignments(&scope),
    };
    let mut assignments = Vec::new();
    let own = Holes::default();
    read_list(client, list, part, &own, |one| assignments.push(one)).await;
    let troubles = own.in_order();
    let is_whole = troubles.is_empty();
    troubles.into_iter().for_each(|hole| holes.push(hole));
    is_whole.then_some(Held {
        assignments,
        is_certain: principal.is_some(),
    })
}

impl Held {
    fn at(&self, account: &str) -> RoleSeen {
        let mut above = self
            .assignments
            .iter()
            .filter(|one| is_at_or_above(&one.scope, account))
            .peekable();
        let any = above.peek().is_some();
        let made_for_it = |one: &RoleAssignment| one.is_role(KEY_OPERATOR_ROLE);
        let wide = |one: &RoleAssignment| WIDER_ROLES.iter().any(|role| one.is_role(*role));
        if above.any(|one| made_for_it(one) || (self.is_certain && wide(one))) {
            return RoleSeen::Held;
        }
        // A role of the owner's own making may hold the same rights.
        if self.is_certain && any {
            RoleSeen::Unknown
        } else {
            RoleSeen::Missing
        }
    }
}
