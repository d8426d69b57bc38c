//! A `keyrotation_policy` out of the resource that another provider has for the same record.

use azure::cloud::Cloud;
use plugin::{Diagnostic, Diagnostics, Imported, MoveRequest, Schema, Value};
use rotation::period::RotationPeriod;

use super::model::imported;
use crate::adopt::{self, is_azurerm};
use crate::convert::parse_place;

const SOURCE: &str = "azurerm_key_vault_managed_storage_account";

/// Takes a managed storage account of azurerm over; none if the object is anything else.
///
/// The record in the vault is the same, so nothing is changed. What azurerm does not know is filled
/// in by the refresh that follows. No right was granted for it, so none will be taken back.
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
    let place = parse_place(adopt::text(old, "id"), cloud)
        .map_err(|reason| Diagnostic::error("Cannot take the object over", format!("{reason}.")))?;
    let mut state = imported(schema, &place);
    let account = adopt::text(old, "storage_account_id");
    if !account.is_empty() {
        state.set("storage_account_id", Value::from(account));
    }
    let period = adopt::text(old, "regeneration_period");
    if period.parse::<RotationPeriod>().is_ok() {
        state.set("rotation_period", Value::from(period));
    }
    state.set("tags", adopt::tags(old));
    let mut vault = state.get("key_vault").clone();
    let automatic = old.get("regenerate_key_automatically");
    let automatic = automatic.and_then(serde_json::Value::as_bool);
    vault.set("auto_regenerate", automatic.into());
    state.set("key_vault", vault);
    Ok(Imported {
        state,
        private: Vec::new(),
    })
}
