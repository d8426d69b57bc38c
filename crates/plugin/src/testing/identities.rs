//! Finding objects by identity, taking them over from other types, and writing their configuration.

use proto::tfplugin6 as tf;
use proto::tfplugin6::provider_server::Provider as _;
use tonic::Request;

use super::wire::{answer, capabilities, identity, outcome, value, wire};
use super::{Harness, Outcome};
use crate::diagnostic::Diagnostics;
use crate::resource::MoveRequest;
use crate::value::{Value, msgpack};

impl Harness {
    /// Finds an existing object by its identity; attributes that are left out are null.
    pub async fn import_by_identity(&self, type_name: &str, identity: &Value) -> Outcome {
        let schema = self.identity(type_name).expect("the type has an identity");
        let whole = schema.pick(identity);
        let msgpack = msgpack::encode(&whole, &schema.ty()).expect("the identity fits the schema");
        let identity_data = Some(tf::DynamicValue {
            msgpack,
            json: Vec::new(),
        });
        self.import_request(tf::import_resource_state::Request {
            type_name: type_name.to_owned(),
            id: String::new(),
            client_capabilities: Some(capabilities()),
            identity: Some(tf::ResourceIdentityData { identity_data }),
        })
        .await
    }

    /// Takes over an object of another type.
    pub async fn move_state(&self, type_name: &str, source: MoveRequest) -> Outcome {
        let raw = |json: &serde_json::Value| tf::RawState {
            json: json.to_string().into_bytes(),
            ..Default::default()
        };
        let request = tf::move_resource_state::Request {
            source_provider_address: source.source_provider,
            source_type_name: source.source_type,
            source_schema_version: source.source_version,
            source_state: Some(raw(&source.state)),
            target_type_name: type_name.to_owned(),
            source_private: source.private,
            source_identity: source.identity.as_ref().map(raw),
            source_identity_schema_version: 0,
        };
        let answer = answer(
            self.service
                .move_resource_state(Request::new(request))
                .await,
        );
        outcome(
            self.schema(type_name),
            answer.target_state.as_ref(),
            answer.target_private,
            answer.diagnostics,
            identity(answer.target_identity, self.identity(type_name)),
        )
    }

    /// Converts a stored identity of a version to the current one.
    pub async fn upgrade_identity(
        &self,
        type_name: &str,
        version: i64,
        json: &str,
    ) -> (Value, Diagnostics) {
        let raw = tf::RawState {
            json: json.as_bytes().to_vec(),
            ..Default::default()
        };
        let request = tf::upgrade_resource_identity::Request {
            type_name: type_name.to_owned(),
            version,
            raw_identity: Some(raw),
        };
        let answer = answer(
            self.service
                .upgrade_resource_identity(Request::new(request))
                .await,
        );
        let upgraded = identity(answer.upgraded_identity, self.identity(type_name));
        (upgraded, Diagnostics::from_wire(answer.diagnostics))
    }

    /// Writes the configuration of an object.
    pub async fn generate_config(&self, type_name: &str, state: &Value) -> (Value, Diagnostics) {
        let schema = self.schema(type_name);
        let request = tf::generate_resource_config::Request {
            type_name: type_name.to_owned(),
            state: wire(state, schema),
        };
        let answer = answer(
            self.service
                .generate_resource_config(Request::new(request))
                .await,
        );
        let config = value(answer.config.as_ref(), schema);
        (config, Diagnostics::from_wire(answer.diagnostics))
    }

    pub(super) async fn import_request(
        &self,
        request: tf::import_resource_state::Request,
    ) -> Outcome {
        let type_name = request.type_name.clone();
        let answer = answer(
            self.service
                .import_resource_state(Request::new(request))
                .await,
        );
        let found = answer.imported_resources.into_iter().next();
        let imported = found.unwrap_or_default();
        outcome(
            self.schema(&type_name),
            imported.state.as_ref(),
            imported.private,
            answer.diagnostics,
            identity(imported.identity, self.identity(&type_name)),
        )
    }
}
