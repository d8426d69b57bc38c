//! Whether Key Vault still holds a role that lets it renew the keys of the enrolled accounts.
//!
//! The assignments of a subscription are one list. Whose they are is told by the directory; where it
//! does not answer, the role that is made for this purpose counts, whichever service holds it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use azure::arm::authorization::{self, RoleAssignment};
use azure::client::ReadClient;
use azure::graph;
use azure::id::{PrincipalId, SubscriptionId};
use futures::future::join_all;
use rotation::finding::FindingCode;
use rotation::observation::RoleSeen;
use uuid::{Uuid, uuid};

use super::reading::{Holes, PLACES_AT_ONCE, Part, Queue, read_list};
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

/// The places of the enrolled accounts of a subscription.
type Inside = (SubscriptionId, Vec<usize>);

/// Notes at every record whether Key Vault may renew the account's keys.
pub(super) async fn read(
    client: &ReadClient,
    subscriptions: &[SubscriptionId],
    rows: &mut Rows,
    holes: &Holes,
) {
    let work = by_subscription(subscriptions, rows);
    if work.is_empty() {
        return;
    }
    let application = client.cloud().key_vault_application_id();
    let answer = client.send(graph::service_principal(application)).await;
    let principal = answer.ok().flatten().map(|found| found.id);
    let (queue, found) = (Queue::new(work), Mutex::new(Vec::new()));
    let known = &*rows;
    let hands = (0..queue.hands(PLACES_AT_ONCE))
        .map(|_| look(client, &queue, principal, known, &found, holes));
    join_all(hands.collect::<Vec<_>>()).await;
    let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    for (place, role) in found {
        let more = rows.more(place).into_iter();
        more.flat_map(|more| &mut more.enrolments)
            .for_each(|enrolment| enrolment.role = role);
    }
}

fn by_subscription(subscriptions: &[SubscriptionId], rows: &Rows) -> Vec<Inside> {
    let mut enrolled: HashMap<SubscriptionId, Vec<usize>> = HashMap::new();
    for (place, id) in rows.enrolled() {
        let inside = enrolled.entry(id.subscription().clone()).or_default();
        inside.push(place);
    }
    let in_order = subscriptions.iter();
    in_order
        .filter_map(|subscription| enrolled.remove_entry(subscription))
        .collect()
}

async fn look(
    client: &ReadClient,
    queue: &Queue<Inside>,
    principal: Option<PrincipalId>,
    rows: &Rows,
    found: &Mutex<Vec<(usize, RoleSeen)>>,
    holes: &Holes,
) {
    while let Some((subscription, accounts)) = queue.next() {
        if let Some(held) = list(client, &subscription, principal, holes).await {
            let role = |place| Some((place, held.at(rows.id_at(place)?.as_str())));
            let roles: Vec<_> = accounts.into_iter().filter_map(role).collect();
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            found.extend(roles);
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
    // Of a list with something odd in it, what is missing cannot be told.
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
