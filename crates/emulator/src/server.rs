//! The way in: listeners, TLS, HTTP. Turns bytes into a call and a reply into bytes, does the damage that faults ask
//! for, keeps the journal, and answers 500 where the emulator itself fails.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::clock::{pause, real_now};
use crate::cloud::Service;
use crate::fault::{Fault, When};
use crate::journal::{JournalEntry, UNMODELLED, shown_url};
use crate::refusal::Refusal;
use crate::routes::call::Call;
use crate::routes::reply::Reply;
use crate::routes::{Prepared, admit, control, perform, prepare, prepare_for, refused};
use crate::shared::Shared;
use crate::world::directory::Caller;

/// No request of the modelled services comes near this.
const LARGEST_BODY: usize = 1 << 20;

/// The body of every answer.
pub(crate) type Body = Full<Bytes>;

/// Where a request came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entrance {
    /// Over TLS, or through the proxy: the host name says for whom it is.
    Azure,
    /// The plain listener on loopback.
    Control,
}

/// Tells hyper to close the connection without an answer.
#[derive(Debug, Error)]
#[error("the connection is closed because a fault asks for it")]
pub(crate) struct ConnectionReset;

/// A request whose journal entry is still to be written.
struct Visit<'a> {
    shared: &'a Shared,
    call: &'a Call,
    entrance: Entrance,
    operation: &'static str,
    caller: Option<Caller>,
}

/// Accepts TLS connections until the emulator stops.
pub(crate) async fn listen_tls(shared: Arc<Shared>, listener: TcpListener, acceptor: TlsAcceptor) {
    accept(listener, |stream| {
        let (inner, acceptor) = (Arc::clone(&shared), acceptor.clone());
        shared.spawn(async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                serve(inner, stream, Entrance::Azure).await;
            }
        });
    })
    .await;
}

/// Accepts plain connections until the emulator stops.
pub(crate) async fn listen_control(shared: Arc<Shared>, listener: TcpListener) {
    accept(listener, |stream| {
        let inner = Arc::clone(&shared);
        shared.spawn(async move { serve(inner, stream, Entrance::Control).await });
    })
    .await;
}

/// Accepts connections and hands each to `take`.
pub(crate) async fn accept(listener: TcpListener, take: impl Fn(tokio::net::TcpStream)) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Small answers must not wait for more to come.
                stream.set_nodelay(true).unwrap_or_default();
                take(stream);
            }
            // Out of file descriptors, or a client that left at once: the next may do better.
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::task::yield_now().await;
            }
        }
    }
}

/// Serves HTTP on a connection until it ends.
pub(crate) async fn serve<S>(shared: Arc<Shared>, stream: S, entrance: Entrance)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        let answer: Pin<Box<dyn Future<Output = _> + Send>> =
            Box::pin(async move { handle(&shared, request, entrance).await });
        answer
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    if let Err(error) = builder
        .serve_connection(TokioIo::new(stream), service)
        .await
    {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Answers one request.
///
/// # Cancellation
///
/// A request that was performed stays performed and may be missing from the journal.
pub(crate) async fn handle(
    shared: &Shared,
    request: Request<Incoming>,
    entrance: Entrance,
) -> Result<Response<Body>, ConnectionReset> {
    let call = match read(shared, request).await {
        Ok(call) => call,
        Err(status) => return Ok(respond(&Reply::empty(status))),
    };
    if entrance == Entrance::Control
        && let Some(reply) = control::answer(shared, &call)
    {
        let published = shared.publish_keys().await;
        return Ok(respond(
            &published.map_or_else(|error| failed(&error.to_string()), |()| reply),
        ));
    }
    let prepared = match entrance {
        Entrance::Azure => prepare(&call),
        Entrance::Control => Some(prepare_for(
            crate::cloud::Cloud::public(),
            Service::ManagedIdentity,
            &call,
        )),
    };
    let operation = prepared.as_ref().map_or(UNMODELLED, Prepared::operation);
    let mut visit = Visit {
        shared,
        call: &call,
        entrance,
        operation,
        caller: None,
    };
    let Some(prepared) = prepared else {
        let message = format!("The emulator does not model the host {}.", call.host);
        return Ok(visit.close(&Reply::error(&Refusal::new(
            404,
            "HostNotModelled",
            message,
        ))));
    };
    visit.answer(&prepared).await
}

impl Visit<'_> {
    async fn answer(&mut self, prepared: &Prepared) -> Result<Response<Body>, ConnectionReset> {
        let admitted = admit(&self.shared.world().0, prepared, self.call, real_now());
        match admitted {
            Ok(caller) => self.caller = caller,
            Err(reply) => return Ok(self.close(&reply)),
        }
        // Faults count only requests that were let in: clients send one without a token first.
        let fault = self.shared.faults().strike(self.operation);
        let (before, after) = match fault {
            Some(fault) if fault.when() == When::After => (None, Some(fault)),
            fault => (fault, None),
        };
        if let Some(reply) = self.suffer(before).await? {
            return Ok(self.close(&reply));
        }
        let mut reply = self.perform(prepared);
        if let Err(error) = self.shared.publish_keys().await {
            reply = failed(&error.to_string());
        }
        let reply = self.suffer(after).await?.unwrap_or(reply);
        Ok(self.close(&reply))
    }

    /// Lets a fault strike: waits, gives the answer that replaces the real one, or closes the connection.
    async fn suffer(&self, fault: Option<Fault>) -> Result<Option<Reply>, ConnectionReset> {
        let Some(fault) = fault else { return Ok(None) };
        if let Some(delay) = fault.delay() {
            pause(delay).await;
            return Ok(None);
        }
        match fault {
            Fault::Status {
                status,
                retry_after,
                code,
                ..
            } => {
                let refusal = Refusal::new(
                    status,
                    "InjectedFault",
                    "The emulator was asked for this fault.",
                );
                let mut reply = Reply::error(&refusal);
                if let (Some(code), Some(error)) = (
                    code,
                    reply
                        .body
                        .as_mut()
                        .and_then(|body| body.pointer_mut("/error/code")),
                ) {
                    *error = code.into();
                }
                let reply = reply.with_header("x-ms-request-id", self.call.id.as_str());
                Ok(Some(match retry_after {
                    Some(seconds) => reply.with_header("retry-after", seconds.to_string()),
                    None => reply,
                }))
            }
            _ => {
                self.record(None, false);
                Err(ConnectionReset)
            }
        }
    }

    fn perform(&self, prepared: &Prepared) -> Reply {
        let (mut world, now) = self.shared.world();
        let performed = catch_unwind(AssertUnwindSafe(|| {
            perform(
                &mut world,
                prepared,
                self.call,
                self.caller.as_ref(),
                now,
                real_now(),
            )
        }));
        drop(world);
        performed.unwrap_or_else(|_| {
            let refusal = Refusal::new(
                500,
                "EmulatorBug",
                "The emulator failed; this is a bug in the emulator.",
            );
            refused(prepared, &refusal)
        })
    }

    fn close(&self, reply: &Reply) -> Response<Body> {
        let code = reply
            .body
            .as_ref()
            .and_then(|body| body.pointer("/error/code"))
            .and_then(|code| code.as_str());
        self.record(Some(reply.status), code == Some("EmulatorBug"));
        respond(reply)
    }

    fn record(&self, status: Option<u16>, bug: bool) {
        let Call {
            method,
            host,
            path,
            query,
            ..
        } = self.call;
        let scheme = if self.entrance == Entrance::Azure {
            "https"
        } else {
            "http"
        };
        self.shared.record(JournalEntry {
            at: self.shared.clock.now(),
            method: method.to_string(),
            url: shown_url(scheme, host, path, query.as_deref()),
            status,
            operation: self.operation.to_owned(),
            caller: self.caller.as_ref().map(|caller| caller.client_id.clone()),
            bug,
        });
    }
}

/// Reads a whole request, or says with which status it is sent away.
async fn read(shared: &Shared, request: Request<Incoming>) -> Result<Call, u16> {
    let (parts, body) = request.into_parts();
    let from_header = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
    let authority = parts
        .uri
        .authority()
        .map(hyper::http::uri::Authority::as_str)
        .or(from_header);
    let host = authority
        .map(without_port)
        .ok_or(400_u16)?
        .to_ascii_lowercase();
    let body = Limited::new(body, LARGEST_BODY)
        .collect()
        .await
        .map_err(|_| 413_u16)?
        .to_bytes();
    Ok(Call {
        id: shared.next_request_id(),
        method: parts.method,
        host,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        headers: parts.headers,
        body,
    })
}

/// Takes the port off a host.
pub(crate) fn without_port(authority: &str) -> &str {
    if authority.starts_with('[') {
        return authority.split_inclusive(']').next().unwrap_or(authority);
    }
    authority.split(':').next().unwrap_or(authority)
}

fn failed(problem: &str) -> Reply {
    Reply::error(&Refusal::new(
        500,
        "EmulatorBug",
        format!("The emulator failed: {problem}."),
    ))
}

/// Writes an answer.
pub(crate) fn respond(reply: &Reply) -> Response<Body> {
    let bytes = reply
        .body
        .as_ref()
        .map(|body| Bytes::from(body.to_string()))
        .unwrap_or_default();
    let mut builder = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        builder = builder.header(*name, value);
    }
    if reply.body.is_some() {
        builder = builder.header(CONTENT_TYPE, "application/json; charset=utf-8");
    } else if reply.status != 204 {
        builder = builder.header(CONTENT_LENGTH, 0);
    }
    builder.body(Full::new(bytes)).unwrap_or_else(|_| {
        let mut plain = Response::new(Full::new(Bytes::new()));
        *plain.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
        plain
    })
}
