//! GetProviderSchema, GetFunctions and GetMetadata: what there is.

use std::collections::HashMap;

use proto::tfplugin6 as tf;

use super::catalogue::{Catalogue, Offers};
use super::{Service, describe, tasks};

/// Answers GetProviderSchema.
pub(super) fn provider_schema(service: &Service) -> tf::get_provider_schema::Response {
    tasks::call("describe itself", || everything(service.catalogue())).unwrap_or_else(
        |diagnostics| tf::get_provider_schema::Response {
            diagnostics: diagnostics.into_wire(),
            ..Default::default()
        },
    )
}

/// Answers GetFunctions.
pub(super) fn functions(service: &Service) -> tf::get_functions::Response {
    match tasks::call("describe its functions", || {
        all_functions(service.catalogue())
    }) {
        Ok(functions) => tf::get_functions::Response {
            functions,
            diagnostics: Vec::new(),
        },
        Err(diagnostics) => tf::get_functions::Response {
            functions: HashMap::new(),
            diagnostics: diagnostics.into_wire(),
        },
    }
}

/// Answers GetMetadata.
pub(super) fn metadata(service: &Service) -> tf::get_metadata::Response {
    tasks::call("name what it offers", || names(service.catalogue())).unwrap_or_else(
        |diagnostics| tf::get_metadata::Response {
            diagnostics: diagnostics.into_wire(),
            ..Default::default()
        },
    )
}

fn everything(catalogue: &Catalogue) -> tf::get_provider_schema::Response {
    let actions = schemas(&catalogue.actions)
        .into_iter()
        .map(|(name, schema)| {
            let schema = Some(schema);
            (name, tf::ActionSchema { schema })
        });
    tf::get_provider_schema::Response {
        provider: Some(describe::schema(&catalogue.schema)),
        resource_schemas: schemas(&catalogue.resources),
        data_source_schemas: schemas(&catalogue.data_sources),
        ephemeral_resource_schemas: schemas(&catalogue.ephemeral_resources),
        list_resource_schemas: schemas(&catalogue.list_resources),
        action_schemas: actions.collect(),
        functions: all_functions(catalogue),
        diagnostics: catalogue.problems().into_wire(),
        server_capabilities: Some(capabilities()),
        ..Default::default()
    }
}

fn schemas<T: ?Sized>(offers: &Offers<T>) -> HashMap<String, tf::Schema> {
    let described = offers
        .iter()
        .map(|(name, served)| (name.clone(), describe::schema(&served.schema)));
    described.collect()
}

fn all_functions(catalogue: &Catalogue) -> HashMap<String, tf::Function> {
    let described = catalogue
        .functions
        .iter()
        .map(|(name, callable)| (name.clone(), describe::function(&callable.signature)));
    described.collect()
}

fn names(catalogue: &Catalogue) -> tf::get_metadata::Response {
    use tf::get_metadata as named;
    tf::get_metadata::Response {
        server_capabilities: Some(capabilities()),
        diagnostics: Vec::new(),
        resources: named_by(catalogue.resources.keys(), |type_name| {
            named::ResourceMetadata { type_name }
        }),
        data_sources: named_by(catalogue.data_sources.keys(), |type_name| {
            named::DataSourceMetadata { type_name }
        }),
        ephemeral_resources: named_by(catalogue.ephemeral_resources.keys(), |type_name| {
            named::EphemeralResourceMetadata { type_name }
        }),
        list_resources: named_by(catalogue.list_resources.keys(), |type_name| {
            named::ListResourceMetadata { type_name }
        }),
        actions: named_by(catalogue.actions.keys(), |type_name| {
            named::ActionMetadata { type_name }
        }),
        functions: named_by(catalogue.functions.keys(), |name| named::FunctionMetadata {
            name,
        }),
    }
}

fn named_by<'a, T>(names: impl Iterator<Item = &'a String>, name: impl Fn(String) -> T) -> Vec<T> {
    names.cloned().map(name).collect()
}

/// The schema never depends on the configuration, so a core may keep it.
fn capabilities() -> tf::ServerCapabilities {
    tf::ServerCapabilities {
        plan_destroy: false,
        get_provider_schema_optional: true,
        move_resource_state: true,
        generate_resource_config: true,
    }
}
