//! What the provider offers, looked up by name, and the checks that every value of it goes through.

use std::collections::BTreeMap;
use std::sync::Arc;

use proto::tfplugin6::DynamicValue;

use super::wire;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::provider::Provider;
use crate::resource::Resource;
use crate::schema::{Schema, computed};
use crate::types::Type;
use crate::value::{Value, msgpack};

/// Everything the provider offers.
pub(super) struct Catalogue {
    /// The provider block.
    pub(super) schema: Schema,
    /// Its type.
    pub(super) ty: Type,
    /// The resources by the name of their type.
    pub(super) resources: BTreeMap<String, Served>,
}

/// A resource type with its schema at hand.
pub(super) struct Served {
    /// The resource itself.
    pub(super) resource: Arc<dyn Resource>,
    /// Its schema.
    pub(super) schema: Schema,
    ty: Type,
}

impl Catalogue {
    /// Asks a provider for everything once.
    pub(super) fn of(provider: &dyn Provider) -> Catalogue {
        let schema = provider.schema();
        let resources = provider.resources().into_iter().map(Served::of);
        Catalogue {
            ty: schema.ty(),
            schema,
            resources: resources
                .map(|served| (served.name().to_owned(), served))
                .collect(),
        }
    }

    /// Finds a resource type.
    pub(super) fn resource(&self, type_name: &str) -> Result<&Served, Diagnostics> {
        self.resources.get(type_name).ok_or_else(|| {
            let detail = format!("This provider has no resource type `{type_name}`.");
            Diagnostic::error("Unknown resource type", detail).into()
        })
    }

    /// Says what no core would accept of the schemas.
    pub(super) fn problems(&self) -> Diagnostics {
        let named = self
            .resources
            .iter()
            .map(|(name, served)| (name.as_str(), &served.schema));
        named
            .chain([("provider", &self.schema)])
            .flat_map(|(name, schema)| {
                schema
                    .problems()
                    .into_iter()
                    .map(move |problem| (name, problem))
            })
            .map(|(name, problem)| {
                Diagnostic::bug(&format!("In the schema of `{name}`, {problem}."))
            })
            .collect()
    }
}

impl Served {
    fn of(resource: Arc<dyn Resource>) -> Served {
        let schema = resource.schema();
        Served {
            ty: schema.ty(),
            resource,
            schema,
        }
    }

    /// Returns the name of the type.
    pub(super) fn name(&self) -> &str {
        self.resource.type_name()
    }

    /// Returns the type of every value.
    pub(super) fn ty(&self) -> &Type {
        &self.ty
    }

    /// Reads a value; an absent one is null.
    pub(super) fn decode(&self, value: Option<&DynamicValue>) -> Result<Value, Diagnostics> {
        wire::decode(value, &self.ty)
    }

    /// Writes a value that was settled before.
    pub(super) fn encode(&self, value: &Value) -> Result<DynamicValue, Diagnostics> {
        wire::encode(value, &self.ty)
    }

    /// Makes a state of what a resource answered: write-only values and unknowns become null, and what does
    /// not fit the schema is replaced by the fallback. The last two are bugs, and are said to be.
    pub(super) fn settle(
        &self,
        answer: Value,
        fallback: &Value,
        diagnostics: &mut Diagnostics,
    ) -> Value {
        let answer = computed::without_write_only(&self.schema, answer);
        if let Err(error) = msgpack::encode(&answer, &self.ty) {
            diagnostics.push(self.bug(&format!(
                "answered with a value that does not fit its schema: {error}"
            )));
            return fallback.clone();
        }
        if !answer.is_wholly_known() {
            diagnostics.push(self.bug("left values unknown"));
        }
        answer.with_unknown_as_null()
    }

    /// Makes the message about a fault of the resource itself.
    pub(super) fn bug(&self, what: &str) -> Diagnostic {
        Diagnostic::bug(&format!("`{}` {what}.", self.name()))
    }
}
