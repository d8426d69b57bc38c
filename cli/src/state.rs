//! Terraform's states and plans, as `terraform show -json` writes them: which accounts they hold, and
//! of which they say that a vault manages them.
//!
//! A state holds secrets. Only resource types and ids are read out of it, and nothing else is kept.

use azure::id::StorageAccountId;
use serde::Deserialize;
use serde_json::Value;

/// The resource types that enrol an account in a vault.
const ENROLLING: [&str; 2] = [
    "keyrotation_policy",
    "azurerm_key_vault_managed_storage_account",
];

/// What a state or plan says about accounts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// The accounts in it, each once.
    pub(crate) accounts: Vec<StorageAccountId>,
    /// The accounts that a vault is to manage, with the resource that says so.
    pub(crate) declared: Vec<(StorageAccountId, String)>,
}

/// The text is no state and no plan.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateError {
    #[error("it is no JSON at line {line} column {column}")]
    Json { line: usize, column: usize },
    #[error("it is not what `terraform show -json` writes: it has no `format_version`")]
    Other,
}

/// Reads the text.
///
/// # Errors
/// A text that `terraform show -json` does not write.
pub(crate) fn read(text: &str) -> Result<State, StateError> {
    // The texts of such errors quote values, and a value may be a secret.
    let show: Show = serde_json::from_str(text).map_err(|error| StateError::Json {
        line: error.line(),
        column: error.column(),
    })?;
    show.format_version.ok_or(StateError::Other)?;
    let mut state = State::default();
    // A plan has what will be; a state has what is.
    let values = show.planned_values.or(show.values);
    if let Some(module) = values.and_then(|values| values.root_module) {
        state.take_in(module);
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
    fn take_in(&mut self, module: Module) {
        for resource in module.resources {
            if resource.mode == "managed" {
                self.take_in_resource(resource);
            }
        }
        let children = module.child_modules.into_iter();
        children.for_each(|child| self.take_in(child));
    }

    /// An id that a plan does not know yet is of an account that is not there yet.
    fn take_in_resource(&mut self, resource: Resource) {
        let ids = resource.values.unwrap_or_default();
        let account = |id: Option<Value>| id?.as_str()?.parse::<StorageAccountId>().ok();
        if ENROLLING.contains(&resource.r#type.as_str()) {
            if let Some(account) = account(ids.storage_account_id) {
                self.add(account.clone());
                self.declared.push((account, resource.address));
            }
        } else if let Some(account) = account(ids.id) {
            self.add(account);
        }
    }

    fn add(&mut self, account: StorageAccountId) {
        if !self.accounts.contains(&account) {
            self.accounts.push(account);
        }
    }
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
    fn a_raw_state_or_other_text_is_refused_without_quoting_it() {
        for text in [
            r#"{"version":4}"#,
            "not json: secret",
            "[]",
            r#"{"format_version":7}"#,
        ] {
            let said = read(text).expect_err("refused").to_string();
            assert!(
                !said.contains("secret") && said.starts_with("it is n"),
                "{said}"
            );
        }
    }
}
