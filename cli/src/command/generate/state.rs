//! What a Terraform state holds of enrolments and SAS definitions, as `terraform show -json` writes it.
//!
//! A state holds secrets. Only types, addresses and ids are read out of it, and nothing else is kept.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Whose resource an object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// It is one of ours: there is nothing to generate.
    Ours,
    /// It is one of azurerm's, at this address.
    Azurerm(String),
}

/// The objects of some states, by their identifier in the vault, in lower case.
#[derive(Debug, Default)]
pub(super) struct State {
    objects: BTreeMap<String, Owner>,
}

/// The text is no state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StateError {
    /// It is no JSON.
    #[error("it is no JSON at line {line} column {column}")]
    Json {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// It is some other JSON.
    #[error("it is not what `terraform show -json` writes: it has no `format_version`")]
    Other,
}

impl State {
    /// Adds what another state holds.
    ///
    /// # Errors
    /// A text that `terraform show -json` does not write.
    pub(super) fn take_in(&mut self, text: &str) -> Result<(), StateError> {
        // The texts of such errors quote values, and a value may be a secret.
        let show: Show = serde_json::from_str(text).map_err(|error| StateError::Json {
            line: error.line(),
            column: error.column(),
        })?;
        show.format_version.ok_or(StateError::Other)?;
        if let Some(module) = show.values.and_then(|values| values.root_module) {
            self.take_in_module(module);
        }
        Ok(())
    }

    /// Tells whose an object of a vault is, if it is in a state.
    pub(super) fn owner(&self, id: &str) -> Option<&Owner> {
        self.objects.get(&key(id))
    }

    fn take_in_module(&mut self, module: Module) {
        for resource in module.resources {
            let Some(id) = resource.values.and_then(|values| values.id) else {
                continue;
            };
            let owner = match resource.r#type.as_str() {
                "keyrotation_policy" | "keyrotation_sas_definition" => Owner::Ours,
                "azurerm_key_vault_managed_storage_account"
                | "azurerm_key_vault_managed_storage_account_sas_token_definition" => {
                    Owner::Azurerm(resource.address)
                }
                _ => continue,
            };
            self.objects.insert(key(&id), owner);
        }
        for child in module.child_modules {
            self.take_in_module(child);
        }
    }
}

fn key(id: &str) -> String {
    id.trim_end_matches('/').to_ascii_lowercase()
}

#[derive(Deserialize)]
struct Show {
    format_version: Option<String>,
    values: Option<Values>,
}

#[derive(Deserialize)]
struct Values {
    root_module: Option<Module>,
}

#[derive(Deserialize)]
struct Module {
    #[serde(default)]
    resources: Vec<Resource>,
    #[serde(default)]
    child_modules: Vec<Module>,
}

#[derive(Deserialize)]
struct Resource {
    address: String,
    r#type: String,
    values: Option<Ids>,
}

#[derive(Deserialize)]
struct Ids {
    #[serde(default, deserialize_with = "text")]
    id: Option<String>,
}

/// An id that is no text is none of the ids sought here.
fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(value.as_str().map(str::to_owned))
}
