//! ReadResource: the object as it is. A read that fails keeps the state of the last time.

use std::sync::Arc;

use proto::tfplugin6::read_resource::{Request, Response};

use super::{Service, identity, tasks};
use crate::diagnostic::Diagnostics;
use crate::resource::ReadRequest;
use crate::value::Value;

/// Answers ReadResource.
pub(super) async fn answer(service: &Service, request: Request) -> Response {
    read(service, &request)
        .await
        .unwrap_or_else(|diagnostics| Response {
            new_state: request.current_state,
            private: request.private,
            new_identity: request.current_identity,
            diagnostics: diagnostics.into_wire(),
            deferred: None,
        })
}

async fn read(service: &Service, request: &Request) -> Result<Response, Diagnostics> {
    let served = service.served(&request.type_name)?;
    let prior = served.decode(request.current_state.as_ref())?;
    let (resource, context) = (Arc::clone(&served.item), service.context());
    let asked = ReadRequest {
        state: prior.clone(),
        private: request.private.clone(),
    };
    let what = format!("read `{}`", served.name());
    let answer = tasks::run(&service.running, &what, async move {
        resource.read(&context, asked).await
    })
    .await?;
    let mut diagnostics = answer.diagnostics;
    let state = match answer.state {
        Some(state) => served.settle(state, &prior, &mut diagnostics),
        // Not being able to tell is not being gone.
        None if diagnostics.has_errors() => prior,
        None => Value::Null,
    };
    let told = identity::beside(service, served, &state, &mut diagnostics);
    let known = request
        .current_identity
        .clone()
        .filter(|_| !state.is_null());
    Ok(Response {
        new_state: Some(served.encode(&state)?),
        private: answer.private,
        new_identity: told.or(known),
        diagnostics: diagnostics.into_wire(),
        deferred: None,
    })
}
