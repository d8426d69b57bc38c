//! Backups of enrolments and secrets: a text that only this tenant can read, and what becomes of it in a vault.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::World;
use super::enrolment::{Enrolment, deleted_but_recoverable};
use super::secret::Secret;
use crate::refusal::Refusal;

/// What a backup holds.
#[derive(Deserialize, Serialize)]
enum Backup<E, S> {
    Enrolment(E),
    Secret(S),
}

impl World {
    /// Writes an enrolment with its SAS definitions as a backup.
    pub(crate) fn back_up_enrolment(&self, vault: &str, name: &str) -> Result<String, Refusal> {
        let enrolment = self.enrolment(vault, name)?;
        self.seal(&Backup::<_, ()>::Enrolment(enrolment))
    }

    /// Writes a secret with all its versions as a backup.
    pub(crate) fn back_up_secret(&self, vault: &str, name: &str) -> Result<String, Refusal> {
        let secret = self.secret(vault, name)?;
        self.seal(&Backup::<(), _>::Secret(secret))
    }

    /// Brings an enrolment back from a backup. Its period starts anew, with the keys as they are now. Gives its name.
    pub(crate) fn restore_enrolment(
        &mut self,
        vault: &str,
        backup: &str,
        now: Timestamp,
    ) -> Result<String, Refusal> {
        let Backup::Enrolment(mut enrolment) =
            self.unseal::<Enrolment, serde::de::IgnoredAny>(backup)?
        else {
            return Err(unreadable());
        };
        let (name, key) = (enrolment.name.clone(), enrolment.name.to_ascii_lowercase());
        let place = self.vault(vault)?;
        if place.deleted_enrolments.contains_key(&key) {
            return Err(deleted_but_recoverable("Storage account", &name));
        }
        if place.enrolments.contains_key(&key) {
            return Err(taken("storage account", &name));
        }
        enrolment.cached = self.current_generations(&enrolment.resource_id);
        enrolment.schedule(now);
        self.expect_rotation(enrolment.due);
        self.vault_mut(vault)?.enrolments.insert(key, enrolment);
        Ok(name)
    }

    /// Brings a secret back from a backup. Gives its name.
    pub(crate) fn restore_secret(&mut self, vault: &str, backup: &str) -> Result<String, Refusal> {
        let Backup::Secret(secret) = self.unseal::<serde::de::IgnoredAny, Secret>(backup)? else {
            return Err(unreadable());
        };
        let (name, key) = (secret.name.clone(), secret.name.to_ascii_lowercase());
        let place = self.vault_mut(vault)?;
        if place.deleted_secrets.contains_key(&key) {
            return Err(deleted_but_recoverable("Secret", &name));
        }
        if place.secrets.contains_key(&key) {
            return Err(taken("secret", &name));
        }
        place.secrets.insert(key, secret);
        self.expiries.look_again();
        Ok(name)
    }

    fn seal(&self, backup: &impl Serialize) -> Result<String, Refusal> {
        let text = serde_json::to_string(backup).ok();
        let sealed = text.and_then(|text| self.mint.seal(&text));
        sealed.ok_or_else(|| Refusal::new(500, "InternalError", "The backup cannot be written."))
    }

    fn unseal<E: DeserializeOwned, S: DeserializeOwned>(
        &self,
        backup: &str,
    ) -> Result<Backup<E, S>, Refusal> {
        let text = self.mint.unseal(backup).ok_or_else(unreadable)?;
        serde_json::from_str(&text).map_err(|_| unreadable())
    }
}

fn unreadable() -> Refusal {
    Refusal::bad_parameter("Backup blob contains invalid or corrupt version.")
}

fn taken(kind: &str, name: &str) -> Refusal {
    let message = format!(
        "There was a conflict restoring the {kind} '{name}': it already exists in this vault."
    );
    Refusal::new(409, "Conflict", message)
}
