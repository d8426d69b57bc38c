//! The wire form of schemas, identities and functions.

use proto::tfplugin6 as tf;

use crate::function::{Parameter, Signature};
use crate::identity::{ForImport, IdentitySchema};
use crate::schema::{Attribute, Kind, Mode, Nesting, Schema};

/// Describes a schema.
pub(super) fn schema(schema: &Schema) -> tf::Schema {
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

/// Describes an identity.
pub(super) fn identity(schema: &IdentitySchema) -> tf::ResourceIdentitySchema {
    let attributes =
        schema.attributes.iter().map(
            |attribute| tf::resource_identity_schema::IdentityAttribute {
                name: attribute.name.clone(),
                r#type: attribute.ty.to_bytes(),
                required_for_import: attribute.import == ForImport::Required,
                optional_for_import: attribute.import == ForImport::Optional,
                description: attribute.description.clone(),
            },
        );
    tf::ResourceIdentitySchema {
        version: schema.version,
        identity_attributes: attributes.collect(),
    }
}

/// Describes a function.
pub(super) fn function(signature: &Signature) -> tf::Function {
    tf::Function {
        parameters: signature.parameters.iter().map(parameter).collect(),
        variadic_parameter: signature.variadic.as_ref().map(parameter),
        r#return: Some(tf::function::Return {
            r#type: signature.returns.to_bytes(),
        }),
        summary: signature.summary.clone(),
        description: signature.description.clone(),
        description_kind: tf::StringKind::Markdown.into(),
        deprecation_message: signature.deprecation.clone().unwrap_or_default(),
    }
}

fn parameter(parameter: &Parameter) -> tf::function::Parameter {
    tf::function::Parameter {
        name: parameter.name.clone(),
        r#type: parameter.ty.to_bytes(),
        allow_null_value: parameter.allow_null,
        allow_unknown_values: parameter.allow_unknown,
        description: parameter.description.clone(),
        description_kind: tf::StringKind::Markdown.into(),
    }
}

/// An attribute has a type or attributes of its own: a core refuses the whole provider if both are set.
fn attribute(attribute: &Attribute) -> tf::schema::Attribute {
    let (ty, nested_type) = match &attribute.kind {
        Kind::Plain(ty) => (ty.to_bytes(), None),
        Kind::Nested(nesting, inner) => (Vec::new(), Some(object(*nesting, inner))),
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

fn object(nesting: Nesting, attributes: &[Attribute]) -> tf::schema::Object {
    use tf::schema::object::NestingMode;
    let nesting = match nesting {
        Nesting::Single => NestingMode::Single,
        Nesting::List => NestingMode::List,
        Nesting::Set => NestingMode::Set,
        Nesting::Map => NestingMode::Map,
    };
    tf::schema::Object {
        attributes: attributes.iter().map(attribute).collect(),
        nesting: nesting.into(),
    }
}
