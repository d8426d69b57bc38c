//! Speaks to a provider as a core would, without a socket, so that its resources can be tested alone.
//!
//! Every call goes through the wire form of requests and responses. What a core would not accept comes back
//! as the error it would show. Configurations may leave attributes out; they are null then.

pub mod bytes;
pub mod doing;
mod identities;
#[cfg(test)]
mod properties;
pub mod reading;
mod rules;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;

use proto::tfplugin6 as tf;
use proto::tfplugin6::provider_server::Provider as Rpc;
use tokio_util::sync::CancellationToken;
use tonic::Request;

use crate::diagnostic::Diagnostics;
use crate::identity::IdentitySchema;
use crate::path::Path;
use crate::provider::Provider;
use crate::rpc::Service;
use crate::running::Running;
use crate::schema::Schema;
use crate::testing::wire::{answer, capabilities, identity, outcome, value, wire};
use crate::value::Value;

/// A provider, and a core in its simplest form.
pub struct Harness {
    service: Arc<Service>,
    provider: Arc<dyn Provider>,
    resources: BTreeMap<String, (Schema, Option<IdentitySchema>)>,
}

/// A state with its private data, as a core stores both.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// The state.
    pub state: Value,
    /// The private data.
    pub private: Vec<u8>,
}

/// What came of an operation.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What the core would store; nothing if the object is gone.
    pub stored: Option<Stored>,
    /// The identity that the core would store; null if there is none.
    pub identity: Value,
    /// What the core would show.
    pub diagnostics: Diagnostics,
}

/// A plan, to be looked at or applied.
#[derive(Clone, Debug)]
pub struct Planned {
    /// What the object shall be.
    pub state: Value,
    /// Private data that the operation will be handed.
    pub private: Vec<u8>,
    /// The attributes because of which a new object is needed.
    pub replace: Vec<Path>,
    /// The identity, as far as it can be told; null otherwise.
    pub identity: Value,
    /// What the core would show.
    pub diagnostics: Diagnostics,
    prior: Option<Stored>,
    config: Value,
}

impl Outcome {
    /// Returns the state; null if there is none.
    #[must_use]
    pub fn state(&self) -> Value {
        self.stored
            .as_ref()
            .map_or(Value::Null, |stored| stored.state.clone())
    }
}

impl Planned {
    /// Tells whether applying would do nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.prior
            .as_ref()
            .is_some_and(|prior| prior.state == self.state)
    }
}

impl Harness {
    /// Takes a provider.
    pub fn new(provider: impl Provider) -> Harness {
        let provider: Arc<dyn Provider> = Arc::new(provider);
        let resources = provider.resources().into_iter().map(|resource| {
            let described = (resource.schema(), resource.identity());
            (resource.type_name().to_owned(), described)
        });
        Harness {
            resources: resources.collect(),
            service: Arc::new(Service::new(
                Arc::clone(&provider),
                Running::new(),
                CancellationToken::new(),
            )),
            provider,
        }
    }

    /// Reads the schemas; what no core would accept of them comes back.
    pub async fn describe(&self) -> Diagnostics {
        let request = tf::get_provider_schema::Request {};
        let answer = answer(
            self.service
                .get_provider_schema(Request::new(request))
                .await,
        );
        Diagnostics::from_wire(answer.diagnostics)
    }

    /// Validates and takes over the provider block.
    pub async fn configure(&self, config: Value) -> Diagnostics {
        let schema = self.provider.schema();
        let config = wire(&rules::complete(&schema.attributes, config), &schema);
        let request = tf::validate_provider_config::Request {
            config: config.clone(),
        };
        let validated = answer(
            self.service
                .validate_provider_config(Request::new(request))
                .await,
        );
        let mut found = Diagnostics::from_wire(validated.diagnostics);
        if !found.has_errors() {
            let terraform_version = "1.15.5".to_owned();
            let request = tf::configure_provider::Request {
                terraform_version,
                config,
                ..Default::default()
            };
            let answer = answer(self.service.configure_provider(Request::new(request)).await);
            found.extend(Diagnostics::from_wire(answer.diagnostics));
        }
        found
    }

    /// Asks running operations to end, as a core does on ^C.
    pub async fn stop(&self) {
        let request = tf::stop_provider::Request {};
        answer(self.service.stop_provider(Request::new(request)).await);
    }

    /// Validates the configuration of a resource.
    pub async fn validate(&self, type_name: &str, config: Value) -> Diagnostics {
        let schema = self.schema(type_name);
        let config = wire(&rules::complete(&schema.attributes, config), schema);
        let request = tf::validate_resource_config::Request {
            type_name: type_name.to_owned(),
            config,
            client_capabilities: Some(capabilities()),
        };
        let answer = answer(
            self.service
                .validate_resource_config(Request::new(request))
                .await,
        );
        Diagnostics::from_wire(answer.diagnostics)
    }

    /// Plans a creation or a change.
    pub async fn plan(&self, type_name: &str, prior: Option<&Stored>, config: Value) -> Planned {
        let schema = self.schema(type_name);
        let config = rules::complete(&schema.attributes, config);
        let state = prior.map_or(Value::Null, |prior| prior.state.clone());
        let proposed =
            rules::proposed(&schema.attributes, prior.map(|prior| &prior.state), &config);
        let request = tf::plan_resource_change::Request {
            type_name: type_name.to_owned(),
            prior_state: wire(&state, schema),
            proposed_new_state: wire(&proposed, schema),
            config: wire(&config, schema),
            prior_private: prior.map_or_else(Vec::new, |prior| prior.private.clone()),
            client_capabilities: Some(capabilities()),
            ..Default::default()
        };
        let answer = answer(
            self.service
                .plan_resource_change(Request::new(request))
                .await,
        );
        let mut diagnostics = Diagnostics::from_wire(answer.diagnostics);
        let planned = value(answer.planned_state.as_ref(), schema);
        if !diagnostics.has_errors() {
            diagnostics.extend(rules::check_plan(schema, &config, &planned));
        }
        Planned {
            state: planned,
            identity: identity(answer.planned_identity, self.identity(type_name)),
            private: answer.planned_private,
            replace: answer
                .requires_replace
                .into_iter()
                .map(Path::from)
                .collect(),
            diagnostics,
            prior: prior.cloned(),
            config,
        }
    }

    /// Applies a plan: plans once more as a core does, and replaces the object if the plan says so.
    pub async fn apply(&self, type_name: &str, planned: &Planned) -> Outcome {
        let mut prior = planned.prior.clone();
        if let Some(old) = prior.as_ref().filter(|_| !planned.replace.is_empty()) {
            let removed = self.destroy(type_name, old).await;
            if removed.diagnostics.has_errors() {
                return removed;
            }
            prior = None;
        }
        let last = self
            .plan(type_name, prior.as_ref(), planned.config.clone())
            .await;
        let mut diagnostics = last.diagnostics.clone();
        let schema = self.schema(type_name);
        if !diagnostics.has_errors() && planned.replace.is_empty() {
            diagnostics.extend(rules::check_final_plan(schema, &planned.state, &last.state));
        }
        if diagnostics.has_errors() {
            return Outcome {
                stored: prior,
                identity: Value::Null,
                diagnostics,
            };
        }
        self.apply_planned(type_name, prior.as_ref(), &last).await
    }

    /// Plans and applies a creation.
    pub async fn create(&self, type_name: &str, config: Value) -> Outcome {
        let planned = self.plan(type_name, None, config).await;
        if planned.diagnostics.has_errors() {
            return Outcome {
                stored: None,
                identity: Value::Null,
                diagnostics: planned.diagnostics,
            };
        }
        self.apply(type_name, &planned).await
    }

    /// Removes an object.
    pub async fn destroy(&self, type_name: &str, stored: &Stored) -> Outcome {
        let planned = Planned {
            state: Value::Null,
            private: stored.private.clone(),
            replace: Vec::new(),
            identity: Value::Null,
            diagnostics: Diagnostics::new(),
            prior: Some(stored.clone()),
            config: Value::Null,
        };
        self.apply_planned(type_name, Some(stored), &planned).await
    }

    /// Reads an object as it is.
    pub async fn read(&self, type_name: &str, stored: &Stored) -> Outcome {
        let schema = self.schema(type_name);
        let request = tf::read_resource::Request {
            type_name: type_name.to_owned(),
            current_state: wire(&stored.state, schema),
            private: stored.private.clone(),
            client_capabilities: Some(capabilities()),
            ..Default::default()
        };
        let answer = answer(self.service.read_resource(Request::new(request)).await);
        outcome(
            schema,
            answer.new_state.as_ref(),
            answer.private,
            answer.diagnostics,
            identity(answer.new_identity, self.identity(type_name)),
        )
    }

    /// Finds an existing object; a core reads it afterwards.
    pub async fn import(&self, type_name: &str, id: &str) -> Outcome {
        self.import_request(tf::import_resource_state::Request {
            type_name: type_name.to_owned(),
            id: id.to_owned(),
            client_capabilities: Some(capabilities()),
            identity: None,
        })
        .await
    }

    /// Converts a stored state of a version of the schema to the current one.
    pub async fn upgrade(&self, type_name: &str, version: i64, json: &str) -> Outcome {
        let raw = tf::RawState {
            json: json.as_bytes().to_vec(),
            ..Default::default()
        };
        let request = tf::upgrade_resource_state::Request {
            type_name: type_name.to_owned(),
            version,
            raw_state: Some(raw),
        };
        let answer = answer(
            self.service
                .upgrade_resource_state(Request::new(request))
                .await,
        );
        let schema = self.schema(type_name);
        outcome(
            schema,
            answer.upgraded_state.as_ref(),
            Vec::new(),
            answer.diagnostics,
            Value::Null,
        )
    }

    async fn apply_planned(
        &self,
        type_name: &str,
        prior: Option<&Stored>,
        planned: &Planned,
    ) -> Outcome {
        let schema = self.schema(type_name);
        let state = prior.map_or(Value::Null, |prior| prior.state.clone());
        let request = tf::apply_resource_change::Request {
            type_name: type_name.to_owned(),
            prior_state: wire(&state, schema),
            planned_state: wire(&planned.state, schema),
            config: wire(&planned.config, schema),
            planned_private: planned.private.clone(),
            ..Default::default()
        };
        let answer = answer(
            self.service
                .apply_resource_change(Request::new(request))
                .await,
        );
        let mut outcome = outcome(
            schema,
            answer.new_state.as_ref(),
            answer.private,
            answer.diagnostics,
            identity(answer.new_identity, self.identity(type_name)),
        );
        if !outcome.diagnostics.has_errors() {
            let found = rules::check_applied(schema, &planned.state, &outcome.state());
            outcome.diagnostics.extend(found);
            let found = rules::check_identity(&planned.identity, &outcome.identity);
            outcome.diagnostics.extend(found);
        }
        outcome
    }

    fn schema(&self, type_name: &str) -> &Schema {
        &self.described(type_name).0
    }

    fn identity(&self, type_name: &str) -> Option<&IdentitySchema> {
        self.described(type_name).1.as_ref()
    }

    fn described(&self, type_name: &str) -> &(Schema, Option<IdentitySchema>) {
        self.resources
            .get(type_name)
            .expect("a test asks for types of its provider")
    }
}
