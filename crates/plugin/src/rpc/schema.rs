//! GetProviderSchema and GetMetadata: what there is.

use proto::tfplugin6 as tf;

use super::{Service, tasks};
use crate::diagnostic::Diagnostics;
use crate::schema::{Attribute, Kind, Mode, Schema};

/// Answers GetProviderSchema.
pub(super) fn provider_schema(service: &Service) -> tf::get_provider_schema::Response {
    tasks::call("describe itself", || describe(service)).unwrap_or_else(|diagnostics| {
        tf::get_provider_schema::Response {
            diagnostics: diagnostics.into_wire(),
            ..Default::default()
        }
    })
}

/// Answers GetMetadata.
pub(super) fn metadata(service: &Service) -> tf::get_metadata::Response {
    let names = tasks::call("list its resources", || {
        service
            .catalogue()
            .resources
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    });
    let (names, diagnostics) = match names {
        Ok(names) => (names, Diagnostics::new()),
        Err(diagnostics) => (Vec::new(), diagnostics),
    };
    let named = |type_name| tf::get_metadata::ResourceMetadata { type_name };
    tf::get_metadata::Response {
        server_capabilities: Some(capabilities()),
        diagnostics: diagnostics.into_wire(),
        resources: names.into_iter().map(named).collect(),
        ..Default::default()
    }
}

fn describe(service: &Service) -> tf::get_provider_schema::Response {
    let catalogue = service.catalogue();
    let resources = catalogue.resources.iter();
    tf::get_provider_schema::Response {
        provider: Some(schema(&catalogue.schema)),
        resource_schemas: resources
            .map(|(name, served)| (name.clone(), schema(&served.schema)))
            .collect(),
        diagnostics: catalogue.problems().into_wire(),
        server_capabilities: Some(capabilities()),
        ..Default::default()
    }
}

/// The schema never depends on the configuration, so a core may keep it.
fn capabilities() -> tf::ServerCapabilities {
    tf::ServerCapabilities {
        get_provider_schema_optional: true,
        ..Default::default()
    }
}

fn schema(schema: &Schema) -> tf::Schema {
    let block = tf::schema::Block {
        version: schema.version,
        attributes: schema.attributes.iter().map(attribute).collect(),
        description: schema.description.clone(),
        description_kind: tf::StringKind::Markdown.into(),
        deprecated: schema.deprecation.is_some(),
        deprecation_message: schema.deprecation.clone().unwrap_or_default(),
        ..Default::default()
    };
    tf::Schema {
        version: schema.version,
        block: Some(block),
    }
}

/// An attribute has a type or attributes of its own: a core refuses the whole provider if both are set.
fn attribute(attribute: &Attribute) -> tf::schema::Attribute {
    let (ty, nested_type) = match &attribute.kind {
        Kind::Plain(ty) => (ty.to_bytes(), None),
        Kind::Nested(nested) => (Vec::new(), Some(single(nested))),
    };
    let mode = attribute.mode;
    tf::schema::Attribute {
        name: attribute.name.clone(),
        r#type: ty,
        nested_type,
        description: attribute.description.clone(),
        required: mode == Mode::Required,
        optional: matches!(mode, Mode::Optional | Mode::OptionalComputed),
        computed: attribute.is_computed(),
        sensitive: attribute.sensitive,
        description_kind: tf::StringKind::Markdown.into(),
        deprecated: attribute.deprecation.is_some(),
        write_only: attribute.write_only,
        deprecation_message: attribute.deprecation.clone().unwrap_or_default(),
    }
}

fn single(attributes: &[Attribute]) -> tf::schema::Object {
    tf::schema::Object {
        attributes: attributes.iter().map(attribute).collect(),
        nesting: tf::schema::object::NestingMode::Single.into(),
    }
}
