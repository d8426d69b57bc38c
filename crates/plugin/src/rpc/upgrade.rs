//! UpgradeResourceState: a stored state in the form of the current schema.
//!
//! A core asks for every state it reads, also for those of the current version.

use std::cmp::Ordering;

use proto::tfplugin6::upgrade_resource_state::{Request, Response};

use super::served::Served;
use super::{Service, tasks};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::resource::Resource;
use crate::schema::computed;
use crate::value::{Value, json};

/// Answers UpgradeResourceState.
pub(super) fn answer(service: &Service, request: Request) -> Response {
    match upgrade(service, request) {
        Ok(response) => response,
        Err(diagnostics) => Response {
            diagnostics: diagnostics.into_wire(),
            ..Default::default()
        },
    }
}

fn upgrade(service: &Service, request: Request) -> Result<Response, Diagnostics> {
    let served = service.served(&request.type_name)?;
    let stored = request.raw_state.unwrap_or_default();
    if !stored.flatmap.is_empty() {
        let detail = "The state was written by a core older than Terraform 0.12. Upgrade it with \
                      Terraform 0.12 first.";
        return Err(Diagnostic::error("State is too old", detail).into());
    }
    // The text of the current version is read as it is, because only that keeps every number exact.
    let current = match request.version.cmp(&served.schema.version) {
        Ordering::Equal => stored.json,
        Ordering::Less => convert(served, request.version, &stored.json)?,
        Ordering::Greater => return Err(too_new(served, request.version)),
    };
    let state = read(served, &current)?;
    Ok(Response {
        upgraded_state: Some(served.encode(&state)?),
        diagnostics: Vec::new(),
    })
}

fn read(served: &Served<dyn Resource>, stored: &[u8]) -> Result<Value, Diagnostics> {
    let state = json::decode(stored, served.ty()).map_err(|error| unreadable(served, &error))?;
    Ok(computed::without_write_only(&served.schema, state))
}

fn convert(
    served: &Served<dyn Resource>,
    version: i64,
    stored: &[u8],
) -> Result<Vec<u8>, Diagnostics> {
    let state = serde_json::from_slice(stored).map_err(|error| unreadable(served, &error))?;
    let what = format!("upgrade the state of `{}`", served.name());
    let state = tasks::call(&what, || served.item.upgrade(version, state))??;
    Ok(state.to_string().into_bytes())
}

fn too_new(served: &Served<dyn Resource>, version: i64) -> Diagnostics {
    let detail = format!(
        "The state of this `{}` has version {version}, and this provider knows versions up to {}. \
         Use the newer version of the provider that wrote the state.",
        served.name(),
        served.schema.version
    );
    Diagnostic::error("State is too new", detail).into()
}

fn unreadable(served: &Served<dyn Resource>, error: &dyn std::error::Error) -> Diagnostics {
    let detail = format!(
        "The provider cannot read the state of this `{}`: {error}.",
        served.name()
    );
    Diagnostic::error("State is unreadable", detail).into()
}
