//! From a request to an answer: finds the operation, lets the caller in, performs it. Pure over the world; bytes,
//! faults and the journal are the server's. Each service has its table of operations in a module of its own.

use jiff::Timestamp;

use crate::cloud::{Cloud, Service, service_at};
use crate::journal::UNMODELLED;
use crate::kubernetes::failure::Failure;
use crate::refusal::Refusal;
use crate::token;
use crate::world::World;
use crate::world::directory::Caller;

pub(crate) mod call;
pub(crate) mod control;
pub(crate) mod entra;
pub(crate) mod graph;
pub(crate) mod kubernetes;
pub(crate) mod managed_identity;
pub(crate) mod management;
pub(crate) mod reply;
pub(crate) mod table;
pub(crate) mod vault;

use call::Call;
use reply::Reply;
use table::{Captures, Route, Tables, find};

/// What an operation answers.
pub(crate) type Answer = Result<Reply, Refusal>;

/// All that an operation works with.
pub(crate) struct Context<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) call: &'a Call,
    pub(crate) cloud: &'static Cloud,
    pub(crate) captures: &'a Captures,
    /// The vault that was addressed; empty elsewhere.
    pub(crate) vault: &'a str,
    caller: Option<&'a Caller>,
    pub(crate) now: Timestamp,
    pub(crate) real_now: Timestamp,
}

impl Context<'_> {
    /// Gives the caller of an operation that only a known caller reaches.
    pub(crate) fn caller(&self) -> Result<Caller, Refusal> {
        let missing = || Refusal::new(401, "Unauthorized", "The request has no caller.");
        self.caller.cloned().ok_or_else(missing)
    }

    /// Gives a part of the path by its name in the route.
    pub(crate) fn part(&self, name: &str) -> &str {
        self.captures.get(name)
    }
}

/// A request whose operation is known.
pub(crate) struct Prepared {
    cloud: &'static Cloud,
    service: Service,
    found: Option<(&'static Route, Captures)>,
}

impl Prepared {
    /// Gives the service that was asked.
    pub(crate) fn service(&self) -> &Service {
        &self.service
    }

    /// Gives a part of the path by its name in the route.
    pub(crate) fn part(&self, name: &str) -> &str {
        self.found
            .as_ref()
            .map_or("", |(_, captures)| captures.get(name))
    }

    /// Gives the published name of the operation, or the mark of what is not modelled.
    pub(crate) fn operation(&self) -> &'static str {
        self.found
            .as_ref()
            .map_or(UNMODELLED, |(route, _)| route.operation)
    }
}

/// Finds the operation of a request by its host; nothing for a host that is not modelled.
pub(crate) fn prepare(call: &Call) -> Option<Prepared> {
    let (cloud, service) = service_at(&call.host)?;
    Some(prepare_for(cloud, service, call))
}

/// Finds the operation of a request to a service.
pub(crate) fn prepare_for(cloud: &'static Cloud, service: Service, call: &Call) -> Prepared {
    let tables: Tables = match service {
        Service::Entra => &[entra::ROUTES],
        Service::Management => management::TABLES,
        Service::Graph => &[graph::ROUTES],
        Service::Vault(_) => vault::TABLES,
        Service::ManagedIdentity => &[managed_identity::ROUTES],
        Service::Kubernetes => kubernetes::TABLES,
        Service::Storage => &[],
    };
    Prepared {
        cloud,
        service,
        found: find(tables, call),
    }
}

/// Lets a caller in by the token of the request, before its body is looked at. An open service has no caller.
///
/// # Errors
///
/// Gives the answer that sends the caller away.
pub(crate) fn admit(
    world: &World,
    prepared: &Prepared,
    call: &Call,
    real_now: Timestamp,
) -> Result<Option<Caller>, Box<Reply>> {
    if prepared.found.as_ref().is_some_and(|(route, _)| route.open) {
        return Ok(None);
    }
    let cloud = prepared.cloud;
    let audiences: Vec<String> = match &prepared.service {
        // A cluster knows its users itself.
        Service::Entra | Service::ManagedIdentity | Service::Storage | Service::Kubernetes => {
            return Ok(None);
        }
        Service::Management => vec![
            cloud.management.to_owned(),
            cloud.management_audience.to_owned(),
        ],
        Service::Graph => vec![cloud.graph.to_owned()],
        Service::Vault(_) => vec![cloud.vault_suffix.to_owned()],
    };
    let claims = call
        .bearer()
        .and_then(|bearer| token::verify(&world.mint, bearer, real_now));
    let fits = |audience: &str| {
        let host = audience
            .trim_start_matches("https://")
            .trim_end_matches('/');
        audiences.iter().any(|known| known == host)
    };
    match claims {
        Some(claims) if fits(&claims.aud) => Ok(Some(Caller {
            client_id: claims.appid,
            object_id: claims.oid,
        })),
        _ => Err(Box::new(unauthorized(world, prepared, call))),
    }
}

/// Performs the operation of an admitted request.
pub(crate) fn perform(
    world: &mut World,
    prepared: &Prepared,
    call: &Call,
    caller: Option<&Caller>,
    now: Timestamp,
    real_now: Timestamp,
) -> Reply {
    let vault = match &prepared.service {
        Service::Vault(name) => name.as_str(),
        _ => "",
    };
    let answer = match &prepared.found {
        None if prepared.service == Service::Kubernetes => {
            Ok(kubernetes::refused(&Failure::no_route()))
        }
        None => Err(unmodelled(prepared, call)),
        Some((route, captures)) => {
            let cloud = prepared.cloud;
            let mut context = Context {
                world: &mut *world,
                call,
                cloud,
                captures,
                vault,
                caller,
                now,
                real_now,
            };
            answer(route, &mut context, &prepared.service)
        }
    };
    let reply = answer.unwrap_or_else(|refusal| refused(prepared, &refusal));
    finish(world, prepared, call, reply)
}

/// Gives the refusal of a service in the service's own shape.
pub(crate) fn refused(prepared: &Prepared, refusal: &Refusal) -> Reply {
    let reply = Reply::error(refusal);
    match prepared.service {
        Service::Kubernetes => {
            kubernetes::refused(&Failure::new(refusal.status, "", refusal.message.clone()))
        }
        // Resource Manager says so when it answers itself and no provider was asked.
        Service::Management if refusal.status == 404 => {
            reply.with_header("x-ms-failure-cause", "gateway")
        }
        _ => reply,
    }
}

fn answer(route: &Route, context: &mut Context<'_>, service: &Service) -> Answer {
    match service {
        Service::Vault(_) => vault::check(context, route)?,
        Service::Management => management::check(context)?,
        _ => {}
    }
    (route.handler)(context)
}

/// Sends a caller away whose token is over.
pub(crate) fn unauthorized(world: &World, prepared: &Prepared, call: &Call) -> Reply {
    let reply = match &prepared.service {
        Service::Vault(_) => vault::challenge(world, prepared.cloud, call),
        _ => management::challenge(world, prepared.cloud, call),
    };
    finish(world, prepared, call, reply)
}

fn unmodelled(prepared: &Prepared, call: &Call) -> Refusal {
    match &prepared.service {
        Service::Management => Refusal::new(
            404,
            "InvalidResourceType",
            format!(
                "The resource type or operation of {} {} could not be found.",
                call.method, call.path
            ),
        ),
        _ => Refusal::new(
            404,
            "NotFound",
            "The resource or operation could not be found.",
        ),
    }
}

/// Adds the headers that every answer of a service has.
fn finish(world: &World, prepared: &Prepared, call: &Call, reply: Reply) -> Reply {
    if prepared.service == Service::Kubernetes {
        return reply
            .with_header("audit-id", call.id.as_str())
            .with_header("cache-control", "no-cache, private");
    }
    let reply = reply
        .with_header("cache-control", "no-cache")
        .with_header("pragma", "no-cache")
        .with_header("expires", "-1")
        .with_header(
            "strict-transport-security",
            "max-age=31536000; includeSubDomains",
        )
        .with_header("x-content-type-options", "nosniff")
        .with_header("x-ms-request-id", call.id.as_str());
    match &prepared.service {
        Service::Vault(name) => vault::with_headers(world, name, reply),
        Service::Management => management::with_headers(call, reply),
        _ => reply,
    }
}

/// Reads the body of a request.
pub(crate) fn body<T: serde::de::DeserializeOwned>(call: &Call) -> Result<T, Refusal> {
    let refused = |error: serde_json::Error| {
        Refusal::bad_parameter(format!(
            "The request body is not what the operation takes: {error}"
        ))
    };
    serde_json::from_slice(&call.body).map_err(refused)
}
