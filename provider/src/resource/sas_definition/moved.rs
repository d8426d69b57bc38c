//! A `keyrotation_sas_definition` out of the resource that another provider has for the same record.

use azure::cloud::Cloud;
use azure::sas::SasTemplate;
use plugin::{Diagnostic, Diagnostics, Imported, MoveRequest, Schema, Value};
use rotation::period::Period;

use super::model::{imported, parse_definition, spelled_out};
use crate::adopt::{self, is_azurerm};

const SOURCE: &str = "azurerm_key_vault_managed_storage_account_sas_token_definition";

/// Takes a SAS definition of azurerm over; none if the object is anything else.
///
/// The record in the vault is the same, so nothing is changed. azurerm keeps the template as it was
/// written, which may be a whole token: its signature is left behind.
pub(super) fn take_over(
    schema: &Schema,
    request: &MoveRequest,
    cloud: Option<&Cloud>,
) -> Option<Result<Imported, Diagnostics>> {
    is_azurerm(request, SOURCE).then(|| convert(schema, &request.state, cloud))
}

fn convert(
    schema: &Schema,
    old: &serde_json::Value,
    cloud: Option<&Cloud>,
) -> Result<Imported, Diagnostics> {
    let place = parse_definition(adopt::text(old, "id"), cloud)
        .map_err(|reason| Diagnostic::error("Cannot take the object over", format!("{reason}.")))?;
    let mut state = imported(schema, &place);
    // A template that is refused here is left to the refresh, which shows what the vault has.
    if let Ok(template) = SasTemplate::parse(adopt::text(old, "sas_template_uri")) {
        for (name, value) in spelled_out(&template) {
            state.set(name, value);
        }
    }
    let validity = adopt::text(old, "validity_period");
    if validity.parse::<Period>().is_ok() {
        state.set("validity_period", Value::from(validity));
    }
    let secret = adopt::text(old, "secret_id");
    if !secret.is_empty() {
        state.set("secret_id", Value::from(secret));
    }
    state.set("tags", adopt::tags(old));
    Ok(Imported {
        state,
        private: Vec::new(),
    })
}
