//! Deleted vaults: each holds its name until it is recovered, purged, or its time is over. Nothing goes on in it
//! meanwhile. What was granted or locked on it is gone for good, as in Azure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::World;
use super::directory::Caller;
use super::vault::{Deletion, Vault};
use crate::refusal::Refusal;

/// A vault that was deleted and can be recovered.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct DeletedVault {
    pub(crate) vault: Vault,
    pub(crate) deletion: Deletion,
}

impl DeletedVault {
    /// Gives the id under which the deleted vault is found.
    pub(crate) fn id(&self) -> String {
        let Vault {
            subscription,
            name,
            location,
            ..
        } = &self.vault;
        format!(
            "/subscriptions/{subscription}/providers/Microsoft.KeyVault/locations/{location}/deletedVaults/{name}"
        )
    }
}

impl World {
    /// Gives the deleted vaults that can still be recovered, in the order of their names.
    pub(crate) fn deleted_vaults(&self, now: Timestamp) -> impl Iterator<Item = &DeletedVault> {
        let all = self.deleted_vaults.values();
        all.filter(move |entry| now < entry.deletion.purge)
    }

    /// Finds a deleted vault by its name.
    pub(crate) fn deleted_vault(&self, name: &str, now: Timestamp) -> Option<&DeletedVault> {
        let found = self.deleted_vaults.get(&name.to_ascii_lowercase());
        found.filter(|entry| now < entry.deletion.purge)
    }

    /// Takes a vault away with all that is in it, and the roles and locks on it.
    pub(crate) fn delete_vault(&mut self, name: &str, caller: &Caller, now: Timestamp) {
        let Some(vault) = self.vaults.remove(&name.to_ascii_lowercase()) else {
            return;
        };
        let id = vault.id();
        self.roles.remove_below(&id);
        self.locks.remove_below(&id);
        let action = "Microsoft.KeyVault/vaults/delete";
        self.activity.record(action, &id, &caller.client_id, now);
        if let Some(deletion) = vault.deletion(now) {
            let key = vault.name.to_ascii_lowercase();
            self.deleted_vaults
                .insert(key, DeletedVault { vault, deletion });
        }
    }

    /// Brings a deleted vault back. What became due in it meanwhile is due now.
    pub(crate) fn recover_vault(
        &mut self,
        name: &str,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let found = self.deleted_vault(name, now).is_some();
        let entry = self.deleted_vaults.remove(&name.to_ascii_lowercase());
        let Some(DeletedVault { mut vault, .. }) = entry.filter(|_| found) else {
            return Err(missing(name));
        };
        for enrolment in vault.enrolments.values_mut() {
            enrolment.due = enrolment.due.map(|due| due.max(now));
            self.expect_rotation(enrolment.due);
        }
        self.expiries.look_again();
        let action = "Microsoft.KeyVault/vaults/write";
        self.activity
            .record(action, &vault.id(), &caller.client_id, now);
        self.add_vault(vault);
        Ok(())
    }

    /// Destroys a deleted vault, so that its name is free.
    pub(crate) fn purge_vault(
        &mut self,
        name: &str,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let entry = self.deleted_vault(name, now).ok_or_else(|| missing(name))?;
        if entry.vault.purge_protection {
            let message = "Operation 'DeletedVaultPurge' is not allowed.";
            return Err(Refusal::new(405, "MethodNotAllowed", message));
        }
        let id = entry.id();
        self.deleted_vaults.remove(&name.to_ascii_lowercase());
        let action = "Microsoft.KeyVault/locations/deletedVaults/purge/action";
        self.activity.record(action, &id, &caller.client_id, now);
        Ok(())
    }
}

/// Refuses a deleted vault of which nothing is known.
pub(crate) fn missing(name: &str) -> Refusal {
    let message = format!("The specified deleted vault '{name}' does not exist.");
    Refusal::new(404, "DeletedVaultNotFound", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::Fleet;
    use crate::fleet::build::build;
    use crate::world::account::KeySlot;

    fn time(text: &str) -> Timestamp {
        text.parse().expect("a valid time")
    }

    fn caller() -> Caller {
        Caller {
            client_id: "client".to_owned(),
            object_id: "object".to_owned(),
        }
    }

    /// A vault with one enrolment, deleted when that is fifteen days old.
    fn world() -> World {
        let fleet: Fleet = r#"{"now": "2026-01-01T00:00:00Z", "subscriptions": [{
                "id": "50b5c000-0000-4000-8000-000000000001",
                "accounts": [{"resource_group": "rg", "name": "stlogs"}],
                "vaults": [{"resource_group": "rg", "name": "kv-1", "soft_delete_days": 90, "managed": [
                    {"name": "logs", "account": "stlogs", "active_key": "key1", "auto_regenerate": true,
                     "period": "P30D"}]}]}]}"#
            .parse()
            .expect("a valid fleet");
        let mut world = build(&fleet, 0, Timestamp::UNIX_EPOCH).expect("a world").0;
        world.delete_vault("KV-1", &caller(), time("2026-01-16T00:00:00Z"));
        world
    }

    fn active(world: &World) -> KeySlot {
        world
            .enrolment("kv-1", "logs")
            .expect("an enrolment")
            .active
    }

    #[test]
    fn what_became_due_in_a_deleted_vault_is_done_when_it_is_back() {
        let mut world = world();
        let back = time("2026-03-01T00:00:00Z");
        world.tick(back);
        assert!(world.vault("kv-1").is_err());
        world
            .recover_vault("kv-1", &caller(), back)
            .expect("still there");
        assert_eq!(active(&world), KeySlot::Key1);
        world.tick(back);
        assert_eq!(
            active(&world),
            KeySlot::Key2,
            "once, and not for each period"
        );
        assert_eq!(world.deleted_vaults(back).count(), 0);
    }

    #[test]
    fn a_deleted_vault_is_gone_when_its_time_is_over() {
        let mut world = world();
        let last = time("2026-04-15T23:59:59Z");
        assert!(world.deleted_vault("kv-1", last).is_some());
        let over = time("2026-04-16T00:00:00Z");
        assert!(world.deleted_vault("kv-1", over).is_none());
        let refused = world.recover_vault("kv-1", &caller(), over);
        assert_eq!(refused, Err(missing("kv-1")));
    }
}
