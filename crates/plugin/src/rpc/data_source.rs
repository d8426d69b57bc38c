//! ReadDataSource: the answer to a configuration.

use std::sync::Arc;

use proto::tfplugin6::read_data_source::{Request, Response};

use super::{Service, tasks};
use crate::diagnostic::Diagnostics;
use crate::value::Value;

/// Answers ReadDataSource.
pub(super) async fn answer(service: &Service, request: Request) -> Response {
    read(service, &request)
        .await
        .unwrap_or_else(|diagnostics| Response {
            diagnostics: diagnostics.into_wire(),
            ..Default::default()
        })
}

async fn read(service: &Service, request: &Request) -> Result<Response, Diagnostics> {
    let served = service.catalogue().data_source(&request.type_name)?;
    let config = served.decode(request.config.as_ref())?;
    let (source, context) = (Arc::clone(&served.item), service.context());
    let what = format!("read `{}`", served.name());
    let answer = tasks::run(&service.running, &what, async move {
        source.read(&context, config).await
    })
    .await?;
    let mut diagnostics = answer.diagnostics;
    let state = answer.state.unwrap_or(Value::Null);
    let state = served.settle(state, &Value::Null, &mut diagnostics);
    if state.is_null() && !diagnostics.has_errors() {
        diagnostics.push(served.bug("answered with nothing"));
    }
    Ok(Response {
        state: Some(served.encode(&state)?),
        diagnostics: diagnostics.into_wire(),
        deferred: None,
    })
}
