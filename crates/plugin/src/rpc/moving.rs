//! MoveResourceState: takes over an object of another type, perhaps of another provider.

use proto::tfplugin6::RawState;
use proto::tfplugin6::move_resource_state::{Request, Response};
use serde_json::Value as Json;

use super::served::Served;
use super::{Service, identity, tasks};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::resource::{MoveRequest, Resource};
use crate::value::Value;

/// Answers MoveResourceState.
pub(super) fn answer(service: &Service, request: Request) -> Response {
    take_over(service, request).unwrap_or_else(|diagnostics| Response {
        diagnostics: diagnostics.into_wire(),
        ..Default::default()
    })
}

fn take_over(service: &Service, request: Request) -> Result<Response, Diagnostics> {
    let served = service.served(&request.target_type_name)?;
    let unknown = unknown_source(served, &request);
    let moved = MoveRequest {
        source_provider: request.source_provider_address,
        source_type: request.source_type_name,
        source_version: request.source_schema_version,
        state: read(request.source_state)?.unwrap_or(Json::Null),
        private: request.source_private,
        identity: read(request.source_identity)?,
    };
    let what = format!("move an object to `{}`", served.name());
    let imported = tasks::call(&what, || served.item.move_state(moved))?.ok_or(unknown)??;
    let mut diagnostics = Diagnostics::new();
    let state = served.settle(imported.state, &Value::Null, &mut diagnostics);
    if state.is_null() && diagnostics.is_empty() {
        diagnostics.push(served.bug("took nothing over"));
    }
    let target_identity = identity::beside(service, served, &state, &mut diagnostics);
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    Ok(Response {
        target_state: Some(served.encode(&state)?),
        target_private: imported.private,
        target_identity,
        diagnostics: diagnostics.into_wire(),
    })
}

fn read(stored: Option<RawState>) -> Result<Option<Json>, Diagnostics> {
    let stored = stored.unwrap_or_default();
    if !stored.flatmap.is_empty() {
        let detail = "The object was stored by a core older than Terraform 0.12. Upgrade its state with \
                      Terraform 0.12 first.";
        return Err(Diagnostic::error("State is too old", detail).into());
    }
    if stored.json.is_empty() {
        return Ok(None);
    }
    serde_json::from_slice(&stored.json).map_err(|error| {
        let detail = format!("The provider cannot read what is to be moved: {error}.");
        Diagnostic::error("State is unreadable", detail).into()
    })
}

fn unknown_source(served: &Served<dyn Resource>, request: &Request) -> Diagnostics {
    let detail = format!(
        "A `{}` of `{}` cannot become a `{}`.",
        request.source_type_name,
        request.source_provider_address,
        served.name()
    );
    Diagnostic::error("Move is not supported", detail).into()
}
