//! What the provider offers, looked up by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::identity::Identity;
use super::served::Served;
use crate::action::Action;
use crate::data_source::DataSource;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ephemeral::EphemeralResource;
use crate::function::{Function, Signature};
use crate::list::ListResource;
use crate::provider::Provider;
use crate::resource::Resource;
use crate::schema::Schema;
use crate::schema::problems::{Purpose, problems};
use crate::types::Type;

/// Things of one kind by name.
pub(super) type Offers<T> = BTreeMap<String, Arc<Served<T>>>;

/// Everything the provider offers.
pub(super) struct Catalogue {
    /// The provider block.
    pub(super) schema: Schema,
    /// Its type.
    pub(super) ty: Type,
    /// The resource types.
    pub(super) resources: Offers<dyn Resource>,
    /// The identities of those resource types that have one.
    pub(super) identities: BTreeMap<String, Arc<Identity>>,
    /// The data sources.
    pub(super) data_sources: Offers<dyn DataSource>,
    /// The ephemeral resource types.
    pub(super) ephemeral_resources: Offers<dyn EphemeralResource>,
    /// The lists.
    pub(super) list_resources: Offers<dyn ListResource>,
    /// The actions.
    pub(super) actions: Offers<dyn Action>,
    /// The functions.
    pub(super) functions: BTreeMap<String, Callable>,
}

/// A function with its signature at hand.
pub(super) struct Callable {
    /// The function itself.
    pub(super) function: Arc<dyn Function>,
    /// What it takes and gives.
    pub(super) signature: Signature,
}

impl Catalogue {
    /// Asks a provider for everything once.
    pub(super) fn of(provider: &dyn Provider) -> Catalogue {
        let schema = provider.schema();
        let resources = provider.resources();
        let identities = resources.iter().filter_map(|resource| {
            let identity = Identity::new(resource.identity()?);
            Some((resource.type_name().to_owned(), Arc::new(identity)))
        });
        let functions = provider.functions().into_iter().map(|function| {
            let signature = function.signature();
            let name = function.name().to_owned();
            (
                name,
                Callable {
                    function,
                    signature,
                },
            )
        });
        Catalogue {
            ty: schema.ty(),
            schema,
            identities: identities.collect(),
            resources: offers(resources, |item| (item.type_name(), item.schema())),
            data_sources: offers(provider.data_sources(), |item| {
                (item.type_name(), item.schema())
            }),
            ephemeral_resources: offers(provider.ephemeral_resources(), |item| {
                (item.type_name(), item.schema())
            }),
            list_resources: offers(provider.list_resources(), |item| {
                (item.type_name(), item.schema())
            }),
            actions: offers(provider.actions(), |item| (item.type_name(), item.schema())),
            functions: functions.collect(),
        }
    }

    /// Finds a resource type.
    pub(super) fn resource(&self, name: &str) -> Result<&Arc<Served<dyn Resource>>, Diagnostics> {
        find(&self.resources, "resource type", name)
    }

    /// Finds a data source.
    pub(super) fn data_source(
        &self,
        name: &str,
    ) -> Result<&Arc<Served<dyn DataSource>>, Diagnostics> {
        find(&self.data_sources, "data source", name)
    }

    /// Finds an ephemeral resource type.
    pub(super) fn ephemeral_resource(
        &self,
        name: &str,
    ) -> Result<&Arc<Served<dyn EphemeralResource>>, Diagnostics> {
        find(&self.ephemeral_resources, "ephemeral resource type", name)
    }

    /// Finds a list.
    pub(super) fn list_resource(
        &self,
        name: &str,
    ) -> Result<&Arc<Served<dyn ListResource>>, Diagnostics> {
        find(&self.list_resources, "list resource type", name)
    }

    /// Finds an action.
    pub(super) fn action(&self, name: &str) -> Result<&Arc<Served<dyn Action>>, Diagnostics> {
        find(&self.actions, "action type", name)
    }

    /// Finds the identity of a resource type.
    pub(super) fn identity(&self, type_name: &str) -> Result<&Arc<Identity>, Diagnostics> {
        self.identities
            .get(type_name)
            .ok_or_else(|| unknown("identity for resource type", type_name))
    }

    /// Says what no core would accept of the schemas.
    pub(super) fn problems(&self) -> Diagnostics {
        let provider = problems(&self.schema, Purpose::Configured);
        let mut found: Vec<(String, String)> = provider
            .into_iter()
            .map(|problem| ("provider".to_owned(), problem))
            .collect();
        found.extend(all_problems(&self.resources, Purpose::Managed));
        found.extend(all_problems(&self.data_sources, Purpose::Answered));
        found.extend(all_problems(&self.ephemeral_resources, Purpose::Answered));
        found.extend(all_problems(&self.list_resources, Purpose::Configured));
        found.extend(all_problems(&self.actions, Purpose::Configured));
        for (name, identity) in &self.identities {
            let problems = identity.schema.problems().into_iter();
            found.extend(problems.map(|problem| (format!("{name} identity"), problem)));
        }
        let unlisted = self
            .list_resources
            .keys()
            .filter(|name| !self.identities.contains_key(*name));
        found.extend(unlisted.map(|name| {
            let problem = "the objects of a resource type without an identity are listed";
            (name.clone(), problem.to_owned())
        }));
        let said = found.into_iter().map(|(name, problem)| {
            Diagnostic::bug(&format!("In the schema of `{name}`, {problem}."))
        });
        said.collect()
    }
}

/// Makes the message about something that the provider does not have.
pub(super) fn unknown(kind: &str, name: &str) -> Diagnostics {
    let detail = format!("This provider has no {kind} `{name}`.");
    Diagnostic::error(format!("Unknown {kind}"), detail).into()
}

fn offers<T: ?Sized>(
    items: Vec<Arc<T>>,
    describe: impl for<'a> Fn(&'a T) -> (&'a str, Schema),
) -> Offers<T> {
    let served = items.into_iter().map(|item| {
        let (name, schema) = describe(&item);
        let name = name.to_owned();
        (name.clone(), Arc::new(Served::new(item, name, schema)))
    });
    served.collect()
}

fn find<'a, T: ?Sized>(
    offers: &'a Offers<T>,
    kind: &str,
    name: &str,
) -> Result<&'a Arc<Served<T>>, Diagnostics> {
    offers.get(name).ok_or_else(|| unknown(kind, name))
}

fn all_problems<T: ?Sized>(
    offers: &Offers<T>,
    purpose: Purpose,
) -> impl Iterator<Item = (String, String)> {
    offers.iter().flat_map(move |(name, served)| {
        let problems = problems(&served.schema, purpose).into_iter();
        problems.map(|problem| (name.clone(), problem))
    })
}
