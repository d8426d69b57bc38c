//! Whether Key Vault still holds a role that lets it renew the keys of the enrolled accounts.
//!
//! The assignments of a subscription are one list. Whose they are is told by the directory; where it
//! does not answer, the role that is made for this purpose counts, whichever service holds it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use azure::arm::authorization::{self, RoleAssignment};
use azure::graph;
use azure::id::{PrincipalId, SubscriptionId};
use futures::future::join_all;
use rotation::finding::FindingCode;
use rotation::observation::RoleSeen;
use uuid::{Uuid, uuid};

use super::notes::{Fact, Kind, NotesError, Reading};
use super::reading::{Holes, PLACES_AT_ONCE, Part, Queue, Scan, read_list};
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

/// What was found out, with the places of the accounts.
type Roles = Vec<(usize, RoleSeen)>;

/// Notes at every record whether Key Vault may renew the account's keys.
pub(super) async fn read(
    scan: Scan<'_>,
    subscriptions: &[SubscriptionId],
    rows: &mut Rows,
) -> Result<(), NotesError> {
    let ground = rows.ground_of_enrolled();
    let mut work = by_subscription(subscriptions, rows);
    let mut found = recall(scan, ground, &mut work, rows)?;
    if !work.is_empty() {
        found.extend(ask(scan, ground, work, rows).await);
    }
    for (place, role) in found {
        let more = rows.more(place).into_iter();
        more.flat_map(|more| &mut more.enrolments)
            .for_each(|enrolment| enrolment.role = role);
    }
    Ok(())
}

/// Takes the subscriptions that an earlier scan has read whole.
fn recall(
    scan: Scan<'_>,
    ground: u64,
    work: &mut Vec<Inside>,
    rows: &Rows,
) -> Result<Roles, NotesError> {
    let mut found = Roles::new();
    let wanted = |of: &str| {
        work.iter()
            .any(|(subscription, _)| subscription.as_str() == of)
    };
    let mut take = |_: &str, fact: Fact<'_>| {
        if let Fact::Role(account, role) = fact {
            found.extend(rows.find(account).map(|place| (place, role)));
        }
    };
    let read = scan.notes.recall(Kind::Roles, ground, &wanted, &mut take)?;
    work.retain(|(subscription, _)| !read.contains(subscription.as_str()));
    Ok(found)
}

async fn ask(scan: Scan<'_>, ground: u64, work: Vec<Inside>, rows: &Rows) -> Roles {
    let client = scan.client;
    let application = client.cloud().key_vault_application_id();
    let answer = client.send(graph::service_principal(application)).await;
    let principal = answer.ok().flatten().map(|found| found.id);
    let (queue, found) = (Queue::new(work), Mutex::new(Vec::new()));
    let hands = (0..queue.hands(PLACES_AT_ONCE))
        .map(|_| look(scan, ground, &queue, principal, rows, &found));
    join_all(hands.collect::<Vec<_>>()).await;
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
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
    scan: Scan<'_>,
    ground: u64,
    queue: &Queue<Inside>,
    principal: Option<PrincipalId>,
    rows: &Rows,
    found: &Mutex<Roles>,
) {
    while let Some((subscription, accounts)) = queue.next() {
        let reading = Reading::begin(scan.notes, Kind::Roles, ground);
        if let Some(held) = list(scan, &subscription, principal).await {
            let role = |place| {
                let id = rows.id_at(place)?;
                let role = held.at(id.as_str());
                reading.note(Fact::Role(&id, role));
                Some((place, role))
            };
            let roles: Vec<_> = accounts.into_iter().filter_map(role).collect();
            reading.end(subscription.as_str());
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            found.extend(roles);
        }
    }
}

async fn list(
    scan: Scan<'_>,
    subscription: &SubscriptionId,
    principal: Option<PrincipalId>,
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
    read_list(scan.client, list, part, &own, |one| assignments.push(one)).await;
    own.pass_to(scan.holes).then_some(Held {
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
