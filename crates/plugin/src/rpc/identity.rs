//! Identities beside states, GetResourceIdentitySchemas, and UpgradeResourceIdentity.

use std::cmp::Ordering;

use proto::tfplugin6 as tf;
use proto::tfplugin6::ResourceIdentityData;

use super::served::Served;
use super::{Service, describe, tasks, wire};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::identity::IdentitySchema;
use crate::resource::Resource;
use crate::types::Type;
use crate::value::{Value, json};

/// The identity of a resource type, with its type at hand.
pub(super) struct Identity {
    /// What makes it.
    pub(super) schema: IdentitySchema,
    ty: Type,
}

impl Identity {
    /// Takes a schema.
    pub(super) fn new(schema: IdentitySchema) -> Identity {
        Identity {
            ty: schema.ty(),
            schema,
        }
    }

    /// Reads an identity.
    pub(super) fn decode(&self, data: &ResourceIdentityData) -> Result<Value, Diagnostics> {
        wire::decode(data.identity_data.as_ref(), &self.ty)
    }

    /// Writes an identity; nothing if it would not find the object.
    pub(super) fn encode(
        &self,
        identity: &Value,
    ) -> Result<Option<ResourceIdentityData>, Diagnostics> {
        let identity_data = wire::encode(identity, &self.ty)?;
        let complete = self.schema.is_complete(identity);
        Ok(complete.then_some(ResourceIdentityData {
            identity_data: Some(identity_data),
        }))
    }
}

/// Tells the identity that goes beside a state, if the type has one and it can be told.
///
/// A fault in telling it is reported, and does not lose the state.
pub(super) fn beside(
    service: &Service,
    served: &Served<dyn Resource>,
    state: &Value,
    diagnostics: &mut Diagnostics,
) -> Option<ResourceIdentityData> {
    let identity = service.catalogue().identities.get(served.name())?;
    if !state.is_known() {
        return None;
    }
    let what = format!("identify `{}`", served.name());
    let told = tasks::call(&what, || served.item.identity_of(state))
        .and_then(|value| identity.encode(&value));
    told.unwrap_or_else(|failure| {
        diagnostics.extend(failure);
        None
    })
}

/// Answers GetResourceIdentitySchemas.
pub(super) fn schemas(service: &Service) -> tf::get_resource_identity_schemas::Response {
    let described = tasks::call("describe its identities", || {
        let identities = service.catalogue().identities.iter();
        identities
            .map(|(name, identity)| (name.clone(), describe::identity(&identity.schema)))
            .collect()
    });
    match described {
        Ok(identity_schemas) => tf::get_resource_identity_schemas::Response {
            identity_schemas,
            diagnostics: Vec::new(),
        },
        Err(failure) => tf::get_resource_identity_schemas::Response {
            diagnostics: failure.into_wire(),
            ..Default::default()
        },
    }
}

/// Answers UpgradeResourceIdentity.
pub(super) fn upgrade(
    service: &Service,
    request: tf::upgrade_resource_identity::Request,
) -> tf::upgrade_resource_identity::Response {
    match upgraded(service, request) {
        Ok(identity) => tf::upgrade_resource_identity::Response {
            upgraded_identity: Some(identity),
            diagnostics: Vec::new(),
        },
        Err(failure) => tf::upgrade_resource_identity::Response {
            upgraded_identity: None,
            diagnostics: failure.into_wire(),
        },
    }
}

fn upgraded(
    service: &Service,
    request: tf::upgrade_resource_identity::Request,
) -> Result<ResourceIdentityData, Diagnostics> {
    let catalogue = service.catalogue();
    let served = catalogue.resource(&request.type_name)?;
    let identity = catalogue.identity(&request.type_name)?;
    let stored = request.raw_identity.unwrap_or_default().json;
    let current = match request.version.cmp(&identity.schema.version) {
        Ordering::Equal => stored,
        Ordering::Less => {
            let old =
                serde_json::from_slice(&stored).map_err(|error| unreadable(served, &error))?;
            let what = format!("upgrade the identity of `{}`", served.name());
            let new = tasks::call(&what, || served.item.upgrade_identity(request.version, old))??;
            new.to_string().into_bytes()
        }
        Ordering::Greater => return Err(too_new(served, request.version)),
    };
    let value = json::decode(&current, &identity.ty).map_err(|error| unreadable(served, &error))?;
    Ok(ResourceIdentityData {
        identity_data: Some(wire::encode(&value, &identity.ty)?),
    })
}

fn too_new(served: &Served<dyn Resource>, version: i64) -> Diagnostics {
    let detail = format!(
        "The identity of this `{}` has version {version}, which a newer version of the provider \
         wrote. Use that one.",
        served.name()
    );
    Diagnostic::error("Identity is too new", detail).into()
}

fn unreadable(served: &Served<dyn Resource>, error: &dyn std::error::Error) -> Diagnostics {
    let detail = format!(
        "The provider cannot read the identity of this `{}`: {error}.",
        served.name()
    );
    Diagnostic::error("Identity is unreadable", detail).into()
}
