//! Calling functions, and having actions done.

use proto::tfplugin6 as tf;
use proto::tfplugin6::invoke_action::event::Type as Event;
use proto::tfplugin6::provider_server::Provider as _;
use tokio_stream::StreamExt as _;
use tonic::Request;

use super::wire::{answer, capabilities, wire};
use super::{Harness, rules};
use crate::diagnostic::Diagnostics;
use crate::function::FunctionError;
use crate::value::{Value, msgpack};

/// What came of an action.
#[derive(Clone, Debug)]
pub struct Invoked {
    /// What it reported on the way.
    pub progress: Vec<String>,
    /// What the core would show.
    pub diagnostics: Diagnostics,
}

impl Harness {
    /// Calls a function.
    ///
    /// # Errors
    /// What the core would show.
    pub async fn call(&self, name: &str, arguments: &[Value]) -> Result<Value, FunctionError> {
        let mut functions = self.provider.functions().into_iter();
        let function = functions
            .find(|function| function.name() == name)
            .expect("the provider has the function");
        let signature = function.signature();
        let sent = arguments.iter().enumerate().map(|(position, argument)| {
            let parameter = signature.parameter_at(position);
            let parameter = parameter.expect("a core refuses more arguments than parameters");
            let msgpack = msgpack::encode(argument, &parameter.ty);
            tf::DynamicValue {
                msgpack: msgpack.expect("the test's argument fits the parameter"),
                json: Vec::new(),
            }
        });
        let request = tf::call_function::Request {
            name: name.to_owned(),
            arguments: sent.collect(),
        };
        let answer = answer(self.service.call_function(Request::new(request)).await);
        match (answer.error, answer.result) {
            (None, Some(result)) => Ok(msgpack::decode(&result.msgpack, &signature.returns)
                .expect("the service sends what fits the signature")),
            (error, _) => {
                let error = error.expect("there is a result or an error");
                Err(FunctionError {
                    text: error.text,
                    argument: error.function_argument,
                })
            }
        }
    }

    /// Validates and plans an action.
    pub async fn plan_action(&self, type_name: &str, config: Value) -> Diagnostics {
        let config = self.action_config(type_name, config);
        let request = tf::validate_action_config::Request {
            type_name: type_name.to_owned(),
            config: config.clone(),
        };
        let answered = self.service.validate_action_config(Request::new(request));
        let mut found = Diagnostics::from_wire(answer(answered.await).diagnostics);
        if !found.has_errors() {
            let request = tf::plan_action::Request {
                action_type: type_name.to_owned(),
                config,
                client_capabilities: Some(capabilities()),
            };
            let answered = self.service.plan_action(Request::new(request)).await;
            found.extend(Diagnostics::from_wire(answer(answered).diagnostics));
        }
        found
    }

    /// Has an action done; it must end with exactly one event of completion.
    pub async fn invoke(&self, type_name: &str, config: Value) -> Invoked {
        let request = tf::invoke_action::Request {
            action_type: type_name.to_owned(),
            config: self.action_config(type_name, config),
            client_capabilities: Some(capabilities()),
        };
        let mut events = answer(self.service.invoke_action(Request::new(request)).await);
        let mut progress = Vec::new();
        let mut completed = None;
        while let Some(event) = events.next().await {
            let event = event.expect("the service answers with messages, never with a status");
            assert!(completed.is_none(), "completion is the last event");
            match event.r#type.expect("a core fails on an empty event") {
                Event::Progress(reported) => progress.push(reported.message),
                Event::Completed(end) => completed = Some(Diagnostics::from_wire(end.diagnostics)),
            }
        }
        Invoked {
            progress,
            diagnostics: completed.expect("an action ends with its completion"),
        }
    }

    fn action_config(&self, type_name: &str, config: Value) -> Option<tf::DynamicValue> {
        let mut actions = self.provider.actions().into_iter();
        let action = actions
            .find(|action| action.type_name() == type_name)
            .expect("the provider has the action");
        let schema = action.schema();
        wire(&rules::complete(&schema.attributes, config), &schema)
    }
}
