//! SAS definitions: which token a vault mints under which name. Each is also a secret, `{account}-{definition}`, whose
//! value is a fresh token at every reading.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::World;
use super::enrolment::{Enrolment, deleted_but_recoverable};
use super::vault::Deletion;
use crate::period::Period;
use crate::refusal::Refusal;
use crate::sas::{SasType, Template};

/// One SAS definition.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Definition {
    pub(crate) name: String,
    pub(crate) template_uri: String,
    pub(crate) sas_type: SasType,
    pub(crate) validity: Period,
    pub(crate) enabled: bool,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) tags: BTreeMap<String, String>,
}

/// What a PUT or PATCH says about a definition; a PUT has the first three.
#[derive(Clone, Debug, Default)]
pub(crate) struct DefinitionChange {
    pub(crate) template_uri: Option<String>,
    pub(crate) sas_type: Option<SasType>,
    pub(crate) validity: Option<Period>,
    pub(crate) enabled: Option<bool>,
    pub(crate) tags: Option<BTreeMap<String, String>>,
}

/// A token as the secret of a definition shows it.
pub(crate) struct MintedToken {
    pub(crate) value: String,
    pub(crate) expires: Timestamp,
    pub(crate) enabled: bool,
    pub(crate) tags: BTreeMap<String, String>,
}

impl Enrolment {
    fn definition(&self, name: &str) -> Result<&Definition, Refusal> {
        self.definitions
            .get(&name.to_ascii_lowercase())
            .ok_or_else(|| missing(name))
    }
}

impl World {
    /// Finds a definition.
    pub(crate) fn definition(
        &self,
        vault: &str,
        account: &str,
        name: &str,
    ) -> Result<&Definition, Refusal> {
        self.enrolment(vault, account)?.definition(name)
    }

    /// Gives the deleted definitions of an account, also of one that is deleted itself.
    pub(crate) fn deleted_definitions(
        &self,
        vault: &str,
        account: &str,
    ) -> Result<&BTreeMap<String, (Definition, Deletion)>, Refusal> {
        let deleted = self
            .deleted_enrolment(vault, account)
            .map(|(enrolment, _)| enrolment);
        let enrolment = self.enrolment(vault, account).or(deleted)?;
        Ok(&enrolment.deleted_definitions)
    }

    /// Makes a definition or replaces it.
    pub(crate) fn set_definition(
        &mut self,
        vault: &str,
        account: &str,
        name: &str,
        change: DefinitionChange,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let enrolment = self.enrolment_mut(vault, account)?;
        let key = name.to_ascii_lowercase();
        if enrolment.deleted_definitions.contains_key(&key) {
            return Err(deleted_but_recoverable("SAS definition", name));
        }
        let required = |part: &str| Refusal::bad_parameter(format!("Property {part} is required"));
        let template_uri = change.template_uri.ok_or_else(|| required("templateUri"))?;
        let sas_type = change.sas_type.ok_or_else(|| required("sasType"))?;
        let validity = change.validity.ok_or_else(|| required("validityPeriod"))?;
        Template::parse(sas_type, &template_uri).map_err(Refusal::bad_parameter)?;
        let created = enrolment
            .definitions
            .get(&key)
            .map_or(now, |old| old.created);
        let definition = Definition {
            name: name.to_owned(),
            template_uri,
            sas_type,
            validity,
            enabled: change.enabled.unwrap_or(true),
            created,
            updated: now,
            tags: change.tags.unwrap_or_default(),
        };
        enrolment.definitions.insert(key, definition);
        Ok(())
    }

    /// Changes parts of a definition.
    pub(crate) fn update_definition(
        &mut self,
        vault: &str,
        account: &str,
        name: &str,
        change: DefinitionChange,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let enrolment = self.enrolment_mut(vault, account)?;
        let definition = enrolment
            .definitions
            .get_mut(&name.to_ascii_lowercase())
            .ok_or_else(|| missing(name))?;
        let template_uri = change
            .template_uri
            .unwrap_or_else(|| definition.template_uri.clone());
        let sas_type = change.sas_type.unwrap_or(definition.sas_type);
        Template::parse(sas_type, &template_uri).map_err(Refusal::bad_parameter)?;
        definition.template_uri = template_uri;
        definition.sas_type = sas_type;
        definition.enabled = change.enabled.unwrap_or(definition.enabled);
        definition.updated = now;
        if let Some(validity) = change.validity {
            definition.validity = validity;
        }
        if let Some(tags) = change.tags {
            definition.tags = tags;
        }
        Ok(())
    }

    /// Takes a definition away. Gives it as it was, with its dates if it can be recovered.
    pub(crate) fn delete_definition(
        &mut self,
        vault: &str,
        account: &str,
        name: &str,
        now: Timestamp,
    ) -> Result<(Definition, Option<Deletion>), Refusal> {
        let deletion = self.vault(vault)?.deletion(now);
        let enrolment = self.enrolment_mut(vault, account)?;
        let key = name.to_ascii_lowercase();
        let definition = enrolment
            .definitions
            .remove(&key)
            .ok_or_else(|| missing(name))?;
        if let Some(deletion) = deletion {
            enrolment
                .deleted_definitions
                .insert(key, (definition.clone(), deletion));
        }
        Ok((definition, deletion))
    }

    /// Brings a deleted definition back.
    pub(crate) fn recover_definition(
        &mut self,
        vault: &str,
        account: &str,
        name: &str,
    ) -> Result<(), Refusal> {
        let enrolment = self.enrolment_mut(vault, account)?;
        let key = name.to_ascii_lowercase();
        let (definition, _) = enrolment
            .deleted_definitions
            .remove(&key)
            .ok_or_else(|| missing(name))?;
        enrolment.definitions.insert(key, definition);
        Ok(())
    }

    /// Mints a token of a definition, signed with the active key as Key Vault last saw it.
    pub(crate) fn mint_token(
        &self,
        vault: &str,
        account: &str,
        name: &str,
        now: Timestamp,
    ) -> Result<MintedToken, Refusal> {
        let enrolment = self.enrolment(vault, account)?;
        let definition = enrolment.definition(name)?;
        if !enrolment.enabled || !definition.enabled {
            let message = "Operation get is not allowed on a disabled secret.";
            return Err(Refusal::forbidden(message).with_inner("SecretDisabled"));
        }
        let end = definition
            .validity
            .after(now)
            .and_then(|end| end.checked_add(SignedDuration::from_secs(1)).ok());
        let expires = end.ok_or_else(|| {
            Refusal::bad_parameter("The validity period ends beyond the calendar")
        })?;
        let template = Template::parse(definition.sas_type, &definition.template_uri)
            .map_err(Refusal::bad_parameter)?;
        let real_name = enrolment
            .resource_id
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let slot = enrolment.active;
        let key = self
            .mint
            .storage_key(&real_name, slot.as_str(), enrolment.cached.at(slot));
        let value = template.mint(&real_name, &key, expires);
        Ok(MintedToken {
            value,
            expires,
            enabled: definition.enabled,
            tags: definition.tags.clone(),
        })
    }
}

/// Refuses a name under which there is no definition.
pub(crate) fn missing(name: &str) -> Refusal {
    Refusal::new(
        404,
        "SasDefinitionNotFound",
        format!("A SAS definition with name {name} was not found in this key vault."),
    )
}
