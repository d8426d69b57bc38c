//! ListResource: a stream of what a search finds.
//!
//! A core refuses an event without an identity, unless it carries messages and nothing else.

use std::sync::Arc;

use proto::tfplugin6 as tf;
use proto::tfplugin6::list_resource::Event;
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;

use super::identity::Identity;
use super::served::Served;
use super::{Events, Service, tasks};
use crate::diagnostic::Diagnostics;
use crate::list::{ListRequest, ListResource, Listed, Listing};
use crate::resource::Resource;
use crate::value::Value;

/// A search runs ahead of a slow reader by this much.
const AHEAD: usize = 16;

/// What it takes to put a find on the wire.
struct Encoder {
    resource: Arc<Served<dyn Resource>>,
    identity: Arc<Identity>,
    include_resource: bool,
}

/// Answers ListResource.
pub(super) fn answer(service: &Service, request: &tf::list_resource::Request) -> Events<Event> {
    match begin(service, request) {
        Ok(events) => events,
        Err(failure) => Box::pin(tokio_stream::once(Ok(only(failure)))),
    }
}

fn begin(
    service: &Service,
    request: &tf::list_resource::Request,
) -> Result<Events<Event>, Diagnostics> {
    let catalogue = service.catalogue();
    let served = catalogue.list_resource(&request.type_name)?;
    let encoder = Encoder {
        resource: Arc::clone(catalogue.resource(&request.type_name)?),
        identity: Arc::clone(catalogue.identity(&request.type_name)?),
        include_resource: request.include_resource_object,
    };
    let asked = ListRequest {
        config: served.decode(request.config.as_ref())?,
        include_resource: request.include_resource_object,
        // A core that wants all of them says 0.
        limit: usize::try_from(request.limit)
            .ok()
            .filter(|limit| *limit > 0),
    };
    let (sender, receiver) = mpsc::channel(AHEAD);
    search(service, served, asked, sender);
    let events = ReceiverStream::new(receiver).map(move |listed| Ok(encoder.event(listed)));
    Ok(Box::pin(events))
}

fn search(
    service: &Service,
    served: &Served<dyn ListResource>,
    asked: ListRequest,
    sender: mpsc::Sender<Listed>,
) {
    let (list, context) = (Arc::clone(&served.item), service.context());
    let (running, ticket) = (service.running.clone(), service.running.enter());
    let what = format!("list `{}`", served.name());
    tokio::spawn(async move {
        let _ticket = ticket;
        let mut listing = Listing::new(asked.limit, sender.clone());
        let found = tasks::run(&running, &what, async move {
            list.list(&context, asked, &mut listing).await
        })
        .await
        .unwrap_or_else(|failure| failure);
        if !found.is_empty() {
            let last = Listed {
                diagnostics: found,
                ..Listed::new(Value::Null, "")
            };
            // Nobody listens any more: then nobody wants to know.
            let _ = sender.send(last).await;
        }
    });
}

impl Encoder {
    fn event(&self, listed: Listed) -> Event {
        let Listed {
            identity,
            display_name,
            resource,
            mut diagnostics,
        } = listed;
        if identity.is_null() && !diagnostics.is_empty() {
            return only(diagnostics);
        }
        let identity = match self.identity.encode(&identity) {
            Ok(Some(identity)) => identity,
            Ok(None) => {
                let missing = "listed an object without its identity";
                diagnostics.push(self.resource.bug(missing));
                return only(diagnostics);
            }
            Err(failure) => {
                diagnostics.extend(failure);
                return only(diagnostics);
            }
        };
        let resource = resource.filter(|_| self.include_resource);
        let resource_object = resource.and_then(|resource| {
            let state = self
                .resource
                .settle(resource, &Value::Null, &mut diagnostics);
            self.resource.encode(&state).ok()
        });
        Event {
            identity: Some(identity),
            display_name,
            resource_object,
            diagnostic: diagnostics.into_wire(),
        }
    }
}

/// Makes an event that has something to tell and nothing else.
fn only(diagnostics: Diagnostics) -> Event {
    Event {
        diagnostic: diagnostics.into_wire(),
        ..Default::default()
    }
}
