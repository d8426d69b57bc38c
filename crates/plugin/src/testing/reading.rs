//! Asking: data sources, ephemeral resources and lists.

use std::time::SystemTime;

use proto::tfplugin6 as tf;
use proto::tfplugin6::provider_server::Provider as _;
use tokio_stream::StreamExt as _;
use tonic::Request;

use super::wire::{answer, capabilities, identity, value, wire};
use super::{Harness, rules};
use crate::diagnostic::Diagnostics;
use crate::list::Listed;
use crate::schema::Schema;
use crate::value::Value;

/// What a core holds of an open ephemeral resource.
#[derive(Clone)]
pub struct Held {
    /// The value; null if opening failed, and after a renewal, which makes no new one.
    pub result: Value,
    /// When the core would renew it.
    pub renew_at: Option<SystemTime>,
    /// What renewing and closing will be handed.
    pub private: Vec<u8>,
    /// What the core would show.
    pub diagnostics: Diagnostics,
}

/// What a search is asked, beside the configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct Search {
    /// Whether the objects themselves are wanted.
    pub include_resource: bool,
    /// How many are wanted; all if absent.
    pub limit: Option<i64>,
}

impl Harness {
    /// Validates and reads a data source; null beside an error.
    pub async fn read_data(&self, type_name: &str, config: Value) -> (Value, Diagnostics) {
        let mut sources = self.provider.data_sources().into_iter();
        let source = sources
            .find(|source| source.type_name() == type_name)
            .expect("the provider has the data source");
        let schema = source.schema();
        let config = wire(&rules::complete(&schema.attributes, config), &schema);
        let request = tf::validate_data_resource_config::Request {
            type_name: type_name.to_owned(),
            config: config.clone(),
        };
        let answered = self
            .service
            .validate_data_resource_config(Request::new(request));
        let mut found = Diagnostics::from_wire(answer(answered.await).diagnostics);
        if found.has_errors() {
            return (Value::Null, found);
        }
        let request = tf::read_data_source::Request {
            type_name: type_name.to_owned(),
            config,
            client_capabilities: Some(capabilities()),
            ..Default::default()
        };
        let answer = answer(self.service.read_data_source(Request::new(request)).await);
        found.extend(Diagnostics::from_wire(answer.diagnostics));
        (value(answer.state.as_ref(), &schema), found)
    }

    /// Validates and opens an ephemeral resource.
    pub async fn open(&self, type_name: &str, config: Value) -> Held {
        let schema = self.ephemeral_schema(type_name);
        let config = wire(&rules::complete(&schema.attributes, config), &schema);
        let request = tf::validate_ephemeral_resource_config::Request {
            type_name: type_name.to_owned(),
            config: config.clone(),
        };
        let answered = self
            .service
            .validate_ephemeral_resource_config(Request::new(request));
        let mut diagnostics = Diagnostics::from_wire(answer(answered.await).diagnostics);
        if diagnostics.has_errors() {
            return Held {
                result: Value::Null,
                renew_at: None,
                private: Vec::new(),
                diagnostics,
            };
        }
        let request = tf::open_ephemeral_resource::Request {
            type_name: type_name.to_owned(),
            config,
            client_capabilities: Some(capabilities()),
        };
        let answered = self.service.open_ephemeral_resource(Request::new(request));
        let answer = answer(answered.await);
        diagnostics.extend(Diagnostics::from_wire(answer.diagnostics));
        Held {
            result: value(answer.result.as_ref(), &schema),
            renew_at: answer.renew_at.and_then(|at| SystemTime::try_from(at).ok()),
            private: answer.private.unwrap_or_default(),
            diagnostics,
        }
    }

    /// Renews an ephemeral resource.
    pub async fn renew(&self, type_name: &str, private: &[u8]) -> Held {
        let request = tf::renew_ephemeral_resource::Request {
            type_name: type_name.to_owned(),
            private: Some(private.to_vec()),
        };
        let answered = self.service.renew_ephemeral_resource(Request::new(request));
        let answer = answer(answered.await);
        Held {
            result: Value::Null,
            renew_at: answer.renew_at.and_then(|at| SystemTime::try_from(at).ok()),
            private: answer.private.unwrap_or_default(),
            diagnostics: Diagnostics::from_wire(answer.diagnostics),
        }
    }

    /// Closes an ephemeral resource.
    pub async fn close(&self, type_name: &str, private: &[u8]) -> Diagnostics {
        let request = tf::close_ephemeral_resource::Request {
            type_name: type_name.to_owned(),
            private: Some(private.to_vec()),
        };
        let answered = self.service.close_ephemeral_resource(Request::new(request));
        Diagnostics::from_wire(answer(answered.await).diagnostics)
    }

    /// Validates the `config` block and lists the objects of a resource type. What is told without an object stands in
    /// an entry whose identity is null.
    pub async fn list(&self, type_name: &str, config: Value, search: Search) -> Vec<Listed> {
        let mut lists = self.provider.list_resources().into_iter();
        let list = lists
            .find(|list| list.type_name() == type_name)
            .expect("the provider has the list");
        let schema = list.schema();
        let config = wire(&rules::complete(&schema.attributes, config), &schema);
        let request = tf::validate_list_resource_config::Request {
            type_name: type_name.to_owned(),
            config: config.clone(),
            ..Default::default()
        };
        let answered = self
            .service
            .validate_list_resource_config(Request::new(request));
        let found = Diagnostics::from_wire(answer(answered.await).diagnostics);
        if found.has_errors() {
            return vec![Listed {
                diagnostics: found,
                ..Listed::new(Value::Null, "")
            }];
        }
        let request = tf::list_resource::Request {
            type_name: type_name.to_owned(),
            config,
            include_resource_object: search.include_resource,
            limit: search.limit.unwrap_or_default(),
        };
        let mut events = answer(self.service.list_resource(Request::new(request)).await);
        let mut found = Vec::new();
        while let Some(event) = events.next().await {
            let event = event.expect("the service answers with messages, never with a status");
            found.push(self.listed(type_name, event));
        }
        found
    }

    fn listed(&self, type_name: &str, event: tf::list_resource::Event) -> Listed {
        let resource = event.resource_object.as_ref();
        Listed {
            identity: identity(event.identity, self.identity(type_name)),
            display_name: event.display_name,
            resource: resource.map(|object| value(Some(object), self.schema(type_name))),
            diagnostics: Diagnostics::from_wire(event.diagnostic),
        }
    }

    fn ephemeral_schema(&self, type_name: &str) -> Schema {
        let mut resources = self.provider.ephemeral_resources().into_iter();
        let resource = resources.find(|resource| resource.type_name() == type_name);
        resource
            .expect("the provider has the ephemeral resource")
            .schema()
    }
}
