//! ApplyResourceChange: makes, changes or removes the object, and always says what is left.
//!
//! A core keeps the state that is answered, also beside an error. So what must not be forgotten is answered
//! whatever happens: after a failed creation what was planned, otherwise the state before.

use std::sync::Arc;

use proto::tfplugin6::DynamicValue;
use proto::tfplugin6::apply_resource_change::{Request, Response};

use super::served::Served;
use super::{Service, identity, tasks};
use crate::diagnostic::Diagnostics;
use crate::resource::{Applied, CreateRequest, DeleteRequest, Deleted, Resource, UpdateRequest};
use crate::value::Value;

/// One application: what it is about, and what to answer if the resource gives nothing usable.
struct Change<'a> {
    service: &'a Service,
    served: &'a Served<dyn Resource>,
    fallback: Value,
    private: Vec<u8>,
}

/// What is left, whatever happened.
struct Outcome {
    state: Value,
    private: Vec<u8>,
    diagnostics: Diagnostics,
}

/// Answers ApplyResourceChange.
pub(super) async fn answer(service: &Service, request: Request) -> Response {
    apply(service, &request)
        .await
        .unwrap_or_else(|diagnostics| Response {
            // Nothing was done yet.
            new_state: request.prior_state,
            private: request.planned_private,
            diagnostics: diagnostics.into_wire(),
            ..Default::default()
        })
}

async fn apply(service: &Service, request: &Request) -> Result<Response, Diagnostics> {
    let served = service.served(&request.type_name)?;
    let decode = |value: Option<&DynamicValue>| served.decode(value);
    let prior = decode(request.prior_state.as_ref())?;
    let planned = decode(request.planned_state.as_ref())?;
    let config = decode(request.config.as_ref())?;
    let private = request.planned_private.clone();
    let fallback = if prior.is_null() {
        planned.clone().with_unknown_as_null()
    } else {
        prior.clone()
    };
    let change = Change {
        service,
        served,
        fallback,
        private: private.clone(),
    };
    let mut outcome = match (prior.is_null(), planned.is_null()) {
        (true, _) => {
            change
                .create(CreateRequest {
                    planned,
                    config,
                    private,
                })
                .await
        }
        (false, true) => change.delete(DeleteRequest { prior, private }).await,
        (false, false) => {
            change
                .update(UpdateRequest {
                    prior,
                    planned,
                    config,
                    private,
                })
                .await
        }
    };
    let new_identity = identity::beside(service, served, &outcome.state, &mut outcome.diagnostics);
    Ok(Response {
        new_state: Some(served.encode(&outcome.state)?),
        new_identity,
        private: outcome.private,
        diagnostics: outcome.diagnostics.into_wire(),
        ..Default::default()
    })
}

impl Change<'_> {
    async fn create(self, request: CreateRequest) -> Outcome {
        let (resource, context) = (Arc::clone(&self.served.item), self.service.context());
        let created = self
            .run(
                "create",
                async move { resource.create(&context, request).await },
            )
            .await;
        match created {
            // Nothing was made, and the resource says why.
            Ok(Applied {
                state: None,
                private,
                diagnostics,
            }) if diagnostics.has_errors() => Outcome {
                state: Value::Null,
                private,
                diagnostics,
            },
            created => self.applied(created),
        }
    }

    async fn update(self, request: UpdateRequest) -> Outcome {
        let (resource, context) = (Arc::clone(&self.served.item), self.service.context());
        let updated = self
            .run(
                "update",
                async move { resource.update(&context, request).await },
            )
            .await;
        self.applied(updated)
    }

    async fn delete(self, request: DeleteRequest) -> Outcome {
        let (resource, context) = (Arc::clone(&self.served.item), self.service.context());
        let deleted = self
            .run(
                "delete",
                async move { resource.delete(&context, request).await },
            )
            .await;
        match deleted {
            Ok(Deleted {
                state: None,
                private,
                diagnostics,
            }) if !diagnostics.has_errors() => Outcome {
                state: Value::Null,
                private,
                diagnostics,
            },
            Ok(Deleted {
                state,
                private,
                mut diagnostics,
            }) => {
                if !diagnostics.has_errors() {
                    diagnostics.push(self.served.bug("left something and did not say why"));
                }
                let left = state.unwrap_or_else(|| self.fallback.clone());
                let state = self.served.settle(left, &self.fallback, &mut diagnostics);
                Outcome {
                    state,
                    private,
                    diagnostics,
                }
            }
            Err(diagnostics) => self.fall_back(diagnostics),
        }
    }

    async fn run<T: Send + 'static>(
        &self,
        act: &str,
        operation: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Diagnostics> {
        let what = format!("{act} `{}`", self.served.name());
        tasks::run(&self.service.running, &what, operation).await
    }

    fn applied(self, applied: Result<Applied, Diagnostics>) -> Outcome {
        match applied {
            Ok(Applied {
                state: Some(state),
                private,
                mut diagnostics,
            }) => {
                let state = self.served.settle(state, &self.fallback, &mut diagnostics);
                Outcome {
                    state,
                    private,
                    diagnostics,
                }
            }
            Ok(Applied {
                state: None,
                mut diagnostics,
                ..
            }) => {
                if !diagnostics.has_errors() {
                    diagnostics.push(self.served.bug("applied the change and left nothing"));
                }
                self.fall_back(diagnostics)
            }
            Err(diagnostics) => self.fall_back(diagnostics),
        }
    }

    fn fall_back(self, diagnostics: Diagnostics) -> Outcome {
        Outcome {
            state: self.fallback,
            private: self.private,
            diagnostics,
        }
    }
}
