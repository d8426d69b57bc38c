//! ValidateProviderConfig and ValidateResourceConfig.

use proto::tfplugin6 as tf;
use proto::tfplugin6::ClientCapabilities;

use super::{Service, tasks, wire};
use crate::diagnostic::Diagnostics;
use crate::schema::validate::{WriteOnly, validate};

/// Answers ValidateProviderConfig.
pub(super) fn provider(
    service: &Service,
    request: &tf::validate_provider_config::Request,
) -> tf::validate_provider_config::Response {
    let found = judge_provider(service, request).unwrap_or_else(|failure| failure);
    tf::validate_provider_config::Response {
        diagnostics: found.into_wire(),
    }
}

/// Answers ValidateResourceConfig.
pub(super) fn resource(
    service: &Service,
    request: &tf::validate_resource_config::Request,
) -> tf::validate_resource_config::Response {
    let found = judge_resource(service, request).unwrap_or_else(|failure| failure);
    tf::validate_resource_config::Response {
        diagnostics: found.into_wire(),
    }
}

fn judge_provider(
    service: &Service,
    request: &tf::validate_provider_config::Request,
) -> Result<Diagnostics, Diagnostics> {
    let catalogue = service.catalogue();
    let config = wire::decode(request.config.as_ref(), &catalogue.ty)?;
    tasks::call("validate the provider block", || {
        let mut found = validate(&catalogue.schema, &config, WriteOnly::Allowed);
        found.extend(service.provider.validate(&config));
        found
    })
}

fn judge_resource(
    service: &Service,
    request: &tf::validate_resource_config::Request,
) -> Result<Diagnostics, Diagnostics> {
    let served = service.served(&request.type_name)?;
    let config = served.decode(request.config.as_ref())?;
    let write_only = write_only(request.client_capabilities.as_ref());
    tasks::call(&format!("validate `{}`", served.name()), || {
        let mut found = validate(&served.schema, &config, write_only);
        found.extend(served.resource.validate(&config));
        found
    })
}

fn write_only(capabilities: Option<&ClientCapabilities>) -> WriteOnly {
    match capabilities {
        Some(capabilities) if capabilities.write_only_attributes_allowed => WriteOnly::Allowed,
        _ => WriteOnly::Refused,
    }
}
