//! OpenEphemeralResource, RenewEphemeralResource and CloseEphemeralResource.

use std::sync::Arc;

use proto::tfplugin6 as tf;

use super::served::Served;
use super::{Service, tasks};
use crate::diagnostic::Diagnostics;
use crate::ephemeral::{EphemeralResource, Opened, Renewed};
use crate::schema::conformity;
use crate::value::Value;

/// Answers OpenEphemeralResource.
pub(super) async fn open(
    service: &Service,
    request: tf::open_ephemeral_resource::Request,
) -> tf::open_ephemeral_resource::Response {
    try_open(service, &request)
        .await
        .unwrap_or_else(|diagnostics| tf::open_ephemeral_resource::Response {
            diagnostics: diagnostics.into_wire(),
            ..Default::default()
        })
}

/// Answers RenewEphemeralResource.
pub(super) async fn renew(
    service: &Service,
    request: tf::renew_ephemeral_resource::Request,
) -> tf::renew_ephemeral_resource::Response {
    let private = request.private.clone();
    try_renew(service, request)
        .await
        .unwrap_or_else(|diagnostics| tf::renew_ephemeral_resource::Response {
            diagnostics: diagnostics.into_wire(),
            renew_at: None,
            // Closing still needs it.
            private,
        })
}

/// Answers CloseEphemeralResource.
pub(super) async fn close(
    service: &Service,
    request: tf::close_ephemeral_resource::Request,
) -> tf::close_ephemeral_resource::Response {
    let found = try_close(service, request)
        .await
        .unwrap_or_else(|failure| failure);
    tf::close_ephemeral_resource::Response {
        diagnostics: found.into_wire(),
    }
}

async fn try_open(
    service: &Service,
    request: &tf::open_ephemeral_resource::Request,
) -> Result<tf::open_ephemeral_resource::Response, Diagnostics> {
    let served = service.catalogue().ephemeral_resource(&request.type_name)?;
    let config = served.decode(request.config.as_ref())?;
    let (item, context, asked) = (Arc::clone(&served.item), service.context(), config.clone());
    let what = format!("open `{}`", served.name());
    let opened = tasks::run(&service.running, &what, async move {
        item.open(&context, asked).await
    })
    .await?;
    let Opened {
        result,
        renew_at,
        private,
        mut diagnostics,
    } = opened;
    let result = result.unwrap_or(Value::Null);
    let result = served.settle(result, &Value::Null, &mut diagnostics);
    if !diagnostics.has_errors() {
        compare(served, &config, &result, &mut diagnostics);
    }
    Ok(tf::open_ephemeral_resource::Response {
        result: Some(served.encode(&result)?),
        renew_at: renew_at.map(Into::into),
        private: Some(private),
        diagnostics: diagnostics.into_wire(),
        deferred: None,
    })
}

/// A core refuses an answer in which the configuration comes back changed; here is told which part of it.
fn compare(
    served: &Served<dyn EphemeralResource>,
    config: &Value,
    result: &Value,
    diagnostics: &mut Diagnostics,
) {
    if result.is_null() {
        diagnostics.push(served.bug("opened nothing"));
        return;
    }
    for path in conformity::deviations(&served.schema, config, result) {
        let what = format!("gave back `{path}` other than it was configured");
        diagnostics.push(served.bug(&what).at(path));
    }
}

async fn try_renew(
    service: &Service,
    request: tf::renew_ephemeral_resource::Request,
) -> Result<tf::renew_ephemeral_resource::Response, Diagnostics> {
    let served = service.catalogue().ephemeral_resource(&request.type_name)?;
    let (item, context) = (Arc::clone(&served.item), service.context());
    let private = request.private.unwrap_or_default();
    let what = format!("renew `{}`", served.name());
    let renewed = tasks::run(&service.running, &what, async move {
        item.renew(&context, private).await
    })
    .await?;
    let Renewed {
        renew_at,
        private,
        diagnostics,
    } = renewed;
    Ok(tf::renew_ephemeral_resource::Response {
        diagnostics: diagnostics.into_wire(),
        renew_at: renew_at.map(Into::into),
        private: Some(private),
    })
}

async fn try_close(
    service: &Service,
    request: tf::close_ephemeral_resource::Request,
) -> Result<Diagnostics, Diagnostics> {
    let served = service.catalogue().ephemeral_resource(&request.type_name)?;
    let (item, context) = (Arc::clone(&served.item), service.context());
    let private = request.private.unwrap_or_default();
    let what = format!("close `{}`", served.name());
    tasks::run(&service.running, &what, async move {
        item.close(&context, private).await
    })
    .await
}
