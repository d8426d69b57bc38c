//! Terraform's states and plans, as `terraform show -json` writes them: which accounts they hold, of
//! which they say that a vault manages them, and whose the objects of a vault are.
//!
//! A state holds secrets. Only resource types, addresses and ids are read out of it, and nothing else
//! is kept.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use azure::env::Env;
use azure::id::StorageAccountId;
use serde::Deserialize;
use serde_json::Value;

/// The resource types that enrol an account in a vault.
const ENROLLING: [&str; 2] = [
    "keyrotation_policy",
    "azurerm_key_vault_managed_storage_account",
];

/// Whose resource an object of a vault is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// It is one of ours.
    Ours,
    /// It is one of azurerm's, at this address.
    Azurerm(String),
}

/// What some states and plans say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// The accounts in them, each once.
    pub(crate) accounts: Vec<StorageAccountId>,
    /// The accounts that a vault is to manage, with the resource that says so.
    pub(crate) declared: Vec<(StorageAccountId, String)>,
    /// The objects of vaults, by their identifier in lower case.
    objects: BTreeMap<String, Owner>,
}

/// The text is no state and no plan.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateError {
    #[error("it is no JSON at line {line} column {column}")]
    Json { line: usize, column: usize },
    #[error("it is not what `terraform show -json` writes: it has no `format_version`")]
    Other,
}

/// A file is no state and no plan.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateFileError {
    #[error("cannot read `{}`", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot understand `{}`", path.display())]
    Content { path: PathBuf, source: StateError },
}

/// Reads the files and puts together what they say.
///
/// # Errors
/// A file that cannot be read, or that `terraform show -json` does not write.
pub(crate) fn read(env: &Env, paths: &[PathBuf]) -> Result<State, StateFileError> {
    let mut state = State::default();
    for path in paths {
        let text = env.read_file(path);
        let path = || Path::to_owned(path);
        let text = text.map_err(|source| StateFileError::Read {
            path: path(),
            source,
        })?;
        let read = state.take_in_text(&text);
        read.map_err(|source| StateFileError::Content {
            path: path(),
            source,
        })?;
    }
    Ok(state)
}

#[derive(Deserialize)]
struct Show {
    format_version: Option<String>,
    values: Option<Values>,
    planned_values: Option<Values>,
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
    mode: String,
    r#type: String,
    #[serde(default)]
    values: Option<Ids>,
}

#[derive(Default, Deserialize)]
struct Ids {
    id: Option<Value>,
    storage_account_id: Option<Value>,
}

impl State {
    /// Tells whose an object of a vault is, if it is in a state.
    pub(crate) fn owner(&self, id: &str) -> Option<&Owner> {
        self.objects.get(&key(id))
    }

    /// Adds what another text says.
    ///
    /// # Errors
    /// A text that `terraform show -json` does not write.
    pub(crate) fn take_in_text(&mut self, text: &str) -> Result<(), StateError> {
        // The texts of such errors quote values, and a value may be a secret.
        let show: Show = serde_json::from_str(text).map_err(|error| StateError::Json {
            line: error.line(),
            column: error.column(),
        })?;
        show.format_version.ok_or(StateError::Other)?;
        // A plan has what will be; a state has what is.
        let values = show.planned_values.or(show.values);
        if let Some(module) = values.and_then(|values| values.root_module) {
            self.take_in(module);
        }
        Ok(())
    }

    fn take_in(&mut self, module: Module) {
        for resource in module.resources {
            if resource.mode == "managed" {
                self.take_in_resource(resource);
            }
        }
        let children = module.child_modules.into_iter();
        children.for_each(|child| self.take_in(child));
    }

    /// An id that a plan does not know yet is of something that is not there yet.
    fn take_in_resource(&mut self, resource: Resource) {
        let ids = resource.values.unwrap_or_default();
        let kind = resource.r#type.as_str();
        let id = ids.id.as_ref().and_then(Value::as_str);
        let owner = match kind {
            "keyrotation_policy" | "keyrotation_sas_definition" => Some(Owner::Ours),
            "azurerm_key_vault_managed_storage_account"
            | "azurerm_key_vault_managed_storage_account_sas_token_definition" => {
                Some(Owner::Azurerm(resource.address.clone()))
            }
            _ => None,
        };
        if let (Some(id), Some(owner)) = (id, owner) {
            self.objects.insert(key(id), owner);
        }
        if ENROLLING.contains(&kind) {
            let account = ids.storage_account_id.as_ref().and_then(Value::as_str);
            if let Some(account) = account.and_then(|id| id.parse::<StorageAccountId>().ok()) {
                self.add(account.clone());
                self.declared.push((account, resource.address));
            }
        } else if let Some(account) = id.and_then(|id| id.parse().ok()) {
            self.add(account);
        }
    }

    fn add(&mut self, account: StorageAccountId) {
        if !self.accounts.contains(&account) {
            self.accounts.push(account);
        }
    }
}

fn key(id: &str) -> String {
    id.trim_end_matches('/').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> String {
        format!(
            "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/\
             Microsoft.Storage/storageAccounts/{name}"
        )
    }

    fn resource(address: &str, kind: &str, values: &str) -> String {
        format!(
            r#"{{"address":"{address}","mode":"managed","type":"{kind}","values":{{{values}}}}}"#
        )
    }

    fn read(text: &str) -> Result<State, StateError> {
        let mut state = State::default();
        state.take_in_text(text).map(|()| state)
    }

    fn check(part: &str, resources: &[String], accounts: &[&str], declared: &[(&str, &str)]) {
        let text = format!(
            r#"{{"format_version":"1.2","{part}":{{"root_module":{{"child_modules":[{{"resources":
            [{}]}}]}}}}}}"#,
            resources.join(",")
        );
        let state = read(&text).expect("a state");
        let names: Vec<_> = state.accounts.iter().map(StorageAccountId::name).collect();
        assert_eq!(names, accounts, "{text}");
        let said: Vec<_> = state
            .declared
            .iter()
            .map(|(account, address)| (account.name(), address.as_str()))
            .collect();
        assert_eq!(said, declared, "{text}");
    }

    #[test]
    fn accounts_and_enrolments_are_found_in_modules_of_states_and_plans() {
        let of = |name: &str| format!(r#""id":"{}","primary_access_key":"secret""#, id(name));
        let enrols = |name: &str| format!(r#""storage_account_id":"{}""#, id(name));
        let resources = [
            resource(
                "azurerm_storage_account.a",
                "azurerm_storage_account",
                &of("sta"),
            ),
            resource("azapi_resource.b", "azapi_resource", &of("stb")),
            resource("keyrotation_policy.a", "keyrotation_policy", &enrols("sta")),
            resource(
                "azurerm_key_vault_managed_storage_account.c",
                "azurerm_key_vault_managed_storage_account",
                &enrols("stc"),
            ),
            resource(
                "x.y",
                "azurerm_resource_group",
                r#""id":"/subscriptions/1""#,
            ),
            resource("new.z", "azurerm_storage_account", ""),
        ];
        let declared = [
            ("sta", "keyrotation_policy.a"),
            ("stc", "azurerm_key_vault_managed_storage_account.c"),
        ];
        for part in ["values", "planned_values"] {
            check(part, &resources, &["sta", "stb", "stc"], &declared);
        }
    }

    #[test]
    fn a_state_says_whose_an_object_is() {
        const ID: &str = "https://kv1.vault.azure.net/storage/logs";
        let owner = |resource: &str| {
            let text = format!(
                r#"{{"format_version":"1.0","values":{{"root_module":{{"resources":[],
                "child_modules":[{{"resources":[{resource}]}}]}}}}}}"#
            );
            read(&text).expect("a state").owner(ID).cloned()
        };
        let id = format!(r#""id":"{}/""#, ID.to_uppercase());
        let check = |kind: &str, expected: Option<Owner>| {
            assert_eq!(owner(&resource("a.b[0]", kind, &id)), expected, "{kind}");
        };
        check("keyrotation_policy", Some(Owner::Ours));
        check("keyrotation_sas_definition", Some(Owner::Ours));
        let theirs = Owner::Azurerm("a.b[0]".to_owned());
        check("azurerm_key_vault_managed_storage_account", Some(theirs));
        check("azurerm_storage_account", None);
        let odd = resource("a.b", "keyrotation_policy", r#""id":7"#);
        assert_eq!(owner(&odd), None);
        let ours = resource("data.a.b", "keyrotation_policy", &id);
        let looked_up = ours.replace(r#""managed""#, r#""data""#);
        assert_eq!(owner(&looked_up), None, "a data source owns nothing");
    }

    #[test]
    fn a_raw_state_or_other_text_is_refused_without_quoting_it() {
        for text in [
            r#"{"version":4}"#,
            "not json: secret",
            "[]",
            r#"{"format_version":7}"#,
            r#"{"values":{}}"#,
            r#"{"format_version":"1.0","values":"secret"}"#,
        ] {
            let said = read(text).expect_err("refused").to_string();
            assert!(
                !said.contains("secret") && said.starts_with("it is n"),
                "{said}"
            );
        }
    }
}
