//! PlanAction and InvokeAction.
//!
//! An invocation is a stream of progress that ends with exactly one event of completion, whatever happens.

use std::sync::Arc;

use proto::tfplugin6 as tf;
use proto::tfplugin6::invoke_action::Event;
use proto::tfplugin6::invoke_action::event::{Completed, Progress as Shown, Type};
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::Status;

use super::served::Served;
use super::{Events, Service, tasks};
use crate::action::{Action, Progress};
use crate::diagnostic::Diagnostics;
use crate::value::Value;

type Sender = mpsc::UnboundedSender<Result<Event, Status>>;

/// Answers PlanAction.
pub(super) async fn plan(
    service: &Service,
    request: tf::plan_action::Request,
) -> tf::plan_action::Response {
    let found = try_plan(service, &request)
        .await
        .unwrap_or_else(|failure| failure);
    tf::plan_action::Response {
        diagnostics: found.into_wire(),
        deferred: None,
    }
}

/// Answers InvokeAction.
pub(super) fn invoke(service: &Service, request: &tf::invoke_action::Request) -> Events<Event> {
    // A core that does not read must not keep an action from its end, so nothing bounds the messages.
    let (sender, receiver) = mpsc::unbounded_channel();
    let asked = find(service, &request.action_type, request.config.as_ref());
    match asked {
        Ok((served, config)) => begin(service, served, config, sender),
        Err(failure) => complete(&sender, failure),
    }
    Box::pin(UnboundedReceiverStream::new(receiver))
}

async fn try_plan(
    service: &Service,
    request: &tf::plan_action::Request,
) -> Result<Diagnostics, Diagnostics> {
    let (served, config) = find(service, &request.action_type, request.config.as_ref())?;
    let (action, context) = (Arc::clone(&served.item), service.context());
    let what = format!("plan `{}`", served.name());
    tasks::run(&service.running, &what, async move {
        action.plan(&context, config).await
    })
    .await
}

fn find<'a>(
    service: &'a Service,
    name: &str,
    config: Option<&tf::DynamicValue>,
) -> Result<(&'a Served<dyn Action>, Value), Diagnostics> {
    let served = service.catalogue().action(name)?;
    Ok((served, served.decode(config)?))
}

/// Lets the action run to its end, whether or not the core still listens.
fn begin(service: &Service, served: &Served<dyn Action>, config: Value, sender: Sender) {
    let (action, context) = (Arc::clone(&served.item), service.context());
    let (running, ticket) = (service.running.clone(), service.running.enter());
    let what = format!("invoke `{}`", served.name());
    tokio::spawn(async move {
        let _ticket = ticket;
        let listener = sender.clone();
        let mut progress = Progress::to(move |message| {
            send(&listener, Type::Progress(Shown { message }));
        });
        let found = tasks::run(&running, &what, async move {
            action.invoke(&context, config, &mut progress).await
        })
        .await
        .unwrap_or_else(|failure| failure);
        complete(&sender, found);
    });
}

fn complete(sender: &Sender, found: Diagnostics) {
    let diagnostics = found.into_wire();
    send(sender, Type::Completed(Completed { diagnostics }));
}

fn send(sender: &Sender, event: Type) {
    let event = Event {
        r#type: Some(event),
    };
    // Nobody listens any more: the action goes on all the same.
    let _ = sender.send(Ok(event));
}
