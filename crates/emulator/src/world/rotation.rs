//! Automatic regeneration: what Key Vault does as time goes by. Every due key is regenerated at its own due time, in the
//! order of time, however far the clock has jumped.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use jiff::Timestamp;

use super::World;
use super::account::REGENERATE_KEY;
use super::enrolment::Enrolment;

/// A due regeneration: when, in which vault, of which enrolment.
type Due = Reverse<(Timestamp, String, String)>;

impl World {
    /// Brings the world to `now`: regenerates all that became due since.
    pub(crate) fn tick(&mut self, now: Timestamp) {
        self.announce_expiries(now);
        let is_due = self.next_rotation.is_some_and(|due| due <= now);
        let may_go_on = self.stalled > 0 && self.looked_at != self.changes();
        if !is_due && !may_go_on {
            return;
        }
        let mut queue = self.queue(now);
        while let Some(Reverse((due, vault, name))) = queue.pop_if_due(now) {
            if let Some(next) = self.rotate(&vault, &name, due) {
                queue.push(Reverse((next, vault, name)));
            }
        }
        self.next_rotation = queue.peek().map(|Reverse((due, ..))| *due);
        let enrolments = self
            .vaults
            .values()
            .flat_map(|vault| vault.enrolments.values());
        self.stalled = enrolments.filter(|enrolment| enrolment.stalled).count();
        self.looked_at = self.changes();
    }

    /// Gives a number that is another one after every change that could let a stalled enrolment go on.
    fn changes(&self) -> u64 {
        self.roles.changes() + self.locks.changes() + self.key_revision
    }

    /// Notes that a regeneration may be due at `due`.
    pub(super) fn expect_rotation(&mut self, due: Option<Timestamp>) {
        self.next_rotation = match (self.next_rotation, due) {
            (Some(earlier), Some(due)) => Some(earlier.min(due)),
            (earlier, due) => earlier.or(due),
        };
    }

    /// Gathers what is scheduled. What had stalled and may now go on is due at `now`: Key Vault does not turn back time.
    fn queue(&self, now: Timestamp) -> BinaryHeap<Due> {
        let mut queue = BinaryHeap::new();
        for (vault_name, vault) in &self.vaults {
            for (name, enrolment) in &vault.enrolments {
                let due = match enrolment.stalled {
                    false => enrolment.due,
                    true => self.may_rotate(enrolment).then_some(now),
                };
                queue.extend(due.map(|due| Reverse((due, vault_name.clone(), name.clone()))));
            }
        }
        queue
    }

    /// Regenerates the inactive key of an enrolment and makes it active. Gives the next due time, or nothing if the
    /// enrolment has stalled.
    fn rotate(&mut self, vault: &str, name: &str, due: Timestamp) -> Option<Timestamp> {
        let enrolment = self.enrolment(vault, name).ok()?;
        if !self.may_rotate(enrolment) {
            self.enrolment_mut(vault, name).ok()?.stalled = true;
            return None;
        }
        let idle = enrolment.active.other();
        let key_vault = self.directory.key_vault.client_id.clone();
        self.renew(vault, name, idle, &key_vault, due).ok()?;
        self.enrolment(vault, name).ok()?.due
    }

    fn may_rotate(&self, enrolment: &Enrolment) -> bool {
        enrolment.enabled
            && self.account(&enrolment.resource_id).is_some()
            && self
                .roles
                .can_use_for_keys(&self.directory.key_vault.object_id, &enrolment.resource_id)
            && self
                .check_locks(REGENERATE_KEY, &enrolment.resource_id)
                .is_ok()
    }
}

trait PopIfDue {
    fn pop_if_due(&mut self, now: Timestamp) -> Option<Due>;
}

impl PopIfDue for BinaryHeap<Due> {
    fn pop_if_due(&mut self, now: Timestamp) -> Option<Due> {
        if self.peek().is_some_and(|Reverse((due, ..))| *due <= now) {
            self.pop()
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::Fleet;
    use crate::fleet::build::build;
    use crate::refusal::Refusal;
    use crate::sas::SasType;
    use crate::world::account::{Account, KeySlot};
    use crate::world::definition::DefinitionChange;
    use crate::world::directory::Application;
    use crate::world::role::{KEY_OPERATOR, RoleAssignment};

    const START: &str = "2026-01-01T00:00:00Z";

    fn world(managed: &str) -> World {
        let text = format!(
            r#"{{"now": "{START}", "subscriptions": [{{"id": "50b5c000-0000-4000-8000-000000000001",
                "accounts": [{{"resource_group": "rg", "name": "stlogs",
                    "key1_created": "2025-01-01T00:00:00Z", "key2_created": "2025-01-01T00:00:00Z"}}],
                "vaults": [{{"resource_group": "rg", "name": "kv-1", "managed": [
                    {{"name": "logs", "account": "stlogs", "active_key": "key1", "auto_regenerate": true,
                      "period": "P15D"{managed}}}]}}]}}]}}"#
        );
        let fleet: Fleet = text.parse().expect("a valid fleet");
        build(&fleet, 0, Timestamp::UNIX_EPOCH).expect("a world").0
    }

    fn time(text: &str) -> Timestamp {
        text.parse().expect("a valid time")
    }

    fn account(world: &World) -> &Account {
        world.accounts.values().next().expect("one account")
    }

    fn enrolment(world: &World) -> &Enrolment {
        world.enrolment("kv-1", "logs").expect("one enrolment")
    }

    fn check_created(world: &World, key1: &str, key2: &str) {
        let created = |slot| {
            account(world)
                .key_created
                .at(slot)
                .expect("a known age")
                .to_string()
        };
        assert_eq!(
            (
                created(KeySlot::Key1).as_str(),
                created(KeySlot::Key2).as_str()
            ),
            (key1, key2)
        );
    }

    fn grant(world: &mut World, now: Timestamp) {
        let scope = account(world).id();
        world.roles.add(RoleAssignment {
            name: "6f5a1c00-0000-4000-8000-000000000001".to_owned(),
            scope,
            role: KEY_OPERATOR.to_owned(),
            principal_id: world.directory.key_vault.object_id.clone(),
            created: now,
            created_by: String::new(),
            pending_uses: 0.into(),
        });
    }

    #[test]
    fn a_jump_over_three_periods_regenerates_the_idle_key_at_the_end_of_each() {
        let mut world = world("");
        world.tick(time("2026-01-15T23:59:59Z"));
        check_created(&world, "2025-01-01T00:00:00Z", "2025-01-01T00:00:00Z");
        world.tick(time("2026-01-16T00:00:00Z"));
        check_created(&world, "2025-01-01T00:00:00Z", "2026-01-16T00:00:00Z");
        assert_eq!(enrolment(&world).active, KeySlot::Key2);
        world.tick(time("2026-02-16T00:00:00Z"));
        check_created(&world, "2026-01-31T00:00:00Z", "2026-02-15T00:00:00Z");
        assert_eq!(enrolment(&world).active, KeySlot::Key2);
        assert_eq!(enrolment(&world).due, Some(time("2026-03-02T00:00:00Z")));
    }

    #[test]
    fn without_its_role_the_vault_stalls_and_goes_on_when_it_has_the_role() {
        let mut world = world(r#", "key_vault_role": false"#);
        world.tick(time("2026-02-16T00:00:00Z"));
        check_created(&world, "2025-01-01T00:00:00Z", "2025-01-01T00:00:00Z");
        let later = time("2026-02-20T00:00:00Z");
        grant(&mut world, later);
        world.tick(later);
        check_created(&world, "2025-01-01T00:00:00Z", "2026-02-20T00:00:00Z");
        assert_eq!(enrolment(&world).due, Some(time("2026-03-07T00:00:00Z")));
    }

    #[test]
    fn what_fell_due_before_the_start_has_happened_at_the_start() {
        let world = world(r#", "enrolled": "2025-12-01T00:00:00Z""#);
        check_created(&world, "2025-12-31T00:00:00Z", "2025-12-16T00:00:00Z");
    }

    #[test]
    fn an_enrolment_without_a_date_is_as_old_as_its_youngest_key_and_due_a_period_from_the_start() {
        let world = world("");
        let found = enrolment(&world);
        assert_eq!(found.created, time("2025-01-01T00:00:00Z"));
        assert_eq!(found.updated, found.created);
        assert_eq!(found.due, Some(time("2026-01-16T00:00:00Z")));
    }

    fn define(world: &mut World, now: Timestamp) {
        let change = DefinitionChange {
            template_uri: Some("sv=2018-03-28&ss=b&srt=sco&sp=r&spr=https".to_owned()),
            sas_type: SasType::parse("account"),
            validity: Some("PT1H".parse().expect("a valid period")),
            ..DefinitionChange::default()
        };
        world
            .set_definition("kv-1", "logs", "read", change, now)
            .expect("a definition");
    }

    fn token(world: &World, now: Timestamp) -> String {
        world
            .mint_token("kv-1", "logs", "read", now)
            .map_or_else(|refusal: Refusal| refusal.message, |token| token.value)
    }

    #[test]
    fn a_regeneration_behind_the_vault_leaves_its_tokens_signed_with_the_old_key() {
        let mut world = world("");
        let now = time(START);
        define(&mut world, now);
        let before = token(&world, now);
        let (id, old) = (
            account(&world).id(),
            account(&world).key(&world.mint, KeySlot::Key1),
        );
        world
            .regenerate_key(&id, KeySlot::Key1, "someone", now)
            .expect("a regeneration");
        assert_ne!(account(&world).key(&world.mint, KeySlot::Key1), old);
        assert_eq!(token(&world, now), before);
    }

    #[test]
    fn a_regeneration_by_the_vault_activates_the_key_and_signs_with_it() {
        let mut world = world("");
        let now = time(START);
        define(&mut world, now);
        let before = token(&world, now);
        let caller = world
            .directory
            .applications()
            .next()
            .map(Application::caller)
            .expect("a caller");
        world
            .regenerate_managed("kv-1", "logs", KeySlot::Key2, &caller, now)
            .expect("a regeneration");
        assert_eq!(enrolment(&world).active, KeySlot::Key2);
        assert_ne!(token(&world, now), before);
    }
}
