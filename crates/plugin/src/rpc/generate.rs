//! GenerateResourceConfig: the configuration that a person would write for an object.

use proto::tfplugin6::generate_resource_config::{Request, Response};

use super::{Service, tasks};
use crate::diagnostic::Diagnostics;

/// Answers GenerateResourceConfig.
pub(super) fn answer(service: &Service, request: &Request) -> Response {
    generate(service, request).unwrap_or_else(|diagnostics| Response {
        config: None,
        diagnostics: diagnostics.into_wire(),
    })
}

fn generate(service: &Service, request: &Request) -> Result<Response, Diagnostics> {
    let served = service.served(&request.type_name)?;
    let state = served.decode(request.state.as_ref())?;
    let what = format!("write the configuration of `{}`", served.name());
    let config = tasks::call(&what, || served.item.generate_config(state))?;
    Ok(Response {
        config: Some(served.encode(&config)?),
        diagnostics: Vec::new(),
    })
}
