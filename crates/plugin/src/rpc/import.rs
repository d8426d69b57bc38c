//! ImportResourceState: finds an existing object by its id.

use std::sync::Arc;

use proto::tfplugin6::import_resource_state::{ImportedResource, Request, Response};

use super::{Service, tasks};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::value::Value;

/// Answers ImportResourceState.
pub(super) async fn answer(service: &Service, request: Request) -> Response {
    match import(service, request).await {
        Ok(imported) => Response {
            imported_resources: vec![imported],
            ..Default::default()
        },
        Err(diagnostics) => Response {
            diagnostics: diagnostics.into_wire(),
            ..Default::default()
        },
    }
}

async fn import(service: &Service, request: Request) -> Result<ImportedResource, Diagnostics> {
    let served = service.served(&request.type_name)?;
    if request.id.is_empty() {
        let detail = format!("`{}` is imported by `id`.", served.name());
        return Err(Diagnostic::error("An id is needed to import", detail).into());
    }
    let (resource, context, id) = (Arc::clone(&served.resource), service.context(), request.id);
    let what = format!("import `{}`", served.name());
    let imported = tasks::run(&service.running, &what, async move {
        resource.import(&context, &id).await
    })
    .await??;
    let mut diagnostics = Diagnostics::new();
    let state = served.settle(imported.state, &Value::Null, &mut diagnostics);
    if state.is_null() && diagnostics.is_empty() {
        diagnostics.push(served.bug("imported nothing"));
    }
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    Ok(ImportedResource {
        type_name: request.type_name,
        state: Some(served.encode(&state)?),
        private: imported.private,
        identity: None,
    })
}
