//! The way in: listeners, TLS, HTTP. Turns bytes into a call and a reply into bytes. What happens to a call in between,
//! faults included, is in `server::visit`.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http_body_util::{BodyExt, Limited};
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

use crate::cloud::{Service, service_at};
use crate::refusal::Refusal;
use crate::routes::call::Call;
use crate::routes::reply::{JSON, Reply};
use crate::routes::{control, prepare, prepare_for};
use crate::shared::Shared;

pub(crate) mod body;
mod visit;

use body::AnswerBody;
use visit::Visit;

/// No request of Azure's modelled services comes near this.
const LARGEST_BODY: usize = 1 << 20;
/// As much as a cluster takes.
const LARGEST_OBJECT: usize = 3 << 20;

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
) -> Result<Response<AnswerBody>, ConnectionReset> {
    let call = match read(shared, request).await {
        Ok(call) => call,
        Err(status) => return Ok(respond(&Reply::empty(status))),
    };
    if entrance == Entrance::Control
        && let Some(reply) = control::answer(shared, &call)
    {
        let published = shared.publish_keys().await;
        shared.follow_up();
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
    let mut visit = Visit::new(shared, &call, entrance, prepared.as_ref());
    let answer = match &prepared {
        Some(prepared) => visit.answer(prepared).await,
        None => {
            let message = format!("The emulator does not model the host {}.", call.host);
            let refusal = Refusal::new(404, "HostNotModelled", message);
            Ok(visit.close(&Reply::error(&refusal)))
        }
    };
    shared.follow_up();
    answer
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
    let largest = match service_at(&host) {
        Some((_, Service::Kubernetes)) => LARGEST_OBJECT,
        _ => LARGEST_BODY,
    };
    let body = Limited::new(body, largest)
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

/// Answers that the emulator itself has failed.
fn failed(problem: &str) -> Reply {
    Reply::error(&Refusal::new(
        500,
        "EmulatorBug",
        format!("The emulator failed: {problem}."),
    ))
}

/// Writes an answer.
pub(crate) fn respond(reply: &Reply) -> Response<AnswerBody> {
    let bytes = bytes_of(reply);
    with_body(reply, AnswerBody::whole(bytes))
}

/// Writes an answer of which only the first bytes arrive.
fn respond_torn(reply: &Reply, length: usize) -> Response<AnswerBody> {
    let bytes = bytes_of(reply);
    with_body(reply, AnswerBody::torn(&bytes, length))
}

fn bytes_of(reply: &Reply) -> Bytes {
    let lines = reply.lines.clone();
    let body = reply.body.as_ref().map(ToString::to_string);
    body.or(lines).map(Bytes::from).unwrap_or_default()
}

fn with_body(reply: &Reply, body: AnswerBody) -> Response<AnswerBody> {
    let mut builder = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        builder = builder.header(*name, value);
    }
    if reply.body.is_some() || reply.lines.is_some() {
        builder = builder.header(CONTENT_TYPE, JSON);
    } else if reply.status != 204 {
        builder = builder.header(CONTENT_LENGTH, 0);
    }
    builder.body(body).unwrap_or_else(|_| {
        let mut plain = Response::new(AnswerBody::default());
        *plain.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
        plain
    })
}
