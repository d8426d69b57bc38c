//! What azurerm stores of an enrolment and its SAS definition, as azurerm writes it.

use serde_json::{Value, json};

/// An enrolment and its definition in the hands of azurerm.
#[derive(Debug)]
pub struct Stored<'a> {
    /// The identifier of the enrolment.
    pub record: &'a str,
    /// The resource id of its account.
    pub account: &'a str,
    /// The name of the definition.
    pub definition: &'a str,
    /// Its template.
    pub template: &'a str,
    /// The tags on the enrolment.
    pub tags: Value,
}

impl Stored<'_> {
    /// Writes the state that azurerm keeps of both.
    #[must_use]
    pub fn state(&self) -> Value {
        let name = self.record.rsplit('/').next();
        let account = json!({
            "id": self.record, "name": name, "storage_account_id": self.account,
            "key_vault_id": "/subscriptions/x", "storage_account_key": "key1",
            "regenerate_key_automatically": true, "regeneration_period": "P30D", "tags": self.tags,
        });
        let definition = json!({
            "id": format!("{}/sas/{}", self.record, self.definition), "name": self.definition,
            "managed_storage_account_id": self.record, "sas_template_uri": self.template,
            "sas_type": "account", "validity_period": "PT4H", "secret_id": "", "tags": null,
        });
        let definitions = "azurerm_key_vault_managed_storage_account_sas_token_definition";
        json!({
            "version": 4, "terraform_version": "1.8.0", "serial": 1,
            "lineage": "3f0b3f0e-0000-4000-8000-000000000001", "outputs": {}, "check_results": null,
            "resources": [
                resource("azurerm_key_vault_managed_storage_account", "logs", &account),
                resource(definitions, "read", &definition),
            ],
        })
    }
}

fn resource(kind: &str, name: &str, attributes: &Value) -> Value {
    json!({
        "mode": "managed", "type": kind, "name": name,
        "provider": "provider[\"registry.terraform.io/hashicorp/azurerm\"]",
        "instances": [{"schema_version": 0, "attributes": attributes, "sensitive_attributes": []}],
    })
}
