//! ConfigureProvider, with which a run begins, and StopProvider, with which it may end early.

use std::sync::Arc;

use proto::tfplugin6 as tf;

use super::{Service, tasks, wire};
use crate::diagnostic::Diagnostics;
use crate::provider::ConfigureRequest;

/// Answers ConfigureProvider.
pub(super) async fn answer(
    service: &Service,
    request: tf::configure_provider::Request,
) -> tf::configure_provider::Response {
    service.begin_run();
    let found = configure(service, request)
        .await
        .unwrap_or_else(|failure| failure);
    tf::configure_provider::Response {
        diagnostics: found.into_wire(),
    }
}

/// Answers StopProvider at once; the operations end at their next safe point.
pub(super) fn stop(service: &Service) -> tf::stop_provider::Response {
    tracing::info!("the core asked to stop");
    service.stop_run();
    tf::stop_provider::Response::default()
}

async fn configure(
    service: &Service,
    request: tf::configure_provider::Request,
) -> Result<Diagnostics, Diagnostics> {
    let config = wire::decode(request.config.as_ref(), &service.catalogue().ty)?;
    let request = ConfigureRequest {
        config,
        core_version: request.terraform_version,
    };
    let provider = Arc::clone(&service.provider);
    tasks::run(&service.running, "configure the provider", async move {
        provider.configure(request).await
    })
    .await
}
