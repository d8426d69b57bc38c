//! The methods that judge a configuration: of the provider, and of everything that has one.

use proto::tfplugin6 as tf;
use proto::tfplugin6::{ClientCapabilities, DynamicValue};

use super::served::Served;
use super::{Service, tasks, wire};
use crate::diagnostic::Diagnostics;
use crate::schema::validate::{WriteOnly, validate};
use crate::value::Value;

/// Answers ValidateProviderConfig.
pub(super) fn provider(
    service: &Service,
    request: &tf::validate_provider_config::Request,
) -> tf::validate_provider_config::Response {
    let found = judge_provider(service, request.config.as_ref());
    tf::validate_provider_config::Response {
        diagnostics: found.unwrap_or_else(|failure| failure).into_wire(),
    }
}

/// Answers ValidateResourceConfig.
pub(super) fn resource(
    service: &Service,
    request: &tf::validate_resource_config::Request,
) -> tf::validate_resource_config::Response {
    let write_only = write_only(request.client_capabilities.as_ref());
    let found = service.served(&request.type_name).and_then(|served| {
        let config = request.config.as_ref();
        judge(served, config, write_only, |config| {
            served.item.validate(config)
        })
    });
    tf::validate_resource_config::Response {
        diagnostics: found.unwrap_or_else(|failure| failure).into_wire(),
    }
}

/// Answers ValidateDataResourceConfig.
pub(super) fn data_source(
    service: &Service,
    request: &tf::validate_data_resource_config::Request,
) -> tf::validate_data_resource_config::Response {
    let served = service.catalogue().data_source(&request.type_name);
    let found = served.and_then(|served| {
        judge_unstored(served, request.config.as_ref(), |config| {
            served.item.validate(config)
        })
    });
    tf::validate_data_resource_config::Response {
        diagnostics: found.unwrap_or_else(|failure| failure).into_wire(),
    }
}

/// Answers ValidateEphemeralResourceConfig.
pub(super) fn ephemeral_resource(
    service: &Service,
    request: &tf::validate_ephemeral_resource_config::Request,
) -> tf::validate_ephemeral_resource_config::Response {
    let served = service.catalogue().ephemeral_resource(&request.type_name);
    let found = served.and_then(|served| {
        judge_unstored(served, request.config.as_ref(), |config| {
            served.item.validate(config)
        })
    });
    tf::validate_ephemeral_resource_config::Response {
        diagnostics: found.unwrap_or_else(|failure| failure).into_wire(),
    }
}

/// Answers ValidateListResourceConfig.
pub(super) fn list_resource(
    service: &Service,
    request: &tf::validate_list_resource_config::Request,
) -> tf::validate_list_resource_config::Response {
    let served = service.catalogue().list_resource(&request.type_name);
    let found = served.and_then(|served| {
        judge_unstored(served, request.config.as_ref(), |config| {
            served.item.validate(config)
        })
    });
    tf::validate_list_resource_config::Response {
        diagnostics: found.unwrap_or_else(|failure| failure).into_wire(),
    }
}

/// Answers ValidateActionConfig.
pub(super) fn action(
    service: &Service,
    request: &tf::validate_action_config::Request,
) -> tf::validate_action_config::Response {
    let served = service.catalogue().action(&request.type_name);
    let found = served.and_then(|served| {
        judge_unstored(served, request.config.as_ref(), |config| {
            served.item.validate(config)
        })
    });
    tf::validate_action_config::Response {
        diagnostics: found.unwrap_or_else(|failure| failure).into_wire(),
    }
}

fn judge_provider(
    service: &Service,
    config: Option<&DynamicValue>,
) -> Result<Diagnostics, Diagnostics> {
    let catalogue = service.catalogue();
    let config = wire::decode(config, &catalogue.ty)?;
    tasks::call("validate the provider block", || {
        let mut found = validate(&catalogue.schema, &config, WriteOnly::Allowed);
        found.extend(service.provider.validate(&config));
        found
    })
}

/// Judges what no core stores: there a write-only value needs no leave.
fn judge_unstored<T: ?Sized>(
    served: &Served<T>,
    config: Option<&DynamicValue>,
    beyond: impl FnOnce(&Value) -> Diagnostics,
) -> Result<Diagnostics, Diagnostics> {
    judge(served, config, WriteOnly::Allowed, beyond)
}

fn judge<T: ?Sized>(
    served: &Served<T>,
    config: Option<&DynamicValue>,
    write_only: WriteOnly,
    beyond: impl FnOnce(&Value) -> Diagnostics,
) -> Result<Diagnostics, Diagnostics> {
    let config = served.decode(config)?;
    tasks::call(&format!("validate `{}`", served.name()), || {
        let mut found = validate(&served.schema, &config, write_only);
        found.extend(beyond(&config));
        found
    })
}

fn write_only(capabilities: Option<&ClientCapabilities>) -> WriteOnly {
    match capabilities {
        Some(capabilities) if capabilities.write_only_attributes_allowed => WriteOnly::Allowed,
        _ => WriteOnly::Refused,
    }
}
