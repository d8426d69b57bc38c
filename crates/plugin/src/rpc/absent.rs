//! Answers for what this provider does not offer. Each names what was asked for.

use proto::tfplugin6 as tf;
use tonic::Status;

use crate::diagnostic::{Diagnostic, Diagnostics};

/// A stream that ends after the events at hand.
pub(super) type Events<T> = tokio_stream::Once<Result<T, Status>>;

/// Answers GetResourceIdentitySchemas: no resource has an identity.
pub(super) fn identity_schemas() -> tf::get_resource_identity_schemas::Response {
    tf::get_resource_identity_schemas::Response::default()
}

/// Answers UpgradeResourceIdentity.
pub(super) fn upgrade_identity(
    request: &tf::upgrade_resource_identity::Request,
) -> tf::upgrade_resource_identity::Response {
    let diagnostics = no("identity for resource type", &request.type_name);
    tf::upgrade_resource_identity::Response {
        diagnostics,
        ..Default::default()
    }
}

/// Answers MoveResourceState.
pub(super) fn move_state(
    request: &tf::move_resource_state::Request,
) -> tf::move_resource_state::Response {
    let what = format!(
        "{}` to `{}",
        request.source_type_name, request.target_type_name
    );
    let diagnostics = no("move from resource type", &what);
    tf::move_resource_state::Response {
        diagnostics,
        ..Default::default()
    }
}

/// Answers GenerateResourceConfig, which no core calls without the capability.
pub(super) fn generate_config(
    request: &tf::generate_resource_config::Request,
) -> tf::generate_resource_config::Response {
    let diagnostics = no(
        "generated configuration for resource type",
        &request.type_name,
    );
    tf::generate_resource_config::Response {
        diagnostics,
        ..Default::default()
    }
}

/// Answers ValidateDataResourceConfig.
pub(super) fn validate_data_source(
    request: &tf::validate_data_resource_config::Request,
) -> tf::validate_data_resource_config::Response {
    let diagnostics = no("data source", &request.type_name);
    tf::validate_data_resource_config::Response { diagnostics }
}

/// Answers ReadDataSource.
pub(super) fn read_data_source(
    request: &tf::read_data_source::Request,
) -> tf::read_data_source::Response {
    let diagnostics = no("data source", &request.type_name);
    tf::read_data_source::Response {
        diagnostics,
        ..Default::default()
    }
}

/// Answers ValidateEphemeralResourceConfig.
pub(super) fn validate_ephemeral(
    request: &tf::validate_ephemeral_resource_config::Request,
) -> tf::validate_ephemeral_resource_config::Response {
    let diagnostics = no("ephemeral resource type", &request.type_name);
    tf::validate_ephemeral_resource_config::Response { diagnostics }
}

/// Answers OpenEphemeralResource.
pub(super) fn open_ephemeral(
    request: &tf::open_ephemeral_resource::Request,
) -> tf::open_ephemeral_resource::Response {
    let diagnostics = no("ephemeral resource type", &request.type_name);
    tf::open_ephemeral_resource::Response {
        diagnostics,
        ..Default::default()
    }
}

/// Answers RenewEphemeralResource.
pub(super) fn renew_ephemeral(
    request: &tf::renew_ephemeral_resource::Request,
) -> tf::renew_ephemeral_resource::Response {
    let diagnostics = no("ephemeral resource type", &request.type_name);
    tf::renew_ephemeral_resource::Response {
        diagnostics,
        ..Default::default()
    }
}

/// Answers CloseEphemeralResource.
pub(super) fn close_ephemeral(
    request: &tf::close_ephemeral_resource::Request,
) -> tf::close_ephemeral_resource::Response {
    let diagnostics = no("ephemeral resource type", &request.type_name);
    tf::close_ephemeral_resource::Response { diagnostics }
}

/// Answers ValidateListResourceConfig.
pub(super) fn validate_list(
    request: &tf::validate_list_resource_config::Request,
) -> tf::validate_list_resource_config::Response {
    let diagnostics = no("list resource type", &request.type_name);
    tf::validate_list_resource_config::Response { diagnostics }
}

/// Answers ListResource.
pub(super) fn list(request: &tf::list_resource::Request) -> Events<tf::list_resource::Event> {
    let diagnostic = no("list resource type", &request.type_name);
    tokio_stream::once(Ok(tf::list_resource::Event {
        diagnostic,
        ..Default::default()
    }))
}

/// Answers GetFunctions: there are none.
pub(super) fn functions() -> tf::get_functions::Response {
    tf::get_functions::Response::default()
}

/// Answers CallFunction.
pub(super) fn call_function(request: &tf::call_function::Request) -> tf::call_function::Response {
    let text = format!("This provider has no function `{}`.", request.name);
    let error = tf::FunctionError {
        text,
        function_argument: None,
    };
    tf::call_function::Response {
        error: Some(error),
        result: None,
    }
}

/// Answers ValidateActionConfig.
pub(super) fn validate_action(
    request: &tf::validate_action_config::Request,
) -> tf::validate_action_config::Response {
    let diagnostics = no("action type", &request.type_name);
    tf::validate_action_config::Response { diagnostics }
}

/// Answers PlanAction.
pub(super) fn plan_action(request: &tf::plan_action::Request) -> tf::plan_action::Response {
    let diagnostics = no("action type", &request.action_type);
    tf::plan_action::Response {
        diagnostics,
        ..Default::default()
    }
}

/// Answers InvokeAction with the one event that every stream must end with.
pub(super) fn invoke_action(
    request: &tf::invoke_action::Request,
) -> Events<tf::invoke_action::Event> {
    let diagnostics = no("action type", &request.action_type);
    let completed = tf::invoke_action::event::Completed { diagnostics };
    let event = tf::invoke_action::event::Type::Completed(completed);
    tokio_stream::once(Ok(tf::invoke_action::Event {
        r#type: Some(event),
    }))
}

fn no(kind: &str, name: &str) -> Vec<tf::Diagnostic> {
    let detail = format!("This provider has no {kind} `{name}`.");
    Diagnostics::from(Diagnostic::error(format!("No such {kind}"), detail)).into_wire()
}
