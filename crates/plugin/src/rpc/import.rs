//! ImportResourceState: finds an existing object by its id or its identity.

use std::sync::Arc;

use proto::tfplugin6::import_resource_state::{ImportedResource, Request, Response};

use super::served::Served;
use super::{Service, identity, tasks};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::resource::{Imported, Resource};
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
    let imported = find(service, served, &request).await?;
    let mut diagnostics = Diagnostics::new();
    let state = served.settle(imported.state, &Value::Null, &mut diagnostics);
    if state.is_null() && diagnostics.is_empty() {
        diagnostics.push(served.bug("imported nothing"));
    }
    let told = identity::beside(service, served, &state, &mut diagnostics);
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    Ok(ImportedResource {
        type_name: request.type_name,
        state: Some(served.encode(&state)?),
        private: imported.private,
        identity: told.or(request.identity),
    })
}

/// A core that imports by identity sends an empty id beside it.
async fn find(
    service: &Service,
    served: &Served<dyn Resource>,
    request: &Request,
) -> Result<Imported, Diagnostics> {
    let (resource, context) = (Arc::clone(&served.item), service.context());
    let what = format!("import `{}`", served.name());
    if let Some(data) = &request.identity {
        let identity = service.catalogue().identity(served.name())?.decode(data)?;
        return tasks::run(&service.running, &what, async move {
            resource.import_by_identity(&context, &identity).await
        })
        .await?;
    }
    if request.id.is_empty() {
        let detail = format!("`{}` is imported by `id`.", served.name());
        return Err(Diagnostic::error("An id is needed to import", detail).into());
    }
    let id = request.id.clone();
    tasks::run(&service.running, &what, async move {
        resource.import(&context, &id).await
    })
    .await?
}
