//! The enrolments of a fleet document.

use std::str::FromStr as _;

use super::Builder;
use super::check::{time, wrong};
use crate::fleet::{DEFAULT_CLIENT, DefinitionEntry, FleetError, ManagedEntry, SubscriptionEntry};
use crate::period::Period;
use crate::sas::SasType;
use crate::world::account::KeySlot;
use crate::world::definition::DefinitionChange;
use crate::world::directory::Application;
use crate::world::enrolment::NewEnrolment;
use crate::world::role::KEY_OPERATOR;

impl Builder {
    /// Enrols what the vaults of a subscription manage.
    pub(super) fn managed(
        &mut self,
        at: &str,
        entry: &SubscriptionEntry,
    ) -> Result<(), FleetError> {
        for (index, vault) in entry.vaults.iter().enumerate() {
            for (inner, managed) in vault.managed.iter().enumerate() {
                self.enrol(
                    &format!("{at}.vaults[{index}].managed[{inner}]"),
                    &vault.name,
                    managed,
                )?;
            }
        }
        Ok(())
    }

    fn enrol(&mut self, at: &str, vault: &str, entry: &ManagedEntry) -> Result<(), FleetError> {
        if entry.name.is_empty() || !entry.name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(wrong(&format!("{at}.name"), "letters and digits only"));
        }
        let new = self.new_enrolment(at, entry)?;
        let account = new.resource_id.clone();
        let key_vault = self.world.directory.key_vault.object_id.clone();
        let role = self.assign(KEY_OPERATOR, &key_vault, &account);
        let caller = self
            .world
            .directory
            .application(DEFAULT_CLIENT)
            .map(Application::caller);
        let caller = caller.ok_or_else(|| wrong(at, "no default application"))?;
        let enrolled = time(&format!("{at}.enrolled"), entry.enrolled.as_deref())?;
        let start = enrolled.unwrap_or(self.now);
        let enrolment = self.world.enrol(vault, &entry.name, new, &caller, start);
        enrolment.map_err(|refusal| wrong(at, refusal.message))?;
        if enrolled.is_none() {
            self.date_back(vault, &entry.name, &account);
        }
        if !entry.key_vault_role {
            self.world.roles.remove(&account, &role);
        }
        for (index, definition) in entry.definitions.iter().enumerate() {
            let at = format!("{at}.definitions[{index}]");
            self.define(&at, (vault, &entry.name), definition)?;
        }
        Ok(())
    }

    fn define(
        &mut self,
        at: &str,
        (vault, enrolment): (&str, &str),
        entry: &DefinitionEntry,
    ) -> Result<(), FleetError> {
        let sas_type = SasType::parse(&entry.sas_type);
        let validity = Period::from_str(&entry.validity);
        let change = DefinitionChange {
            template_uri: Some(entry.template_uri.clone()),
            sas_type: Some(
                sas_type.ok_or_else(|| wrong(&format!("{at}.sas_type"), "account or service"))?,
            ),
            validity: Some(validity.map_err(|error| wrong(&format!("{at}.validity"), error))?),
            ..DefinitionChange::default()
        };
        let defined = self
            .world
            .set_definition(vault, enrolment, &entry.name, change, self.now);
        defined.map_err(|refusal| wrong(at, refusal.message))
    }

    fn new_enrolment(&self, at: &str, entry: &ManagedEntry) -> Result<NewEnrolment, FleetError> {
        let account = self.accounts.get(&entry.account);
        let account = account
            .ok_or_else(|| wrong(&format!("{at}.account"), "the fleet has no such account"))?;
        let active = KeySlot::parse(&entry.active_key);
        let period = Period::from_str(&entry.period);
        Ok(NewEnrolment {
            resource_id: account.clone(),
            active: active.ok_or_else(|| wrong(&format!("{at}.active_key"), "key1 or key2"))?,
            auto_regenerate: entry.auto_regenerate,
            period: period.map_err(|error| wrong(&format!("{at}.period"), error))?,
            enabled: true,
            tags: Default::default(),
        })
    }

    /// Makes the record of an enrolment as old as the youngest key. A vault renews its record with a key, so whoever
    /// writes down old keys and no date of enrolment means an enrolment that has done nothing for as long. The next
    /// regeneration stays due one period after the start of the fleet.
    fn date_back(&mut self, vault: &str, name: &str, account: &str) {
        let youngest = self.world.account(account).and_then(|account| {
            let created = KeySlot::BOTH.map(|slot| account.key_created.at(slot));
            created.into_iter().flatten().max()
        });
        let Some(youngest) = youngest.filter(|youngest| *youngest < self.now) else {
            return;
        };
        if let Ok(enrolment) = self.world.enrolment_mut(vault, name) {
            enrolment.created = youngest;
            enrolment.updated = youngest;
        }
    }
}
